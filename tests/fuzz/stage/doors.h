#ifndef HUFU_TESTS_FUZZ_DOORS_H
#define HUFU_TESTS_FUZZ_DOORS_H

#include "policy/wire/gate.h"
#include "tests/fuzz/stage/model.h"

/* Who is at a door: a process each (people.h), who stays the person that they came as. */

void doors_clear(void);

/** Somebody new: person, service and address by the octet. NULL: there are as many as there may be. */
struct model_caller *doors_arrive(uint8_t who);
/** Somebody for whom cron or at begins a job. */
struct model_caller *doors_arrive_job(uint8_t who);
/** One of those who are still there, or NULL. */
struct model_caller *doors_pick(uint8_t which);
bool doors_is_alive(int pid);

/** What the module says of them. */
struct gate_pam doors_words(const struct model_caller *c, enum frame_type type);

#endif
