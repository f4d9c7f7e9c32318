#include "broker/daemon/transfer.h"

#include "broker/daemon/answer.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/recording.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DETAIL_SIZE 4352

static const char *verb_of(enum gate_transfer_kind kind)
{
    switch (kind) {
    case GATE_TRANSFER_FILE:
    case GATE_TRANSFER_CUT:
        return "opened";
    case GATE_TRANSFER_RENAME:
        return "renamed";
    case GATE_TRANSFER_REMOVE:
        return "removed";
    case GATE_TRANSFER_LINK:
        return "linked";
    case GATE_TRANSFER_LIST:
        return "listed folder";
    case GATE_TRANSFER_MAKE_FOLDER:
        return "made folder";
    case GATE_TRANSFER_REMOVE_FOLDER:
        return "removed folder";
    case GATE_TRANSFER_ATTRIBUTES:
        return "changed attributes of";
    }
    return "?";
}

/* From here it went to the client, to here it came from there. */
static void describe(const struct gate_transfer *m, char text[static DETAIL_SIZE])
{
    bool in = m->written > 0, out = m->read > 0;

    if (m->kind != GATE_TRANSFER_FILE && m->kind != GATE_TRANSFER_CUT)
        (void)snprintf(text, DETAIL_SIZE, "%s %s%s%s", verb_of((enum gate_transfer_kind)m->kind), m->path,
                       m->target[0] != '\0' ? " to " : "", m->target);
    else if (in && out)
        (void)snprintf(text, DETAIL_SIZE, "both ways: %" PRIu64 " octets from and %" PRIu64 " octets to %s",
                       m->read, m->written, m->path);
    else if (in)
        (void)snprintf(text, DETAIL_SIZE, "in: %" PRIu64 " octets to %s", m->written, m->path);
    else if (out)
        (void)snprintf(text, DETAIL_SIZE, "out: %" PRIu64 " octets from %s", m->read, m->path);
    else
        (void)snprintf(text, DETAIL_SIZE, "opened %s, 0 octets", m->path);
}

static void put_on_record(struct broker *b, const struct session *s, const struct gate_transfer *m)
{
    struct record r = ledger_record(EVENT_TRANSFER, REASON_OK, m->kind != GATE_TRANSFER_CUT);
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE], detail[DETAIL_SIZE];

    life_record(&r, s, address);
    ledger_grant(&r, life_entry(b, s), id);
    describe(m, detail);
    r.detail = detail;
    ledger_write(b, &r);
}

void transfer_handle(void *userdata, struct gate_call *call, const uint8_t *body, size_t size)
{
    struct broker *b = userdata;
    const struct peer *peer = gate_call_peer(call);
    struct gate_reply reply = {.verdict = VERDICT_ALLOW, .reason = REASON_OK};
    char reference[LEDGER_REFERENCE_SIZE];
    struct gate_transfer m;
    const struct session *s;

    if (gate_decode_transfer(body, size, &m) < 0) {
        gate_call_malformed(call, "fields of the frame");
        return;
    }
    s = recording_transfer_of(b->recording, (uint32_t)peer->pid, m.caller.start_time);
    if (s && s->uid == peer->uid) {
        put_on_record(b, s, &m);
    } else {
        ledger_reference(reference);
        answer_refuse(REASON_NO_SESSION, NULL, 0, reference, &reply);
        ledger_trouble(b, peer, REASON_NO_SESSION, "a transfer that nobody let start");
    }
    gate_call_reply(call, &reply);
}
