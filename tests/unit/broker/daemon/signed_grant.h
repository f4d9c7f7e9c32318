#ifndef HUFU_TESTS_DAEMON_SIGNED_GRANT_H
#define HUFU_TESTS_DAEMON_SIGNED_GRANT_H

#include "tests/unit/broker/daemon/world.h"

/* A grant and what two sign of it, for tests that do not wait for the answer when they hand it in. */
struct signed_grant {
    char *document;
    char *one, *two; /* approvals of the department's leader and of its unit */
};

/** By this plan, valid an hour ago till an hour from now. */
struct signed_grant signed_grant_new(struct world *w, struct grant_plan plan);
void signed_grant_done(struct signed_grant *g);

/** Begins to hand it in; the connection's answer is for one of the two below, which wait for it. */
int signed_grant_begin(struct world *w, const struct signed_grant *g);
/** Fails unless it was taken in with this state. */
void signed_grant_assert_state(struct world *w, int fd, const char *state);
/** Fails unless it was refused for this reason. */
void signed_grant_assert_refused(struct world *w, int fd, const char *reason);

#endif
