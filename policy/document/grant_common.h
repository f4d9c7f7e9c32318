#ifndef HUFU_DOCUMENT_GRANT_COMMON_H
#define HUFU_DOCUMENT_GRANT_COMMON_H

#include "policy/base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct grant;

/*
 * The text of a grant is lines of its own (id, version, staff, staff-key, dates, ticket, purpose) between
 * lines that many grants have in common: what may be done, where, when and for whom. A field that is not
 * named above is common. Since a value has exactly one text, two grants whose common lines are the same
 * differ in nothing but their own fields, and the document can be put together again from the common lines
 * and these.
 */
struct grant_common {
    const char *text; /* common lines, without end; NULL: the grant was not parsed */
    uint16_t size;
    uint16_t cut[3]; /* where own lines go: id, staff, not-before; ticket comes last */
};

/** Takes the common lines out of a document that is a grant. They lie in `arena`. 0 or -ENOMEM. */
int grant_common_cut(const char *document, size_t size, struct arena *arena, struct grant_common *ret);

/** Appends the document that `g` was parsed from, octet for octet. */
void grant_common_join(const struct grant *g, struct buf *document);

/** A copy of `g` whose own fields are empty: what is common alone, in one allocation that has just the room.
 * The caller's (grant_free). 0 or -ENOMEM. */
int grant_common_copy(const struct grant *g, struct grant **ret);

#endif
