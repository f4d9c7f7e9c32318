#ifndef HUFU_COMMON_LDIF_H
#define HUFU_COMMON_LDIF_H

#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * LDIF (RFC 2849), strictly and one record at a time, for exports and for what hufuctl and hufu-ldapd's
 * one-shot modes say to each other. Refused, with the line and the reason: a value by URL (`attribute:<
 * file:...` would read a file of whoever imports it), base64 that does not re-encode to itself, octets
 * outside of ASCII that are not in base64, a control character, a NUL, a last line without its end (a file
 * that was cut off), a record without attributes, and what is longer than any entry of ours.
 */

#define LDIF_LINE_MAX   ((size_t)2 * 1024 * 1024) /* unfolded; a trust file of 1 MiB in base64 is less */
#define LDIF_RECORD_MAX ((size_t)4 * 1024 * 1024)
#define LDIF_LINES_MAX  ((size_t)4096) /* of a record */

struct ldif_line {
    const char *name; /* attribute or keyword as it was written; "-" ends a part of a change (value empty) */
    const uint8_t *value; /* with a NUL behind it */
    size_t size;
};

/* `dn:` and what follows up to an empty line, in order. */
struct ldif_record {
    unsigned line; /* where it begins */
    const char *dn;
    const struct ldif_line *lines;
    size_t n_lines;
    void *arena; /* everything above points into it */
};

struct ldif_record *ldif_record_free(struct ldif_record *r);
DEFINE_CLEANUP(struct ldif_record, ldif_record_free);

/** The value of the only line of that name (case does not matter, as in LDAP) as text; NULL if there is none,
 * or another, or one with a NUL inside. */
const char *ldif_text(const struct ldif_record *r, const char *name);

struct ldif_reader {
    FILE *in; /* borrowed */
    unsigned line;
    char reason[120]; /* of -EINVAL, in English, for "line N: reason" */
};

/** The next record. 1 with *ret the caller's; 0: there is none; -EINVAL with reader->line and ->reason; -EIO
 * and other -errno. After an error nothing more can be read. `version: 1` may stand in front of the first. */
int ldif_read(struct ldif_reader *reader, struct ldif_record **ret);

/* --- writing: line by line into a buffer, whose error tells in the end ------------------------------------
 */

/** A value: as it is if it is plain ASCII, else in base64; folded after 76 columns. */
void ldif_put(struct buf *out, const char *name, const void *value, size_t size);
void ldif_put_text(struct buf *out, const char *name, const char *value);

/** A line of `-`, an empty line. */
void ldif_put_dash(struct buf *out);
void ldif_put_end(struct buf *out);

#endif
