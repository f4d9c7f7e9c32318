#ifndef HUFU_AUDIT_FLAT_JSON_H
#define HUFU_AUDIT_FLAT_JSON_H

#include "policy/base/buf.h"

#include <stddef.h>
#include <stdint.h>

/*
 * JSON objects of one level, with texts, whole numbers, true, false and null: what a record is in a line of
 * an export. A million of them are read and written in seconds, which a library that makes a tree of each
 * does not do.
 */
enum flat_kind { FLAT_NULL = 1, FLAT_TEXT, FLAT_NUMBER, FLAT_BOOL };

struct flat_value {
    enum flat_kind kind;
    const char *text; /* FLAT_TEXT, without a NUL inside; lies in `space` */
    uint64_t number;  /* FLAT_NUMBER; FLAT_BOOL: 0, 1 */
};

/** Reads an object whose members are `names`, all of them, each once, in any order, and no other; RFC 8259,
 * but for numbers, which are 0 to 2^64-1. Octets of texts are not judged. `space` has `size` octets or more.
 * 0, or -EBADMSG. */
int flat_json_read(const char *line, size_t size, const char *const *names, size_t n, char *space,
                   struct flat_value *ret);

/* Members, each with a comma before it. */
void flat_json_put_text(struct buf *b, const char *name, const char *text);
void flat_json_put_number(struct buf *b, const char *name, uint64_t number);
void flat_json_put_null(struct buf *b, const char *name);

#endif
