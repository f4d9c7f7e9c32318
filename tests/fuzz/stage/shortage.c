#include "tests/fuzz/stage/shortage.h"

#include "broker/daemon/room.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/full.h"
#include "tests/fuzz/stage/scene.h"
#include "tests/fuzz/stage/within.h"
#include "tests/fuzz/stage/witness.h"

#define LOOK_US 5100000 /* it is looked at so often, and each second when there is none */

/* What is on disk, while nothing can be written. */
static struct model on_disk;

static enum room_standing standing(void)
{
    struct room_view v;

    room_view(scene.host->broker->room, &v);
    return v.standing;
}

static void ask(struct model_caller *c, enum frame_type type)
{
    if (c && !scene_has_session(c))
        scene_ask(c, type);
}

static void notice(bool wholly)
{
    scene_pass(LOOK_US);
    demand(standing() == (wholly ? ROOM_LAST : ROOM_FULL), "a full disk was not noticed");
    model_full(&scene.model, true, wholly);
}

/* hufud starts on it, stopped or killed before, knows what is on disk, and somebody is at the door. */
static void start(struct input *in, bool wholly)
{
    struct model now;
    uint8_t octet = take(in);
    unsigned steps = (octet >> 1) % HOST_LOADED;

    if (!wholly)
        scene_pass(60000); /* a refusal is on disk 50 ms after it was given, and no sooner */
    now = scene.model;
    if (wholly)
        scene.model = on_disk;
    if ((octet & 1) != 0)
        scene_killed(&now, steps);
    else
        scene_restarted(&now, steps);
    model_full(&scene.model, true, false);
    ask(doors_arrive(take(in)), FRAME_GATE_ACCOUNT); /* before it has looked again */
    notice(wholly);
}

static void begin(struct input *in, bool wholly, bool while_stopped)
{
    full_set(wholly ? FULL_WHOLLY : FULL_NEARLY);
    if (while_stopped)
        start(in, wholly);
    else
        notice(wholly);
}

/* What cannot be written was done, and is not said to be. */
static void take_away(struct input *in, bool lock, bool wholly)
{
    const char *scope, *name, *error;
    struct model_taken *slot = scene_target(take(in), lock, &scope, &name);

    scene_look();
    error = scene_call(lock ? "Lock" : "Revoke",
                       json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "fuzz"));
    demand(!wholly == !error, wholly ? "an order that is not on disk was answered as done"
                                     : "an order was refused though it fits");
    model_take(&scene.model, slot, WHEN_NEVER, lock);
    if (!wholly)
        model_keep(slot);
}

static void meanwhile(struct input *in, bool wholly)
{
    static const unsigned seconds[] = {1, 61, 301, 3601};

    switch (take(in) % 9) {
    case 0:
        ask(doors_arrive(take(in)), FRAME_GATE_ACCOUNT);
        break;
    case 1:
        ask(doors_pick(take(in)), FRAME_GATE_OPEN);
        break;
    case 2:
        ask(doors_arrive_job(take(in)), FRAME_GATE_ACCOUNT);
        break;
    case 3:
        scene_exit(doors_pick(take(in)));
        break;
    case 4:
        take_away(in, false, wholly);
        break;
    case 5:
        take_away(in, true, wholly);
        break;
    case 6:
        within_su(in);
        break;
    case 8:
        start(in, wholly);
        break;
    default:
        scene_pass((uint64_t)seconds[take(in) % ARRAY_SIZE(seconds)] * 1000000);
        break;
    }
    witness_compare(&scene.model, scene.host);
    demand(standing() == (wholly ? ROOM_LAST : ROOM_FULL), "a full disk is not full any more");
}

static void end(void)
{
    full_set(FULL_ROOM);
    for (unsigned i = 0; i < 4; i++)
        scene_pass(1100000);
    demand(standing() == ROOM_AMPLE, "there is room again, and it was not noticed");
    demand(store_kept(scene.host->broker->store) == 0, "there is room again, and something is not written");
    model_full(&scene.model, false, false);
}

static void crash(void)
{
    struct model now = scene.model;

    scene.model = on_disk;
    full_set(FULL_ROOM);
    scene_killed(&now, 0);
}

void shortage_operate(struct input *in)
{
    uint8_t how = take(in);
    bool wholly = (how & 8) != 0, killed = wholly && (how & 0x10) != 0;

    if (scene.model.reaper_away || scene.model.nudged)
        return;
    scene_pass(60000);
    on_disk = scene.model;
    begin(in, wholly, (how & 0x20) != 0);
    for (unsigned i = how & 7; i > 0; i--)
        meanwhile(in, wholly);
    if (killed)
        crash();
    else
        end();
}
