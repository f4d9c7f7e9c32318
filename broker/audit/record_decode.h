#ifndef HUFU_AUDIT_RECORD_DECODE_H
#define HUFU_AUDIT_RECORD_DECODE_H

#include "broker/audit/record.h"
#include "policy/base/cleanup.h"

#include <stddef.h>

/* Where the texts of a record that is read lie, until the next one is read into it. */
struct record_space {
    char *text;
    size_t size;
};

#define RECORD_SPACE_INIT ((struct record_space){0})

static inline void record_space_done(struct record_space *s)
{
    free(s->text);
    *s = RECORD_SPACE_INIT;
}
#define cleanup_record_space cleanup(record_space_done)

/** At least `size` octets. 0 or -ENOMEM. */
int record_space_reserve(struct record_space *s, size_t size);

/** The inverse of record_encode(), and strict: the octets are one record, whole, and the only ones that
 * encode to it. Hashes are left zero. Texts of *ret lie in `space`. 0; -ENOTSUP (a format that is not known:
 * of a newer version, or none of ours); -EBADMSG; -ENOMEM. */
int record_decode(const void *octets, size_t size, struct record_space *space, struct record *ret);

#endif
