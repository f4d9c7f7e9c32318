#include "broker/daemon/room.h"

#include "broker/common/clock.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/room_look.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_US        ((uint64_t)5 * 1000000)
#define LOOK_SHORT_US  ((uint64_t)1 * 1000000) /* without room */
#define WARNED_SECONDS 60

struct room {
    struct broker *broker;
    struct reserve *reserve; /* NULL: it cannot be opened */
    struct room_look *look;  /* NULL: likewise */
    struct room_guard guard;
    struct room_found last;
    int trouble; /* of the reserve, -errno */
    sd_event_source *timer;
    uint64_t tried_at; /* CLOCK_BOOTTIME, what is kept in memory */
    uint64_t leaving;  /* the session whose turn it is to end; 0: none */
    bool all_leave;
    bool stopped;
};

/* ---- who has to leave ---- */

bool room_ends(const struct room *r, const struct session *s)
{
    return r && (r->all_leave || (r->leaving != 0 && r->leaving == s->number));
}

static bool lives(const struct session *s)
{
    return (s->state == SESSION_OPEN || s->state == SESSION_OPENING) && !s->released;
}

static unsigned count_living(const struct room *r)
{
    unsigned n = 0;

    for (const struct session *s = registry_first(r->broker->registry); s; s = registry_next(s))
        n += lives(s);
    return n;
}

static struct session *next_to_leave(const struct room *r)
{
    struct session *first = NULL;

    for (struct session *s = registry_first(r->broker->registry); s; s = registry_next(s))
        if (lives(s) && (!first || room_guard_order(s, first) < 0))
            first = s;
    return first;
}

/* Whose turn it is has a minute, unless nobody sits at it; the next one's begins when it is being ended. */
static void end_next(struct room *r)
{
    struct session *s = registry_find(r->broker->registry, r->leaving);
    char reference[LEDGER_REFERENCE_SIZE];

    if (s && lives(s))
        return;
    s = next_to_leave(r);
    r->leaving = s ? s->number : 0;
    if (!s)
        return;
    ledger_reference(reference);
    if (s->job)
        life_end_as(r->broker, s, REASON_STORE_FULL, reference);
    else
        life_end_after(r->broker, s, WARNED_SECONDS, REASON_STORE_FULL, reference);
}

static void end_all(struct room *r)
{
    struct session *s;

    r->all_leave = true;
    while ((s = next_to_leave(r)))
        life_end(r->broker, s, REASON_STORE_FULL);
}

/* There is room again before their minute was over. */
static void let_stay(struct room *r)
{
    struct session *s = registry_find(r->broker->registry, r->leaving);

    r->all_leave = false;
    r->leaving = 0;
    if (s)
        life_recheck(r->broker, s);
}

static void end_who_has_to(struct room *r)
{
    if (r->guard.standing == ROOM_LAST)
        end_all(r);
    else if (r->guard.standing == ROOM_SPENT)
        end_next(r);
    else if (r->all_leave || r->leaving != 0)
        let_stay(r);
}

/* ---- what was seen ---- */

const char *room_standing_name(enum room_standing standing)
{
    static const char *const names[] = {[ROOM_NOT_LOOKED] = "full",
                                        [ROOM_AMPLE] = "ample",
                                        [ROOM_FULL] = "full",
                                        [ROOM_SPENT] = "spent",
                                        [ROOM_LAST] = "last"};

    return (size_t)standing < ARRAY_SIZE(names) ? names[standing] : names[ROOM_FULL];
}

static void record(const struct room *r)
{
    static const char *const what[] = {
        [ROOM_NOT_LOOKED] = "",
        [ROOM_AMPLE] = "",
        [ROOM_FULL] = ", nobody new is let in",
        [ROOM_SPENT] = ", live sessions are ended one after the other",
        [ROOM_LAST] = ", all live sessions are ended",
    };
    bool ample = r->guard.standing == ROOM_AMPLE;
    struct record x = ledger_record(EVENT_STORE_ROOM, ample ? REASON_OK : REASON_STORE_FULL, ample);
    char detail[160];

    (void)snprintf(detail, sizeof(detail),
                   "%" PRIu64 " octets free, %" PRIu64 " of %" PRIu64 " in the reserve%s", r->last.beside,
                   r->last.held, r->guard.wanted, what[r->guard.standing]);
    x.detail = detail;
    ledger_write(r->broker, &x);
}

/* Something has to be submitted for what is kept to be tried. */
static void on_tried(void *userdata, int result, uint64_t sequence)
{
    (void)userdata;
    (void)result;
    (void)sequence;
}

/* Not at each look: one that fails is itself a reason to look. */
static unsigned try_kept(struct room *r)
{
    unsigned kept = store_kept(r->broker->store);
    uint64_t now = clock_boot_us();

    if (kept > 0 && now - r->tried_at >= LOOK_SHORT_US) {
        r->tried_at = now;
        ledger_submit(r->broker, ledger_txn(r->broker), on_tried, NULL);
    }
    return kept;
}

/* What it could not be set aside for stays known until it is. */
static void note_trouble(struct room *r, const struct room_found *f)
{
    if (f->error < 0)
        r->trouble = f->error;
    else if (f->held >= r->guard.wanted)
        r->trouble = 0;
}

/* Returns by how much the reserve should grow now. */
static uint64_t take_in(struct room *r, const struct room_found *f, bool *changed)
{
    struct room_sample s = {.beside = f->beside,
                            .held = f->held,
                            .failed = f->no_room,
                            .unsettled = try_kept(r) > 0,
                            .sessions = count_living(r)};

    note_trouble(r, f);
    s.cannot_grow = r->trouble < 0 && r->trouble != -ENOSPC;
    r->last = *f;
    *changed = room_guard_sample(&r->guard, &s);
    return room_guard_growth(&r->guard, &s);
}

static int arm(const struct room *r)
{
    uint64_t us = r->guard.standing == ROOM_AMPLE ? LOOK_US : LOOK_SHORT_US;

    return sd_event_source_set_time_relative(r->timer, us);
}

static void on_found(void *userdata, const struct room_found *f)
{
    struct room *r = userdata;
    uint64_t growth;
    bool changed;

    if (r->stopped)
        return;
    growth = take_in(r, f, &changed);
    if (changed) {
        r->broker->generation++; /* what waits for the disk is judged again */
        record(r);
        (void)arm(r);
    }
    end_who_has_to(r);
    if (growth > 0 && f->error == 0)
        room_look_ask(r->look, growth);
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
    struct room *r = userdata;

    (void)source;
    (void)now;
    room_look_ask(r->look, 0);
    return arm(r);
}

/* ---- start and stop ---- */

int room_new(struct broker *b, struct store_options *options, struct room **ret)
{
    cleanup(room_free_p) struct room *r = calloc(1, sizeof(*r));
    char path[PATH_MAX];
    int q;

    if (!r)
        return -ENOMEM;
    r->broker = b;
    r->guard.wanted = b->config->reserve;
    (void)snprintf(path, sizeof(path), "%s/reserve", b->options.state_dir);
    r->trouble = reserve_open(path, r->guard.wanted, &r->reserve);
    if (r->trouble == 0) {
        q = room_look_new(b->event, r->reserve, on_found, r, &r->look);
        if (q < 0)
            return q;
        options->make_room = room_look_make_room;
        options->userdata = r->look;
    }
    *ret = steal_pointer(&r);
    return 0;
}

/* Nobody waits yet, so it is done here: nobody is admitted before the reserve is there. */
static void set_aside(struct room *r)
{
    struct room_found found;
    uint64_t growth = 0;
    bool changed;

    do {
        room_look_now(r->reserve, growth, &found);
        growth = take_in(r, &found, &changed);
    } while (growth > 0 && found.error == 0);
}

int room_start(struct room *r)
{
    int q;

    if (r->look) {
        set_aside(r);
        q = sd_event_add_time_relative(r->broker->event, &r->timer, CLOCK_BOOTTIME, LOOK_SHORT_US, 0,
                                       on_timer, r);
        if (q >= 0)
            q = sd_event_source_set_enabled(r->timer, SD_EVENT_ON);
        if (q < 0)
            return q;
    }
    if (r->guard.standing != ROOM_AMPLE)
        record(r);
    return 0;
}

void room_stop(struct room *r)
{
    if (!r)
        return;
    r->stopped = true;
    r->timer = sd_event_source_disable_unref(r->timer);
}

struct room *room_free(struct room *r)
{
    if (!r)
        return NULL;
    room_stop(r);
    r->look = room_look_free(r->look);
    r->reserve = reserve_free(r->reserve);
    free(r);
    return NULL;
}

void room_reload(struct room *r)
{
    if (!r)
        return;
    r->guard.wanted = r->broker->config->reserve;
    if (!r->look)
        return;
    reserve_set_wanted(r->reserve, r->guard.wanted);
    room_look_ask(r->look, 0); /* lets go of what is too much */
}

bool room_admits(const struct room *r)
{
    return r && r->guard.standing == ROOM_AMPLE;
}

void room_view(const struct room *r, struct room_view *ret)
{
    *ret = (struct room_view){.standing = r->guard.standing,
                              .beside = r->last.beside,
                              .held = r->last.held,
                              .wanted = r->guard.wanted,
                              .trouble = r->trouble,
                              .kept = store_kept(r->broker->store)};
}
