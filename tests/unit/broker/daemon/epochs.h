#ifndef HUFU_TESTS_DAEMON_EPOCHS_H
#define HUFU_TESTS_DAEMON_EPOCHS_H

#include "tests/unit/broker/daemon/world.h"

/* Trust epochs in a world: the file in place is epoch 4, with all three approvers of the department. */

/** A trust file valid from yesterday on, with the department's approvers; the caller's to free. */
char *epoch_text(const struct world *w, struct trust_plan plan);
/** As epoch_text(), with everybody but the leader wang.wu: what he signed no longer counts. */
char *epoch_without_leader(const struct world *w, unsigned epoch);

/** An approval of a trust file by a signatory in their first role. */
char *epoch_approval(const struct signatory *by, const char *text, unsigned epoch);

/** Hands it in, signed by two. */
struct varlink_reply epoch_hand_in(struct world *w, const char *text, unsigned epoch,
                                   const struct signatory *one, const struct signatory *two);
/** The same for approvers of the department by number; it must be taken in. */
void epoch_replace(struct world *w, const char *text, unsigned epoch, int one, int two);

/** Puts `text` where the trust file is. */
void epoch_put_file(struct world *w, const char *text);

/** TrustReset, with the SHA-256 of `text`. */
struct varlink_reply epoch_reset(struct world *w, const char *text);

/** Epoch in force by TrustShow; 0: none. Its origin, if `origin` is not NULL. */
unsigned epoch_in_force(struct world *w, char origin[16]);

#endif
