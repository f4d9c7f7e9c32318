#ifndef HUFU_DAEMON_KINDS_H
#define HUFU_DAEMON_KINDS_H

#include "broker/daemon/ledger.h"
#include "broker/daemon/tally.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What is counted apart (repetition.h): the kinds of the last minute. There are KINDS_SPECIAL of them at
 * most, and beside them one for each event, result and reason that came when those were taken.
 */
#define KINDS_SPECIAL 256
#define KIND_KEY_SIZE 100

struct repetition;

struct kind {
    struct kind *next;
    struct kinds *kinds;
    char key[KIND_KEY_SIZE];               /* a digest; of what is counted together for want of room, words */
    bool common;                           /* that */
    uint64_t since, last;                  /* boot clock: its window began; something of it came */
    unsigned written;                      /* as records of their own, in the window */
    char reference[LEDGER_REFERENCE_SIZE]; /* that the counted are told */
    struct tally *counted;                 /* not yet a record */
    struct tally *closing;                 /* becoming one */
    bool dirty;                            /* `counted` is not on its way to the disk as it is */
};

struct kinds {
    struct repetition *owner; /* for those who are handed a kind */
    struct kind *first;
    unsigned n, n_special;
};

/** The kind of a record, made if it is new; `about` as in repetition_write_about(), or NULL. NULL: no memory.
 */
struct kind *kind_of(struct kinds *kinds, const struct record *r, const char *about);
/** That of a key, made if it is new. NULL: no memory. */
struct kind *kind_of_key(struct kinds *kinds, const char *key);

/** Forgets those of which `keep` says false. */
void kinds_sweep(struct kinds *kinds, bool (*keep)(struct kind *k, void *userdata), void *userdata);
void kinds_done(struct kinds *kinds);

#endif
