#ifndef HUFU_DAEMON_SIGNER_H
#define HUFU_DAEMON_SIGNER_H

#include "broker/trust/ledger_public.h"

#include <systemd/sd-event.h>

/*
 * Signs for the ledger: with a key in a file at once, with one on a token through hufu-ledger-sign, which a
 * thread waits for, so that a token that takes its time, or never answers, holds up nothing but its own
 * signature. One signature at a time.
 */
struct signer;

/* Made by the key of `public` and checked; `why` is empty if result is 0. */
struct signer_answer {
    int result; /* 0; -ETIMEDOUT; -EKEYREJECTED: other key than asked; -errno */
    const uint8_t *signature;
    size_t size;
    const char *why;
};
typedef void signer_done(void *userdata, const struct signer_answer *answer);

#define SIGNER_WHY_SIZE 320

/** `program`: hufu-ledger-sign. */
int signer_new(sd_event *event, const char *program, struct signer **ret);
/** Gives up what is under way, without calling anybody. */
struct signer *signer_free(struct signer *s);
DEFINE_CLEANUP(struct signer, signer_free);

/** From now on with the private key of this PEM. 0, or -errno with `why` filled: then there is none. */
int signer_use_pem(struct signer *s, const char *pem, size_t size, char why[static SIGNER_WHY_SIZE]);
/** From now on with this key of a token; its public half is known after signer_learn(). */
int signer_use_token(struct signer *s, const char *uri, const char *pin_file);
/** From now on with nothing. */
void signer_use_none(struct signer *s);

/** Of the key in use; NULL: there is none, or it is not known yet. */
const struct ledger_public *signer_public(const struct signer *s);

/** Whether there is something to sign with. */
bool signer_is_set(const struct signer *s);

/** Signs, or with no octets learns the public half. `done` is called once, for a file before it returns.
 * -EBUSY: one is under way; -ENOKEY; -errno: then done is not called. */
int signer_sign(struct signer *s, const void *octets, size_t size, signer_done *done, void *userdata);
/** The same, and waits, at most `timeout_ms`; gives up what is under way. */
int signer_sign_now(struct signer *s, const void *octets, size_t size, int timeout_ms, signer_done *done,
                    void *userdata);

#endif
