#include "tests/fuzz/stage/flights.h"

#include "broker/common/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/claims.h"
#include "tests/fuzz/stage/disk.h"
#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/model_parts.h"
#include "tests/fuzz/stage/provider.h"
#include "tests/fuzz/stage/scene.h"
#include "tests/fuzz/stage/site.h"
#include "tests/fuzz/stage/trusts.h"
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
        struct model_taken *slot; /* NULL: it is a trust file */
    } orders[FLIGHTS_MAX];
    unsigned n_orders;
    bool is_late; /* orders do not wait for the disk for ever */
    bool claims;  /* the disk takes all; who asks for a use of all hosts waits for the provider */
} air;

/* ---- answers ---- */

static void hear(struct flight *f, enum reason due)
{
    struct gate_reply reply = host_take(scene.host, f->fd);

    f->fd = -1;
    witness_reason(due, reply.reason, reply.verdict);
    if (f->sudo)
        people_exit(f->sudo);
    else if (f->login.opens && reply.verdict == VERDICT_ALLOW)
        witness_admitted(&scene.model, &f->login.caller);
}

static void land_one(struct flight *f, enum reason failed)
{
    hear(f, f->sudo ? model_switch_answer(&scene.model, &f->asked, failed)
                    : model_answer(&scene.model, &f->login, failed));
}

/* What the provider said, or did not: whoever is gone by then leaves what they got. */
static void claim_one(struct flight *f)
{
    enum reason due = claims_hear(&f->login);

    if (due != REASON_OK) {
        hear(f, due);
        return;
    }
    land_one(f, REASON_OK);
    if (!doors_is_alive(f->login.caller.pid))
        model_exit(&scene.model, f->login.caller.pid);
}

/* Nobody is let in before it is on disk, nor before the use is lent. */
static void wait_or_take(struct flight *f, enum reason due)
{
    bool asks = !f->sudo && f->login.asks;

    if (due != REASON_OK) {
        hear(f, due);
    } else if (asks && host_has_answer(f->fd)) {
        claim_one(f);
    } else if (air.claims && !asks) {
        land_one(f, REASON_OK);
    } else {
        demand(!host_has_answer(f->fd), "somebody was let in and nothing is on disk, or no use lent");
        air.n_flights++;
    }
}

/* ---- what is decided ---- */

static void begin_login(const struct model_caller *c, enum frame_type type)
{
    struct flight *f = &air.flights[air.n_flights];
    struct gate_pam m;

    if (!c || (!air.claims && model_would_ask(&scene.model, c)))
        return;
    m = doors_words(c, type);
    *f = (struct flight){.fd = -1};
    scene_look();
    (void)provider_said();
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

static const struct flight *in_the_air(const struct model_caller *c)
{
    for (unsigned i = 0; i < air.n_flights; i++)
        if (!air.flights[i].sudo && air.flights[i].fd >= 0 && air.flights[i].login.caller.pid == c->pid)
            return &air.flights[i];
    return NULL;
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
    if (!c || in_the_air(c) || scene_has_session(c))
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

static void change_trust(struct input *in)
{
    int fd = air.n_orders < FLIGHTS_MAX ? trusts_begin(in) : -1;

    if (fd >= 0)
        air.orders[air.n_orders++] = (struct order){.fd = fd};
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

/* Whoever is asked for by name when it opens is not gone: sshd waits for the answer. */
static void exit_one(struct input *in)
{
    const struct model_caller *c = doors_pick(take(in));
    const struct flight *f = c ? in_the_air(c) : NULL;

    if (!f || !f->login.asks || !f->login.opens)
        scene_exit(c);
}

/* Who has waited long enough, or whose provider is gone, is answered; nobody else is. */
static void hear_late(void)
{
    for (unsigned i = 0; i < air.n_flights; i++) {
        struct flight *f = &air.flights[i];
        bool over = !provider_is_possible() || model_has_waited(&scene.model, &f->login);

        if (f->fd < 0 || !f->login.asks)
            continue;
        demand(host_has_answer(f->fd) == over, over ? "a login waits for its claim and is not answered"
                                                    : "a login was answered before its claim");
        if (over)
            claim_one(f);
    }
}

static void lose_provider(void)
{
    provider_hang_up();
    host_settle(scene.host);
    scene_look();
}

static void happen(struct input *in)
{
    switch (take(in) % 8) {
    case 0:
        exit_one(in);
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
    case 6:
        change_trust(in);
        break;
    case 7:
        lose_provider();
        break;
    default:
        begin(in);
        break;
    }
}

static void meanwhile(struct input *in)
{
    happen(in);
    hear_late();
}

/* ---- what comes of it ---- */

static void keep(const struct order *o)
{
    if (o->slot)
        model_keep(o->slot);
    else
        model_keep_trust(&scene.model);
}

/* An order whose record failed was carried out, and says so. */
static void hear_order(const struct order *o, bool failed)
{
    struct varlink_reply r = host_take_call(scene.host, o->fd);

    demand(r.error || !failed, "an order that is not on disk was answered as done");
    demand(!r.error || failed || air.is_late, "an order was answered as failed");
    varlink_reply_done(&r);
    if (!failed)
        keep(o);
}

static void land(bool fails)
{
    disk_go_on();
    host_settle(scene.host);
    scene.model.busy = true;
    for (unsigned i = 0; i < air.n_flights; i++)
        land_one(&air.flights[i], fails ? REASON_STORE_UNAVAILABLE : REASON_OK);
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
        keep(&air.orders[i]);
    scene_killed(&now, 0);
}

static void begin_some(struct input *in, unsigned n)
{
    begin(in);
    for (unsigned i = n; i > 0; i--)
        meanwhile(in);
}

/* In the order in which they asked. */
static void answer_claims(uint8_t how)
{
    for (unsigned i = 0; i < air.n_flights; i++) {
        struct flight *f = &air.flights[i];

        provider_answer((how & (0x80U >> i)) != 0);
        host_settle(scene.host);
        if (f->fd >= 0)
            claim_one(f);
    }
    for (unsigned i = 0; i < air.n_orders; i++)
        hear_order(&air.orders[i], false);
}

void flights_claim(struct input *in)
{
    uint8_t how = take(in);

    if (scene.model.reaper_away || scene.model.nudged)
        return;
    memset(&air, 0, sizeof(air));
    air.claims = true;
    provider_set_mood(PROVIDER_HOLDS);
    provider_connect(true);
    scene_look();
    begin_some(in, how & 7);
    if ((how & 8) != 0) {
        scene_pass(60000);
        crash(&scene.model, true);
    } else {
        answer_claims(how);
    }
    provider_set_mood(PROVIDER_ANSWERS);
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
    begin_some(in, (how >> 2) & 3);
    if (mood == DISK_SILENT)
        scene_pass(60000); /* also what was refused meanwhile, and only counted, is on disk */
    if (killed && mood != DISK_REFUSES)
        crash(&before, mood == DISK_SILENT);
    else
        land(mood == DISK_REFUSES);
}
