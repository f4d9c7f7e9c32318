#ifndef HUFU_PAM_MODULE_ARGUMENTS_H
#define HUFU_PAM_MODULE_ARGUMENTS_H

#include "policy/wire/gate.h"

#include <stdbool.h>

/*
 * The module's options in a PAM stack:
 *
 *   gated_uid=FIRST-LAST   mandatory, 1 <= FIRST <= LAST <= 2147483647 (3-rules, "Who")
 *   socket=PATH            absolute; default CLIENT_GATE_PATH
 *   refusals=shown         tell a refused person why, also if the application asks for silence: sudo up to
 *                          1.9.15 always does (PAM_SILENT), and has no setting against it
 *
 * Anything else, or an option twice, is a fault. Under a fault no gated account is admitted, and
 * nobody else is touched; so what matters is whether the range is still known.
 */
enum arguments_state {
    ARGUMENTS_GOOD = 0x3C41,
    ARGUMENTS_FAULTY = 0x1E86,   /* range known, something else is wrong */
    ARGUMENTS_NO_RANGE = 0x2B5D, /* absent, twice, or none: who is gated is not known by uid */
};

struct arguments {
    enum arguments_state state;
    struct gate_range range; /* 0-0 with NO_RANGE */
    const char *socket;      /* points into argv or to a constant */
    bool refusals_shown;
    const char *culprit; /* the first argument at fault, or the name of the absent one; NULL when GOOD */
};

void arguments_parse(int argc, const char **argv, struct arguments *ret);

/** "FIRST-LAST". 0 or -EINVAL. */
int arguments_parse_range(const char *text, struct gate_range *ret);

#endif
