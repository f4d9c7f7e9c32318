#include "broker/daemon/restore.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/common/process.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/documents.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/loading.h"
#include "broker/daemon/review_keeper.h"
#include "broker/daemon/revocations.h"
#include "broker/daemon/timekeeper.h"
#include "broker/daemon/verifier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- documents that are no grants, tombstones ---- */

static int load_document(void *userdata, const struct store_document *d)
{
    struct broker *b = userdata;

    if (d->type == DOCUMENT_REVOCATION)
        return revocations_load(b, d);
    return d->type == DOCUMENT_STATUS ? status_keeper_load(b, d) : 0;
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

static int load_session(struct broker *b, const struct store_session *row)
{
    struct grant_entry *e = grants_find(b->grants, &row->grant);
    struct session *s = registry_add(b->registry, row->number, row->uid);
    bool same_boot = strcmp(row->boot_id, b->boot_id) == 0;

    if (!s)
        return -ENOMEM;
    registry_set_state(s, load_state(row->state));
    s->grant = row->grant;
    s->version = row->version;
    s->class = e ? grant_entry_grant(e).class : GRANT_CLASS_NORMAL;
    (void)snprintf(s->staff, sizeof(s->staff), "%s", row->staff);
    (void)snprintf(s->service, sizeof(s->service), "%s", row->service);
    (void)snprintf(s->tty, sizeof(s->tty), "%s", row->tty);
    load_source(s, row->source);
    load_key(s, row->key);
    s->leader.pid = same_boot ? row->pid : 0;
    session_process_take_mark(&s->leader, row->start_time);
    s->parent.pid = same_boot ? row->parent : 0;
    session_process_take_mark(&s->parent, row->parent_start_time);
    registry_set_holder(s);
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

/* Their grants are found in the same store, so that the rows are kept first. */
struct session_rows {
    struct store_session *items;
    size_t n;
};

static int keep_session(void *userdata, const struct store_session *row)
{
    struct session_rows *rows = userdata;
    struct store_session *more = reallocarray(rows->items, rows->n + 1, sizeof(*more));

    if (!more)
        return -ENOMEM;
    rows->items = more;
    rows->items[rows->n++] = *row;
    return 0;
}

static int load_sessions(struct broker *b, uint64_t *next)
{
    struct session_rows rows = {.n = 0};
    int r = store_load_sessions(b->store, keep_session, &rows, next);

    for (size_t i = 0; i < rows.n && r == 0; i++) {
        r = grants_know(b->grants, &rows.items[i].grant);
        if (r == 0)
            r = load_session(b, &rows.items[i]);
    }
    free(rows.items);
    return r;
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
    r = loading_begin(b);
    if (r == 0)
        r = store_load_few(b->store, load_document, b);
    if (r == 0)
        r = store_load_taken(b->store, load_taken, b);
    if (r == 0)
        r = load_sessions(b, &next);
    if (r == 0)
        r = claiming_load(b->claiming);
    if (r < 0)
        return r;
    b->next_session = next;
    life_load_numbers(b);
    restored_load(b);
    identity_load(b);
    identity_check(b);
    /* The verdict on a status is kept by the start that meets it first. */
    verifier_note(b->verifier, true);
    status_keeper_trust_changed(b, NULL);
    verifier_note(b->verifier, false);
    r = review_keeper_load(b);
    if (r == 0)
        r = loading_go_on(b);
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

static void settling_free(struct settling *x)
{
    close_fd(x->process.pidfd);
    free(x);
}

static void settled(struct settling *x, bool lives)
{
    struct session *s = registry_find(x->broker->registry, x->number);

    if (s && !s->settled) {
        if (lives)
            pick_up(x->broker, s, x);
        else
            gone(x->broker, s, x->parent);
        FAILPOINT(START_SETTLED);
    }
    settling_free(x);
}

static void on_who(void *userdata, int result, const struct reap_reply *reply)
{
    struct settling *x = userdata;

    /* No answer: it stays as it is, counted, until the reaper is back. */
    if (result == 0 && reply->result != REAP_FAILED)
        settled(x, is_it(x, reply));
    else
        settling_free(x);
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
    if (p->number != 0) {
        settled(x, process_number(pidfd) == p->number && process_exited(pidfd) == 0);
        return;
    }
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
