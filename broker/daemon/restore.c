#include "broker/daemon/restore.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/common/process.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/review_keeper.h"
#include "broker/daemon/revocations.h"
#include "broker/daemon/timekeeper.h"
#include "broker/daemon/verifier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

/* Documents on the workers at a time, at start. */
#define PREPARED_MAX 48

/* Told more often than any watchdog bites; each time, it may take so much longer to start. */
#define ALIVE_US    1000000
#define ALIVE_STATE "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=60000000"

/* ---- documents, books, tombstones ---- */

/* The loop does not turn while the store is loaded. After libcrypto was repaired, everything is verified
 * anew, and a million grants are longer at that than a watchdog waits: ended and begun anew, it would never
 * get there. */
static void tell_alive(struct broker *b)
{
    uint64_t now = clock_boot_us();

    if (b->told_alive_us != 0 && now - b->told_alive_us < ALIVE_US)
        return;
    b->told_alive_us = now;
    (void)sd_notify(0, ALIVE_STATE);
}

static int load_document(void *userdata, const struct store_document *d)
{
    struct broker *b = userdata;
    struct octets approvals[QUORUM_VOTES_MAX];
    const struct offer offer = {{d->octets, d->size}, approvals, documents_approvals(d, approvals)};
    struct grant_entry *entry;
    int r;

    tell_alive(b);
    if (d->type == DOCUMENT_REVOCATION)
        return revocations_load(b, d);
    if (d->type == DOCUMENT_STATUS)
        return status_keeper_load(b, d);
    if (d->type != DOCUMENT_GRANT)
        return 0;
    r = grants_load(b->grants, b->trust, timekeeper_now(b->timekeeper), &offer, &entry);
    /* What is refused now (an old version) gives nothing, and stays on disk. */
    return r == -EINVAL ? 0 : r;
}

/* ---- what was verified ---- */

static void prepared(void *userdata, int result)
{
    (void)userdata;
    (void)result; /* what failed is tried once more when it is judged */
}

struct preparing {
    struct broker *broker;
    size_t n_approvals;
};

static int prepare_document(void *userdata, const struct store_document *d)
{
    struct preparing *p = userdata;
    struct octets approvals[QUORUM_VOTES_MAX];
    const struct octets octets = {d->octets, d->size};
    cleanup(grant_free_p) struct grant *g = NULL;
    size_t n = documents_approvals(d, approvals);
    struct subject subject;

    tell_alive(p->broker);
    if (d->type != DOCUMENT_GRANT || grant_parse(d->octets, d->size, &g, NULL) < 0)
        return 0;
    if (subject_of_grant(g, octets, &subject) < 0)
        return -ENOMEM;
    p->n_approvals += n;
    verifier_reserve(p->broker->verifier, p->n_approvals);
    verifier_prepare(p->broker->verifier, p->broker->trust, &subject, approvals, n, prepared, NULL);
    verifier_settle(p->broker->verifier, PREPARED_MAX);
    return 0;
}

/* If nothing is known under this trust (it or this program is new), everything is verified on all processors
 * before it is judged one by one; else at most a few are missing, and are verified then. */
static int load_verdicts(struct broker *b)
{
    struct preparing p = {.broker = b};
    size_t n = 0;
    int r;

    if (!b->trust)
        return 0;
    r = verifier_load(b->verifier, b->store, b->trust, &n);
    if (r == 0 && n == 0)
        r = store_load_documents(b->store, prepare_document, &p);
    verifier_settle(b->verifier, 0);
    return r;
}

/* A start that had to verify is the last that had to. */
static void keep_verdicts(struct broker *b)
{
    struct store_txn *t = b->trust ? ledger_txn(b) : NULL;

    if (t && verifier_write_made(b->verifier, b->trust, t)) {
        FAILPOINT(VERDICTS_MADE);
        ledger_submit(b, t, NULL, NULL);
    } else {
        store_txn_free(t);
    }
}

static int load_books(void *userdata, const struct store_books *books)
{
    struct broker *b = userdata;

    return grants_load_books(b->grants, books);
}

static int load_taken(void *userdata, const struct store_taken *x)
{
    struct broker *b = userdata;

    return taken_put(b->taken, x, NULL);
}

/* ---- sessions ---- */

static void load_source(struct session *s, const char *text)
{
    s->source = SOURCE_NONE;
    if (strcmp(text, "local") == 0)
        s->source = SOURCE_LOCAL;
    else if (address_parse(text, strlen(text), &s->address) == 0)
        s->source = SOURCE_ADDRESS;
}

static void load_key(struct session *s, const char *text)
{
    if (strcmp(s->service, "sshd") != 0)
        s->key = KEY_NOT_ASKED;
    else if (ident_parse_fingerprint(text, strlen(text), &s->fingerprint) == 0)
        s->key = KEY_FINGERPRINT;
    else
        s->key = KEY_NONE;
}

static enum session_state load_state(enum store_session_state state)
{
    if (state == STORE_SESSION_OPEN)
        return SESSION_OPEN;
    return state == STORE_SESSION_ENDING ? SESSION_ENDING : SESSION_RESERVED;
}

static int load_session(void *userdata, const struct store_session *row)
{
    struct broker *b = userdata;
    struct grant_entry *e = grant_index_find(grants_index(b->grants), &row->grant);
    struct session *s = registry_add(b->registry, row->number, row->uid);
    bool same_boot = strcmp(row->boot_id, b->boot_id) == 0;

    if (!s)
        return -ENOMEM;
    s->state = load_state(row->state);
    s->grant = row->grant;
    s->version = row->version;
    s->class = e ? grant_entry_grant(e).class : GRANT_CLASS_NORMAL;
    (void)snprintf(s->staff, sizeof(s->staff), "%s", row->staff);
    (void)snprintf(s->service, sizeof(s->service), "%s", row->service);
    (void)snprintf(s->tty, sizeof(s->tty), "%s", row->tty);
    load_source(s, row->source);
    load_key(s, row->key);
    s->leader.pid = same_boot ? row->pid : 0;
    s->leader.start_time = row->start_time;
    s->parent.pid = same_boot ? row->parent : 0;
    s->parent.start_time = row->parent_start_time;
    s->audit_session = same_boot ? row->audit_session : UINT32_MAX;
    s->counts = row->counts;
    registry_set_written(s);
    s->channels = row->channels;
    s->asked = true;
    s->job = service_kind_of(row->service) == SERVICE_JOB;
    s->reserved_at = row->reserved_at;
    s->opened_at = row->opened_at;
    s->deadline = row->deadline;
    s->end_reason = row->end_reason;
    s->opened = row->opened_at != 0 && row->state != STORE_SESSION_RESERVED;
    s->settled = false;
    s->wall_base_us = timekeeper_at_least(b->timekeeper, s->wall_base_us, s->boot_base_us);
    if (e && !s->job)
        e->sessions_live++;
    return 0;
}

static void on_last_row(void *userdata, int result, const struct record *rows, size_t n)
{
    struct broker *b = userdata;

    if (result == 0 && n > 0 && rows[0].sequence > b->last_sequence)
        b->last_sequence = rows[0].sequence;
}

int restore_load(struct broker *b)
{
    const struct record_filter last = {.newest_first = true, .limit = 1};
    uint64_t next = 1;
    int r;

    timekeeper_load(b->timekeeper);
    r = load_verdicts(b);
    if (r == 0)
        r = store_load_documents(b->store, load_document, b);
    if (r == 0)
        r = store_load_books(b->store, load_books, b);
    if (r == 0)
        r = store_load_taken(b->store, load_taken, b);
    if (r == 0)
        r = store_load_sessions(b->store, load_session, b, &next);
    if (r == 0)
        r = claiming_load(b->claiming);
    if (r < 0)
        return r;
    b->next_session = next;
    life_load_numbers(b);
    restored_load(b);
    identity_load(b);
    identity_check(b);
    keep_verdicts(b);
    status_keeper_trust_changed(b, NULL);
    r = review_keeper_load(b);
    if (r < 0)
        return r;
    return store_read(b->store, &last, on_last_row, b);
}

/* ---- do they live? ---- */

struct settling {
    struct broker *broker;
    uint64_t number;
    struct session_process process; /* pidfd opened before the reaper is asked: if it has not fired
                                       afterwards, what the reaper saw is what it holds */
    bool parent;                    /* asked about the reservation's parent, the holder being gone */
};

static void settle(struct broker *b, struct session *s, bool parent);

static void pick_up(struct broker *b, struct session *s, struct settling *x)
{
    struct session_process process = x->process;

    x->process.pidfd = -1;
    s->settled = true;
    if (s->state == SESSION_OPEN) {
        if (registry_bind_leader(s, process) < 0)
            life_end(b, s, REASON_BROKER_ERROR);
        else
            life_recheck(b, s);
        if (registry_find(b->registry, x->number) && s->state == SESSION_OPEN)
            life_lease(b, s, session_now(s, clock_wall_us(), clock_boot_us()), NULL, NULL);
        return;
    }
    /* A reservation: the holder that is left (the parent, if it is that) holds it from now on. */
    s->leader = process;
    if (registry_watch_holder(s) < 0)
        life_release(b, s, REASON_BROKER_ERROR);
}

static void gone(struct broker *b, struct session *s, bool parent)
{
    if (s->state == SESSION_RESERVED && !parent && strcmp(s->service, "sshd") == 0 && s->parent.pid != 0) {
        settle(b, s, true);
        return;
    }
    s->settled = true;
    if (s->state == SESSION_RESERVED)
        life_release(b, s, REASON_LOGGED_OUT);
    else
        life_end(b, s, REASON_LOGGED_OUT);
}

static bool is_it(const struct settling *x, const struct reap_reply *reply)
{
    return reply->result == REAP_DONE && reply->n_processes > 0 &&
           reply->processes[0].pid == x->process.pid &&
           (x->process.start_time == 0 || reply->processes[0].start_time == x->process.start_time) &&
           process_exited(x->process.pidfd) == 0;
}

static void on_who(void *userdata, int result, const struct reap_reply *reply)
{
    struct settling *x = userdata;
    struct session *s = registry_find(x->broker->registry, x->number);

    /* No answer: it stays as it is, counted, until the reaper is back. */
    if (s && !s->settled && result == 0 && reply->result != REAP_FAILED) {
        if (is_it(x, reply))
            pick_up(x->broker, s, x);
        else
            gone(x->broker, s, x->parent);
        FAILPOINT(START_SETTLED);
    }
    close_fd(x->process.pidfd);
    free(x);
}

static void settle(struct broker *b, struct session *s, bool parent)
{
    struct reap_request request = {.type = FRAME_REAP_WHO};
    const struct session_process *p = parent ? &s->parent : &s->leader;
    struct settling *x;
    int pidfd = p->pid != 0 ? process_pidfd((pid_t)p->pid) : -ESRCH;

    if (pidfd == -ESRCH || pidfd == -EINVAL) {
        gone(b, s, parent); /* no such process, or the boot was another one */
        return;
    }
    if (pidfd < 0)
        return; /* that says nothing about it */
    x = calloc(1, sizeof(*x));
    if (!x) {
        close_fd(pidfd);
        return;
    }
    *x = (struct settling){.broker = b, .number = s->number, .process = *p, .parent = parent};
    x->process.pidfd = pidfd;
    request.pid = p->pid;
    reaper_client_ask(b->reaper, &request, REAPER_ASK_US, on_who, x);
}

void restore_settle(struct broker *b)
{
    struct session *next;

    FAILPOINT(START_SETTLING);
    for (struct session *s = registry_first(b->registry); s; s = next) {
        next = registry_next(s);
        if (s->settled)
            continue;
        if (s->state == SESSION_ENDING)
            s->settled = true; /* it goes on being ended */
        else
            settle(b, s, false);
    }
}
