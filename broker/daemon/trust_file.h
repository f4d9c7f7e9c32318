#ifndef HUFU_DAEMON_TRUST_FILE_H
#define HUFU_DAEMON_TRUST_FILE_H

#include "broker/daemon/broker.h"

/* The trust file in /etc, which seeds the first epoch and serves a reset, beside the trust in force. */

struct trust_file {
    char *octets;
    size_t size;
    uint8_t sha256[32];
};
void trust_file_done(struct trust_file *f);
#define cleanup_trust_file cleanup(trust_file_done)

/** 0 or -errno of files_read() and digest. */
int trust_file_read(const struct broker *b, struct trust_file *ret);

/** How the file differs from the trust in force and what to do about it, as a sentence (translated) into
 * `text`. Returns false if it does not, or if nothing is in force. */
bool trust_file_differs(const struct broker *b, char *text, size_t size);

#endif
