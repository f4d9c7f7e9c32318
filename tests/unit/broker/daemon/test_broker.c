// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The way of a login through the whole broker, and what happens at its edges (3-rules). */

static void assert_refused(const struct gate_reply *reply, enum reason reason)
{
    assert_int_equal(reply->verdict, VERDICT_DENY);
    assert_string_equal(reason_name(reply->reason), reason_name(reason));
    assert_int_equal(strlen(reply->reference), 8);
    assert_non_null(strstr(reply->message, reply->reference));
    assert_non_null(strstr(reply->message, reason_name(reason)));
}

static const struct grant_entry *entry_of(struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

static bool nobody_is_left(struct world *w, void *userdata)
{
    (void)userdata;
    return registry_first(w->broker->registry) == NULL;
}

static bool is_ending(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->state == SESSION_ENDING;
}

static json_t *revocation(const char *name)
{
    return json_pack("{ss ss ss}", "scope", "grant", "name", name, "why", "test");
}

/* ---- coming in ---- */

static void test_without_grant(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    enum reason reason;

    assert_refused(&reply, REASON_NO_GRANT);
    assert_int_equal(world_records(w, EVENT_LOGIN, "failure", &reason), 1);
    assert_int_equal(reason, REASON_NO_GRANT);
    visitor_end(&v);
}

static void test_login_and_logout(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason;

    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_OK);
    world_log_in(w, &v);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_int_equal(entry_of(w)->sessions_live, 1);
    assert_int_equal(w->reaper.leases, 1);
    assert_int_equal(w->reaper.last_lease.target.leader, (uint32_t)v.pid);
    assert_int_equal(w->reaper.last_lease.target.uid, WORLD_UID);
    assert_true(w->reaper.last_lease.seconds > 3500 && w->reaper.last_lease.seconds <= 3601);
    assert_int_equal(world_records(w, EVENT_LOGIN, "success", NULL), 1);
    assert_int_equal(world_records(w, EVENT_SESSION_OPEN, "success", NULL), 1);

    visitor_end(&v);
    world_until(w, nobody_is_left, NULL);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_PERSON);
    assert_int_equal(entry_of(w)->sessions_live, 0);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_false(entry_of(w)->closed);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", &reason), 1);
    assert_int_equal(reason, REASON_LOGGED_OUT);
}

/* Before anybody is let in, the record is on disk: another broker finds it there. */
static void test_record_before_reply(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    uint64_t before;

    world_grant(w, (struct grant_plan){0});
    before = w->broker->last_sequence;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_true(w->broker->last_sequence > before);
    visitor_end(&v);
}

static void test_uses_and_sessions(void **state)
{
    struct world *w = *state;
    struct visitor one = visitor_new(), two = visitor_new();
    struct gate_pam m = world_login(&two);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    world_log_in(w, &one);
    reply = world_ask(w, &two, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_USES_EXHAUSTED);
    visitor_end(&one);
    world_until(w, nobody_is_left, NULL);
    assert_true(entry_of(w)->closed);
    reply = world_ask(w, &two, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_CLOSED);
    assert_int_equal(world_records(w, EVENT_GRANT_CLOSE, NULL, NULL), 1);
    visitor_end(&two);
}

static void test_sessions_limit(void **state)
{
    struct world *w = *state;
    struct visitor one = visitor_new(), two = visitor_new();
    struct gate_pam m = world_login(&two);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.uses = "5 per-host"});
    world_log_in(w, &one);
    reply = world_ask(w, &two, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_SESSIONS_LIMIT);
    visitor_end(&one);
    visitor_end(&two);
}

/* A reservation is given back when its holder goes without a session. */
static void test_reservation_is_released(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    (void)snprintf(m.service, sizeof(m.service), "login");
    (void)snprintf(m.tty, sizeof(m.tty), "tty1");
    m.ssh_connection[0] = '\0';
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    visitor_end(&v);
    world_until(w, nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 0);
    assert_int_equal(entry_of(w)->sessions_live, 0);
    assert_int_equal(world_records(w, EVENT_RELEASE, NULL, NULL), 1);
}

/* keyboard-interactive: the holder is a child of the monitor and goes; the monitor opens. */
static void test_parent_opens(void **state)
{
    struct world *w = *state;
    struct visitor child = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&child), open = world_login(&monitor);

    world_grant(w, (struct grant_plan){0});
    m.caller.parent = (uint32_t)monitor.pid;
    m.caller.parent_start_time = open.caller.start_time;
    assert_int_equal(world_ask(w, &child, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&child);
    world_for(w, 50);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    (void)snprintf(open.auth_info, sizeof(open.auth_info), "keyboard-interactive/pam\n");
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_OPEN, &open).verdict, VERDICT_ALLOW);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    visitor_end(&monitor);
    world_until(w, nobody_is_left, NULL);
}

static void test_parent_gone_too(void **state)
{
    struct world *w = *state;
    struct visitor child = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&child);

    world_grant(w, (struct grant_plan){0});
    m.caller.parent = (uint32_t)monitor.pid;
    assert_int_equal(world_ask(w, &child, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&child);
    visitor_end(&monitor);
    world_until(w, nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 0);
}

static void test_session_without_account_phase(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    visitor_end(&v);
}

/* ---- keys ---- */

static struct gate_reply ask_key(struct world *w, const struct visitor *helper, const char *key,
                                 pid_t monitor)
{
    struct gate_keys m = {.pid = (uint32_t)helper->pid, .parent = (uint32_t)monitor, .user = WORLD_STAFF};
    uint8_t frame[FRAME_MAX];
    int size, fd = visitor_connect(helper, world_path(w, "gate"));

    (void)snprintf(m.key_type, sizeof(m.key_type), "ssh-ed25519");
    (void)snprintf(m.key, sizeof(m.key), "%s", key);
    size = gate_encode_keys(&m, frame);
    assert_true(size > 0 && write(fd, frame, (size_t)size) == size);
    return world_take(w, fd);
}

/* printf 'a' | sha256sum, as ssh-keygen -l prints it; "YQ==" is its base64. */
#define KEY_BLOB   "YQ=="
#define KEY_PRINT  "SHA256:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs"
#define OTHER_BLOB "Yg=="

static void test_key_known_and_not(void **state)
{
    struct world *w = *state;
    struct visitor helper = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&monitor);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.key = KEY_PRINT});
    reply = world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_KEY_REQUIRED);
    assert_int_equal(ask_key(w, &helper, OTHER_BLOB, monitor.pid).verdict, VERDICT_DENY);
    reply = ask_key(w, &helper, KEY_BLOB, monitor.pid);
    assert_int_equal(reply.verdict, VERDICT_ALLOW);
    assert_string_equal(reply.options, "restrict,pty");
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "publickey ssh-ed25519 %s\n", KEY_BLOB);
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_OPEN, &m).verdict, VERDICT_ALLOW);
    visitor_end(&helper);
    visitor_end(&monitor);
}

/* The key that was judged is not the key that was used: refused, ended, and the use given back. */
static void test_key_mismatch(void **state)
{
    struct world *w = *state;
    struct visitor helper = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&monitor);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){.key = KEY_PRINT});
    assert_int_equal(ask_key(w, &helper, KEY_BLOB, monitor.pid).verdict, VERDICT_ALLOW);
    assert_int_equal(world_ask(w, &monitor, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    reply = world_ask(w, &monitor, FRAME_GATE_OPEN, &m);
    assert_refused(&reply, REASON_KEY_MISMATCH);
    world_until(w, nobody_is_left, NULL);
    assert_int_equal(w->reaper.ends, 1);
    assert_int_equal(entry_of(w)->uses_taken, 0);
    visitor_end(&helper);
    visitor_end(&monitor);
}

/* ---- ending ---- */

static void test_revoke(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), again = visitor_new();
    struct gate_pam m = world_login(&again);
    struct varlink_reply r;
    struct gate_reply reply;
    json_t *ending;
    uint64_t generation;

    world_grant(w, (struct grant_plan){.sessions = "2"});
    world_log_in(w, &v);
    generation = w->broker->generation;
    r = world_call(w, "Revoke", revocation(PAPERS_ID));
    assert_null(r.error);
    /* What waits for its commit is judged again by this (test_revoke_during_commit). */
    assert_true(w->broker->generation > generation);
    ending = json_object_get(r.parameters, "ending");
    assert_true(json_is_true(json_object_get(ending, "proven")));
    assert_int_equal(json_integer_value(json_object_get(ending, "sessions")), 1);
    assert_int_equal(json_integer_value(json_object_get(ending, "processes")), 2);
    assert_null(registry_first(w->broker->registry));
    reply = world_ask(w, &again, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_REVOKED);
    varlink_reply_done(&r);
    visitor_end(&v);
    visitor_end(&again);
}

/* revoke says nothing before the reaper does; and what it could not prove keeps the account locked. */
static void test_revoke_waits_for_proof(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), again = visitor_new();
    struct gate_pam m = world_login(&again);
    struct gate_reply reply;
    int fd, gate;

    world_grant(w, (struct grant_plan){.uses = "5 per-host", .sessions = "2"});
    world_log_in(w, &v);
    w->reaper.hold_ends = true;
    fd = world_begin_call(w, "Revoke", revocation(PAPERS_ID));
    world_until(w, is_ending, NULL);
    world_for(w, 100);
    assert_false(world_has_answer(w, fd));
    gate = world_send(w, &again, FRAME_GATE_ACCOUNT, &m);
    world_for(w, 100);
    assert_false(world_has_answer(w, gate)); /* it waits for the ending, not longer than the module would */
    reply = world_take(w, gate);
    assert_refused(&reply, REASON_REMAINS);
    fake_reaper_release(&w->reaper);
    struct varlink_reply r = world_take_reply(w, fd);
    assert_null(r.error);
    varlink_reply_done(&r);
    visitor_end(&v);
    visitor_end(&again);
}

/* A tombstone that comes while an admission waits for the lease or the disk wins. */
static void test_revoke_in_flight(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct varlink_reply r;
    struct gate_reply reply;
    int fd;

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    w->reaper.hold_leases = true;
    fd = world_send(w, &v, FRAME_GATE_OPEN, &m);
    while (!w->reaper.holding)
        world_for(w, 5);
    r = world_call(w, "Revoke", revocation(PAPERS_ID));
    assert_null(r.error);
    varlink_reply_done(&r);
    fake_reaper_release(&w->reaper);
    reply = world_take(w, fd);
    assert_refused(&reply, REASON_REVOKED);
    visitor_end(&v);
}

/* ... and also one that comes between the decision and the end of its commit. */
static void test_revoke_during_commit(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct store_taken tombstone = {
        .kind = STORE_TOMBSTONE, .scope = STORE_TAKEN_GRANT, .name = PAPERS_ID, .until = WHEN_NEVER};
    struct gate_reply reply;
    int fd;

    world_grant(w, (struct grant_plan){0});
    fd = world_send(w, &v, FRAME_GATE_ACCOUNT, &m);
    while (!registry_first(w->broker->registry)) {
        assert_true(sd_event_run(w->event, 10000) >= 0);
    }
    assert_int_equal(taken_put(w->broker->taken, &tombstone, NULL), 0);
    w->broker->generation++;
    reply = world_take(w, fd);
    assert_refused(&reply, REASON_REVOKED);
    assert_null(registry_first(w->broker->registry));
    assert_int_equal(entry_of(w)->uses_taken, 0);
    visitor_end(&v);
}

static void test_revoke_of_an_unknown_grant(void **state)
{
    struct world *w = *state;
    struct varlink_reply r = world_call(w, "Revoke", revocation(PAPERS_ID));

    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_REVOKED);
}

static void test_deadline(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    enum reason reason;
    uint64_t before;

    world_grant(w, (struct grant_plan){.max_session = "1"});
    world_log_in(w, &v);
    before = clock_boot_us();
    world_until(w, nobody_is_left, NULL);
    assert_true(clock_boot_us() - before < 1500000);
    world_records(w, EVENT_SESSION_CLOSE, "success", &reason);
    assert_int_equal(reason, REASON_MAX_SESSION);
    visitor_end(&v);
}

static void test_survivors(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), again = visitor_new();
    enum reason reason;

    world_grant(w, (struct grant_plan){.uses = "5 per-host", .sessions = "3"});
    world_log_in(w, &v);
    w->reaper.end_result = REAP_SURVIVORS;
    visitor_end(&v);
    world_until(w, is_ending, NULL);
    world_for(w, 50);
    struct gate_pam m = world_login(&again);
    struct gate_reply reply = world_ask(w, &again, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_REMAINS);
    assert_int_equal(world_records(w, EVENT_SESSION_REMAINS, "failure", &reason), 1);
    w->reaper.end_result = REAP_DONE;
    endings_retry(w->broker->endings, w->broker->registry);
    world_until(w, nobody_is_left, NULL);
    assert_int_equal(world_ask(w, &again, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&again);
}

/* Two sessions: the first to end takes itself and what it may have left, the last takes everything. */
static void test_last_session_sweeps(void **state)
{
    struct world *w = *state;
    struct visitor one = visitor_new(), two = visitor_new();
    const struct session *s;

    world_grant(w, (struct grant_plan){.sessions = "2"});
    world_log_in(w, &one);
    world_log_in(w, &two);
    visitor_end(&one);
    while (!(s = registry_first(w->broker->registry)) || registry_next(s))
        world_for(w, 5);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_STRAYS);
    assert_int_not_equal(w->reaper.last_end.target.session, 0);
    visitor_end(&two);
    world_until(w, nobody_is_left, NULL);
    assert_int_equal(w->reaper.last_end.target.scope, REAP_PERSON);
}

/* ---- who asks ---- */

static void test_forged_pid(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){0});
    m.caller.pid++;
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_CALLER_MISMATCH);
    visitor_end(&v);
}

static void test_not_gated(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    m.range = (struct gate_range){1000, 1999}; /* the module has another range than the broker */
    m.person_uid = m.user_uid = 1000;
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_NOT_GATED);
    visitor_end(&v);
}

static void test_garbage_ends_itself_alone(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    int fd = visitor_connect(&v, world_path(w, "gate"));
    char octet;

    assert_int_equal(write(fd, "GET / HTTP/1.0\r\n\r\n", 18), 18);
    world_for(w, 50);
    assert_true(read(fd, &octet, 1) <= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_GRANT);
    assert_int_equal(world_records(w, EVENT_REQUEST_REFUSED, "failure", NULL), 1);
    visitor_end(&v);
}

/* ---- su and sudo ---- */

static void test_switch(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), su = visitor_new();
    struct gate_pam m = world_login(&su);
    struct gate_reply reply;

    (void)snprintf(m.service, sizeof(m.service), "sudo");
    m.ssh_connection[0] = '\0';
    reply = world_ask(w, &su, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_NO_SESSION);
    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    m.caller.audit_session = (uint32_t)v.pid;
    assert_int_equal(world_ask(w, &su, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    (void)snprintf(m.user, sizeof(m.user), "root");
    m.user_uid = 0;
    reply = world_ask(w, &su, FRAME_GATE_OPEN, &m);
    assert_refused(&reply, REASON_RUN_AS_NOT_GRANTED);
    visitor_end(&v);
    visitor_end(&su);
}

/* ---- when something is missing ---- */

static void test_reaper_away(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){0});
    fake_reaper_stop(&w->reaper);
    world_for(w, 50);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_REAPER_AWAY);
    visitor_end(&v);
}

static void test_store_missing(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;
    struct varlink_reply r;

    world_stop(w);
    assert_int_equal(unlink(world_path(w, "hufu.db")), 0);
    world_start(w);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_STORE_DAMAGED);
    assert_int_not_equal(access(world_path(w, "hufu.db"), F_OK), 0);
    r = world_call(w, "Status", NULL);
    assert_null(r.error);
    assert_true(json_is_false(json_object_get(r.parameters, "deciding")));
    assert_true(json_array_size(json_object_get(r.parameters, "findings")) >= 2);
    varlink_reply_done(&r);
    visitor_end(&v);
}

static void test_trust_missing(void **state)
{
    struct world *w = world_new();
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    (void)state;
    assert_int_equal(unlink(world_path(w, "trust")), 0);
    world_start(w);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_TRUST_MISSING);
    visitor_end(&v);
    world_free(w);
}

static void test_clone(void **state)
{
    static const char other[] = "fedcba9876543210fedcba9876543210\n";
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    world_stop(w);
    assert_int_equal(files_write(world_path(w, "machine-id"), 0600, other, strlen(other)), 0);
    world_start(w);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_HOST_UNCONFIRMED);
    visitor_end(&v);
}

/* Whose approvers' certificates were not valid yet when the grant came. */
static void test_judged_again(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct grant_entry *e;
    struct ident_id id;
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){0});
    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    e = grant_index_find(grants_index(w->broker->grants), &id);
    e->standing = REASON_APPROVAL_MISSING;
    e->verified_version = 0;
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_APPROVAL_MISSING); /* it was looked at a moment ago */
    ((struct grant_papers *)grants_papers(w->broker->grants, &id))->judged_at -= 61;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    visitor_end(&v);
}

/* ---- restart ---- */

static bool is_open_and_settled(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->state == SESSION_OPEN && s->settled;
}

static void test_restart_picks_up(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    world_stop(w);
    w->reaper.start_time = m.caller.start_time;
    world_start(w);
    world_until(w, is_open_and_settled, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_int_equal(entry_of(w)->sessions_live, 1);
    assert_int_equal(registry_first(w->broker->registry)->key, KEY_NONE);
    visitor_end(&v);
    world_until(w, nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->sessions_live, 0);
}

static void test_restart_closes_what_ended(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){.uses = "1 per-host"});
    world_log_in(w, &v);
    world_stop(w);
    visitor_end(&v);
    world_start(w);
    world_until(w, nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 1);
    assert_true(entry_of(w)->closed);
    assert_int_equal(world_records(w, EVENT_SESSION_CLOSE, "success", NULL), 1);
}

/* The pid is somebody else's by now: its start time tells. */
static void test_restart_pid_reused(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();

    world_grant(w, (struct grant_plan){0});
    world_log_in(w, &v);
    world_stop(w);
    w->reaper.start_time = 1;
    world_start(w);
    world_until(w, nobody_is_left, NULL);
    visitor_end(&v);
}

static void test_restart_releases_reservation(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new(), monitor = visitor_new();
    struct gate_pam m = world_login(&v);

    world_grant(w, (struct grant_plan){0});
    m.caller.parent = (uint32_t)monitor.pid;
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    world_stop(w);
    visitor_end(&v);
    visitor_end(&monitor);
    world_start(w);
    world_until(w, nobody_is_left, NULL);
    assert_int_equal(entry_of(w)->uses_taken, 0);
}

static void test_restart_keeps_tombstones(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    world_grant(w, (struct grant_plan){0});
    r = world_call(w, "Revoke", json_pack("{ss ss ss}", "scope", "vendor", "name", "acme", "why", "test"));
    assert_null(r.error);
    varlink_reply_done(&r);
    world_stop(w);
    world_start(w);
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    assert_refused(&reply, REASON_VENDOR_REVOKED);
    visitor_end(&v);
}

#define BROKER_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BROKER_TEST(test_without_grant),
        BROKER_TEST(test_login_and_logout),
        BROKER_TEST(test_record_before_reply),
        BROKER_TEST(test_uses_and_sessions),
        BROKER_TEST(test_sessions_limit),
        BROKER_TEST(test_reservation_is_released),
        BROKER_TEST(test_parent_opens),
        BROKER_TEST(test_parent_gone_too),
        BROKER_TEST(test_session_without_account_phase),
        BROKER_TEST(test_key_known_and_not),
        BROKER_TEST(test_key_mismatch),
        BROKER_TEST(test_revoke),
        BROKER_TEST(test_revoke_waits_for_proof),
        BROKER_TEST(test_revoke_in_flight),
        BROKER_TEST(test_revoke_during_commit),
        BROKER_TEST(test_revoke_of_an_unknown_grant),
        BROKER_TEST(test_deadline),
        BROKER_TEST(test_survivors),
        BROKER_TEST(test_last_session_sweeps),
        BROKER_TEST(test_forged_pid),
        BROKER_TEST(test_not_gated),
        BROKER_TEST(test_garbage_ends_itself_alone),
        BROKER_TEST(test_switch),
        BROKER_TEST(test_reaper_away),
        BROKER_TEST(test_store_missing),
        cmocka_unit_test(test_trust_missing),
        BROKER_TEST(test_clone),
        BROKER_TEST(test_judged_again),
        BROKER_TEST(test_restart_picks_up),
        BROKER_TEST(test_restart_closes_what_ended),
        BROKER_TEST(test_restart_pid_reused),
        BROKER_TEST(test_restart_releases_reservation),
        BROKER_TEST(test_restart_keeps_tombstones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
