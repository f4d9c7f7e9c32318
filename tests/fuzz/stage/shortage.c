#include "tests/fuzz/stage/shortage.h"

#include "broker/daemon/room.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/full.h"
#include "tests/fuzz/stage/scene.h"
#include "tests/fuzz/stage/within.h"
#include "tests/fuzz/stage/witness.h"

#define LOOK_US 5100000 /* it is looked at so often, and each second when there is none */

static enum room_standing standing(void)
{
    struct room_view v;

    room_view(scene.host->broker->room, &v);
    return v.standing;
}

static void begin(bool wholly)
{
    full_set(wholly ? FULL_WHOLLY : FULL_NEARLY);
    scene_pass(LOOK_US);
    demand(standing() == (wholly ? ROOM_LAST : ROOM_FULL), "a full disk was not noticed");
    model_full(&scene.model, true, wholly);
}

static void ask(struct model_caller *c, enum frame_type type)
{
    if (c && !scene_has_session(c))
        scene_ask(c, type);
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

    switch (take(in) % 8) {
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

static void crash(const struct model *before)
{
    struct model now = scene.model;

    scene.model = *before;
    full_set(FULL_ROOM);
    scene_killed(&now, 0);
}

void shortage_operate(struct input *in)
{
    static struct model before;
    uint8_t how = take(in);
    bool wholly = (how & 8) != 0, killed = wholly && (how & 0x10) != 0;

    if (scene.model.reaper_away || scene.model.nudged)
        return;
    scene_pass(60000);
    before = scene.model;
    begin(wholly);
    for (unsigned i = how & 7; i > 0; i--)
        meanwhile(in, wholly);
    if (killed)
        crash(&before);
    else
        end();
}
