#ifndef HUFU_TESTS_PAM_HOOKS_H
#define HUFU_TESTS_PAM_HOOKS_H

#include "policy/base/verdict.h"
#include "policy/wire/frame.h"
#include "stack.h"
#include "tests/unit/support/fake_gate.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The module's hooks called one by one, with a fake broker at the other end.
 */

#define RANGE           "gated_uid=20000-29999"
#define HOOKS_REPLY_MAX (FRAME_MAX + 64)

/* What the next fake broker answers, and the module's arguments that name the last one. */
extern uint8_t hooks_reply[HOOKS_REPLY_MAX];
extern size_t hooks_reply_size;
extern char hooks_arguments[256];

/** Around each test: the host and the answer as they begin (admitted, without a word), no descriptor left
 * open. */
int hooks_set_up(void **state);
int hooks_tear_down(void **state);

void hooks_answer_with(enum verdict verdict, enum reason reason, const char *message);

/** Starts a fake broker with the answer and sets the arguments to `options` and its socket. fake_gate_free()
 * ends it. */
struct fake_gate *hooks_gate_of(enum fake_gate_manner manner, const char *options);

/** One hook in a transaction of its own; as stack_call(). */
int hooks_call(const char *service, const char *user, enum stack_hook hook, int flags, struct stack *s);

/** A gated login that must be refused, with the sentence for an absent broker. */
void hooks_refused_as_away(enum stack_hook hook);

#endif
