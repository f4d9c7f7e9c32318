// LAYERS: test_support daemon
// LIBRARIES: jansson
// STAGE: yes
// COVERS: broker/daemon/admission.c broker/daemon/admission_open.c broker/daemon/life.c
// COVERS: broker/daemon/life_end.c
// COVERS: broker/daemon/claiming.c broker/daemon/claim_book.c broker/daemon/claim_settling.c
// COVERS: broker/daemon/admission_claim.c
// COVERS: broker/daemon/judging.c broker/daemon/grants_judge.c
// COVERS: broker/daemon/trust_change.c broker/daemon/trust_keeper.c broker/daemon/status_keeper.c
// FLOOR: 83
// SHARE: 8
// CUTS: 4
/*
 * A sequence of what may happen to a broker, against a model of what it has to do (stage/model.h): logins in
 * both their phases, ends, grants, revocations, locks, trust files, also from the directory, and statuses
 * from there, uses that are counted over all hosts, time, clocks that are set, restarts, SIGKILL, a disk that
 * is full, a reaper that cannot or is away. After each step verdict and reason, sessions, counts, trust,
 * status and clock must be the model's; the statements of the mission are asked by themselves besides; at the
 * end the ledger is read.
 *
 * An input is one octet for each operation, and the operands that it takes; operands that are missing are 0.
 */
#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "policy/base/cleanup.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/claims.h"
#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/flights.h"
#include "tests/fuzz/stage/host.h"
#include "tests/fuzz/stage/input.h"
#include "tests/fuzz/stage/published.h"
#include "tests/fuzz/stage/scene.h"
#include "tests/fuzz/stage/shortage.h"
#include "tests/fuzz/stage/site.h"
#include "tests/fuzz/stage/trusts.h"
#include "tests/fuzz/stage/within.h"
#include "tests/fuzz/stage/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 48

/* ---- logins ---- */

static void do_account(struct input *in)
{
    struct model_caller *c = doors_arrive(take(in));

    if (c)
        scene_ask(c, FRAME_GATE_ACCOUNT);
}

static void do_child(struct input *in)
{
    const struct model_caller *parent = doors_pick(take(in));
    struct model_caller *c = parent && !scene_has_session(parent) ? doors_arrive(0) : NULL;

    if (!c)
        return;
    c->person = parent->person;
    c->sshd = parent->sshd;
    c->job = parent->job;
    c->far = parent->far;
    c->parent = parent->pid;
    scene_ask(c, FRAME_GATE_ACCOUNT);
}

static void do_again(struct input *in)
{
    const struct model_caller *c = doors_pick(take(in));

    if (c && !scene_has_session(c))
        scene_ask(c, FRAME_GATE_ACCOUNT);
}

static void do_open(struct input *in)
{
    const struct model_caller *c = doors_pick(take(in));

    if (c && !scene_has_session(c))
        scene_ask(c, FRAME_GATE_OPEN);
}

static void do_log_in(struct input *in)
{
    struct model_caller *c = doors_arrive(take(in));

    if (!c)
        return;
    scene_ask(c, FRAME_GATE_ACCOUNT);
    if (doors_is_alive(c->pid))
        scene_ask(c, FRAME_GATE_OPEN);
}

static void do_exit(struct input *in)
{
    scene_exit(doors_pick(take(in)));
}

/* A process that asks nothing: a daemon whose child does. */
static void do_arrive(struct input *in)
{
    (void)doors_arrive(take(in));
}

/* Of cron or at. */
static void do_job(struct input *in)
{
    uint8_t who = take(in);
    struct model_caller *c = doors_arrive_job(who);

    if (!c)
        return;
    scene_ask(c, FRAME_GATE_ACCOUNT);
    if ((who & 0x20) == 0)
        scene_ask(c, FRAME_GATE_OPEN);
}

/* ---- rights ---- */

static void hand_in(unsigned number, unsigned approvals)
{
    const struct site_paper *p = &site_papers[number];
    json_t *list = json_array();
    const char *error;

    for (unsigned i = 0; i < KEYS_OF_GRANTS; i++)
        if ((approvals & (1U << i)) != 0)
            must(json_array_append_new(list, json_string(p->approvals[i])) == 0);
    scene_look();
    error = scene_call("DocumentAdd", json_pack("{ss so}", "document", p->document, "approvals", list));
    if (error && strcmp(error, "NotPermitted") == 0 && scene.model.reaper_away)
        return;
    demand(!error || strcmp(error, "Refused") == 0, "DocumentAdd");
    witness_handed_in(&scene.model, number, approvals, !error);
    model_hand_in(&scene.model, number, approvals);
}

static void do_hand_in(struct input *in)
{
    unsigned octet = take(in);

    hand_in(octet % SITE_FLEET_PAPER, KEYS_FIRST & ~(octet >> 6));
}

/* Signed by those who are not in the first trust file, too. */
static void do_hand_in_later(struct input *in)
{
    unsigned octet = take(in);

    hand_in((octet & 0x0f) % SITE_FLEET_PAPER, octet >> 4);
}

/* Uses are counted over all hosts. */
static void do_hand_in_fleet(struct input *in)
{
    unsigned octet = take(in);

    hand_in(SITE_FLEET_PAPER + octet % (SITE_PAPERS - SITE_FLEET_PAPER), KEYS_FIRST & ~(octet >> 6));
}

static void take_away(struct input *in, bool lock)
{
    static const when_t lasts[] = {0, 30, 600, 7200};
    uint8_t octet = take(in), how_long = take(in);
    when_t until = lasts[how_long % 4] != 0 ? clock_wall() + lasts[how_long % 4] : WHEN_NEVER;
    const char *scope, *name;
    struct model_taken *slot = scene_target(octet, lock, &scope, &name);
    char text[WHEN_TEXT_SIZE];
    json_t *parameters = json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "fuzz");

    if (until != WHEN_NEVER) {
        when_format(until, text);
        must(json_object_set_new(parameters, "until", json_string(text)) == 0);
    }
    scene_look();
    if (!scene_is_done(scene_call(lock ? "Lock" : "Revoke", parameters)))
        return;
    model_take(&scene.model, slot, until, lock);
    model_keep(slot);
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
    struct model_taken *slot = scene_target(take(in), true, &scope, &name);
    bool locked = model_is_taken(&scene.model, slot);

    scene_look();
    error = scene_call("Unlock", json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "fuzz"));
    if (locked && scene_is_done(error)) {
        slot->there = false;
        model_keep(slot);
    }
    demand(locked || error, "what was not locked was unlocked");
}

static void do_finish(struct input *in)
{
    unsigned grant = take(in) % SITE_GRANTS;
    const char *error;

    scene_look();
    error = scene_call("GrantFinish", json_pack("{ss ss}", "id", site_id(grant), "why", "fuzz"));
    if (scene.model.grants[grant].paper >= 0 && scene_is_done(error))
        model_finish(&scene.model, grant);
    demand(scene.model.grants[grant].paper >= 0 || error, "a grant that is not here was finished");
}

static void do_end_session(struct input *in)
{
    uint64_t number = take(in) % (scene.model.next_number + 1);
    struct model_session *s = model_of_number(&scene.model, number);

    scene_look();
    s = model_of_number(&scene.model, number);
    if (!s || s->state != MODEL_OPEN)
        return;
    if (scene_is_done(
            scene_call("SessionEnd", json_pack("{sI ss}", "number", (json_int_t)number, "why", "fuzz"))))
        model_end_session(&scene.model, s, REASON_REVOKED);
}

/* ---- time, and what else happens to a host ---- */

static void do_wait(struct input *in)
{
    static const unsigned seconds[] = {1, 10, 61, 121, 300, 601, 1800, 3600, 7200, 43200, 86400};

    scene_pass((uint64_t)seconds[take(in) % ARRAY_SIZE(seconds)] * 1000000);
}

static void do_set_clock(struct input *in)
{
    static const int seconds[] = {60, 600, 3600, 86400, -60, -600, -3600, -86400, 5, -5};
    uint8_t octet = take(in);

    virtual_time_set(seconds[octet % ARRAY_SIZE(seconds)], (octet & 0x80) == 0);
    host_settle(scene.host);
    scene_look();
}

static void do_confirm_clock(struct input *in)
{
    (void)in;
    scene_look();
    if (scene_is_done(scene_call("ClockConfirm", json_pack("{ss}", "why", "fuzz"))))
        model_confirm(&scene.model);
    scene_look();
}

static void set_reaper(enum undertaker_mood mood)
{
    undertaker_set_mood(&scene.host->undertaker, mood);
    host_settle(scene.host);
    if (mood == UNDERTAKER_AWAY)
        model_reaper(&scene.model, true, false);
    scene_pass(5100000); /* till whoever tries again has done so */
    if (mood != UNDERTAKER_AWAY)
        model_reaper(&scene.model, false, mood == UNDERTAKER_CANNOT);
    scene_pass(1000000);
}

static void do_reaper(struct input *in)
{
    set_reaper(take(in) % 3);
}

static void do_restart(struct input *in)
{
    uint8_t octet = take(in);
    unsigned steps = (octet >> 1) % HOST_LOADED;

    if (scene.model.reaper_away)
        set_reaper(UNDERTAKER_ENDS);
    scene_pass(60000); /* a refusal is on disk 50 ms after it was given, and no sooner */
    if ((octet & 1) != 0 && !scene.model.nudged)
        scene_killed(&scene.model, steps);
    else
        scene_restarted(&scene.model, steps);
}

/* ---- a sequence ---- */

static void (*const operations[])(struct input *in) = {
    do_log_in,        do_hand_in,        do_account,      do_open,          do_exit,          do_revoke,
    do_wait,          do_lock,           do_unlock,       do_child,         do_again,         do_finish,
    do_set_clock,     do_confirm_clock,  do_reaper,       do_restart,       do_end_session,   do_arrive,
    do_job,           within_su,         within_sudo,     flights_operate,  do_hand_in_later, trusts_hand_in,
    trusts_reset,     do_hand_in_fleet,  claims_provider, claims_elsewhere, claims_late,      flights_claim,
    shortage_operate, published_operate,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};

    scene_begin();
    for (unsigned i = 0; in.size > 0 && i < STEPS_MAX; i++) {
        operations[take(&in) % ARRAY_SIZE(operations)](&in);
        witness_compare(&scene.model, scene.host);
        claims_compare();
    }
    scene_end();
    return 0;
}
