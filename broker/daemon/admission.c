#include "broker/daemon/admission.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/daemon/answer.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/recording.h"
#include "broker/daemon/repetition.h"
#include "broker/daemon/texts.h"
#include "broker/daemon/waiting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct record admission_record(const struct admission *a, enum reason reason, bool success,
                               char address[static ADDRESS_TEXT_SIZE], char id[static IDENT_ID_TEXT_SIZE])
{
    struct record r = ledger_record(answer_event(&a->q), reason, success);

    answer_record(&a->q, &r, address);
    ledger_grant(&r, a->decision.entry, id);
    r.reference = success ? "" : a->reference;
    r.session = a->session;
    r.deadline = success && a->decision.entry ? a->decision.valid_until : 0;
    r.latency_us = clock_boot_us() - gate_call_since(a->call);
    return r;
}

/* Of whoever is not root nothing is known but the uid: the rest is what they say. */
static const char *on_record(const struct admission *a, const struct record *r)
{
    const struct peer *peer = gate_call_peer(a->call);
    char who[LEDGER_PEER_SIZE];

    return peer->uid == a->broker->options.root
               ? repetition_write(a->broker, r)
               : repetition_write_about(a->broker, r, ledger_peer(peer, who), REPETITION_FEW);
}

void admission_refuse(struct admission *a, enum reason reason)
{
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE];
    struct gate_reply reply;
    struct record r;

    ledger_reference(a->reference);
    r = admission_record(a, reason, false, address, id);
    claiming_give_back(a->claim);
    answer_refuse(reason, a->decision.entry, a->q.facts.now, on_record(a, &r), &reply);
    gate_call_reply(a->call, &reply);
    free(a);
}

void admission_allow(struct admission *a)
{
    const struct grant_entry *e = a->decision.entry;
    struct gate_reply reply = {
        .verdict = VERDICT_ALLOW, .reason = a->decision.reason, .valid_until = a->decision.valid_until};

    if (a->q.facts.kind == SERVICE_LOGIN && a->q.facts.phase == PHASE_SESSION && e) {
        const struct grant g = grant_entry_grant(e);

        reply.runtime_max = e->session_max;
        texts_admit(a->decision.valid_until, a->q.facts.now, g.ticket, g.recording_required, reply.message);
    }
    gate_call_reply(a->call, &reply);
    free(a);
}

/* ---- account phase, and everything that opens no session ---- */

static void give_back(struct admission *a, bool written)
{
    struct session *s = a->own ? registry_find(a->broker->registry, a->session) : NULL;

    if (!s || s->state != SESSION_RESERVED)
        return;
    if (written)
        life_release(a->broker, s, a->decision.reason);
    else
        life_forget(a->broker, s);
    if (!written)
        a->session = 0; /* its number is in no row: a record with it would be somebody else's after a start */
}

/* Nothing has changed since it was decided, and its time has not run out either. */
static bool is_as_decided(const struct admission *a)
{
    return a->generation == a->broker->generation &&
           (!a->decision.entry || clock_wall() < a->decision.valid_until);
}

/* Something was taken away while the record was being written. */
static bool still_allowed(struct admission *a)
{
    struct ident_id was;
    const struct grant_entry *e = a->decision.entry;

    if (is_as_decided(a))
        return true;
    if (a->session != 0 && !registry_find(a->broker->registry, a->session)) {
        a->decision.reason =
            REASON_REVOKED; /* the reservation was cancelled; why in particular is asked below */
        a->session = 0;
        a->own = false;
    }
    if (e)
        was = e->id;
    question_refresh(a->broker, &a->q);
    a->decision = question_decide(a->broker, &a->q);
    a->generation = a->broker->generation;
    if (a->decision.verdict != VERDICT_ALLOW)
        return false;
    /* Allowed by another grant than the one written down: the person may try again. */
    if (e && (!a->decision.entry || !ident_id_equal(&was, &a->decision.entry->id))) {
        a->decision.reason = REASON_REVOKED;
        return false;
    }
    if (a->q.facts.kind == SERVICE_LOGIN && a->session == 0) {
        a->decision.reason = REASON_REVOKED;
        return false;
    }
    return true;
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct admission *a = userdata;

    (void)sequence;
    FAILPOINT(ADMISSION_WRITTEN);
    if (result < 0) {
        give_back(a, false);
        admission_refuse(a, ledger_reason(result));
    } else if (!still_allowed(a)) {
        give_back(a, true);
        admission_refuse(a, a->decision.reason);
    } else {
        admission_allow(a);
    }
}

/* Takes a use for a login; one that this caller holds already for the same grant is that. */
static int reserve(struct admission *a, struct session **ret)
{
    struct broker *b = a->broker;
    struct session *held = registry_find(b->registry, a->q.reservation);
    int r;

    if (held && ident_id_equal(&held->grant, &a->decision.entry->id)) {
        *ret = held;
        held->channels |= a->q.facts.channels;
        a->session = held->number;
        return 0;
    }
    if (held)
        life_release(b, held, REASON_GRANT_SUPERSEDED);
    r = life_reserve(b, &a->q, a->decision.entry, ret);
    if (r < 0)
        return r;
    a->session = (*ret)->number;
    a->own = true;
    return 0;
}

/* Whoever has gone meanwhile is seen to be: the call holds the process. What cannot be held is given back,
 * and counts as taken away from an admission that is being written. */
static void hold(struct admission *a)
{
    struct broker *b = a->broker;
    struct session *s = registry_find(b->registry, a->session);

    if (!s || s->state != SESSION_RESERVED || life_hold(s, gate_call_peer(a->call)->pidfd) == 0)
        return;
    life_release(b, s, REASON_BROKER_ERROR);
    b->generation++;
}

/* The holder is watched while the store writes. */
static void submit(struct admission *a, struct store_txn *t)
{
    struct broker *b = a->broker;
    uint64_t reserved = a->own ? a->session : 0;

    ledger_submit(b, t, on_written, a);
    /* What could not be submitted is answered by now, and its reservation is forgotten. */
    if (reserved != 0 && registry_find(b->registry, reserved))
        hold(a);
}

static void write_admission(struct admission *a, struct session *s)
{
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE], detail[CLAIMING_DETAIL_SIZE];
    struct record r = admission_record(a, a->decision.reason, true, address, id);
    struct store_txn *t = ledger_txn(a->broker);

    if (s)
        admission_bind_claim(a, s, t);
    claiming_detail(claiming_of(a->broker->claiming, a->session), detail);
    r.detail = detail;
    if (t) {
        store_txn_record(t, &r);
        if (s && a->own)
            life_write(a->broker, s, STORE_SESSION_RESERVED, t);
    }
    FAILPOINT(ADMISSION_RESERVED);
    submit(a, t);
}

static void admission_account(struct admission *a)
{
    struct session *s = NULL;

    if (admission_needs_claim(a))
        admission_claim(a);
    else if (admission_has_other_claim(a))
        admission_refuse(a, REASON_REVOKED); /* what was claimed for admits no more: they may try again */
    else if (a->q.facts.kind == SERVICE_LOGIN && reserve(a, &s) < 0)
        admission_refuse(a, REASON_BROKER_ERROR);
    else
        write_admission(a, s);
}

/* ---- both ---- */

static void on_resume(void *userdata)
{
    admission_judge(userdata);
}

static bool wait_a_little(struct admission *a)
{
    struct broker *b = a->broker;

    if (a->waited || b->stopping || waiting_add(b->waiting, a->q.m.person_uid, on_resume, a) < 0)
        return false;
    a->waited = true;
    return true;
}

/* sudo as the first that a command does: nobody has looked yet whether its recorder runs. */
static bool is_before_the_first_look(const struct admission *a)
{
    const struct session *s = registry_find(a->broker->registry, a->q.session);

    return a->decision.reason == REASON_RECORDER_MISSING && a->q.facts.kind == SERVICE_SWITCH && s &&
           recording_may_be_seen(a->broker, s);
}

void admission_judge(struct admission *a)
{
    struct broker *b = a->broker;

    if (endings_are_under_way(b->endings, a->q.m.person_uid) && wait_a_little(a))
        return;
    question_refresh(b, &a->q);
    a->generation = b->generation;
    if (a->q.facts.phase == PHASE_SESSION &&
        (a->q.facts.kind == SERVICE_LOGIN || a->q.facts.kind == SERVICE_JOB)) {
        admission_open(a);
        return;
    }
    a->decision = question_decide(b, &a->q);
    if (is_before_the_first_look(a) && wait_a_little(a))
        return;
    if (a->decision.verdict != VERDICT_ALLOW)
        admission_refuse(a, a->decision.reason);
    else if (!question_is_tied(&a->q))
        admission_refuse(a, REASON_LOGIN_UID_MISSING);
    else
        admission_account(a);
}

/* The module and the broker have their ranges from two files, and both must say the same. */
static void note_range(struct broker *b, const struct gate_pam *m)
{
    struct record r = ledger_record(EVENT_RANGE_DIFFERS, REASON_NOT_GATED, false);
    char detail[128];

    if (m->range.first == b->config->gated_first && m->range.last == b->config->gated_last)
        return;
    b->range_differs = true;
    (void)snprintf(detail, sizeof(detail), "module: %u-%u, broker: %u-%u", m->range.first, m->range.last,
                   b->config->gated_first, b->config->gated_last);
    r.service = m->service;
    r.detail = detail;
    (void)repetition_write_about(b, &r, detail, 1);
}

void admission_begin(struct broker *b, struct gate_call *call, const uint8_t *body, size_t size,
                     enum phase phase)
{
    struct admission *a = calloc(1, sizeof(*a));
    struct gate_reply reply;

    if (!a) {
        answer_refuse(REASON_BROKER_ERROR, NULL, 0, "", &reply);
        gate_call_reply(call, &reply);
        return;
    }
    if (gate_decode_pam(body, size, &a->q.m) < 0) {
        gate_call_malformed(call, "fields of the frame");
        free(a);
        return;
    }
    a->broker = b;
    a->call = call;
    question_take(b, gate_call_peer(call), phase, &a->q);
    if (gate_call_peer(call)->uid == b->options.root)
        note_range(b, &a->q.m);
    admission_judge(a);
}
