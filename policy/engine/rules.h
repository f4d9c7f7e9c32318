#ifndef HUFU_ENGINE_RULES_H
#define HUFU_ENGINE_RULES_H

#include "policy/engine/facts.h"
#include "policy/engine/index.h"

/*
 * The rules that one grant has to satisfy, as one table in the order of REASON_TABLE. Each row says
 * which questions ask it; what a question does not ask cannot refuse it.
 *
 *                                          LOGIN  JOB  SWITCH  LIVE  VALID  STANDING
 *   site, host, taken away, closed, dates,
 *   quorum, class, certificates              x     x     x      x      x       x
 *   hours, incident                          x     x     x      x      x
 *   recorder                                 x     x     x      x
 *   service                                  x     x            x
 *   source, key                              x                  x
 *   uses, claim, sessions                    x
 *   run-as, command                                      x
 */
enum question {
    QUESTION_LOGIN = 1,     /* may a session begin? */
    QUESTION_JOB = 2,       /* may a cron or at job run? */
    QUESTION_SWITCH = 4,    /* su, sudo and channels inside a live session */
    QUESTION_LIVE = 8,      /* may a live session go on? */
    QUESTION_VALID = 16,    /* is the grant valid on this host now, for whatever it gives? */
    QUESTION_STANDING = 32, /* the same at whatever hour, incident or not: what a list says of it. Of the
                               facts it needs now and host */
};

/** REASON_OK, or the reason of the first row asked by `question` that fails. */
enum reason rules_judge(enum question question, const struct grant_entry *entry, const struct facts *facts);

/** What comes before any grant: REASON_OK, or why this host or this person is refused whatever the
 * grants say. A state that is no reason at all (cleared memory) is REASON_BROKER_ERROR. */
enum reason rules_state(const struct facts *facts);

/** First instant after facts->now at which time alone ends what holds now: not-after, the end of the
 * approvers' certificates, the end of the hours, and the host's status being too old. */
when_t rules_valid_until(const struct grant_entry *entry, const struct facts *facts);

/** Longest session under this grant, seconds: its own bound, never more than its class's. */
uint32_t rules_session_bound(const struct grant_entry *entry);

#endif
