#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/sessions/registry_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* sd-event may put timers off by a quarter of a second to save wake-ups; a deadline is a deadline. */
#define TIMER_ACCURACY_US 1000

static const size_t tables[] = {
    offsetof(struct registry, by_number), offsetof(struct registry, by_uid),
    offsetof(struct registry, unwritten), offsetof(struct registry, by_state),
    offsetof(struct registry, by_holder), offsetof(struct registry, by_parent),
};
#define REGISTRY_TABLES ARRAY_SIZE(tables)

static struct places *table(struct registry *r, size_t i)
{
    return (struct places *)(void *)((char *)r + tables[i]);
}

int registry_new(sd_event *event, const struct registry_events *events, void *userdata, struct registry **ret)
{
    cleanup(registry_free_p) struct registry *r = calloc(1, sizeof(*r));

    if (!r)
        return -ENOMEM;
    for (size_t i = 0; i < REGISTRY_TABLES; i++)
        if (places_init(table(r, i)) < 0)
            return -ENOMEM;
    r->event = sd_event_ref(event);
    r->events = *events;
    r->userdata = userdata;
    *ret = steal_pointer(&r);
    return 0;
}

struct registry *registry_free(struct registry *r)
{
    if (!r)
        return NULL;
    while (r->sessions)
        registry_remove(r->sessions);
    sd_event_unref(r->event);
    for (size_t i = 0; i < REGISTRY_TABLES; i++)
        places_done(table(r, i));
    free(r);
    return NULL;
}

struct session *registry_add(struct registry *r, uint64_t number, uint32_t uid)
{
    struct session *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->number = number;
    s->uid = uid;
    s->leader.pidfd = s->parent.pidfd = -1;
    s->audit_session = UINT32_MAX;
    s->warn_next = WHEN_NEVER;
    s->settled = true;
    s->wall_base_us = clock_wall_us();
    s->boot_base_us = clock_boot_us();
    s->registry = r;
    s->next = r->sessions;
    if (r->sessions)
        r->sessions->previous = s;
    r->sessions = s;
    places_put(&r->by_number, &s->by_number, number, s);
    places_put(&r->by_uid, &s->by_uid, uid, s);
    places_put(&r->unwritten, &s->unwritten, 0, s);
    registry_set_state(s, SESSION_RESERVED);
    return s;
}

void registry_set_state(struct session *s, enum session_state state)
{
    struct registry *r = s->registry;

    s->state = state;
    places_take_out(&r->by_state, &s->by_state);
    places_put(&r->by_state, &s->by_state, registry_state_key(s->uid, state), s);
    if (state != SESSION_RESERVED) {
        places_take_out(&r->by_holder, &s->by_holder);
        places_take_out(&r->by_parent, &s->by_parent);
    }
}

void registry_set_holder(struct session *s)
{
    struct registry *r = s->registry;

    places_take_out(&r->by_holder, &s->by_holder);
    places_take_out(&r->by_parent, &s->by_parent);
    if (s->state != SESSION_RESERVED)
        return;
    places_put(&r->by_holder, &s->by_holder, s->leader.pid, s);
    if (strcmp(s->service, "sshd") == 0)
        places_put(&r->by_parent, &s->by_parent, s->parent.pid, s);
}

static void unwatch_processes(struct session *s)
{
    s->leader_io = sd_event_source_disable_unref(s->leader_io);
    s->parent_io = sd_event_source_disable_unref(s->parent_io);
    s->grace = sd_event_source_disable_unref(s->grace);
    s->leader.pidfd = close_fd(s->leader.pidfd);
    s->parent.pidfd = close_fd(s->parent.pidfd);
}

void registry_unwatch(struct session *s)
{
    unwatch_processes(s);
    s->wall_timer = sd_event_source_disable_unref(s->wall_timer);
    s->boot_timer = sd_event_source_disable_unref(s->boot_timer);
}

struct session *registry_remove(struct session *s)
{
    if (!s)
        return NULL;
    if (s->previous)
        s->previous->next = s->next;
    else
        s->registry->sessions = s->next;
    if (s->next)
        s->next->previous = s->previous;
    places_take_out(&s->registry->by_number, &s->by_number);
    places_take_out(&s->registry->by_uid, &s->by_uid);
    places_take_out(&s->registry->unwritten, &s->unwritten);
    places_take_out(&s->registry->by_state, &s->by_state);
    places_take_out(&s->registry->by_holder, &s->by_holder);
    places_take_out(&s->registry->by_parent, &s->by_parent);
    registry_unwatch(s);
    free(s);
    return NULL;
}

void registry_set_written(struct session *s)
{
    s->written = true;
    places_take_out(&s->registry->unwritten, &s->unwritten);
}

/* ---- reservations ---- */

static void reservation_lost(struct session *s)
{
    unwatch_processes(s);
    s->registry->events.holder_gone(s->registry->userdata, s);
}

static int on_grace_over(sd_event_source *source, uint64_t now, void *userdata)
{
    (void)source;
    (void)now;
    reservation_lost(userdata);
    return 0;
}

static int on_holder_exit(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct session *s = userdata;
    int r;

    (void)source;
    (void)fd;
    (void)events;
    s->leader_io = sd_event_source_disable_unref(s->leader_io);
    s->leader.pidfd = close_fd(s->leader.pidfd);
    if (s->parent_io) {
        r = sd_event_add_time_relative(s->registry->event, &s->grace, CLOCK_BOOTTIME,
                                       REGISTRY_PARENT_GRACE_US, 0, on_grace_over, s);
        if (r >= 0)
            return 0;
    }
    reservation_lost(s);
    return 0;
}

/* While the holder lives, its parent's end changes nothing; afterwards it is the end of the reservation. */
static int on_parent_exit(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct session *s = userdata;

    (void)source;
    (void)fd;
    (void)events;
    s->parent_io = sd_event_source_disable_unref(s->parent_io);
    s->parent.pidfd = close_fd(s->parent.pidfd);
    if (!s->leader_io)
        reservation_lost(s);
    return 0;
}

int registry_watch_holder(struct session *s)
{
    sd_event *event = s->registry->event;
    int r = sd_event_add_io(event, &s->leader_io, s->leader.pidfd, EPOLLIN, on_holder_exit, s);

    registry_set_holder(s);
    if (r < 0 || s->parent.pidfd < 0)
        return r;
    return sd_event_add_io(event, &s->parent_io, s->parent.pidfd, EPOLLIN, on_parent_exit, s);
}

/* ---- live sessions ---- */

static int on_leader_exit(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct session *s = userdata;

    (void)source;
    (void)fd;
    (void)events;
    unwatch_processes(s);
    s->registry->events.leader_gone(s->registry->userdata, s);
    return 0;
}

int registry_bind_leader(struct session *s, struct session_process leader)
{
    unwatch_processes(s);
    s->leader = leader;
    return sd_event_add_io(s->registry->event, &s->leader_io, s->leader.pidfd, EPOLLIN, on_leader_exit, s);
}

static int on_due(sd_event_source *source, uint64_t now, void *userdata)
{
    struct session *s = userdata;

    (void)source;
    (void)now;
    s->registry->events.due(s->registry->userdata, s);
    return 0;
}

static int arm(struct session *s, sd_event_source **timer, clockid_t clock, int64_t at_us)
{
    uint64_t at = at_us < 0 ? 0 : (uint64_t)at_us;
    int r;

    if (!*timer)
        return sd_event_add_time(s->registry->event, timer, clock, at, TIMER_ACCURACY_US, on_due, s);
    r = sd_event_source_set_time(*timer, at);
    return r < 0 ? r : sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
}

int registry_arm(struct session *s)
{
    when_t at = when_min(s->warn_next, s->deadline != 0 ? s->deadline : WHEN_NEVER);
    int64_t at_us;
    int r;

    if (at == WHEN_NEVER) {
        s->wall_timer = sd_event_source_disable_unref(s->wall_timer);
        s->boot_timer = sd_event_source_disable_unref(s->boot_timer);
        return 0;
    }
    at_us = at * 1000000;
    r = arm(s, &s->wall_timer, CLOCK_REALTIME, at_us);
    if (r < 0)
        return r;
    return arm(s, &s->boot_timer, CLOCK_BOOTTIME, (int64_t)s->boot_base_us + at_us - s->wall_base_us);
}
