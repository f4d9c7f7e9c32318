#ifndef HUFU_STORE_SURVEY_H
#define HUFU_STORE_SURVEY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How far back the ledger goes and how much room it takes. To measure it means to look at each of its pages,
 * so that is done once; from then on what the database grows or shrinks by is put down to the ledger, which
 * is nearly all of what changes in size.
 */
struct survey {
    uint64_t first;    /* the oldest record that is there; 0: none */
    uint64_t measured; /* octets of the ledger when it was measured */
    uint64_t used;     /* octets of the database in use at that time */
    uint64_t now;      /* and when it was last looked at */
};

/** Looks, and measures if asked to; else all that is in use counts. 0 or -errno. */
int survey_begin(struct survey *s, sqlite3 *db, bool measure);
/** Looks again. After an error it knows what it knew. */
int survey_again(struct survey *s, sqlite3 *db);
uint64_t survey_ledger(const struct survey *s);

#endif
