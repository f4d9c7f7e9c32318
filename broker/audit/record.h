#ifndef HUFU_AUDIT_RECORD_H
#define HUFU_AUDIT_RECORD_H

#include "policy/base/buf.h"
#include "policy/base/ident.h"
#include "policy/base/verdict.h"
#include "policy/base/when.h"

#include <stddef.h>
#include <stdint.h>

/*
 * One row of the ledger: an event as an auditor asks for it (GB/T 32926 A.2.5 b: date and time, event type,
 * account, success or failure; and more). Empty text and zero mean "does not apply". The store gives
 * format, sequence and hashes; hash = H(previous hash || record_encode()), with the H of the record's own
 * format, so that a chain goes on over a change of format.
 */
#define RECORD_HASH_SIZE    32

#define RECORD_SOURCES_MANY 257

/* Numbers are in the store and never reused. */
enum record_format {
    RECORD_FORMAT_1 = 1,        /* SHA-256; without count, first_us and sources */
    RECORD_FORMAT_2_SHA256 = 2, /* with them */
    RECORD_FORMAT_2_SM3 = 3,    /* the same, hashed with SM3 (GB/T 32905) */
};

struct record {
    uint8_t format;     /* enum record_format */
    uint64_t sequence;  /* 1, 2, 3 ... without a gap */
    int64_t at_us;      /* wall clock, microseconds */
    const char *event;  /* "login", "session-open", ... : broker/audit/event.h */
    const char *result; /* "success", "failure" */
    enum reason reason; /* 0: none */
    const char *staff;
    const char *vendor;
    const char *account; /* PAM_USER or target account */
    const char *service;
    const char *address;
    const char *tty;
    const char *grant; /* id as text */
    uint32_t version;
    const char *ticket;
    uint64_t session;
    when_t deadline;       /* 0: none */
    uint64_t latency_us;   /* of the decision; of an ending: until proven */
    const char *reference; /* what the person was told to quote */
    uint32_t actor;        /* login uid of who caused it over the control socket; UINT32_MAX: nobody */
    const char *detail;    /* free text: key fingerprint, command, counts */
    uint64_t count;        /* n > 1: this record stands for n of them; 0: for one */
    int64_t first_us;      /* when the first of the counted was; 0: not counted */
    uint32_t sources;      /* how many different addresses the counted came from, as far as they have one;
                              RECORD_SOURCES_MANY: more than can be told apart */
    uint8_t previous[RECORD_HASH_SIZE];
    uint8_t hash[RECORD_HASH_SIZE];
};

/** "hufu-record-1", "hufu-record-2-sha256", "hufu-record-2-sm3"; NULL: there is no such format. */
const char *record_format_label(uint8_t format);

/** The octets that are hashed: the label of the format and then every field but format and hashes in the
 * order of the struct (format 1: up to detail), each with a u16 length before it; integers are big-endian and
 * of the width of their type (reason: 2 octets), NULL is the empty text. A text over 65535 octets sets the
 * buffer's error, and so does an unknown format (-EINVAL). */
void record_encode(const struct record *r, struct buf *b);

/** In a copy made by record_copy(): each octet of a text that is no visible UTF-8 becomes a question mark, so
 * that no record can steer a terminal, end a line, or not be said in JSON. */
void record_clean(struct record *copy);

/** Deep copy; its texts lie in one allocation, which `event` points to, and none is NULL. Freed by
 * record_free_array(copy, 1). 0 or -ENOMEM. */
int record_copy(const struct record *r, struct record **ret);
/** Frees an array of n such copies (NULL is fine). */
void record_free_array(struct record *rows, size_t n);

/* The texts of a record in order, for code that treats all alike. */
#define RECORD_TEXTS 12
extern const size_t record_text_offsets[RECORD_TEXTS];

/** The n-th text; "" for NULL. */
const char *record_text(const struct record *r, size_t n);

/** Gives `into` copies of n texts in one allocation. 0 or -ENOMEM. */
int record_own_texts(struct record *into, const char *const texts[static RECORD_TEXTS]);

#endif
