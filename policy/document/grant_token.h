#ifndef HUFU_DOCUMENT_GRANT_TOKEN_H
#define HUFU_DOCUMENT_GRANT_TOKEN_H

#include "policy/document/grammar.h"
#include "policy/document/grant.h"

/*
 * The tokens that only grants have, as text and back (4-documents, "Grant").
 */

#define GRANT_HOURS_TEXT_SIZE 32

extern const struct grammar_word grant_token_host;    /* a name, or `@` and a name */
extern const struct grammar_word grant_token_service; /* what service_may_be_granted() lets pass */
extern const struct grammar_word grant_token_run_as;  /* an account */
extern const struct grammar_word grant_token_command; /* an absolute path and arguments */

/** `mon-fri 09:00-18:00 +08:00`. Returns NULL, or what is expected instead. */
const char *grant_token_parse_hours(struct grammar_token token, struct grant_hours *ret);

/** Returns false if the value has no text (days that are no range, times out of range). */
bool grant_token_format_hours(const struct grant_hours *hours, char text[static GRANT_HOURS_TEXT_SIZE]);

#endif
