#include "broker/daemon/channel.h"

#include "broker/common/clock.h"
#include "broker/daemon/answer.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/recording.h"
#include "broker/daemon/repetition.h"
#include "broker/daemon/state.h"
#include "broker/daemon/texts.h"

#include <stdio.h>
#include <stdlib.h>

struct channel_call {
    struct broker *broker;
    struct gate_call *call;
    struct gate_channel m;
    struct gate_reply reply;
    uint64_t session;
    struct reap_process process; /* who asks, as the reaper sees it */
    char reference[9];
};

static struct record channel_record(const struct channel_call *c, const struct session *s, enum reason reason,
                                    char address[static ADDRESS_TEXT_SIZE],
                                    char id[static IDENT_ID_TEXT_SIZE], char detail[static 1100])
{
    struct record r = ledger_record(EVENT_CHANNEL, reason, reason == REASON_OK);
    const char *name = grant_channel_name((enum grant_channel)c->m.channel);

    if (s) {
        life_record(&r, s, address);
        ledger_grant(&r, life_entry(c->broker, s), id);
    }
    (void)snprintf(detail, 1100, "%s%s%s", name ? name : "?", c->m.command[0] != '\0' ? ": " : "",
                   c->m.command);
    r.detail = detail;
    r.tty = c->m.tty;
    r.reference = reason == REASON_OK ? "" : c->reference;
    r.latency_us = clock_boot_us() - gate_call_since(c->call);
    return r;
}

static void refuse(struct channel_call *c, const struct session *s, enum reason reason)
{
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE], detail[1100], who[32];
    struct record r = channel_record(c, s, reason, address, id, detail);

    if (!s) {
        (void)snprintf(who, sizeof(who), "uid %u", (unsigned)gate_call_peer(c->call)->uid);
        r.account = who;
    }
    answer_refuse(reason, s ? life_entry(c->broker, s) : NULL, clock_wall(),
                  repetition_write_some(c->broker, &r, REPETITION_FEW_NAMED), &c->reply);
    gate_call_reply(c->call, &c->reply);
    free(c);
}

static struct decision judge(struct channel_call *c, const struct session *s)
{
    struct broker *b = c->broker;
    when_t now = session_now(s, clock_wall_us(), clock_boot_us());
    struct facts facts = {.now = now,
                          .host = &b->host,
                          .host_state = state_of_host(b, SERVICE_SWITCH, now),
                          .status_until = state_status_until(b),
                          .person_state = taken_of_staff(b->taken, s->staff, now),
                          .staff = s->staff,
                          .phase = PHASE_SESSION,
                          .kind = SERVICE_SWITCH,
                          .service = s->service,
                          .source = s->source,
                          .address = s->address,
                          .key = KEY_NOT_ASKED,
                          .session_live = true,
                          .session_grant = &s->grant,
                          .recorder_attested = recording_is_possible(b)};

    state_refresh_grants(b, s->staff, now);
    return decide_channel(life_entry(b, s), &facts, (enum grant_channel)c->m.channel);
}

/* sshd shows no text of PAM's session phase where a command is forced, so a shell is what tells the time
 * left. */
static void greet(struct channel_call *c, const struct session *s)
{
    const struct grant_entry *e = life_entry(c->broker, s);

    c->reply.valid_until = s->deadline;
    if (c->m.channel == GATE_CHANNEL_SHELL && e) {
        const struct grant g = grant_entry_grant(e);

        texts_admit(s->deadline, session_now(s, clock_wall_us(), clock_boot_us()), g.ticket,
                    g.recording_required, c->reply.message);
    }
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct channel_call *c = userdata;
    const struct session *s = registry_find(c->broker->registry, c->session);
    struct decision d = {.verdict = VERDICT_DENY, .reason = REASON_NO_SESSION};

    (void)sequence;
    if (s && s->state == SESSION_OPEN)
        d = judge(c, s);
    if (result < 0) {
        refuse(c, s, ledger_reason(result));
    } else if (d.verdict != VERDICT_ALLOW) {
        refuse(c, s, d.reason);
    } else {
        greet(c, s);
        gate_call_reply(c->call, &c->reply);
        free(c);
    }
}

/* What was started once may be there as long as the session (3-rules, "How it changes": a version that no
 * longer gives it ends the session): so it is in the books before it is. */
static void put_in_use(struct channel_call *c, struct store_txn *t)
{
    struct session *s = registry_find(c->broker->registry, c->session);

    if ((s->channels & c->m.channel) == c->m.channel)
        return;
    s->channels |= c->m.channel;
    life_write(c->broker, s, STORE_SESSION_OPEN, t);
}

static void record_recording(struct channel_call *c, const struct session *s, const char *name,
                             struct store_txn *t)
{
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE], detail[1100];
    struct record r = channel_record(c, s, REASON_OK, address, id, detail);

    r.event = EVENT_RECORDING;
    (void)snprintf(detail, sizeof(detail), "%s%s", name, RECORDER_SUFFIX);
    store_txn_record(t, &r);
}

/* What hufu-channel is to do beyond what it asked for. A transfer is told of in any case; a shell and a
 * command become a recording where the grant says so. */
static int put_to_record(struct channel_call *c, struct session *s, struct store_txn *t)
{
    bool transfer = c->m.channel == GATE_CHANNEL_TRANSFER, required = recording_is_required(c->broker, s);
    char name[RECORDER_NAME_SIZE];
    int r;

    if (!transfer && !required)
        return 0;
    r = recording_admit(c->broker->recording, s, &c->process,
                        transfer ? REAP_CHANNEL_TRANSFER : REAP_CHANNEL_RECORDED, t, name);
    if (r < 0)
        return r;
    if (!transfer)
        record_recording(c, s, name, t);
    if (transfer)
        (void)snprintf(c->reply.options, sizeof(c->reply.options), "report%s", required ? "=required" : "");
    else
        (void)snprintf(c->reply.options, sizeof(c->reply.options), "record=%s", name);
    return 0;
}

static void allow(struct channel_call *c, struct session *s)
{
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE], detail[1100];
    struct record r = channel_record(c, s, REASON_OK, address, id, detail);
    struct store_txn *t = ledger_txn(c->broker);

    c->session = s->number;
    c->reply = (struct gate_reply){.verdict = VERDICT_ALLOW, .reason = REASON_OK};
    if (t) {
        store_txn_record(t, &r);
        put_in_use(c, t);
        if (put_to_record(c, s, t) < 0) {
            store_txn_free(t);
            refuse(c, s, REASON_TOO_MANY_REQUESTS);
            return;
        }
    }
    ledger_submit(c->broker, t, on_written, c);
}

static void on_who(void *userdata, int result, const struct reap_reply *reply)
{
    struct channel_call *c = userdata;
    uint32_t uid = (uint32_t)gate_call_peer(c->call)->uid;
    const struct reap_process *p;
    struct session *s;
    struct decision d;

    if (result < 0 || reply->result == REAP_FAILED) {
        refuse(c, NULL, REASON_REAPER_AWAY);
        return;
    }
    p = &reply->processes[0];
    /* The same person, or one who has no login uid at all (a stack without pam_loginuid). */
    if (reply->result != REAP_DONE || reply->n_processes == 0 ||
        (p->login_uid != uid && p->login_uid != UINT32_MAX)) {
        refuse(c, NULL, REASON_CALLER_MISMATCH);
        return;
    }
    s = registry_find_current(c->broker->registry, uid, p->audit_session);
    if (!s) {
        refuse(c, NULL, REASON_NO_SESSION);
        return;
    }
    c->process = *p;
    d = judge(c, s);
    if (d.verdict == VERDICT_ALLOW)
        allow(c, s);
    else
        refuse(c, s, d.reason);
}

void channel_handle(void *userdata, struct gate_call *call, const uint8_t *body, size_t size)
{
    struct broker *b = userdata;
    struct channel_call *c = calloc(1, sizeof(*c));
    struct reap_request request = {.type = FRAME_REAP_WHO, .pid = (uint32_t)gate_call_peer(call)->pid};

    if (!c || gate_decode_channel(body, size, &c->m) < 0) {
        gate_call_malformed(call, c ? "fields of the frame" : "no memory");
        free(c);
        return;
    }
    c->broker = b;
    c->call = call;
    ledger_reference(c->reference);
    reaper_client_ask(b->reaper, &request, REAPER_ASK_US, on_who, c);
}
