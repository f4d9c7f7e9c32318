#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/orders.h"
#include "broker/daemon/recording.h"
#include "broker/daemon/restore.h"
#include "broker/daemon/state.h"
#include "broker/daemon/strangers.h"
#include "broker/daemon/waiting.h"
#include "broker/daemon/warning.h"
#include "broker/daemon/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How live sessions are looked at again, and how they are ended. */

#define LEASE_GRACE \
    1 /* seconds that the reaper's lease is longer: so that hufud, while it lives, ends it and knows why */

/* ---- leases ---- */

static void ignore_reply(void *userdata, int result, const struct reap_reply *reply)
{
    (void)userdata;
    (void)result;
    (void)reply;
}

/* The reaper may shorten it to what its own configuration lets the class have: then it is the reaper that
 * ends the session, and life_on_unasked() hears of it. */
void life_lease(struct broker *b, const struct session *s, when_t now, reaper_done *done, void *userdata)
{
    struct reap_request request = {.type = FRAME_REAP_LEASE, .class = (uint8_t)s->class};

    request.target = session_target(s, REAP_SESSION);
    request.seconds = s->deadline > now ? (uint64_t)(s->deadline - now) + LEASE_GRACE : LEASE_GRACE;
    reaper_client_ask(b->reaper, &request, REAPER_ASK_US, done ? done : ignore_reply, userdata);
}

/* ---- looking again ---- */

/* Of channels only ssh is asked. */
static uint8_t in_use(const struct session *s)
{
    return strcmp(s->service, "sshd") == 0 ? s->channels : 0;
}

static enum reason state_of_live(const struct broker *b, const struct session *s, when_t now)
{
    enum reason state = state_for_live(b, now);

    return state == REASON_OK && room_ends(b->room, s) ? REASON_STORE_FULL : state;
}

static struct facts facts_of(struct broker *b, const struct session *s)
{
    when_t now = session_now(s, clock_wall_us(), clock_boot_us());

    return (struct facts){.now = now,
                          .host = &b->host,
                          .host_state = state_of_live(b, s, now),
                          .status_until = state_status_until(b),
                          .person_state = taken_of_staff(b->taken, s->staff, now),
                          .staff = s->staff,
                          .phase = PHASE_SESSION,
                          .kind = s->job ? SERVICE_JOB : SERVICE_LOGIN,
                          .service = service_grant_name(s->service),
                          .source = s->job ? SOURCE_IGNORED : s->source,
                          .address = s->address,
                          .key = s->job ? KEY_NOT_ASKED : s->key,
                          .fingerprint = s->fingerprint,
                          .channels = in_use(s),
                          .session_live = true,
                          .recorder_attested = !s->job && recording_is_possible(b)};
}

/* What it rests on was taken away, but not before grace is over. Any other reason ends it now, and so does
 * the same one if the site's status gives it: grace is an operator's to give with what is their own. */
static void heed_grace(struct session *s, const struct grant_entry *e, when_t now, struct recheck *again)
{
    if (again->keep)
        s->grace_until = 0; /* it was given back */
    if (again->keep || s->grace_until <= now || again->reason != s->grace_reason)
        return;
    if (e && e->by_status != REASON_OK)
        return;
    again->keep = true;
    again->deadline = when_min(s->deadline, s->grace_until);
    again->warn_next = recheck_next_warning(again->deadline, now);
}

void life_recheck(struct broker *b, struct session *s)
{
    struct facts facts = facts_of(b, s);
    struct grant_entry *e = life_entry(b, s);
    struct recheck again;
    when_t before = s->deadline;

    if (s->state != SESSION_OPEN && s->state != SESSION_OPENING)
        return;
    state_refresh_grants(b, s->staff, facts.now);
    again = recheck_session(e, &facts, s->opened_at);
    heed_grace(s, e, facts.now, &again);
    if (!again.keep) {
        life_end(b, s, again.reason);
        return;
    }
    s->deadline = again.deadline;
    s->warn_next = again.warn_next;
    if (e)
        s->version = e->version;
    if (s->deadline != before) {
        life_lease(b, s, facts.now, NULL, NULL);
        watch_tell(b, s, s->deadline < before ? WATCH_NARROWED : WATCH_EXTENDED);
    }
    if (s->state == SESSION_OPEN) {
        (void)registry_arm(s);
        recording_watch(b->recording, s);
    }
}

void life_recheck_all(struct broker *b)
{
    struct session *next;

    for (struct session *s = registry_first(b->registry); s; s = next) {
        next = registry_next(s);
        life_recheck(b, s);
    }
}

/* A reservation is judged anew when its session opens; what is sure to be refused then is given back now. */
static bool has_lost_its_grant(struct broker *b, const struct session *s, when_t now)
{
    struct grant_entry *e = life_entry(b, s);

    state_refresh_grants(b, s->staff, now);
    return !e || e->standing != REASON_OK || e->taken_away != REASON_OK || e->by_status != REASON_OK;
}

void life_recheck_of(struct broker *b, uint32_t uid)
{
    struct session *next;

    for (struct session *s = registry_first_of(b->registry, uid); s; s = next) {
        next = registry_next_of(s);
        life_recheck(b, s);
    }
}

static void recheck_under(struct broker *b, struct session *s, struct operator_order *order)
{
    uint64_t number = s->number;

    if (s->state == SESSION_RESERVED) {
        if (has_lost_its_grant(b, s, clock_wall()))
            life_release(b, s, REASON_REVOKED);
        return;
    }
    if (s->state == SESSION_ENDING)
        return;
    if (order)
        (void)order_expect(order, number);
    life_recheck(b, s);
    s = registry_find(b->registry, number);
    if (order && s && s->state != SESSION_ENDING)
        order_forget(order, number);
}

void life_recheck_under(struct broker *b, struct operator_order *order)
{
    struct session *next;

    for (struct session *s = registry_first(b->registry); s; s = next) {
        next = registry_next(s);
        recheck_under(b, s, order);
    }
}

static void on_due(void *userdata, struct session *s)
{
    struct broker *b = userdata;
    when_t now = session_now(s, clock_wall_us(), clock_boot_us());

    if (now >= s->warn_next && now < s->deadline)
        warning_of_deadline(b, s, now);
    life_recheck(b, s);
}

/* ---- ending ---- */

void life_end_after(struct broker *b, struct session *s, uint32_t seconds, enum reason reason,
                    const char *reference)
{
    when_t now = session_now(s, clock_wall_us(), clock_boot_us());
    uint64_t number = s->number;

    /* Of two orders the shorter grace holds; the reason is the one that is asked first, as they are numbered:
     * that is what judging will find. */
    if (s->grace_until <= now || reason < s->grace_reason)
        s->grace_reason = reason;
    (void)snprintf(s->reference, sizeof(s->reference), "%s", reference);
    if (s->grace_until <= now || now + (when_t)seconds < s->grace_until)
        s->grace_until = now + (when_t)seconds;
    life_recheck(b, s);
    s = registry_find(b->registry, number);
    if (s && s->state == SESSION_OPEN)
        warning_of_grace(b, s, reason, reference);
}

void life_end(struct broker *b, struct session *s, enum reason reason)
{
    bool was_ending = s->state == SESSION_ENDING;
    struct store_txn *t;

    if (s->state == SESSION_RESERVED) {
        life_release(b, s, reason);
        return;
    }
    recording_ended(b, s);
    endings_mark(s, reason);
    if (s->reference[0] == '\0')
        ledger_reference(s->reference);
    if (!was_ending && !s->released) {
        watch_tell(b, s, WATCH_ENDING);
        t = ledger_txn(b);
        if (t)
            life_write(b, s, STORE_SESSION_ENDING, t);
        ledger_submit(b, t, NULL, NULL);
        FAILPOINT(END_ORDERED);
    }
    (void)endings_start(b->endings, s, reason);
}

void life_end_as(struct broker *b, struct session *s, enum reason reason, const char *reference)
{
    if (reference && s->state != SESSION_ENDING)
        (void)snprintf(s->reference, sizeof(s->reference), "%s", reference);
    life_end(b, s, reason);
}

static void on_leader_gone(void *userdata, struct session *s)
{
    life_end(userdata, s, REASON_LOGGED_OUT);
}

static void on_holder_gone(void *userdata, struct session *s)
{
    life_release(userdata, s, REASON_LOGGED_OUT);
}

/* Whether a grant of theirs that is valid now names cron or at: then such jobs stay. */
static bool jobs_may_stay(struct broker *b, const struct session *s)
{
    static const char *const jobs[] = {"cron", "at"};
    struct facts facts = facts_of(b, s);

    facts.kind = SERVICE_JOB;
    facts.source = SOURCE_IGNORED;
    facts.key = KEY_NOT_ASKED;
    if (facts.host_state == REASON_OK)
        facts.host_state = state_of_grants(b, s->staff);
    state_refresh_grants(b, s->staff, facts.now);
    for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
        facts.service = jobs[i];
        if (decide(grants_index(b->grants), &facts, NULL, NULL).verdict == VERDICT_ALLOW)
            return true;
    }
    return false;
}

/* What goes with a session. The person's last login session takes everything. Of several, each takes what it
 * may have left in user managers, cron and at; but a session that is being opened has no lease yet by which
 * the reaper could tell it from that, so then it is left to whichever session ends last. That takes a moment.
 * A reservation may be held for minutes, and by then nobody has the person's login uid: it spares nothing. */
static enum sweep sweep_of(void *userdata, const struct session *s)
{
    struct broker *b = userdata;
    bool alone = true, leased = true;

    if (s->job)
        return SWEEP_SESSION;
    for (struct session *x = registry_first_of(b->registry, s->uid); x; x = registry_next_of(x)) {
        if (x == s || x->job)
            continue;
        /* Of those from before a reboot nothing is left that could be told apart. */
        if (s->leader.pid == 0 && x->leader.pid == 0)
            continue;
        alone = false;
        leased = leased && x->state != SESSION_OPENING;
        x->sweep_owed = true;
    }
    if (!alone)
        return leased ? SWEEP_STRAYS : SWEEP_SESSION;
    return jobs_may_stay(b, s) ? SWEEP_LEFTOVERS : SWEEP_PERSON;
}

const struct registry_events life_registry_events = {
    .leader_gone = on_leader_gone, .holder_gone = on_holder_gone, .due = on_due};
const struct endings_events life_endings_events = {
    .sweep = sweep_of, .farewell = warning_of_end, .outcome = life_outcome};

/* ---- the reaper ---- */

void life_on_unasked(void *userdata, const struct reap_reply *reply)
{
    struct broker *b = userdata;
    struct session *s = registry_find(b->registry, reply->session);

    if (s && (s->state == SESSION_OPEN || s->state == SESSION_OPENING))
        life_end(b, s, REASON_LEASE_LAPSED);
    /* Its leader was heard to be gone before why: nobody logged out. */
    else if (s && s->state == SESSION_ENDING && s->end_reason == REASON_LOGGED_OUT)
        s->end_reason = REASON_LEASE_LAPSED;
}

void life_on_reaper(void *userdata, bool here)
{
    struct broker *b = userdata;
    struct record r = ledger_record(EVENT_REAPER, here ? REASON_OK : REASON_REAPER_AWAY, here);

    r.detail = here ? "" : "gated logins are refused until it is back";
    ledger_write(b, &r);
    if (!here)
        return;
    restore_settle(b);
    strangers_look(b);
    for (struct session *s = registry_first(b->registry); s; s = registry_next(s))
        if (s->state == SESSION_OPEN && s->settled)
            life_lease(b, s, session_now(s, clock_wall_us(), clock_boot_us()), NULL, NULL);
    endings_retry(b->endings, b->registry);
}
