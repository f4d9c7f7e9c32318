#include "broker/review/svg_timeline.h"

#include "broker/common/i18n.h"
#include "broker/review/html_measure.h"

#include <stdio.h>
#include <string.h>

#define LABEL 180
#define TOTAL 200
#define LEFT  LABEL
#define ROOM  (SVG_WIDTH - LABEL - TOTAL)
#define TOP   30
#define GROUP 30 /* a heading */
#define LANE  32
#define BAR   9
#define LEVEL 12 /* below the upper one, for what lies over it in time */
#define LEAST 5  /* units: what a short session is wide */
#define HOUR  ((int64_t)3600)
#define DAY   (24 * HOUR)

/* One mark of a lane: a session, or several that would lie over one another. */
struct mark {
    int begin, end;
    size_t count;
    bool open, recorded, unproven;
};

struct axis {
    int64_t from, until;
};

static int place(const struct axis *a, int64_t t)
{
    if (t <= a->from)
        return LEFT;
    if (t >= a->until)
        return LEFT + ROOM;
    return LEFT + (int)((double)(t - a->from) / (double)(a->until - a->from) * ROOM);
}

static struct mark mark_of(const struct axis *a, const struct svg_span *s)
{
    struct mark m = {place(a, s->from), place(a, s->until), 1, s->open, s->recorded, s->unproven};

    if (m.end < m.begin + LEAST)
        m.end = m.begin + LEAST;
    if (m.end > LEFT + ROOM) {
        m.begin -= m.end - (LEFT + ROOM);
        m.end = LEFT + ROOM;
    }
    return m;
}

/* The number of several stands behind them. */
static int end_with_number(const struct mark *m)
{
    int digits = 1;

    for (size_t n = m->count; n >= 10; n /= 10)
        digits++;
    return m->end + (m->count > 1 ? digits * 8 + 14 : m->open ? 9 : 0);
}

static void put_mark(struct html_page *p, const struct mark *m, int y)
{
    const int arrow[] = {m->end - 1, y, m->end + 8, y + BAR / 2, m->end - 1, y + BAR};
    char number[32];

    if (m->open)
        svg_polygon(p, arrow, 3, "arrow");
    svg_rect(p, m->begin, y, m->end - m->begin, BAR, m->count > 1 ? "many" : m->open ? "open" : "one");
    if (m->unproven) {
        svg_line(p, m->end - 5, y - 2, m->end + 5, y + BAR + 2, "cross");
        svg_line(p, m->end + 5, y - 2, m->end - 5, y + BAR + 2, "cross");
    }
    if (m->recorded)
        svg_circle(p, m->begin + 2, y + BAR / 2, 4, "tape");
    if (m->count > 1) {
        (void)snprintf(number, sizeof(number), "×%zu", m->count);
        svg_text(p, m->end + (m->open ? 10 : 3), y + BAR, SVG_START, "s", number);
    }
}

static void merge(struct mark *m, const struct mark *next)
{
    m->end = next->end > m->end ? next->end : m->end;
    m->count++;
    m->open |= next->open;
    m->recorded |= next->recorded;
    m->unproven |= next->unproven;
}

/* What begins before the mark above has ended goes below it; what begins before that one has ended, too, is
 * one more of it. */
static void put_spans(struct html_page *p, const struct axis *a, const struct svg_lane *lane, int y)
{
    struct mark upper = {0}, lower = {0};

    for (size_t i = 0; i < lane->n; i++) {
        struct mark next = mark_of(a, &lane->spans[i]);
        bool below = upper.count > 0 && next.begin <= end_with_number(&upper) + 2;
        struct mark *m = below ? &lower : &upper;

        if (below && lower.count > 0 && next.begin <= end_with_number(&lower) + 2) {
            merge(&lower, &next);
            continue;
        }
        if (m->count > 0)
            put_mark(p, m, below ? y + LEVEL : y);
        *m = next;
    }
    if (upper.count > 0)
        put_mark(p, &upper, y);
    if (lower.count > 0)
        put_mark(p, &lower, y + LEVEL);
}

static void put_lane(struct html_page *p, const struct axis *a, const struct svg_lane *lane, int y)
{
    svg_text_fit(p, LABEL - 12, y + 21, SVG_END, "l", lane->label, LABEL - 16);
    svg_text_fit(p, SVG_WIDTH - 4, y + 21, SVG_END, "v", lane->total, TOTAL - 50);
    svg_line(p, LEFT, y + LANE - 1, LEFT + ROOM, y + LANE - 1, "rule");
    put_spans(p, a, lane, y + 6);
}

/* A step that gives at most seven ticks. */
static int64_t step_of(const struct axis *a)
{
    static const int64_t steps[] = {300,     900,     HOUR,     3 * HOUR, 6 * HOUR, 12 * HOUR, DAY,
                                    2 * DAY, 5 * DAY, 10 * DAY, 30 * DAY, 90 * DAY, 180 * DAY};
    int64_t length = a->until - a->from;

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        if (length / steps[i] <= 7)
            return steps[i];
    }
    return length / 7;
}

/* What a tick says: the hour, where a day is looked at, else the day; the year, where there are many. */
static void put_tick(struct html_page *p, const struct axis *a, int64_t step, int64_t t, int bottom)
{
    int64_t length = a->until - a->from;
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;
    int x = place(a, t);

    html_local_text(p, t, step < DAY ? 16 : 10, &b);
    text = buf_steal_text(&b);
    svg_line(p, x, TOP - 10, x, bottom, "tick");
    if (text)
        svg_text(p, x, TOP - 14, SVG_MIDDLE, "a", text + (length <= DAY ? 11 : length <= 300 * DAY ? 5 : 0));
}

/* Ticks stand on local midnights, or on hours counted from one. */
static void put_axis(struct html_page *p, const struct axis *a, int bottom)
{
    int64_t step = step_of(a);
    int64_t midnight = a->from - (a->from + p->offset) % DAY;

    svg_line(p, LEFT, TOP - 6, LEFT + ROOM, TOP - 6, "axis");
    for (int64_t t = midnight; t < a->until; t += step) {
        if (t >= a->from)
            put_tick(p, a, step, t, bottom);
    }
}

static int height_of(const struct svg_lane *lanes, size_t n)
{
    int height = TOP;

    for (size_t i = 0; i < n; i++)
        height += LANE + (i == 0 || strcmp(lanes[i].group, lanes[i - 1].group) != 0 ? GROUP : 0);
    return height;
}

void svg_timeline(struct html_page *p, const char *title, const char *description,
                  const struct svg_lane *lanes, size_t n, int64_t from, int64_t until)
{
    const struct axis a = {from, until};
    int height = height_of(lanes, n), y = TOP;

    svg_begin(p, title, description, height + 8);
    put_axis(p, &a, height);
    for (size_t i = 0; i < n; i++, y += LANE) {
        if (i == 0 || strcmp(lanes[i].group, lanes[i - 1].group) != 0) {
            svg_text_fit(p, 4, y + 21, SVG_START, "g", lanes[i].group, LABEL + ROOM / 2);
            y += GROUP;
        }
        put_lane(p, &a, &lanes[i], y);
    }
    svg_end(p, NULL);
}

static int put_key(struct html_page *p, const struct mark *m, int x, const char *words)
{
    struct mark key = *m;

    key.begin = x;
    key.end = x + (m->count > 1 ? 14 : 26);
    put_mark(p, &key, 17);
    svg_text(p, x + 44, 26, SVG_START, "l", words);
    return x + 44 + html_measure(words) * SVG_LETTER / 10 + 20;
}

void svg_timeline_legend(struct html_page *p)
{
    int x = 8;

    svg_begin(p, _("What the marks mean"), _("The marks of the pictures below, each with its meaning."), 36);
    x = put_key(p, &(struct mark){.count = 1}, x, _("a session"));
    x = put_key(p, &(struct mark){.count = 3}, x, _("several"));
    x = put_key(p, &(struct mark){.count = 1, .open = true}, x, _("still open"));
    x = put_key(p, &(struct mark){.count = 1, .recorded = true}, x, _("recorded"));
    (void)put_key(p, &(struct mark){.count = 1, .unproven = true}, x, _("end not proven"));
    svg_end(p, NULL);
}
