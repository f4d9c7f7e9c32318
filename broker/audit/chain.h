#ifndef HUFU_AUDIT_CHAIN_H
#define HUFU_AUDIT_CHAIN_H

#include "broker/audit/checkpoint.h"
#include "broker/audit/record.h"
#include "broker/audit/segment.h"
#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether records are a ledger: fed with them in order it finds the first bad one and says what is wrong with
 * it. It computes; hashes and signatures are its caller's functions.
 *
 * What holds a record in its place: its own hash, the hash of the one before in it, the signed checkpoint of
 * a later one; and what witnesses elsewhere know, without which whoever has root and the key could write all
 * of it anew.
 */
enum chain_fault {
    CHAIN_SOUND = 0,
    CHAIN_CONTENT,    /* its hash is not that of what it says */
    CHAIN_LINK,       /* it was written behind another record than the one before it */
    CHAIN_GAP,        /* records before it are missing */
    CHAIN_ORDER,      /* its sequence was there already: inserted, repeated, moved */
    CHAIN_BEGIN,      /* the ledger does not begin where it should */
    CHAIN_FORMAT,     /* of a format that is not known */
    CHAIN_SHORT,      /* the ledger ends before a record that a witness knows: cut off, rolled back */
    CHAIN_WITNESS,    /* a witness knows another record of this sequence */
    CHAIN_CHECKPOINT, /* a checkpoint that cannot be one: unreadable, of another ledger, about what is not yet
                         there */
    CHAIN_CHECKPOINT_RECORD, /* the record that it is about has another hash */
    CHAIN_SIGNATURE,         /* not signed by its key */
    CHAIN_KEY,               /* signed by a key that is not known, or none of those given */
    CHAIN_SEGMENT,           /* a sealed segment does not join, or its head is not signed */
    CHAIN_UNSIGNED,          /* nothing is signed by the keys given */
    CHAIN_UNREADABLE,        /* what came is no record (chain_break()) */
};

/** A word for programs: "content-changed". */
const char *chain_fault_name(enum chain_fault fault);
/** A sentence for people, a msgid. */
const char *chain_fault_sentence(enum chain_fault fault);

enum chain_witness_kind { CHAIN_BY_CHECKPOINT, CHAIN_BY_JOURNAL, CHAIN_WITNESS_KINDS };

/* A record had this hash: known from somewhere that whoever altered the ledger does not reach. */
struct chain_witness {
    uint64_t sequence;
    uint8_t hash[RECORD_HASH_SIZE];
    enum chain_witness_kind kind;
};

struct chain_means {
    /** Hash of octets by the function of a record's format. 0 or -errno. */
    int (*hash)(void *userdata, uint8_t format, const void *octets, size_t size,
                uint8_t out[static RECORD_HASH_SIZE]);
    /** The ledger names a key: 0; -EBADMSG: it is none, or has another fingerprint; other -errno. */
    int (*learn)(void *userdata, const struct checkpoint_key *key);
    /** Whether a checkpoint is signed by the key that it names: 1, 0; -ENOKEY: nobody gave that key or named
     * it; other -errno. */
    int (*verify)(void *userdata, const struct checkpoint *c);
    void *userdata;
};

struct chain_options {
    struct chain_means means;
    const char *ledger; /* its id; NULL: the first checkpoint says */
    const char *const
        *pinned; /* fingerprints of the only keys that count; none: those that the ledger names */
    size_t n_pinned;
    const char *const *named; /* of keys that are known to be the ledger's without pinning */
    size_t n_named;
    const struct sealed_segment *segments; /* looked at by chain_new() alone */
    size_t n_segments;
    const struct chain_witness *witnesses; /* by sequence; borrowed until the end */
    size_t n_witnesses;
    uint64_t ends; /* the record that it should end with; 0: not known */
    bool filtered; /* records were left out: each is judged by itself */
    bool current;  /* it goes up to now: that the last segment was sealed has to be on record */
};

#define CHAIN_EVENT_SIZE 40
#define CHAIN_TEXT_SIZE  320

struct chain_report {
    uint64_t records, first, last;
    int64_t first_us, last_us;
    uint8_t head[RECORD_HASH_SIZE];             /* hash of the last */
    uint64_t checkpoints;                       /* good ones, of records that are here */
    uint64_t far_checkpoints;                   /* signed, but about records that are not here, or far back */
    bool sealed_on_record;                      /* that the last segment was sealed is among the records */
    uint64_t unjudged_segments;                 /* signed by a key that nobody gave or named */
    uint64_t covered;                           /* the last record that a good checkpoint is about; 0: none */
    char host[CHECKPOINT_HOST_SIZE];            /* as that checkpoint has it */
    when_t covered_at;                          /* when that was signed */
    uint64_t witnessed[CHAIN_WITNESS_KINDS];    /* compared, and equal */
    uint64_t out_of_reach[CHAIN_WITNESS_KINDS]; /* known to witnesses, but not among what was read */
    struct {
        enum chain_fault what;
        uint64_t sequence; /* of the bad record; of the first missing one */
        int64_t at_us;     /* 0: not known */
        char event[CHAIN_EVENT_SIZE];
        char text[CHAIN_TEXT_SIZE]; /* what there is to say about this one, translated; or empty */
    } fault;
};

struct chain;

/** 0; -ENOMEM; -EBADMSG: a segment is bad, and the report says so. *ret is there but for -ENOMEM. */
int chain_new(const struct chain_options *options, struct chain **ret);
struct chain *chain_free(struct chain *c);
DEFINE_CLEANUP(struct chain, chain_free);

/** The next record. 0; -EBADMSG: it is bad, or one before was; other -errno: could not tell. */
int chain_take(struct chain *c, const struct record *r);
/** What comes behind the last one is no record. */
void chain_break(struct chain *c, const char *text);
/** That was all. 0, -EBADMSG. */
int chain_end(struct chain *c);

const struct chain_report *chain_report(const struct chain *c);

/** Sorts by sequence. */
void chain_sort_witnesses(struct chain_witness *witnesses, size_t n);

#endif
