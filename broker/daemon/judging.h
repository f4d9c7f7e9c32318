#ifndef HUFU_DAEMON_JUDGING_H
#define HUFU_DAEMON_JUDGING_H

#include "broker/daemon/broker.h"

/*
 * How grants come to stand as a trust says that took the place of another. A few are judged with the change.
 * Of many, those that somebody asks about are judged when they are asked about, before the answer, and all
 * others in slices of the loop when it has nothing else to do.
 *
 * What holds all the while: whoever finds a grant by grants_find() or grants_first_of() finds it judged by
 * the trust in force. By which trust an entry was judged stands beside it (papers_packed.h), so that nobody
 * can take a verdict of the trust before for one of this; another change half way begins anew, and a start
 * judges each grant as it comes from the store. All are judged as of the change.
 */
struct judging;

/** The trust in force is another one. */
void judging_begin(struct broker *b, when_t now);
/** So many grants more. */
void judging_some(struct broker *b, size_t grants);
/** Whether some are not judged yet; and how far it has come, in grants. */
bool judging_is(const struct broker *b);
void judging_progress(const struct broker *b, uint64_t *done, uint64_t *of);

/** Whoever waits until all are judged is told that this does not come any more; who is asked about is judged
 * as before. */
void judging_stop(struct broker *b);
struct judging *judging_free(struct judging *j);

#endif
