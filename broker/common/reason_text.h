#ifndef HUFU_COMMON_REASON_TEXT_H
#define HUFU_COMMON_REASON_TEXT_H

#include "policy/base/verdict.h"

/* What a reason is to the person whom it hits: hufud tells them, and a review shows what they were told. */
struct reason_text {
    enum reason reason;
    const char *sentence; /* msgid: what happened */
    const char *advice;   /* msgid: what to do next */
};

/** The row of a reason; NULL for a number that is none. */
const struct reason_text *reason_text_of(enum reason reason);

#endif
