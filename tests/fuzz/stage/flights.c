#include "tests/fuzz/stage/flights.h"

#include "broker/common/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/disk.h"
#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/scene.h"
#include "tests/fuzz/stage/site.h"
#include "tests/fuzz/stage/within.h"
#include "tests/fuzz/stage/witness.h"

#include <string.h>

#define FLIGHTS_MAX 4

struct flight {
    int fd;
    struct process *sudo; /* NULL: a login or job */
    struct model_switch asked;
    struct model_flight login;
};

/* Under way at this moment. */
static struct {
    struct flight flights[FLIGHTS_MAX];
    unsigned n_flights;
    struct order {
        int fd;
        struct model_taken *slot; /* NULL: it takes nothing away */
    } orders[FLIGHTS_MAX];
    unsigned n_orders;
    bool is_late; /* orders do not wait for the disk for ever */
} air;

/* ---- what is decided ---- */

/* Nobody is let in before it is on disk. */
static void wait_or_take(struct flight *f, enum reason due)
{
    struct gate_reply reply;

    if (due == REASON_OK) {
        demand(!host_has_answer(f->fd), "somebody was let in and nothing is on disk");
        air.n_flights++;
        return;
    }
    reply = host_take(scene.host, f->fd);
    witness_reason(due, reply.reason, reply.verdict);
    if (f->sudo)
        people_exit(f->sudo);
}

static void begin_login(const struct model_caller *c, enum frame_type type)
{
    struct flight *f = &air.flights[air.n_flights];
    struct gate_pam m;

    if (!c)
        return;
    m = doors_words(c, type);
    *f = (struct flight){.fd = -1};
    scene_look();
    f->fd = host_begin_ask(scene.host, people_find(c->pid), type, &m);
    wait_or_take(f, model_begin(&scene.model, c, type == FRAME_GATE_OPEN, &f->login));
}

static void begin_sudo(struct input *in)
{
    struct flight *f = &air.flights[air.n_flights];

    *f = (struct flight){.fd = -1};
    f->sudo = within_enter(in, &f->asked);
    if (!f->sudo)
        return;
    scene_look();
    f->fd = within_begin_command(f->sudo, &f->asked, take(in));
    wait_or_take(f, model_switch(&scene.model, &f->asked));
}

static bool is_in_the_air(const struct model_caller *c)
{
    for (unsigned i = 0; i < air.n_flights; i++)
        if (!air.flights[i].sudo && air.flights[i].login.caller.pid == c->pid)
            return true;
    return false;
}

static void begin(struct input *in)
{
    uint8_t what = take(in) % 6;
    struct model_caller *c;

    if (air.n_flights == FLIGHTS_MAX)
        return;
    if (what == 5) {
        begin_sudo(in);
        return;
    }
    if (what < 2) {
        begin_login(doors_arrive(take(in)), FRAME_GATE_ACCOUNT);
        return;
    }
    c = what == 2 ? doors_arrive_job(take(in)) : doors_pick(take(in));
    if (!c || is_in_the_air(c) || scene_has_session(c))
        return;
    begin_login(c, what == 4 ? FRAME_GATE_ACCOUNT : FRAME_GATE_OPEN);
}

/* ---- what happens meanwhile ---- */

static void take_away(struct input *in, bool lock)
{
    const char *scope, *name;
    struct model_taken *slot = scene_target(take(in), lock, &scope, &name);

    if (air.n_orders == FLIGHTS_MAX)
        return;
    scene_look();
    air.orders[air.n_orders++] = (struct order){
        .fd = host_begin_call(scene.host, lock ? "Lock" : "Revoke",
                              json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "fuzz")),
        .slot = slot};
    model_take(&scene.model, slot, WHEN_NEVER, lock);
}

static void wait_a_while(struct input *in)
{
    static const unsigned seconds[] = {1, 61, 301, 1201, 3601};

    scene_pass((uint64_t)seconds[take(in) % ARRAY_SIZE(seconds)] * 1000000);
    air.is_late = true;
}

static void set_clock(struct input *in)
{
    static const int seconds[] = {600, 86400, -600, -86400};
    uint8_t octet = take(in);

    virtual_time_set(seconds[octet % ARRAY_SIZE(seconds)], (octet & 0x80) == 0);
    host_settle(scene.host);
    scene_look();
}

static void meanwhile(struct input *in)
{
    switch (take(in) % 6) {
    case 0:
        scene_exit(doors_pick(take(in)));
        break;
    case 1:
        take_away(in, false);
        break;
    case 2:
        take_away(in, true);
        break;
    case 3:
        wait_a_while(in);
        break;
    case 4:
        set_clock(in);
        break;
    default:
        begin(in);
        break;
    }
}

/* ---- what comes of it ---- */

static void answer(struct flight *f, enum reason failed)
{
    struct gate_reply reply = host_take(scene.host, f->fd);
    enum reason due = f->sudo ? model_switch_answer(&scene.model, &f->asked, failed)
                              : model_answer(&scene.model, &f->login, failed);

    witness_reason(due, reply.reason, reply.verdict);
    if (f->sudo)
        people_exit(f->sudo);
    else if (f->login.opens && reply.verdict == VERDICT_ALLOW)
        witness_admitted(&scene.model, &f->login.caller);
}

/* An order whose record failed was carried out, and says so. */
static void hear_order(const struct order *o, bool failed)
{
    struct varlink_reply r = host_take_call(scene.host, o->fd);

    demand(r.error || !failed, "an order that is not on disk was answered as done");
    demand(!r.error || failed || air.is_late, "an order was answered as failed");
    varlink_reply_done(&r);
    if (!failed)
        model_keep(o->slot);
}

static void land(bool fails)
{
    disk_go_on();
    host_settle(scene.host);
    scene.model.busy = true;
    for (unsigned i = 0; i < air.n_flights; i++)
        answer(&air.flights[i], fails ? REASON_STORE_UNAVAILABLE : REASON_OK);
    model_settle(&scene.model);
    for (unsigned i = 0; i < air.n_orders; i++)
        hear_order(&air.orders[i], fails);
    scene_pass(2000000); /* what failed to be recorded is tried again */
}

static void hang_up(void)
{
    for (unsigned i = 0; i < air.n_flights; i++) {
        close_fd(air.flights[i].fd);
        if (air.flights[i].sudo)
            people_exit(air.flights[i].sudo);
    }
    for (unsigned i = 0; i < air.n_orders; i++)
        close_fd(air.orders[i].fd);
}

/* Nothing of it is on disk, or all. */
static void crash(const struct model *before, bool written)
{
    struct model now = scene.model;

    hang_up();
    if (!written)
        scene.model = *before;
    for (unsigned i = 0; i < air.n_flights && written; i++)
        model_written(&scene.model, &air.flights[i].login);
    for (unsigned i = 0; i < air.n_orders && written; i++)
        model_keep(air.orders[i].slot);
    scene_killed(&now, 0);
}

void flights_operate(struct input *in)
{
    static struct model before;
    uint8_t how = take(in);
    enum disk_mood mood = (how & 3) == 0 ? DISK_WAITS : (enum disk_mood)(how & 3);
    bool killed = (how & 0x10) != 0;

    if (scene.model.reaper_away || scene.model.nudged)
        return;
    memset(&air, 0, sizeof(air));
    scene_pass(60000);
    before = scene.model;
    disk_set(mood);
    begin(in);
    for (unsigned i = (how >> 2) & 3; i > 0; i--)
        meanwhile(in);
    if (killed && mood != DISK_REFUSES)
        crash(&before, mood == DISK_SILENT);
    else
        land(mood == DISK_REFUSES);
}
