#include "tests/fuzz/stage/full.h"

#include "broker/daemon/room_guard.h"
#include "broker/daemon/room_look.h"
#include "tests/unit/broker/store/fault.h"
#include "tests/unit/support/issuing.h"

#include <sqlite3.h>
#include <stdatomic.h>

/* The one look that there is at a time. */
static struct {
    struct reserve *reserve;
    void (*found)(void *userdata, const struct room_found *f);
    void *userdata;
    sd_event_source *soon;
    uint64_t growth;
    atomic_bool no_room;
} look;
static atomic_bool nothing_beside;

int __real_room_look_new(sd_event *event, struct reserve *reserve,
                         void (*found)(void *userdata, const struct room_found *f), void *userdata,
                         struct room_look **ret);
int __wrap_room_look_new(sd_event *event, struct reserve *reserve,
                         void (*found)(void *userdata, const struct room_found *f), void *userdata,
                         struct room_look **ret);
struct room_look *__real_room_look_free(struct room_look *l);
struct room_look *__wrap_room_look_free(struct room_look *l);
void __wrap_room_look_ask(struct room_look *l, uint64_t growth);
bool __wrap_room_look_make_room(void *userdata, unsigned attempt);
int __real_reserve_free_beside(const struct reserve *r, uint64_t *octets);
int __wrap_reserve_free_beside(const struct reserve *r, uint64_t *octets);

void full_install(void)
{
    fault_install();
}

void full_set(enum full_depth depth)
{
    atomic_store(&nothing_beside, depth != FULL_ROOM);
    fault_writes(FAULT_LOG, depth == FULL_WHOLLY ? SQLITE_FULL : 0, 0);
}

static int on_soon(sd_event_source *source, void *userdata)
{
    struct room_found found;
    uint64_t growth = look.growth;

    (void)source;
    (void)userdata;
    look.growth = 0;
    room_look_now(look.reserve, growth, &found);
    found.no_room = atomic_exchange(&look.no_room, false);
    look.found(look.userdata, &found);
    return 0;
}

int __wrap_room_look_new(sd_event *event, struct reserve *reserve,
                         void (*found)(void *userdata, const struct room_found *f), void *userdata,
                         struct room_look **ret)
{
    look.reserve = reserve;
    look.found = found;
    look.userdata = userdata;
    look.growth = 0;
    atomic_store(&look.no_room, false);
    must(sd_event_add_defer(event, &look.soon, on_soon, NULL) >= 0);
    must(sd_event_source_set_enabled(look.soon, SD_EVENT_OFF) >= 0);
    return __real_room_look_new(event, reserve, found, userdata, ret);
}

struct room_look *__wrap_room_look_free(struct room_look *l)
{
    if (l)
        look.soon = sd_event_source_disable_unref(look.soon);
    return __real_room_look_free(l);
}

void __wrap_room_look_ask(struct room_look *l, uint64_t growth)
{
    (void)l;
    if (growth > look.growth)
        look.growth = growth;
    must(sd_event_source_set_enabled(look.soon, SD_EVENT_ONESHOT) >= 0);
}

/* On the store's thread. */
bool __wrap_room_look_make_room(void *userdata, unsigned attempt)
{
    uint64_t piece = room_guard_piece(reserve_wanted(look.reserve), attempt);

    (void)userdata;
    atomic_store(&look.no_room, true);
    return piece > 0 && reserve_give(look.reserve, piece);
}

int __wrap_reserve_free_beside(const struct reserve *r, uint64_t *octets)
{
    int q = __real_reserve_free_beside(r, octets);

    if (atomic_load(&nothing_beside))
        *octets = 0;
    return q;
}

void full_ring(void)
{
    if (look.soon && atomic_load(&look.no_room))
        must(sd_event_source_set_enabled(look.soon, SD_EVENT_ONESHOT) >= 0);
}
