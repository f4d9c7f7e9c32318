#ifndef HUFU_TESTS_CRASH_CLIENTS_H
#define HUFU_TESTS_CRASH_CLIENTS_H

#include "policy/wire/gate.h"
#include "tests/crash/lane.h"

#include <jansson.h>

/* One question and one answer, waited for. All return 0, or negative: nobody answered (hufud died). */

/** At the gate, as this process. */
int gate_ask(struct lane *l, const struct process *p, enum frame_type type, const struct gate_pam *m,
             struct gate_reply *ret);
/** At the control socket, as root. Takes over `parameters`. On 0 *ret is the caller's to json_decref(), with
 * an additional member "error" if it is one. Who asked a hufud that died before it took the connection is
 * answered by the next one; who does not want that gives the pidfd of the one that is to answer, others -1.
 */
int control_ask(struct lane *l, int pidfd, const char *method, json_t *parameters, json_t **ret);

#endif
