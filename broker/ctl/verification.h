#ifndef HUFU_CTL_VERIFICATION_H
#define HUFU_CTL_VERIFICATION_H

#include "broker/ctl/ledger_keys.h"

#include <jansson.h>

/*
 * Verifying a ledger, wherever its records come from: keys and witnesses are gathered first, then the records
 * are fed, then it is told what came of it.
 */
struct given_checkpoint {
    struct checkpoint checkpoint;
    bool logged; /* stood in a file: into a log others write as well */
};

struct verification {
    const struct cli *cli;
    struct ledger_keys keys;

    struct given_checkpoint *checkpoints; /* given by people: kept elsewhere */
    size_t n_checkpoints;
    uint64_t others_checkpoints;     /* in the logs given, but of another ledger */
    uint64_t strange_checkpoints;    /* in them, but signed by nobody whose signature counts */
    struct chain_witness *witnesses; /* of checkpoints and journald */
    size_t n_witnesses, witness_room;

    /* What journald was asked. */
    bool journal_asked;
    int journal_error;          /* 0: it was read */
    uint64_t forged;            /* entries of others in hufud's name */
    uint64_t other_ledgers;     /* records of ledgers that were here before */
    const char *journal_ledger; /* id of the one that is verified; NULL: not known when it was read */

    char host[CHECKPOINT_HOST_SIZE],
        ledger[CHECKPOINT_LEDGER_SIZE]; /* as whoever handed out the records says */
    char *key_pem;                      /* live: the public key that signs now; NULL: none */
    json_t *segments;                   /* likewise; live alone */
    uint64_t first, last;               /* likewise */
    uint64_t after;  /* live: only what comes behind this record is asked for, each judged by itself */
    uint64_t sealed; /* records that were sealed and are not here */
    json_t *filter;  /* borrowed: what a filtered export was asked for; NULL: all is there */
    bool outsider;   /* its records came out of files */

    /** Told of each record, also of those behind a bad one, which are fed to nothing else; or NULL. 0 or
     * -errno. */
    int (*hear)(void *userdata, const char *host, const struct record *r);
    void *hear_userdata;

    struct chain *chain; /* NULL: not begun */
    uint64_t fed;
};

void verification_done(struct verification *v);
#define cleanup_verification cleanup(verification_done)

/** Reads --checkpoint: each a checkpoint's text, or a file in whose lines such texts stand. EXIT_DONE, or
 * said. */
enum exit_code verification_checkpoints(struct verification *v, const struct option_list *given);
/** Whether those that were read are signed, and of this ledger; at the end, when all keys are known.
 * EXIT_DONE, or said. */
enum exit_code verification_judge_given(const struct verification *v);
/** Reads journald's records. That it may not be read is told at the end, and is no error. EXIT_DONE, or said.
 */
enum exit_code verification_journal(struct verification *v);

/** The first record comes next. `ends`: the last that should come, 0: not known. EXIT_DONE, or said. */
enum exit_code verification_begin(struct verification *v, const struct sealed_segment *segments, size_t n,
                                  uint64_t ends);
/** 0; -EBADMSG: that is bad, no more need come; other -errno. */
int verification_take(struct verification *v, const struct record *r);

/** Reads files of exports, or asks the broker. EXIT_DONE (also if the ledger is bad), or said. */
enum exit_code verification_files(struct verification *v, const struct option_list *paths);
enum exit_code verification_live(struct verification *v);

/** Prints what came of it. EXIT_DONE: good; EXIT_REFUSED: bad. */
enum exit_code verification_tell(struct verification *v);

#endif
