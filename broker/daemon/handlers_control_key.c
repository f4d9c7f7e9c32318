#include "broker/daemon/handlers_control.h"
#include "broker/daemon/sealer.h"
#include "broker/trust/ledger_public.h"

#include <stdlib.h>

/* The ledger as a whole: its key, and a checkpoint of it. Both are for auditors, who change nothing by it. */

void control_ledger_key(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const struct ledger_public *key;
    char hash[2 * RECORD_HASH_SIZE + 1];
    cleanup_free char *pem = NULL;
    struct store_head head;

    if (!control_read(call, parameters, NULL, 0))
        return;
    if (!b->sealer) {
        control_store_unavailable(call, b->store_error);
        return;
    }
    key = sealer_key(b->sealer);
    pem = key ? ledger_public_pem(key) : NULL;
    head = store_head(b->store);
    ident_format_hex(head.hash, sizeof(head.hash), hash);
    control_reply(call, json_pack("{ss ss so so so sI sI ss}", "host", b->host.name, "ledger", b->about.id,
                                  "key", control_text(key ? ledger_public_fingerprint(key) : NULL), "alg",
                                  control_text(key ? ledger_public_algorithm(key) : NULL), "public",
                                  control_text(pem), "first", (json_int_t)store_ledger_first(b->store),
                                  "sequence", (json_int_t)head.sequence, "hash", hash));
}

static void on_made(void *userdata, const char *checkpoint, uint64_t sequence, const char *why)
{
    struct control_call *call = userdata;

    if (checkpoint)
        control_reply(call, json_pack("{ss sI}", "checkpoint", checkpoint, "record", (json_int_t)sequence));
    else
        control_error(call, "NotSigned", json_pack("{ss}", "why", why));
}

void control_ledger_checkpoint(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;

    if (!control_read(call, parameters, NULL, 0))
        return;
    if (b->sealer)
        sealer_ask(b->sealer, on_made, call);
    else
        control_store_unavailable(call, b->store_error);
}
