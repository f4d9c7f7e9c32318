#include "tests/fuzz/stage/scene.h"

#include "broker/common/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/claims.h"
#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/model_parts.h"
#include "tests/fuzz/stage/provider.h"
#include "tests/fuzz/stage/site.h"
#include "tests/fuzz/stage/witness.h"

#include <stdio.h>
#include <string.h>

struct scene scene;

void scene_begin(void)
{
    scene.host = host_of_program();
    site_make();
    host_begin(scene.host, SITE_BEGIN);
    model_init(&scene.model, clock_wall_us(), (int64_t)clock_boot_us());
    doors_clear();
    provider_reset(scene.host);
}

void scene_end(void)
{
    scene_pass(121000000); /* what was being counted becomes a record */
    host_knows_all(scene.host);
    claims_settle();
    provider_reset(scene.host);
    witness_compare(&scene.model, scene.host);
    witness_ledger(&scene.model, scene.host);
    host_end(scene.host);
}

void scene_look(void)
{
    scene.model.claims_possible = provider_is_possible();
    model_look(&scene.model, clock_wall_us(), (int64_t)clock_boot_us(), virtual_time_is_synchronised());
}

void scene_pass(uint64_t us)
{
    host_pass(scene.host, us);
    scene_look();
}

void scene_ask(const struct model_caller *c, enum frame_type type)
{
    struct gate_pam m = doors_words(c, type);
    struct model_flight f;
    struct gate_reply reply;
    enum reason due;
    int fd;

    scene_look();
    (void)provider_said();
    fd = host_begin_ask(scene.host, people_find(c->pid), type, &m);
    due = model_begin(&scene.model, c, type == FRAME_GATE_OPEN, &f);
    if (f.asks)
        due = claims_wait(fd, &f);
    reply = host_take(scene.host, fd);
    if (due == REASON_OK)
        due = model_answer(&scene.model, &f, REASON_OK);
    model_look_at_sessions(&scene.model);
    witness_reason(due, reply.reason, reply.verdict);
    if (type == FRAME_GATE_OPEN && reply.verdict == VERDICT_ALLOW)
        witness_admitted(&scene.model, c);
}

void scene_exit(const struct model_caller *c)
{
    if (!c)
        return;
    people_exit(people_find(c->pid));
    host_settle(scene.host);
    model_exit(&scene.model, c->pid);
}

const char *scene_call(const char *method, json_t *parameters)
{
    static char error[64];
    struct varlink_reply r = host_call(scene.host, method, parameters);
    const char *dot = r.error ? strrchr(r.error, '.') : NULL;

    (void)snprintf(error, sizeof(error), "%s", dot ? dot + 1 : "");
    varlink_reply_done(&r);
    return error[0] != '\0' ? error : NULL;
}

bool scene_is_done(const char *error)
{
    if (!error)
        return true;
    demand(scene.model.reaper_away && strcmp(error, "NotPermitted") == 0, error);
    return false;
}

bool scene_has_session(const struct model_caller *c)
{
    const struct model_session *s = model_of_process(&scene.model, c->pid);

    return s && s->state != MODEL_RESERVED;
}

struct model_taken *scene_target(uint8_t octet, bool lock, const char **scope, const char **name)
{
    unsigned n = octet >> 3;

    switch (octet % 3) {
    case 0:
        *scope = lock ? "host" : "grant";
        *name = lock ? "" : site_id(n % SITE_GRANTS);
        return lock ? &scene.model.locked_host : &scene.model.revoked_grant[n % SITE_GRANTS];
    case 1:
        *scope = "staff";
        *name = site_persons[n % SITE_PERSONS].name;
        return lock ? &scene.model.locked_staff[n % SITE_PERSONS]
                    : &scene.model.revoked_staff[n % SITE_PERSONS];
    default:
        *scope = "vendor";
        *name = site_vendors[n % SITE_VENDORS];
        return lock ? &scene.model.locked_vendor[n % SITE_VENDORS]
                    : &scene.model.revoked_vendor[n % SITE_VENDORS];
    }
}

static void started(const struct model *now)
{
    scene.model.wall_us = now->wall_us;
    scene.model.boot_us = now->boot_us;
    scene.model.synchronised = now->synchronised;
    model_stopped(&scene.model);
    witness_restarted(&scene.model, scene.host);
    model_restart(&scene.model, doors_is_alive);
}

void scene_restarted(const struct model *now, unsigned steps)
{
    host_restart(scene.host, steps);
    started(now);
}

void scene_killed(const struct model *now, unsigned steps)
{
    host_crash(scene.host, steps);
    started(now);
}
