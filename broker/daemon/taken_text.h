#ifndef HUFU_DAEMON_TAKEN_TEXT_H
#define HUFU_DAEMON_TAKEN_TEXT_H

#include "broker/daemon/broker.h"

#include <jansson.h>

/* What operators are told about who took something away, in the language of the configuration. */

#define TAKEN_TEXT_SIZE 768

/** "Signed revocation 89abcdef by sun.qi (revoker), until ...: lost badge". */
void taken_text(const struct taken_entry *x, char text[static TAKEN_TEXT_SIZE]);

/** The same of what hits this grant, this person, or this host at `now`; null if nothing does. */
json_t *taken_text_of_grant(const struct broker *b, const struct grant_entry *e, when_t now);
json_t *taken_text_of_staff(const struct broker *b, const char *staff, when_t now);
json_t *taken_text_of_host(const struct broker *b, when_t now);

#endif
