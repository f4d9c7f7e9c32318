#ifndef HUFU_TESTS_FUZZ_MODEL_DECIDE_H
#define HUFU_TESTS_FUZZ_MODEL_DECIDE_H

#include "tests/fuzz/stage/model.h"

/* The half of the model that decides and changes nothing. */

when_t model_now(const struct model *m);
const struct site_paper *model_paper(const struct model *m, unsigned grant);

bool model_holds(const struct model_taken *x, when_t now);
enum reason model_taken_of_person(const struct model *m, unsigned person, when_t now);
/** Whether its quorum signed it, by the trust file in force and but for whom the status takes away. */
bool model_is_signed(const struct model *m, unsigned grant);
enum reason model_taken_of_grant(const struct model *m, unsigned grant, when_t now);

/** End of the hours of that day. */
when_t model_hours_end(const struct site_paper *p, when_t now);

/** How long a login or a job may last that begins now. */
when_t model_until(const struct model *m, unsigned grant, bool job);

/** What is asked of whoever comes in and of whoever is in. */
enum reason model_fits(const struct model *m, unsigned grant, const struct model_caller *c, when_t now);

enum reason model_judge_switch(const struct model *m, const struct model_switch *x);

/** A login by somebody who has a use of grant `held` reserved (-1: of none), or has `claimed` one of all
 * hosts just now; the grant that admits in *ret. */
enum reason model_decide(const struct model *m, const struct model_caller *c, int held, bool claimed,
                         unsigned *ret);

#endif
