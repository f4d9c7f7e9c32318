#ifndef HUFU_TESTS_FUZZ_KEYS_H
#define HUFU_TESTS_FUZZ_KEYS_H

#include "tests/unit/support/department.h"

#include <stdbool.h>

/*
 * Who signs at the site of the stateful targets, with which key, and the trust files that list some of these
 * keys: lists, each of which may stand in any epoch.
 */
enum {
    KEYS_LEADER,   /* chen.liu */
    KEYS_UNIT,     /* zhou.ming */
    KEYS_NEW,      /* sun.qi, a leader who is not in the first trust file */
    KEYS_UNIT_NEW, /* zhou.ming, with another key than in the first trust file */
    KEYS_OF_GRANTS,
    KEYS_OTHER = KEYS_OF_GRANTS, /* wang.wu, a leader who is in every trust file and signs nothing else */
    KEYS_ALL,
    KEYS_STATUS = KEYS_ALL, /* of statuses: of the first trust file */
    KEYS_STATUS_NEXT,       /* of later ones */
    KEYS_EVERY,
};
#define KEYS_STATUSES (KEYS_EVERY - KEYS_STATUS)
#define KEYS_FIRST    (1U << KEYS_LEADER | 1U << KEYS_UNIT) /* bits: enough for the first trust file */
#define KEYS_LISTS    6
#define KEYS_EPOCH    4 /* of the first trust file, which has list 0 */
#define KEYS_EPOCHS   64

/** Makes them, once. */
void keys_make(const struct department *d);

/** Whether these keys (bits) are a quorum, a leader and the unit, by this list. */
bool keys_suffice(unsigned list, unsigned keys);

/** Whether one of these keys (bits) signs statuses by this list. */
bool keys_sign_statuses(unsigned list, unsigned keys);

/** SHA-256 of its certificate. */
void keys_certificate(unsigned key, char text[static 65]);

/** Of a document: "grant ID VERSION", "trust EPOCH" or "status TRUST-EPOCH EPOCH". The caller's to free. */
char *keys_approval(unsigned key, const char *document, const char *about);

/** A trust file. For as long as the program runs, as is an approval of it. */
const char *keys_trust(unsigned list, unsigned epoch);
const char *keys_trust_approval(unsigned list, unsigned epoch, unsigned key);

#endif
