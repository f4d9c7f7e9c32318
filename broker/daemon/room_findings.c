#include "broker/daemon/room_findings.h"

#include "broker/common/i18n.h"
#include "broker/common/sizes.h"
#include "broker/daemon/room_guard.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct list {
    struct status_finding *items;
    size_t n;
};

__attribute__((format(printf, 3, 4))) static void put(struct list *l, const char *severity,
                                                      const char *format, ...)
{
    struct status_finding *f = &l->items[l->n++];
    va_list arguments;

    f->severity = severity;
    f->subject = "room";
    va_start(arguments, format);
    (void)vsnprintf(f->message, sizeof(f->message), format, arguments);
    va_end(arguments);
}

/* So much has to become free for new sessions to begin. */
static uint64_t missing(const struct room_view *v)
{
    uint64_t needed = v->wanted + 2 * room_guard_margin(v->wanted), there = v->beside + v->held;

    return there < needed ? needed - there : 0;
}

static void find_full(const struct broker *b, const struct room_view *v, struct list *l)
{
    char held[SIZES_TEXT_SIZE], wanted[SIZES_TEXT_SIZE], more[SIZES_TEXT_SIZE];

    sizes_format(v->held, held);
    sizes_format(v->wanted, wanted);
    sizes_format(missing(v), more);
    put(l, "problem",
        _("The disk of %.80s is full, and %s of the %s set aside for that are left. Make %s free there "
          "(journalctl --vacuum-size=200M, old logs and recordings); the gate opens by itself."),
        b->options.state_dir, held, wanted, more);
    if (v->standing == ROOM_SPENT)
        put(l, "problem", "%s",
            _("Live sessions are ended one after the other, so that the last records have room."));
    else if (v->standing == ROOM_LAST)
        put(l, "problem", "%s", _("All live sessions are ended, so that the last records have room."));
}

static void find_trouble(const struct broker *b, const struct room_view *v, struct list *l)
{
    if (v->trouble == 0 || v->trouble == -ENOSPC)
        return;
    put(l, v->standing == ROOM_AMPLE ? "warning" : "problem",
        _("No room can be set aside for a full disk: %.80s/reserve: %s. It has to be a regular file of hufud "
          "alone; if it is anything else, move it away and restart hufud."),
        b->options.state_dir, strerror(-v->trouble));
}

/* While there still is time. */
static void find_little(const struct broker *b, const struct room_view *v, struct list *l)
{
    char beside[SIZES_TEXT_SIZE], margin[SIZES_TEXT_SIZE];

    if (v->standing != ROOM_AMPLE || v->beside >= v->wanted)
        return;
    sizes_format(v->beside, beside);
    sizes_format(room_guard_margin(v->wanted), margin);
    put(l, "warning",
        _("The disk of %.80s is nearly full: %s are free. With less than %s nobody new is let in. Make "
          "room."),
        b->options.state_dir, beside, margin);
}

static void find_memory(const struct broker *b, const struct room_view *v, struct list *l)
{
    if (b->not_recorded > 0)
        put(l, "problem",
            ngettext("What happened in %u case could not be recorded, and is lost.",
                     "What happened in %u cases could not be recorded, and is lost.", b->not_recorded),
            b->not_recorded);
    else if (v->kept > 0)
        put(l, "problem",
            ngettext("What happened in %u case waits in memory until it can be recorded. Make room before "
                     "hufud is stopped.",
                     "What happened in %u cases waits in memory until it can be recorded. Make room before "
                     "hufud is stopped.",
                     v->kept),
            v->kept);
}

size_t room_findings(const struct broker *b, struct status_finding ret[static ROOM_FINDINGS_MAX])
{
    struct list l = {.items = ret};
    struct room_view v;

    if (!b->room)
        return 0;
    room_view(b->room, &v);
    if (v.standing > ROOM_AMPLE)
        find_full(b, &v, &l);
    find_trouble(b, &v, &l);
    find_little(b, &v, &l);
    find_memory(b, &v, &l);
    return l.n;
}

static json_t *octets(uint64_t n)
{
    return json_integer((json_int_t)(n > INT64_MAX ? INT64_MAX : n));
}

void room_put(const struct broker *b, json_t *reply)
{
    struct room_view v = {.standing = ROOM_NOT_LOOKED};
    bool here = b->room != NULL;

    if (here)
        room_view(b->room, &v);
    (void)json_object_set_new(reply, "room",
                              here ? json_string(room_standing_name(v.standing)) : json_null());
    (void)json_object_set_new(reply, "room_free", here ? octets(v.beside) : json_null());
    (void)json_object_set_new(reply, "reserve_held", here ? octets(v.held) : json_null());
    (void)json_object_set_new(reply, "reserve", here ? octets(v.wanted) : json_null());
}
