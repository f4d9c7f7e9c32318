// LAYERS: test_support daemon
// LIBRARIES: jansson
// STAGE: yes
// COVERS: broker/daemon/admission.c broker/daemon/admission_open.c broker/daemon/life.c
// COVERS: broker/daemon/life_end.c
// FLOOR: 75
// CUTS: 16
/*
 * A sequence of what may happen to a broker, against a model of what it has to do (stage/model.h): logins in
 * both their phases, ends, grants, revocations, locks, time, clocks that are set, restarts, SIGKILL, a reaper
 * that cannot or is away. After each step verdict and reason, sessions, counts and clock must be the model's;
 * the statements of the mission are asked by themselves besides; at the end the ledger is read.
 *
 * An input is one octet for each operation, and the operands that it takes; operands that are missing are 0.
 */
#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "policy/base/cleanup.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/host.h"
#include "tests/fuzz/stage/input.h"
#include "tests/fuzz/stage/model.h"
#include "tests/fuzz/stage/site.h"
#include "tests/fuzz/stage/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 48

static struct host *host;
static struct model model;

static void look(void)
{
    model_look(&model, clock_wall_us(), (int64_t)clock_boot_us(), virtual_time_is_synchronised());
}

/* ---- logins ---- */

static void ask(const struct model_caller *c, enum frame_type type)
{
    struct gate_pam m = doors_words(c, type);
    struct gate_reply reply;
    enum reason due;

    look();
    reply = host_ask(host, people_find(c->pid), type, &m);
    due = type == FRAME_GATE_ACCOUNT ? model_account(&model, c) : model_open(&model, c);
    witness_reason(due, reply.reason, reply.verdict);
    if (type == FRAME_GATE_OPEN && reply.verdict == VERDICT_ALLOW)
        witness_admitted(&model, c);
}

static bool has_session(const struct model_caller *c)
{
    const struct model_session *s = model_of_process(&model, c->pid);

    return s && s->state != MODEL_RESERVED;
}

static void do_account(struct input *in)
{
    struct model_caller *c = doors_arrive(take(in));

    if (c)
        ask(c, FRAME_GATE_ACCOUNT);
}

static void do_child(struct input *in)
{
    const struct model_caller *parent = doors_pick(take(in));
    struct model_caller *c = parent && !has_session(parent) ? doors_arrive(0) : NULL;

    if (!c)
        return;
    c->person = parent->person;
    c->sshd = parent->sshd;
    c->far = parent->far;
    c->parent = parent->pid;
    ask(c, FRAME_GATE_ACCOUNT);
}

static void do_again(struct input *in)
{
    const struct model_caller *c = doors_pick(take(in));

    if (c && !has_session(c))
        ask(c, FRAME_GATE_ACCOUNT);
}

static void do_open(struct input *in)
{
    const struct model_caller *c = doors_pick(take(in));

    if (c && !has_session(c))
        ask(c, FRAME_GATE_OPEN);
}

static void do_log_in(struct input *in)
{
    struct model_caller *c = doors_arrive(take(in));

    if (!c)
        return;
    ask(c, FRAME_GATE_ACCOUNT);
    if (doors_is_alive(c->pid))
        ask(c, FRAME_GATE_OPEN);
}

static void do_exit(struct input *in)
{
    const struct model_caller *c = doors_pick(take(in));

    if (!c)
        return;
    people_exit(people_find(c->pid));
    host_settle(host);
    model_exit(&model, c->pid);
}

/* ---- rights ---- */

/* NULL: it worked. */
static const char *call(const char *method, json_t *parameters)
{
    static char error[64];
    struct varlink_reply r = host_call(host, method, parameters);
    const char *dot = r.error ? strrchr(r.error, '.') : NULL;

    (void)snprintf(error, sizeof(error), "%s", dot ? dot + 1 : "");
    varlink_reply_done(&r);
    return error[0] != '\0' ? error : NULL;
}

/* With the reaper away nobody knows whose login uid asks; what takes away is done all the same. */
static bool is_done(const char *error)
{
    if (!error)
        return true;
    demand(model.reaper_away && strcmp(error, "NotPermitted") == 0, error);
    return false;
}

static void do_hand_in(struct input *in)
{
    uint8_t octet = take(in);
    unsigned number = octet % SITE_PAPERS, approvals = 3U & ~(unsigned)(octet >> 6);
    const struct site_paper *p = &site_papers[number];
    json_t *list = json_array();
    const char *error;

    for (unsigned i = 0; i < 2; i++)
        if ((approvals & (1U << i)) != 0)
            must(json_array_append_new(list, json_string(p->approvals[i])) == 0);
    look();
    error = call("DocumentAdd", json_pack("{ss so}", "document", p->document, "approvals", list));
    if (error && strcmp(error, "NotPermitted") == 0 && model.reaper_away)
        return;
    demand(!error || strcmp(error, "Refused") == 0, "DocumentAdd");
    witness_handed_in(&model, number, approvals, !error);
    model_hand_in(&model, number, approvals);
}

static struct model_taken *target(uint8_t octet, bool lock, const char **scope, const char **name)
{
    unsigned n = octet >> 3;

    switch (octet % 3) {
    case 0:
        *scope = lock ? "host" : "grant";
        *name = lock ? "" : site_id(n % SITE_GRANTS);
        return lock ? &model.locked_host : &model.revoked_grant[n % SITE_GRANTS];
    case 1:
        *scope = "staff";
        *name = site_persons[n % SITE_PERSONS].name;
        return lock ? &model.locked_staff[n % SITE_PERSONS] : &model.revoked_staff[n % SITE_PERSONS];
    default:
        *scope = "vendor";
        *name = site_vendors[n % SITE_VENDORS];
        return lock ? &model.locked_vendor[n % SITE_VENDORS] : &model.revoked_vendor[n % SITE_VENDORS];
    }
}

static void take_away(struct input *in, bool lock)
{
    static const when_t lasts[] = {0, 30, 600, 7200};
    uint8_t octet = take(in), how_long = take(in);
    when_t until = lasts[how_long % 4] != 0 ? clock_wall() + lasts[how_long % 4] : WHEN_NEVER;
    const char *scope, *name;
    struct model_taken *slot = target(octet, lock, &scope, &name);
    char text[WHEN_TEXT_SIZE];
    json_t *parameters = json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "fuzz");

    if (until != WHEN_NEVER) {
        when_format(until, text);
        must(json_object_set_new(parameters, "until", json_string(text)) == 0);
    }
    look();
    if (!is_done(call(lock ? "Lock" : "Revoke", parameters)))
        return;
    model_take(&model, slot, until, lock);
}

static void do_revoke(struct input *in)
{
    take_away(in, false);
}

static void do_lock(struct input *in)
{
    take_away(in, true);
}

static void do_unlock(struct input *in)
{
    const char *scope, *name, *error;
    struct model_taken *slot = target(take(in), true, &scope, &name);
    bool locked = model_is_taken(&model, slot);

    look();
    error = call("Unlock", json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "fuzz"));
    if (locked && is_done(error))
        slot->there = false;
    demand(locked || error, "what was not locked was unlocked");
}

static void do_finish(struct input *in)
{
    unsigned grant = take(in) % SITE_GRANTS;
    const char *error;

    look();
    error = call("GrantFinish", json_pack("{ss ss}", "id", site_id(grant), "why", "fuzz"));
    if (model.grants[grant].paper >= 0 && is_done(error))
        model_finish(&model, grant);
    demand(model.grants[grant].paper >= 0 || error, "a grant that is not here was finished");
}

static void do_end_session(struct input *in)
{
    uint64_t number = take(in) % (model.next_number + 1);
    struct model_session *s = model_of_number(&model, number);

    look();
    s = model_of_number(&model, number);
    if (!s || s->state != MODEL_OPEN)
        return;
    if (is_done(call("SessionEnd", json_pack("{sI ss}", "number", (json_int_t)number, "why", "fuzz"))))
        model_end_session(&model, s);
}

/* ---- time, and what else happens to a host ---- */

static void pass(uint64_t us)
{
    host_pass(host, us);
    look();
}

static void do_wait(struct input *in)
{
    static const unsigned seconds[] = {1, 10, 61, 121, 300, 601, 1800, 3600, 7200, 43200, 86400};

    pass((uint64_t)seconds[take(in) % ARRAY_SIZE(seconds)] * 1000000);
}

static void do_set_clock(struct input *in)
{
    static const int seconds[] = {60, 600, 3600, 86400, -60, -600, -3600, -86400, 5, -5};
    uint8_t octet = take(in);

    virtual_time_set(seconds[octet % ARRAY_SIZE(seconds)], (octet & 0x80) == 0);
    host_settle(host);
    look();
}

static void do_confirm_clock(struct input *in)
{
    (void)in;
    look();
    if (is_done(call("ClockConfirm", json_pack("{ss}", "why", "fuzz"))))
        model_confirm(&model);
    look();
}

static void set_reaper(enum undertaker_mood mood)
{
    undertaker_set_mood(&host->undertaker, mood);
    host_settle(host);
    if (mood == UNDERTAKER_AWAY)
        model_reaper(&model, true, false);
    pass(5100000); /* till whoever tries again has done so */
    if (mood != UNDERTAKER_AWAY)
        model_reaper(&model, false, mood == UNDERTAKER_CANNOT);
    pass(1000000);
}

static void do_reaper(struct input *in)
{
    set_reaper(take(in) % 3);
}

static void do_restart(struct input *in)
{
    bool killed = (take(in) & 1) != 0;

    if (model.reaper_away)
        set_reaper(UNDERTAKER_ENDS);
    pass(60000); /* a refusal is on disk 50 ms after it was given, and no sooner */
    if (killed)
        host_crash(host);
    else
        host_restart(host);
    witness_restarted(&model, host);
    model_restart(&model, doors_is_alive);
}

/* ---- a sequence ---- */

static void (*const operations[])(struct input *in) = {
    do_log_in,    do_hand_in,       do_account, do_open,    do_exit,        do_revoke,
    do_wait,      do_lock,          do_unlock,  do_child,   do_again,       do_finish,
    do_set_clock, do_confirm_clock, do_reaper,  do_restart, do_end_session,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};

    host = host_of_program();
    site_make(host->department);
    host_begin(host, SITE_BEGIN);
    model_init(&model, clock_wall_us(), (int64_t)clock_boot_us());
    doors_clear();
    for (unsigned i = 0; in.size > 0 && i < STEPS_MAX; i++) {
        operations[take(&in) % ARRAY_SIZE(operations)](&in);
        witness_compare(&model, host);
    }
    pass(121000000); /* what was being counted becomes a record */
    witness_compare(&model, host);
    witness_ledger(&model, host);
    host_end(host);
    return 0;
}
