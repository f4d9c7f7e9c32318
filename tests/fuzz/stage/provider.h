#ifndef HUFU_TESTS_FUZZ_PROVIDER_H
#define HUFU_TESTS_FUZZ_PROVIDER_H

#include "policy/wire/feed.h"
#include "tests/fuzz/stage/host.h"

/*
 * hufu-ldapd and the claim provider behind it, at the other end of the feed: who holds which use of the
 * grants that count over all hosts. It is honest: it lends no more than there are, and says nothing that is
 * not so. It may say it late, twice or not at all, and do what it was asked for when nobody waits for it any
 * more.
 */
enum provider_mood {
    PROVIDER_ANSWERS,
    PROVIDER_TWICE,   /* says everything twice */
    PROVIDER_SILENT,  /* does as it is told and says nothing */
    PROVIDER_STANDS,  /* does nothing yet: provider_catch_up() */
    PROVIDER_UNSURE,  /* does as it is told and does not know whether it did */
    PROVIDER_REFUSES, /* does nothing, and says so */
    PROVIDER_HOLDS,   /* a use that is asked for is lent when it is told to: provider_answer() */
    PROVIDER_MOODS,
};

/** Nobody holds anything, and nobody is connected. */
void provider_reset(struct host *h);
/** Connects, if it is not, and says whether claims are possible. */
void provider_connect(bool possible);
void provider_hang_up(void);
bool provider_is_possible(void);
/** The directory holds these entries and no others, and the broker, all of whose grants are there then, has
 * made of them what it does. Connects, if it is not; claims are not possible then. */
void provider_publish(const struct feed_message *entries, unsigned n);
void provider_set_mood(enum provider_mood mood);

/** What was said to the last question for a use, since this was asked last; FEED_UNKNOWN: nothing. */
enum feed_outcome provider_said(void);

/** The oldest question that is held is answered: with what comes of it, or FEED_UNAVAILABLE. */
void provider_answer(bool refuses);
/** What was asked for a use while it stood is done now, if nobody may rely on it not having been. */
void provider_catch_up(void);

/** Another host takes a use of it, or gives one back. */
void provider_elsewhere(unsigned grant, bool takes);

/** How many uses this host holds of it. */
unsigned provider_lent(unsigned grant);
/** How often it was asked since provider_reset(). */
unsigned provider_asked(void);

#endif
