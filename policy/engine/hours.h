#ifndef HUFU_ENGINE_HOURS_H
#define HUFU_ENGINE_HOURS_H

#include "policy/document/grant.h"

/*
 * Weekly hours of a grant (3-rules, "Hours"; 4-documents, "Grant"). Offsets are fixed, so no time-zone
 * data decides access. A grant without hours (which no parser yields) is never open; an instant beyond
 * what a document can name is outside all hours, also outside `any`.
 */

/** Whether `t` lies within one of the grant's hours, or they are `any`. */
bool hours_contain(const struct grant *g, when_t t);

/** If so, the first instant after t at which it no longer does (adjoining and overlapping spans are joined,
 * also over the end of the week), or WHEN_NEVER; if not, `t`. */
when_t hours_until(const struct grant *g, when_t t);

/** First instant >= t within the hours, or WHEN_NEVER: what a refusal tells the person. */
when_t hours_next_opening(const struct grant *g, when_t t);

#endif
