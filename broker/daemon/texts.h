#ifndef HUFU_DAEMON_TEXTS_H
#define HUFU_DAEMON_TEXTS_H

#include "policy/base/verdict.h"
#include "policy/base/when.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What a refused person reads: what happened, what to do next and a reference to quote, first in English in
 * ASCII, then the same in the language of the configuration. Linux and serial consoles and the prompts of
 * keyboard-interactive ssh clients show nothing but ASCII reliably, so the English says all. Lines have at
 * most 79 columns. Reasons are named, so that the person on the phone and the person at the record speak of
 * the same thing.
 */

#define TEXTS_MESSAGE_SIZE 4001 /* of struct gate_reply */

struct texts_refusal {
    enum reason reason;
    const char *reference;
    const char *grant;   /* id of the closest grant, or NULL */
    const char *ticket;  /* its ticket, or NULL */
    const char *concern; /* what it is about, visible ASCII, cut if long; or NULL */
    bool fleet;          /* its uses are counted over all hosts */
    when_t opens;        /* when it would be allowed, as far as hours and dates go; WHEN_NEVER: unknown */
};

/** Writes the message for a refusal. */
void texts_refuse(const struct texts_refusal *t, char message[static TEXTS_MESSAGE_SIZE]);

/** What somebody admitted reads: how long they have, and whether they are recorded. English in ASCII, then
 * the configured language. */
void texts_admit(when_t deadline, when_t now, const char *ticket, bool recorded,
                 char message[static TEXTS_MESSAGE_SIZE]);

/** What is written to the terminals of a session that is about to end. `minutes` are left. English in ASCII,
 * then the configured language. */
void texts_warn(unsigned minutes, when_t deadline, char *text, size_t size);

/** What is written to them when access was taken away and the session has some grace: when it ends, why, and
 * what to quote. */
void texts_warn_why(when_t deadline, enum reason reason, const char *reference, char *text, size_t size);

/** What is written to them when it ends now: why, and what to quote. */
void texts_end(enum reason reason, const char *reference, char *text, size_t size);

/** Chooses the language of the texts, for the calling thread: "en" or "zh_CN". First before any other thread
 * is made; then as often as wanted, by the same one. 0 or -errno: -ENOENT if this host has no catalogue of
 * that language, or no locale in which it would be used; then texts are English. */
int texts_init(const char *language);

#endif
