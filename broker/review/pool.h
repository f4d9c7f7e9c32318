#ifndef HUFU_REVIEW_POOL_H
#define HUFU_REVIEW_POOL_H

#include <stddef.h>

/*
 * Each text once: names of people, grants and addresses come back in every record. Equal texts have one
 * address, so they are compared by it.
 */
struct pool {
    char **texts; /* a hash table, open */
    size_t n, room;
};

#define POOL_INIT ((struct pool){0})

void pool_done(struct pool *p);

/** The pool's own copy of `text` (NULL: ""), in which each octet that cannot be seen is a question mark. NULL
 * without memory. */
const char *pool_text(struct pool *p, const char *text);

#endif
