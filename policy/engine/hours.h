#ifndef HUFU_ENGINE_HOURS_H
#define HUFU_ENGINE_HOURS_H

#include "policy/document/grant.h"

/** Whether `t` lies within one of the grant's hours (or they are `any`). If so *until is the first
 * instant after t at which it no longer does (adjoining and overlapping spans are joined), or
 * WHEN_NEVER. Fixed offsets: no time-zone data decides access. */
bool hours_contain(const struct grant *g, when_t t, when_t *until);

/** First instant >= t within the hours, or WHEN_NEVER: what a refusal tells the person. */
when_t hours_next_opening(const struct grant *g, when_t t);

#endif
