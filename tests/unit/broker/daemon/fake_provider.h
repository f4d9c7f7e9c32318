#ifndef HUFU_TESTS_DAEMON_FAKE_PROVIDER_H
#define HUFU_TESTS_DAEMON_FAKE_PROVIDER_H

#include "broker/daemon/claiming.h"
#include "tests/unit/broker/daemon/world.h"

/*
 * hufu-ldapd and the claim provider behind it, as far as hufud sees them: a count of slots of one grant, and
 * who holds which. Questions and answers go through the frames of the feed. What it does with the next
 * questions is the test's.
 */
#define PROVIDER_SLOTS 8

enum provider_mood {
    PROVIDER_ANSWERS,
    PROVIDER_ACTS_SILENTLY, /* does as it is told and says nothing */
    PROVIDER_IGNORES,       /* does nothing and says nothing */
    PROVIDER_IS_UNSURE,     /* does as it is told and says FEED_UNKNOWN */
    PROVIDER_REFUSES,       /* FEED_UNAVAILABLE */
};

struct provider {
    struct world *w;
    unsigned slots;
    struct {
        bool taken;
        uint8_t nonce[FEED_NONCE_SIZE];
    } holder[PROVIDER_SLOTS];
    enum provider_mood mood;
    unsigned asked[FEED_GIVE_BACK + 1]; /* how often, by operation */
    struct feed_message last;           /* question, and what became of it */
    sd_event_source *later;
    struct buf answers;
};

/** A world with a provider of two slots, and the usual grant for two uses over all hosts; `setup` makes the
 * world. */
int provider_setup(struct provider *p, void **state, int (*setup)(void **state));
int provider_teardown(struct provider *p, void **state);

/** Of the broker of `w` as it runs now; again after each world_start(). */
void provider_start(struct provider *p, struct world *w, unsigned slots);
/** The feed is gone; who holds what stays. */
void provider_stop(struct provider *p);
/** As STATE of the feed. */
void provider_says_possible(struct provider *p, bool possible);
/** The answer to the last question, which it kept to itself. */
void provider_answers_now(struct provider *p);
unsigned provider_taken(const struct provider *p);

/** Turns the loop until it was asked that so often. */
void provider_is_asked(struct provider *p, enum feed_operation operation, unsigned times);
/** Turns the loop until so many are taken, and nothing remains to be resolved. */
void provider_settles_at(struct provider *p, unsigned taken);

#endif
