#include "broker/daemon/ledger.h"

#include "broker/common/clock.h"
#include "broker/daemon/follow.h"
#include "broker/daemon/repetition.h"
#include "broker/daemon/timekeeper.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

void ledger_reference(char text[static LEDGER_REFERENCE_SIZE])
{
    static const char alphabet[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[LEDGER_REFERENCE_SIZE - 1] = {0};

    /* Small requests never fail once the kernel has started; if they did, the reference would only be dull.
     */
    if (getrandom(random, sizeof(random), 0) < 0)
        random[0] = 1;
    for (size_t i = 0; i < sizeof(random); i++)
        text[i] = alphabet[random[i] % (sizeof(alphabet) - 1)];
    text[sizeof(random)] = '\0';
}

struct record ledger_record(const char *event, enum reason reason, bool success)
{
    return (struct record){.at_us = clock_wall_us(),
                           .event = event,
                           .result = success ? "success" : "failure",
                           .reason = reason,
                           .staff = "",
                           .vendor = "",
                           .account = "",
                           .service = "",
                           .address = "",
                           .tty = "",
                           .grant = "",
                           .ticket = "",
                           .reference = "",
                           .actor = UINT32_MAX,
                           .detail = ""};
}

void ledger_grant(struct record *r, const struct grant_entry *e, char id[static IDENT_ID_TEXT_SIZE])
{
    id[0] = '\0';
    if (!e)
        return;
    ident_format_id(&e->id, id);
    r->grant = id;
    r->version = e->version;
    r->ticket = grant_entry_grant(e).ticket;
    r->vendor = grant_entry_vendor(e);
    if (r->staff[0] == '\0')
        r->staff = grant_entry_staff(e);
}

void ledger_trust(struct record *r, const struct broker *b, const char *why,
                  char detail[static LEDGER_TRUST_SIZE])
{
    const struct trust *d = trust_set_document(b->trust);
    char sha256[2 * sizeof(b->trust_keeper.sha256) + 1];

    ident_format_hex(b->trust_keeper.sha256, sizeof(b->trust_keeper.sha256), sha256);
    (void)snprintf(detail, LEDGER_TRUST_SIZE, "epoch %u of %s, SHA-256 %s%s%.200s", d->epoch, d->site, sha256,
                   why[0] != '\0' ? ": " : "", why);
    r->version = d->epoch;
    r->detail = detail;
}

struct store_txn *ledger_txn(struct broker *b)
{
    struct store_txn *t = NULL;

    if (!b->store || store_txn_new(b->store, &t) < 0)
        return NULL;
    return t;
}

struct submission {
    struct broker *broker;
    store_done *done;
    void *userdata;
};

static void on_done(void *userdata, int result, uint64_t sequence)
{
    struct submission *s = userdata;

    struct broker *b = s->broker;
    bool more = result == 0 && sequence > b->last_sequence;

    if (more)
        b->last_sequence = sequence;
    if (result < 0)
        timekeeper_not_written(b->timekeeper);
    b->not_recorded += result < 0 && !s->done;
    if (s->done)
        s->done(s->userdata, result, sequence);
    free(s);
    if (more)
        follow_wake(b);
}

void ledger_submit(struct broker *b, struct store_txn *t, store_done *done, void *userdata)
{
    struct submission *s;
    int r = -ENODEV;

    s = t ? calloc(1, sizeof(*s)) : NULL;
    if (s) {
        *s = (struct submission){.broker = b, .done = done, .userdata = userdata};
        timekeeper_write(b->timekeeper, t);
        if (!done) /* whatever comes of it, it has happened */
            store_txn_keep(t);
        r = store_submit(b->store, t, on_done, s);
        if (r == 0)
            return;
        free(s);
    } else if (t) {
        store_txn_free(t);
        r = -ENOMEM;
    }
    if (done)
        done(userdata, r, 0);
}

enum reason ledger_reason(int result)
{
    return result == -EBADMSG  ? REASON_STORE_DAMAGED
           : result == -ENOSPC ? REASON_STORE_FULL
                               : REASON_STORE_UNAVAILABLE;
}

void ledger_write(struct broker *b, const struct record *r)
{
    struct store_txn *t = ledger_txn(b);

    if (t)
        store_txn_record(t, r);
    ledger_submit(b, t, NULL, NULL);
}

const char *ledger_peer(const struct peer *peer, char text[static LEDGER_PEER_SIZE])
{
    (void)snprintf(text, LEDGER_PEER_SIZE, "uid %u", (unsigned)peer->uid);
    return text;
}

void ledger_trouble(struct broker *b, const struct peer *peer, enum reason reason, const char *detail)
{
    struct record r = ledger_record(EVENT_REQUEST_REFUSED, reason, false);
    char text[200], who[LEDGER_PEER_SIZE];

    (void)snprintf(text, sizeof(text), "pid %d, uid %u: %.120s", (int)peer->pid, (unsigned)peer->uid, detail);
    r.detail = text;
    (void)repetition_write_about(b, &r, ledger_peer(peer, who), REPETITION_FEW);
}
