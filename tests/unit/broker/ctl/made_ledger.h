#ifndef HUFU_TESTS_CTL_MADE_LEDGER_H
#define HUFU_TESTS_CTL_MADE_LEDGER_H

#include "broker/audit/export.h"
#include "broker/trust/ledger_key.h"
#include "tests/unit/broker/ctl/invoke.h"

/*
 * Fixture: a ledger of 24 records to be exported and tampered with, signed by a key of its own whose public
 * half is in the file ledger.pub; records 11 and 21 are checkpoints of the one before.
 */
#define MADE_ROWS   24
#define MADE_LEDGER "00112233445566778899aabbccddeeff"

struct made_ledger {
    struct record rows[MADE_ROWS];
    char details[MADE_ROWS][600];
    struct ledger_key *key;
    char *pem;
};
extern struct made_ledger made;
/* In the first line of files; "db01", as in the checkpoints. */
extern const char *made_host;

int made_make(void **state);
int made_done(void **state);

struct ledger_key *made_key(void);
/** Makes the hash of row `i` anew. */
void made_seal(size_t i);
/** The text of a checkpoint of row `about`. */
void made_checkpoint(size_t about, char text[static 600]);
/** Rows from `first` to before `end`, as a file; those before are said to be sealed, but in a filtered one.
 * Takes nothing over. */
void made_write(const char *name, size_t first, size_t end, json_t *filter);

/** Runs a line; its exit code, and something of what it says. */
void made_expect(const char *line, enum exit_code code, const char *says);

#endif
