#ifndef HUFU_TESTS_SUPPORT_TOKEN_H
#define HUFU_TESTS_SUPPORT_TOKEN_H

#include "tests/unit/support/issuing.h"

/*
 * A PKCS#11 token for tests: SoftHSM's, in the working folder, made by its own tools. Every token is called
 * "approver" and has this PIN.
 */

#define TOKEN_PIN "271828"

/** What is missing on this machine for using tokens, or NULL. */
const char *token_missing(void);

/** Makes an empty token in the working folder and has the process, and its children, use it. */
void token_make(void);

/** Brings a key onto it; `id` is two hexadecimal digits. */
void token_import(EVP_PKEY *key, const char *label, const char *id);

/** Runs a shell command; what it says goes to the file "log". Returns its exit status. */
int token_run(const char *line);

#endif
