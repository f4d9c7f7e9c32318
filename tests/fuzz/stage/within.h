#ifndef HUFU_TESTS_FUZZ_WITHIN_H
#define HUFU_TESTS_FUZZ_WITHIN_H

#include "tests/fuzz/stage/input.h"

struct process;
struct model_switch;

/* Operations: su and sudo of somebody who is in, or who is not. */

void within_su(struct input *in);
/** Account phase, the plugin's question and session phase; or some of them, or late. */
void within_sudo(struct input *in);

/** Somebody new in the session of one of those who are there, if that is one; or NULL. */
struct process *within_enter(struct input *in, struct model_switch *x);
/** The plugin's question, MODEL_COMMAND, by the octet; the connection. */
int within_begin_command(const struct process *p, struct model_switch *x, uint8_t how);

#endif
