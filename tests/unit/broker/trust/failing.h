#ifndef HUFU_TESTS_UNIT_BROKER_TRUST_FAILING_H
#define HUFU_TESTS_UNIT_BROKER_TRUST_FAILING_H

#include <stdbool.h>

/*
 * What broker/trust calls and what can fail there: memory, libcrypto, the kernel. Each stands behind a
 * wrapper that fails when told, one call at a time; the tests that use it name all of them for the linker
 * (--wrap).
 */

/** From now on the call number `nth`, from 0, fails, and no other. */
void failing_arm(unsigned nth);
/** Nothing fails any more. Whether a call was reached that had to fail; if not, all have been tried. */
bool failing_disarm(void);
/** What failed last, as its function is called. */
const char *failing_name(void);

/** The error that this failure has to become: memory that ran out is not called the document's fault, which
 * would be believed. */
int failing_error(void);
void failing_assert_said(int r);

/** One attempt, in which call number `nth` is to fail; whether there was such a call. */
typedef bool failing_attempt(const void *state, unsigned nth);
/** Tries until nothing is left to fail, which it takes at least so many calls for. */
void failing_each(const void *state, failing_attempt *attempt, unsigned at_least);
/** What an attempt ends with that gives something or fails: `r`, and what was given, NULL with every failure.
 */
bool failing_judged(int r, const void *given);

#endif
