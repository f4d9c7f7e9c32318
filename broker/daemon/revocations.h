#ifndef HUFU_DAEMON_REVOCATIONS_H
#define HUFU_DAEMON_REVOCATIONS_H

#include "broker/daemon/broker.h"

/*
 * Signed revocations. One that verified when it came is kept with the signatures that counted, and is a
 * tombstone from then on, whatever becomes of the trust file that verified it (trust_set.h): the document on
 * disk is the tombstone. An id that was used for several documents takes away what each of them says.
 */

/** Puts a stored one into b->taken. 0, -EBADMSG (a row that this module cannot have written), -ENOMEM. */
int revocations_load(struct broker *b, const struct store_document *d);

/** The tombstone that a document would be if somebody had signed it: what an unsigned one takes away. It is
 * of `site`. 0; -EINVAL (malformed, or of another site); -ENOMEM. */
int revocations_unsigned(struct octets document, const char *site, struct taken_entry *ret);

#endif
