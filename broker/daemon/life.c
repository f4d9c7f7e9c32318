#include "broker/daemon/life.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/common/process.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META_NUMBERS "session-numbers" /* the first that was not given yet */

struct grant_entry *life_entry(const struct broker *b, const struct session *s)
{
    return grants_find(b->grants, &s->grant);
}

void life_count_back(struct broker *b, const struct session *s, bool use)
{
    struct grant_entry *e = life_entry(b, s);

    if (!e || s->released || s->job)
        return;
    e->sessions_live -= e->sessions_live > 0;
    if (use && s->counts)
        e->uses_taken -= e->uses_taken > 0;
}

void life_record(struct record *r, const struct session *s, char address[static ADDRESS_TEXT_SIZE])
{
    session_source_text(s, address);
    r->staff = s->staff;
    r->account = s->staff;
    r->service = s->service;
    r->address = address;
    r->tty = s->tty;
    r->session = s->number;
    r->deadline = s->deadline;
}

/* ---- reserving and opening ---- */

/* The channels of a grant are ssh's: who logs in on a console has a shell. */
static unsigned units_of(const struct question *q, const struct grant *g)
{
    return q->sshd ? facts_given(g->channels) & FACTS_UNITS : FACTS_UNITS;
}

static void describe(struct session *s, const struct question *q, const struct grant_entry *entry)
{
    const struct grant g = grant_entry_grant(entry);

    s->grant = entry->id;
    s->version = entry->version;
    s->class = g.class;
    (void)snprintf(s->staff, sizeof(s->staff), "%s", grant_entry_staff(entry));
    (void)snprintf(s->service, sizeof(s->service), "%s", q->m.service);
    s->source = q->facts.source;
    s->address = q->facts.address;
    (void)snprintf(s->tty, sizeof(s->tty), "%s", q->m.tty);
    s->key = q->facts.key;
    s->fingerprint = q->facts.fingerprint;
    s->channels = (uint8_t)(q->facts.channels | units_of(q, &g));
    s->job = q->facts.kind == SERVICE_JOB;
    s->counts = !s->job;
    s->reserved_at = q->facts.now;
    s->audit_session = q->m.caller.audit_session;
    s->leader.pid = q->m.caller.pid;
    s->leader.start_time = q->m.caller.start_time;
    s->leader.number = s->leader.start_time == 0 ? q->caller_number : 0;
    s->parent.pid = q->m.caller.parent;
    s->parent.start_time = q->m.caller.parent_start_time;
}

/* Without the parent there is nobody else who could open the session: then the holder alone may. */
static void find_parent(const struct broker *b, struct session *s)
{
    int pidfd = process_pidfd((pid_t)s->parent.pid);

    s->parent.pidfd = pidfd < 0 ? -1 : pidfd;
    if (b->processes_counted && s->parent.start_time == 0)
        s->parent.number = process_number(s->parent.pidfd);
}

int life_hold(struct session *s, int holder_pidfd)
{
    s->leader.pidfd = fcntl(holder_pidfd, F_DUPFD_CLOEXEC, 0);
    return s->leader.pidfd < 0 ? -errno : registry_watch_holder(s);
}

int life_reserve(struct broker *b, const struct question *q, struct grant_entry *entry, struct session **ret)
{
    struct session *s = registry_add(b->registry, b->next_session, q->m.person_uid);

    if (!s)
        return -ENOMEM;
    b->next_session++;
    describe(s, q, entry);
    if (q->sshd && s->parent.pid > 1)
        find_parent(b, s);
    if (!s->job) {
        entry->uses_taken++;
        entry->sessions_live++;
    }
    *ret = s;
    return 0;
}

int life_bind(struct broker *b, struct session *s, const struct question *q, int caller_pidfd,
              when_t deadline)
{
    struct session_process leader = {.pid = q->m.caller.pid,
                                     .start_time = q->m.caller.start_time,
                                     .pidfd = fcntl(caller_pidfd, F_DUPFD_CLOEXEC, 0)};

    (void)b;
    if (leader.pidfd < 0)
        return -errno;
    registry_set_state(s, SESSION_OPENING);
    s->settled = true; /* whoever left it: this caller lives, and is its leader from now on */
    s->opened_at = q->facts.now;
    s->deadline = deadline;
    s->audit_session = q->m.caller.audit_session;
    s->key = q->facts.key;
    s->fingerprint = q->facts.fingerprint;
    s->wall_base_us = clock_wall_us();
    s->boot_base_us = clock_boot_us();
    (void)snprintf(s->tty, sizeof(s->tty), "%s", q->m.tty);
    return registry_bind_leader(s, leader);
}

static void write_row(struct broker *b, const struct session *s, enum store_session_state state,
                      struct store_txn *t)
{
    struct store_session row = {
        .number = s->number,
        .state = state,
        .grant = s->grant,
        .version = s->version,
        .uid = s->uid,
        .pid = s->leader.pid,
        .start_time = session_process_mark(&s->leader),
        .parent = s->parent.pid,
        .parent_start_time = session_process_mark(&s->parent),
        .audit_session = s->audit_session,
        .counts = s->counts,
        .channels = s->channels,
        .reserved_at = s->reserved_at,
        /* One that was ended before it opened is none of the opened after a start, either. */
        .opened_at = s->opened || state == STORE_SESSION_OPEN ? s->opened_at : 0,
        .deadline = s->deadline,
        .end_reason = s->end_reason};

    if (state == STORE_SESSION_ENDED || state == STORE_SESSION_RELEASED)
        row.ended_at = clock_wall();
    (void)snprintf(row.staff, sizeof(row.staff), "%s", s->staff);
    (void)snprintf(row.service, sizeof(row.service), "%s", s->service);
    (void)snprintf(row.tty, sizeof(row.tty), "%s", s->tty);
    (void)snprintf(row.boot_id, sizeof(row.boot_id), "%s", b->boot_id);
    session_source_text(s, row.source);
    if (s->key == KEY_FINGERPRINT)
        ident_format_fingerprint(&s->fingerprint, row.key);
    store_txn_session(t, &row);
}

/* Uses in memory of sessions that the store has not heard of. A hufud that is killed before it does would
 * leave the use counted and nobody who has it. */
static uint32_t uses_unwritten(struct broker *b, const struct grant_entry *e)
{
    uint32_t n = 0;

    for (const struct session *s = registry_first_unwritten(b->registry); s; s = registry_next_unwritten(s))
        n += s->counts && !s->released && ident_id_equal(&s->grant, &e->id);
    return n;
}

void life_write_books(struct broker *b, const struct grant_entry *e, struct store_txn *t)
{
    struct store_books books = {.id = e->id,
                                .uses_taken = e->uses_taken - uses_unwritten(b, e),
                                .closed = e->closed,
                                .verified_version = e->verified_version};

    store_txn_books(t, &books);
}

void life_write(struct broker *b, struct session *s, enum store_session_state state, struct store_txn *t)
{
    const struct grant_entry *e = life_entry(b, s);

    registry_set_written(s);
    write_row(b, s, state, t);
    if (e)
        life_write_books(b, e, t);
}

/* ---- giving back ---- */

void life_forget(struct broker *b, struct session *s)
{
    life_count_back(b, s, true);
    claiming_give_back(claiming_of(b->claiming, s->number));
    registry_remove(s);
}

static void record_release(struct broker *b, struct session *s, struct store_txn *t)
{
    struct record r = ledger_record(EVENT_RELEASE, s->end_reason, true);
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE];

    life_record(&r, s, address);
    ledger_grant(&r, life_entry(b, s), id);
    store_txn_record(t, &r);
    life_write(b, s, STORE_SESSION_RELEASED, t);
}

void life_release(struct broker *b, struct session *s, enum reason reason)
{
    struct store_txn *t = ledger_txn(b);
    uint32_t uid = s->uid;

    life_count_back(b, s, true);
    s->end_reason = reason;
    if (t)
        record_release(b, s, t);
    FAILPOINT(RELEASING);
    ledger_submit(b, t, NULL, NULL);
    FAILPOINT(RELEASED);
    claiming_give_back(claiming_of(b->claiming, s->number));
    if (s->sweep_owed && registry_count(b->registry, uid, SESSION_ANY, s) == 0) {
        s->released = true;
        (void)endings_start(b->endings, s, REASON_LAST_SESSION);
        return;
    }
    registry_remove(s);
    waiting_wake(b->waiting, uid);
}

/* So that a start does not give them to somebody else. */
static void write_numbers(struct broker *b)
{
    struct store_txn *t = ledger_txn(b);
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, b->next_session);
    if (t)
        store_txn_meta(t, META_NUMBERS, text);
    ledger_submit(b, t, NULL, NULL);
}

void life_pass_number(struct broker *b, uint64_t number)
{
    if (number >= b->next_session)
        b->next_session = number + 1;
    write_numbers(b);
}

void life_load_numbers(struct broker *b)
{
    char text[24], *end;
    unsigned long long next;

    if (store_load_meta(b->store, META_NUMBERS, text, sizeof(text)) < 0)
        return;
    errno = 0;
    next = strtoull(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0' && next > b->next_session)
        b->next_session = next;
}

int life_refuse_leader(struct broker *b, const struct question *q, int caller_pidfd, enum reason reason)
{
    struct session *s = registry_add(b->registry, b->next_session, q->m.person_uid);
    int r;

    if (!s)
        return -ENOMEM;
    life_pass_number(b, s->number);
    (void)snprintf(s->staff, sizeof(s->staff), "%.*s", (int)sizeof(s->staff) - 1, q->m.person);
    (void)snprintf(s->service, sizeof(s->service), "%s", q->m.service);
    s->source = q->facts.source;
    s->address = q->facts.address;
    r = life_bind(b, s, q, caller_pidfd, 0);
    s->released = true;
    if (r < 0)
        registry_remove(s);
    else
        (void)endings_start(b->endings, s, reason);
    return r;
}
