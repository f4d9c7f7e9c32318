#ifndef HUFU_STORE_COLUMN_H
#define HUFU_STORE_COLUMN_H

#include "broker/store/internal.h"

/* Rows back to structs. What does not fit its field cannot have come from us: -EBADMSG, never cut. */

/* A row that is read from left to right. */
struct column {
    sqlite3_stmt *statement;
    int next;
    int error; /* of the last column that did not fit */
};

int64_t column_int(struct column *c);
uint32_t column_u32(struct column *c);
void column_text(struct column *c, char *text, size_t size);
void column_id(struct column *c, struct ident_id *id);
/** `least` to `most` octets, whose number is returned. */
size_t column_octets(struct column *c, uint8_t *octets, size_t least, size_t most);

/* These last until the next row. */
const uint8_t *column_blob(struct column *c, size_t *size);
const char *column_borrowed_text(struct column *c);

struct store_document;
/** Reads id, type, version, octets and approvals, in this order; *approvals is the caller's, and
 * ret->approvals points to it. 0 or -errno. */
int column_document(struct column *c, struct store_document *ret, struct store_blob **approvals);

struct column_documents {
    int (*visit)(void *u, const struct store_document *d);
    void *u;
};
/** A row of column_walk() with these and its rowid; `walk` is a struct column_documents. */
int column_visit_document(struct column *c, void *walk);

void column_books(struct column *c, struct store_books *ret);
void column_verdict(struct column *c, struct store_verdict *ret);

/** Calls `row` for each row; what it returns below zero ends the walk. 0 or that, or -errno. */
int column_walk(struct store *s, const char *query, int (*row)(struct column *c, void *walk), void *walk);

#endif
