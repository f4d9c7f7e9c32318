#ifndef HUFU_DAEMON_SIGNER_PROGRAM_H
#define HUFU_DAEMON_SIGNER_PROGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One run of hufu-ledger-sign. It can be waited for by one thread and cancelled by another. */
struct signer_run {
    const char *program, *uri, *pin_file; /* borrowed; pin_file may be NULL */
    atomic_bool cancelled;

    int result; /* 0; -ETIMEDOUT; -ECANCELED; -EIO: it said why; other -errno */
    char why[320];
    uint8_t *spki, *signature; /* owned */
    size_t spki_size, signature_size;
};

void signer_run_begin(struct signer_run *r, const char *program, const char *uri, const char *pin_file);
/** Starts it, hands it the octets, waits, and fills the results. */
void signer_run(struct signer_run *r, const void *octets, size_t size, int timeout_ms);
/** From another thread: it is given up within a tenth of a second. */
void signer_run_cancel(struct signer_run *r);
/** Takes the results over. */
void signer_run_take(struct signer_run *from, struct signer_run *to);
void signer_run_done(struct signer_run *r);

#endif
