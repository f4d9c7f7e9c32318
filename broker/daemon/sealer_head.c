#include "broker/daemon/ledger.h"
#include "broker/daemon/sealer_internal.h"
#include "broker/daemon/sealer_key.h"
#include "broker/trust/ledger_public.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys on record, and heads of what leaves the ledger. */

/* A key that was not there before the first checkpoint is nothing to worry about; another one than before is.
 */
int sealer_put_key(struct sealer *s, struct store_txn *t, bool again)
{
    const struct ledger_public *p = signer_public(s->signer);
    struct record r = ledger_record(EVENT_LEDGER_KEY, (enum reason)0, again || s->recorded[0] == '\0');
    cleanup_free char *detail = sealer_key_text(p);

    (void)snprintf(s->recording, sizeof(s->recording), "%s", ledger_public_fingerprint(p));
    if (strcmp(s->recording, s->recorded) == 0 && !again)
        return 0;
    if (!detail)
        return -ENOMEM;
    r.detail = detail;
    store_txn_record(t, &r);
    store_txn_meta(t, META_KEY, s->recording);
    return 0;
}

int sealer_announce(struct sealer *s, struct store_txn *t)
{
    const struct ledger_public *p = signer_public(s->signer);

    return p ? sealer_put_key(s, t, strcmp(ledger_public_fingerprint(p), s->recorded) == 0) : 0;
}

void sealer_end_seal(struct sealer *s, const char *text, const char *why)
{
    sealer_made *made = s->seal;

    if (!made)
        return;
    s->seal = NULL;
    made(s->seal_userdata, text, 0, why);
}

static void on_head_signed(void *userdata, const struct signer_answer *a)
{
    struct sealer *s = userdata;
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    if (a->result == 0 && sealer_take_signature(s, a) == 0) {
        checkpoint_format(&s->c, &b);
        text = buf_steal_text(&b);
    }
    sealer_end_seal(s, text, text ? NULL : a->result < 0 ? a->why : strerror(ENOMEM));
    sealer_finish(s, NULL);
}

void sealer_seal(struct sealer *s, uint64_t sequence, const uint8_t hash[static RECORD_HASH_SIZE],
                 sealer_made *made, void *userdata)
{
    cleanup_buf struct buf b = BUF_INIT;
    int r;

    if (s->busy || s->stopping || !signer_public(s->signer)) {
        made(userdata, NULL, 0, s->trouble[0] != '\0' ? s->trouble : NULL);
        return;
    }
    s->busy = true;
    s->seal = made;
    s->seal_userdata = userdata;
    sealer_describe(s, sequence, hash);
    checkpoint_signed_octets(&s->c, &b);
    r = buf_error(&b) < 0 ? buf_error(&b) : signer_sign(s->signer, b.data, b.size, on_head_signed, s);
    if (r < 0) {
        sealer_end_seal(s, NULL, strerror(-r));
        sealer_finish(s, NULL);
    }
}
