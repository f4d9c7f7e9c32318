#ifndef HUFU_DAEMON_LOADING_H
#define HUFU_DAEMON_LOADING_H

#include "broker/daemon/broker.h"

/*
 * How the grants of the store come into memory after a start. With many of them hufud answers before they are
 * all there: a grant that is asked about, and those of a person, come at once, all others in slices of the
 * loop when it has nothing else to do.
 *
 * What holds all the while: a grant is *known* when all its rows and its books were taken in; whoever finds
 * it by grants_find() or grants_first_of() finds it known, and only what is known changes, in memory or in
 * the store. So what is not known is in the store as the start found it, and comes out the same whenever it
 * comes: it is judged as of the start, by the trust of the start, which waits to be replaced until all are
 * there. What else says whether a grant gives anything (tombstones, locks, status, directory) is never kept
 * in the grant, but asked each time.
 */
struct loading;

/** Begins: from here on grants are found. Before anything else of the store that speaks of a grant. 0 or
 * -errno. */
int loading_begin(struct broker *b);
/** All, if they are a few, and else the rest from now on, by and by. 0 or -errno. */
int loading_go_on(struct broker *b);
/** So many steps more, of a row at least. 0 or -errno. */
int loading_some(struct broker *b, unsigned steps);
/** All of them, now: the loop stands still. 0, or why not. */
int loading_finish(struct broker *b);
struct loading *loading_free(struct loading *l);

/** Whether some may not be there yet; and how far it has come, in rows of documents. */
bool loading_is(const struct broker *b);
void loading_progress(const struct broker *b, uint64_t *done, uint64_t *of);
/** 0, or why they could not be read when it was tried last. */
int loading_error(const struct broker *b);

#endif
