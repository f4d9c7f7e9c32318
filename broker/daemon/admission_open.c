#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/daemon/admission.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/state.h"
#include "broker/daemon/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The session phase of a login, or of a job of cron or at: decided anew with the reservation, bound to the
 * caller, put on lease at the reaper, written down, and only then allowed. A refusal here does not end an ssh
 * connection by itself, so the reaper ends it (2-architecture, "The way of a login", 6).
 */

static struct session *session_of(const struct admission *a)
{
    return registry_find(a->broker->registry, a->session);
}

static bool is_gated(const struct broker *b, uint32_t uid)
{
    return b->config->gated_first <= uid && uid <= b->config->gated_last;
}

/* Refuses; and has what the caller has begun ended. */
static void refuse_and_end(struct admission *a, enum reason reason)
{
    struct broker *b = a->broker;
    struct session *s = session_of(a);
    struct question *q = NULL;
    int pidfd = -1;

    if (!s && a->q.sshd && a->q.refused == REASON_OK && is_gated(b, a->q.m.person_uid)) {
        q = malloc(sizeof(*q));
        pidfd = fcntl(gate_call_peer(a->call)->pidfd, F_DUPFD_CLOEXEC, 0);
        if (q)
            *q = a->q;
    }
    admission_refuse(a, reason); /* first the sentence, then the end */
    if (s)
        life_end(b, s, reason);
    else if (q && pidfd >= 0)
        (void)life_refuse_leader(b, q, pidfd, reason);
    close_fd(pidfd);
    free(q);
}

/* What keeps new sessions out (a clock in doubt, a host that is another) does not end those that live, and so
 * not this one when it is judged as one of them. */
static enum reason why_not_any_more(const struct admission *a)
{
    struct broker *b = a->broker;

    return a->generation == b->generation ? REASON_OK : state_of_host(b, SERVICE_SWITCH, clock_wall());
}

static void on_open_written(void *userdata, int result, uint64_t sequence)
{
    struct admission *a = userdata;
    struct session *s = session_of(a);
    enum reason reason;

    (void)sequence;
    FAILPOINT(OPEN_WRITTEN);
    if (s && s->state == SESSION_OPENING && result == 0) {
        s->opened = true;
        claiming_used(claiming_of(a->broker->claiming, s->number));
        if (a->generation != a->broker->generation)
            life_recheck(a->broker, s);
        s = session_of(a);
    }
    if (result < 0) {
        refuse_and_end(a, ledger_reason(result));
        return;
    }
    if (!s || s->state != SESSION_OPENING) {
        /* Ended meanwhile: by its leader's exit, or by somebody's order. */
        admission_refuse(a, s && s->end_reason != REASON_LOGGED_OUT ? s->end_reason : REASON_REVOKED);
        return;
    }
    reason = why_not_any_more(a);
    if (reason != REASON_OK) {
        refuse_and_end(a, reason);
        return;
    }
    registry_set_state(s, SESSION_OPEN);
    watch_tell(a->broker, s, WATCH_OPENED);
    life_recheck(a->broker, s); /* arms deadline and warnings; or it is over already */
    s = session_of(a);
    if (s && s->state == SESSION_OPEN)
        admission_allow(a);
    else
        admission_refuse(a, s ? s->end_reason : REASON_EXPIRED);
}

#define OPEN_DETAIL_SIZE (IDENT_FINGERPRINT_TEXT_SIZE + CLAIMING_DETAIL_SIZE)

/* The key that was used, and the claim that this use is. */
static void describe_open(const struct session *s, const struct claim *claim,
                          char detail[static OPEN_DETAIL_SIZE])
{
    char claimed[CLAIMING_DETAIL_SIZE];
    size_t n = 0;

    detail[0] = '\0';
    if (s->key == KEY_FINGERPRINT)
        ident_format_fingerprint(&s->fingerprint, detail);
    n = strlen(detail);
    claiming_detail(claim, claimed);
    (void)snprintf(detail + n, OPEN_DETAIL_SIZE - n, "%s%s", n > 0 && claimed[0] != '\0' ? " " : "", claimed);
}

static void write_open(struct admission *a, struct session *s)
{
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE], detail[OPEN_DETAIL_SIZE];
    struct record r = admission_record(a, REASON_OK, true, address, id);
    struct store_txn *t = ledger_txn(a->broker);
    const struct claim *claim;

    admission_bind_claim(a, s, t);
    claim = claiming_of(a->broker->claiming, s->number);
    describe_open(s, claim, detail);
    r.detail = detail;
    if (t) {
        store_txn_record(t, &r);
        life_write(a->broker, s, STORE_SESSION_OPEN, t);
        if (claim)
            claiming_write_used(claim, t);
    }
    ledger_submit(a->broker, t, on_open_written, a);
}

static void on_lease(void *userdata, int result, const struct reap_reply *reply)
{
    struct admission *a = userdata;
    struct session *s = session_of(a);

    FAILPOINT(OPEN_LEASED);
    if (!s || s->state != SESSION_OPENING)
        admission_refuse(a, s ? s->end_reason : REASON_REVOKED);
    else if (result < 0 || reply->result != REAP_DONE)
        refuse_and_end(a, REASON_REAPER_AWAY);
    else
        write_open(a, s);
}

/* The reservation that this caller holds, if it is of the grant that admits now; else a new one. */
static struct session *take_reservation(struct admission *a)
{
    struct broker *b = a->broker;
    struct session *held = registry_find(b->registry, a->q.reservation), *s = NULL;

    if (held && ident_id_equal(&held->grant, &a->decision.entry->id))
        return held;
    if (held)
        life_release(b, held, REASON_GRANT_SUPERSEDED);
    if (life_reserve(b, &a->q, a->decision.entry, &s) < 0)
        return NULL;
    return s;
}

static void bind(struct admission *a)
{
    struct broker *b = a->broker;
    struct session *s = take_reservation(a);

    if (!s) {
        refuse_and_end(a, REASON_BROKER_ERROR);
        return;
    }
    a->session = s->number;
    if (life_bind(b, s, &a->q, gate_call_peer(a->call)->pidfd, a->decision.valid_until) < 0) {
        refuse_and_end(a, REASON_BROKER_ERROR);
        return;
    }
    FAILPOINT(OPEN_BOUND);
    life_lease(b, s, a->q.facts.now, on_lease, a);
}

void admission_open_refuse(struct admission *a, enum reason reason)
{
    struct session *held = registry_find(a->broker->registry, a->q.reservation);

    if (held && a->q.refused == REASON_OK)
        life_release(a->broker, held, reason);
    refuse_and_end(a, reason);
}

void admission_open(struct admission *a)
{
    struct broker *b = a->broker;
    struct session *held = registry_find(b->registry, a->q.reservation);
    enum reason reason;

    a->decision = question_decide(b, &a->q);
    reason = a->decision.reason;
    if (held && a->q.refused == REASON_OK && question_key_differs(&a->q, held))
        reason = REASON_KEY_MISMATCH;
    else if (reason == REASON_OK && !question_is_tied(&a->q))
        reason = REASON_LOGIN_UID_MISSING;
    if (reason != REASON_OK || a->decision.verdict != VERDICT_ALLOW)
        admission_open_refuse(a, reason);
    else if (admission_needs_claim(a))
        admission_claim(a);
    else if (admission_has_other_claim(a))
        admission_open_refuse(a, REASON_REVOKED);
    else
        bind(a);
}
