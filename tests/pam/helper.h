#ifndef HUFU_TESTS_PAM_HELPER_H
#define HUFU_TESTS_PAM_HELPER_H

#include "policy/base/verdict.h"
#include "tests/unit/support/fake_gate.h"

/*
 * The programs that sshd starts, run to their end, with a fake broker to ask.
 */

#define HELPER_OUTPUT_SIZE 8192

struct helper_result {
    int status; /* of its exit */
    char out[HELPER_OUTPUT_SIZE];
    char err[HELPER_OUTPUT_SIZE];
};

/** A fake broker that answers with these. fake_gate_free() ends it. */
struct fake_gate *helper_gate(enum verdict verdict, const char *message, const char *options);

/** Runs argv[0]. Output and input are small enough for pipes to hold: nobody waits for anybody. */
void helper_run(struct helper_result *r, char *const *argv, char *const *environment, const char *input);

#endif
