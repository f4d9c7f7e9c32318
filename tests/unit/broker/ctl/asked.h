#ifndef HUFU_TESTS_CTL_ASKED_H
#define HUFU_TESTS_CTL_ASKED_H

#include "tests/unit/broker/ctl/invoke.h"

/* Fixture: what hufuctl asks of the broker, and what it then says. */

/** The reply of an error of the control interface; `parameters` are the members of its object. */
#define ERROR(name, parameters) "{\"error\": \"org.hufu.control." name "\", \"parameters\": {" parameters "}}"

/** Of the calls, one a line, that at `at` is of this method (without its interface) with exactly these
 * parameters (a JSON object). */
void assert_call(const char *calls, size_t at, const char *method, const char *parameters);

/** The line, answered with `reply`, makes this call, exits so, and says `says` on either stream, perhaps
 * among more. */
void assert_asks(const char *reply, const char *line, const char *method, const char *parameters,
                 enum exit_code code, const char *says);
/** The same where the call's text has `call_part` in it: part of a method, of parameters, or of both. */
void assert_asks_in_part(const char *reply, const char *line, const char *call_part, enum exit_code code,
                         const char *says);

#endif
