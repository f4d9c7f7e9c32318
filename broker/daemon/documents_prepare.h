#ifndef HUFU_DAEMON_DOCUMENTS_PREPARE_H
#define HUFU_DAEMON_DOCUMENTS_PREPARE_H

#include "broker/daemon/broker.h"
#include "broker/daemon/offer.h"
#include "broker/daemon/verifier.h"

/** Verifies on workers what a document will be judged by when it is taken, under the trust in force; for a
 * trust file that is to replace it also all grants under that, if it is signed by what it needs. The octets
 * stay the caller's and are there until `done`, which may come at once. A document that cannot be parsed is
 * left to the taker, who says why. There is a trust in force. */
void documents_prepare(struct broker *b, enum document_type type, const struct offer *offer,
                       verifier_done *done, void *userdata);

#endif
