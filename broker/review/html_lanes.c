#include "broker/review/html_lanes.h"

#include "broker/common/i18n.h"
#include "broker/review/html_table.h"
#include "broker/review/svg_timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PICTURE 20 /* lanes of one picture: no more than half a printed page */

/*
 * Sessions sorted by vendor, person and time are cut into people. Where there are too many, the busiest have
 * a lane of their own, the rest of each vendor share one, and so do all vendors of whom nobody has one:
 * sorted once more, the sessions of a common lane are in the order of time.
 */
enum share {
    SHARE_NONE = 1,
    SHARE_VENDOR,
    SHARE_VENDORS,
};

struct visit {
    const char *vendor, *staff;
    struct svg_span span;
    enum share share;
    bool leads; /* the first of its person */
};

struct person {
    size_t first, n; /* of the visits */
};

struct lanes {
    struct visit *visits;
    size_t n_visits;
    struct person *people;
    size_t n_people;
    struct svg_span *spans;
    struct svg_lane *lanes;
    size_t n_lanes;
    char **texts; /* what the lanes point to */
    size_t n_texts;
    int64_t from, until;
};

static void lanes_done(struct lanes *l)
{
    for (size_t i = 0; i < l->n_texts; i++)
        free(l->texts[i]);
    free(l->texts);
    free(l->lanes);
    free(l->spans);
    free(l->people);
    free(l->visits);
}

static int by_time(const struct visit *a, const struct visit *b)
{
    return a->span.from < b->span.from ? -1 : a->span.from > b->span.from;
}

static int compare_visits(const void *x, const void *y)
{
    const struct visit *a = x, *b = y;
    int order = 0;

    if ((a->share == SHARE_VENDORS) != (b->share == SHARE_VENDORS))
        return a->share == SHARE_VENDORS ? 1 : -1;
    if (a->share != SHARE_VENDORS)
        order = strcmp(a->vendor, b->vendor);
    if (order == 0)
        order = (int)a->share - (int)b->share;
    if (order == 0 && a->share == SHARE_NONE)
        order = strcmp(a->staff, b->staff);
    return order != 0 ? order : by_time(a, b);
}

/* Busiest first. */
static int compare_people(const void *x, const void *y)
{
    const struct person *a = x, *b = y;

    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

static bool take_visit(const struct lanes *l, const json_t *row, struct visit *v)
{
    *v = (struct visit){
        .vendor = html_member(row, "vendor"), .staff = html_member(row, "staff"), .share = SHARE_NONE};
    if (!json_is_object(row))
        return false;
    if (!html_instant(html_member(row, "opened"), &v->span.from))
        v->span.from = l->from; /* before what was read */
    v->span.open = !html_instant(html_member(row, "ended"), &v->span.until);
    if (v->span.open)
        v->span.until = l->until;
    v->span.recorded = json_array_size(html_rows(row, "recordings")) > 0;
    v->span.unproven = json_is_false(json_object_get(row, "proven"));
    return true;
}

static bool same_lane(const struct visit *a, const struct visit *b)
{
    if (a->share != b->share)
        return false;
    if (a->share == SHARE_VENDORS)
        return true;
    return strcmp(a->vendor, b->vendor) == 0 && (a->share == SHARE_VENDOR || strcmp(a->staff, b->staff) == 0);
}

static void find_people(struct lanes *l)
{
    qsort(l->visits, l->n_visits, sizeof(*l->visits), compare_visits);
    l->n_people = 0;
    for (size_t i = 0; i < l->n_visits; i++) {
        if (i == 0 || !same_lane(&l->visits[i - 1], &l->visits[i]))
            l->people[l->n_people++] = (struct person){.first = i};
        l->people[l->n_people - 1].n++;
    }
}

static bool has_lane(const struct lanes *l, const char *vendor)
{
    for (size_t i = 0; i < HTML_LANES_PEOPLE; i++) {
        if (strcmp(l->visits[l->people[i].first].vendor, vendor) == 0)
            return true;
    }
    return false;
}

static void share_lanes(struct lanes *l)
{
    for (size_t i = 0; i < l->n_people; i++)
        l->visits[l->people[i].first].leads = true;
    if (l->n_people <= HTML_LANES_PEOPLE)
        return;
    qsort(l->people, l->n_people, sizeof(*l->people), compare_people);
    for (size_t i = HTML_LANES_PEOPLE; i < l->n_people; i++) {
        struct visit *first = &l->visits[l->people[i].first];
        enum share share = has_lane(l, first->vendor) ? SHARE_VENDOR : SHARE_VENDORS;

        for (size_t j = 0; j < l->people[i].n; j++)
            first[j].share = share;
    }
    find_people(l);
}

/* A text that lives as long as the lanes. */
static const char *keep(struct lanes *l, struct buf *b)
{
    char *text = buf_steal_text(b);

    if (text)
        l->texts[l->n_texts++] = text;
    return text ? text : "";
}

static void make_lane(struct lanes *l, const struct person *person)
{
    const struct visit *first = &l->visits[person->first];
    struct svg_lane *lane = &l->lanes[l->n_lanes++];
    cleanup_buf struct buf label = BUF_INIT, total = BUF_INIT;
    int64_t seconds = 0;
    size_t people = 0;

    for (size_t i = 0; i < person->n; i++) {
        l->spans[person->first + i] = first[i].span;
        seconds += first[i].span.until > first[i].span.from ? first[i].span.until - first[i].span.from : 0;
        people += first[i].leads;
    }
    if (first->share != SHARE_NONE)
        buf_printf(&label, ngettext("%zu other person", "%zu other people", people), people);
    else
        buf_puts(&label, first->staff);
    html_number_text((int64_t)person->n, &total);
    buf_puts(&total, " · ");
    html_seconds_text(seconds, &total);
    *lane = (struct svg_lane){.group = first->share == SHARE_VENDORS ? _("Other vendors") : first->vendor,
                              .label = keep(l, &label),
                              .total = keep(l, &total),
                              .spans = l->spans + person->first,
                              .n = person->n};
}

static int lanes_load(struct lanes *l, const json_t *sessions)
{
    size_t count = json_array_size(sessions) + 1, i;
    const json_t *row;

    l->visits = calloc(count, sizeof(*l->visits));
    l->people = calloc(count, sizeof(*l->people));
    l->spans = calloc(count, sizeof(*l->spans));
    l->lanes = calloc(count, sizeof(*l->lanes));
    l->texts = calloc(2 * count, sizeof(*l->texts));
    if (!l->visits || !l->people || !l->spans || !l->lanes || !l->texts)
        return -ENOMEM;
    html_foreach(sessions, i, row)
    {
        l->n_visits += take_visit(l, row, &l->visits[l->n_visits]);
    }
    find_people(l);
    return 0;
}

static json_t *person_row(const struct lanes *l, const struct person *person)
{
    const struct visit *first = &l->visits[person->first];
    json_int_t seconds = 0, longest = 0, open = 0, recorded = 0, unproven = 0;

    for (size_t i = 0; i < person->n; i++) {
        const struct svg_span *s = &first[i].span;
        json_int_t length = s->until > s->from ? s->until - s->from : 0;

        seconds += length;
        longest = length > longest ? length : longest;
        open += s->open;
        recorded += s->recorded;
        unproven += s->unproven;
    }
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "vendor", first->vendor, "staff",
                     first->staff, "sessions", (json_int_t)person->n, "seconds", seconds, "longest", longest,
                     "open", open, "recorded", recorded, "unproven", unproven);
}

static json_t *numbers_of(const struct lanes *l)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < l->n_people; i++)
        (void)json_array_append_new(rows, person_row(l, &l->people[i]));
    return rows;
}

static void put_numbers(struct html_page *p, const json_t *rows)
{
    static const struct html_column columns[] = {
        {N_("Vendor"), "vendor", HTML_CELL_TEXT, NULL},
        {N_("Person"), "staff", HTML_CELL_TEXT, NULL},
        {N_("Sessions"), "sessions", HTML_CELL_COUNT, NULL},
        {N_("Together"), "seconds", HTML_CELL_SECONDS, NULL},
        {N_("Longest"), "longest", HTML_CELL_SECONDS, NULL},
        {N_("Still open"), "open", HTML_CELL_COUNT, NULL},
        {N_("Recorded"), "recorded", HTML_CELL_COUNT, NULL},
        {N_("Not proven"), "unproven", HTML_CELL_COUNT, NULL},
    };
    const struct html_table table = {.caption = N_("Sessions by person"),
                                     .none = N_("There was no session in this period."),
                                     .member = "sessions",
                                     .columns = columns,
                                     .n_columns = ARRAY_SIZE(columns)};

    html_table(p, &table, rows);
}

static void put_shared(struct html_page *p, size_t n_people)
{
    html_raw(p, "<p class=\"rest\">");
    html_textf(
        p,
        _("There were sessions of %zu people. The %d with the most have a lane of their own; the others of "
          "each vendor share one, and so do vendors of whom nobody has one."),
        n_people, HTML_LANES_PEOPLE);
    html_raw(p, "</p>\n");
}

static void put_pictures(struct html_page *p, const struct lanes *l)
{
    svg_timeline_legend(p);
    for (size_t i = 0; i < l->n_lanes; i += PICTURE) {
        size_t n = l->n_lanes - i < PICTURE ? l->n_lanes - i : PICTURE;

        svg_timeline(p, _("Sessions on a time line"),
                     _("A lane for each person, from the beginning of the period at the left to its end at "
                       "the right."),
                     l->lanes + i, n, l->from, l->until);
    }
}

void html_lanes(struct html_page *p, const json_t *sessions)
{
    const json_t *period = json_object_get(p->review, "period");
    cleanup(lanes_done) struct lanes l = {0};
    size_t n_people;
    json_t *rows;

    if (!html_instant(html_member(period, "from"), &l.from) ||
        !html_instant(html_member(period, "until"), &l.until) || l.from >= l.until)
        return;
    if (lanes_load(&l, sessions) < 0) {
        p->out->error = p->out->error ? p->out->error : -ENOMEM;
        return;
    }
    n_people = l.n_people;
    rows = numbers_of(&l);
    share_lanes(&l);
    for (size_t i = 0; i < l.n_people; i++)
        make_lane(&l, &l.people[i]);
    put_pictures(p, &l);
    if (n_people > l.n_people)
        put_shared(p, n_people);
    put_numbers(p, rows);
    json_decref(rows);
}
