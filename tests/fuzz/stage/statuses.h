#ifndef HUFU_TESTS_FUZZ_STATUSES_H
#define HUFU_TESTS_FUZZ_STATUSES_H

#include "tests/fuzz/stage/keys.h"

/* The statuses of the site of the stateful targets: what each kind says, of any trust epoch and epoch. */
enum {
    STATUSES_NOTHING, /* takes nothing away */
    STATUSES_GRANT,   /* one grant, all versions */
    STATUSES_VERSION, /* one grant's first version */
    STATUSES_LEADER,  /* a leader's certificate */
    STATUSES_UNIT,    /* the unit's */
    STATUSES_KINDS,
};
#define STATUSES_EPOCHS 8

/** What it says: whether a version of a grant is revoked, and which of these keys (bits) sign no more. */
bool statuses_revoke(unsigned kind, unsigned grant, unsigned version);
unsigned statuses_revoked_keys(unsigned kind);

/** Its text, for as long as the program runs, as is an approval of it. */
const char *statuses_text(unsigned kind, unsigned trust_epoch, unsigned epoch);
const char *statuses_approval(unsigned kind, unsigned trust_epoch, unsigned epoch, unsigned key);

#endif
