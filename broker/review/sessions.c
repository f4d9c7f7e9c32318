#include "broker/review/model.h"
#include "broker/review/tally.h"

#include <string.h>

/* Sessions of the period. One that was over before it is forgotten when its end comes by, so that memory
 * follows the period and not the ledger. */

#define ROOM_FIRST 64
#define LONGEST    10

void sessions_done(struct sessions *s)
{
    for (size_t i = 0; i < s->n; i++)
        json_decref(s->rows[i].files);
    free(s->rows);
    free(s->table);
    free(s->by_grant);
}

/* ---- finding: an open hash table of indices ---- */

static size_t hash_of(const char *host, uint64_t number, size_t room)
{
    uint64_t h = ((uint64_t)(uintptr_t)host >> 4) * 0x9e3779b97f4a7c15 + number;

    return (size_t)((h ^ (h >> 29)) * 0xbf58476d1ce4e5b9 >> 20) & (room - 1);
}

static size_t *slot_of(struct sessions *s, const char *host, uint64_t number)
{
    size_t at = hash_of(host, number, s->table_room);

    while (s->table[at] != 0) {
        const struct session_row *row = &s->rows[s->table[at] - 1];

        if (row->number == number && row->host == host)
            break;
        at = (at + 1) & (s->table_room - 1);
    }
    return &s->table[at];
}

static void index_row(struct sessions *s, size_t at)
{
    *slot_of(s, s->rows[at].host, s->rows[at].number) = at + 1;
}

static bool grow(struct sessions *s)
{
    size_t room = s->room ? 2 * s->room : ROOM_FIRST;
    struct session_row *rows = reallocarray(s->rows, room, sizeof(*rows));
    size_t *table = calloc(4 * room, sizeof(*table));

    if (rows)
        s->rows = rows;
    if (!rows || !table) {
        free(table);
        return false;
    }
    free(s->table);
    s->table = table;
    s->table_room = 4 * room;
    s->room = room;
    for (size_t i = 0; i < s->n; i++)
        index_row(s, i);
    return true;
}

struct session_row *sessions_find(struct review *v, const char *host, uint64_t number)
{
    struct sessions *s = &v->sessions;
    size_t *slot = s->table_room != 0 && number != 0 ? slot_of(s, host, number) : NULL;

    return slot && *slot != 0 ? &s->rows[*slot - 1] : NULL;
}

static struct session_row *add(struct review *v, const struct fact *f)
{
    struct sessions *s = &v->sessions;
    struct session_row *row;

    if (f->r->session == 0 || (s->n == s->room && !grow(s))) {
        if (f->r->session != 0)
            model_failed(v);
        return NULL;
    }
    row = &s->rows[s->n];
    *row = (struct session_row){.host = f->host,
                                .staff = f->staff,
                                .vendor = f->vendor,
                                .grant = f->grant,
                                .ticket = f->ticket,
                                .service = f->service,
                                .source = f->address,
                                .number = f->r->session,
                                .proof_text = "",
                                .reference = ""};
    /* Of two with one number, as a store made anew gives, the later one is found from now on. */
    *slot_of(s, row->host, row->number) = s->n + 1;
    s->n++;
    return row;
}

/* Takes the slot out and moves up those that were pushed behind it. */
static void unindex(struct sessions *s, size_t at)
{
    size_t mask = s->table_room - 1, hole = at, next = at;

    s->table[hole] = 0;
    for (;;) {
        size_t home;

        next = (next + 1) & mask;
        if (s->table[next] == 0)
            return;
        home = hash_of(s->rows[s->table[next] - 1].host, s->rows[s->table[next] - 1].number, s->table_room);
        if (((next - home) & mask) < ((next - hole) & mask))
            continue;
        s->table[hole] = s->table[next];
        s->table[next] = 0;
        hole = next;
    }
}

static bool is_indexed(struct sessions *s, size_t at)
{
    return *slot_of(s, s->rows[at].host, s->rows[at].number) == at + 1;
}

/* The last row takes its place. */
static void forget(struct sessions *s, const struct session_row *row)
{
    size_t at = (size_t)(row - s->rows), last = s->n - 1;
    bool last_is_indexed = is_indexed(s, last);

    json_decref(row->files);
    unindex(s, (size_t)(slot_of(s, row->host, row->number) - s->table));
    if (at != last) {
        if (last_is_indexed)
            *slot_of(s, s->rows[last].host, s->rows[last].number) = at + 1;
        s->rows[at] = s->rows[last];
    }
    s->n--;
}

/* ---- taking ---- */

bool sessions_in_period(const struct review *v, const struct session_row *s)
{
    return (s->opened_us == 0 || model_seconds(s->opened_us) < v->settings.until) &&
           (s->ended_us == 0 || model_seconds(s->ended_us) >= v->settings.from);
}

static void open_session(struct review *v, const struct fact *f)
{
    struct session_row *row = add(v, f);

    if (row)
        row->opened_us = f->r->at_us;
}

/* Where all was read, an ending without a beginning is of one that never began: somebody was refused, and
 * what they had started was ended. */
static struct session_row *began_before(struct review *v, const struct fact *f)
{
    return *f->grant != '\0' && !model_is_whole(v, f->host) ? add(v, f) : NULL;
}

static void close_session(struct review *v, const struct fact *f)
{
    struct session_row *row = sessions_find(v, f->host, f->r->session);

    if (!row || row->ended_us != 0)
        row = began_before(v, f);
    if (!row)
        return;
    row->ended_us = f->r->at_us;
    row->reason = f->r->reason;
    row->proof = f->success ? PROOF_GIVEN : PROOF_MISSING;
    row->proof_us = f->r->latency_us;
    row->proof_sequence = f->r->sequence;
    row->proof_text = model_text(v, f->r->detail);
    if (model_seconds(row->ended_us) < v->settings.from)
        forget(&v->sessions, row);
}

static void remain(struct review *v, const struct fact *f, struct session_row *row)
{
    row->proof = f->success ? PROOF_GIVEN : PROOF_MISSING;
    row->proof_us = f->r->latency_us;
    row->proof_sequence = f->r->sequence;
    row->proof_text = model_text(v, f->r->detail);
}

/* "shell", "exec: what was run" */
uint8_t model_channel(const char *detail)
{
    static const enum grant_channel channels[] = {GRANT_CHANNEL_SHELL, GRANT_CHANNEL_EXEC,
                                                  GRANT_CHANNEL_TRANSFER, GRANT_CHANNEL_FORWARD};

    for (size_t i = 0; detail && i < ARRAY_SIZE(channels); i++) {
        const char *name = grant_channel_name(channels[i]);
        size_t length = strlen(name);

        if (strncmp(detail, name, length) == 0 && (detail[length] == '\0' || detail[length] == ':'))
            return (uint8_t)channels[i];
    }
    return 0;
}

static void record_file(struct review *v, const struct fact *f, struct session_row *row)
{
    if (!row->files)
        row->files = json_array();
    model_append(v, row->files, json_string(model_text(v, f->r->detail)));
}

void sessions_take(struct review *v, const struct fact *f)
{
    struct session_row *row;

    if (f->r->session == 0)
        return;
    if (model_is(f, EVENT_SESSION_OPEN) && f->success && f->at < v->settings.until) {
        open_session(v, f);
        return;
    }
    if (model_is(f, EVENT_SESSION_CLOSE)) {
        close_session(v, f);
        return;
    }
    row = sessions_find(v, f->host, f->r->session);
    if (!row)
        return;
    if (model_is(f, EVENT_SESSION_REMAINS))
        remain(v, f, row);
    else if (model_is(f, EVENT_CHANNEL) && f->success)
        row->channels |= model_channel(f->r->detail);
    else if (model_is(f, EVENT_RECORDING) && f->success)
        record_file(v, f, row);
    else if (model_is(f, EVENT_COMMAND) && f->success && f->in_period)
        row->commands += f->count;
}

/* ---- by grant ---- */

static int by_grant(const void *a, const void *b)
{
    const struct session_row *x = *(const struct session_row *const *)a;
    const struct session_row *y = *(const struct session_row *const *)b;

    return ((uintptr_t)x->grant > (uintptr_t)y->grant) - ((uintptr_t)x->grant < (uintptr_t)y->grant);
}

void sessions_settle(struct review *v)
{
    struct sessions *s = &v->sessions;

    free(s->by_grant);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
    s->by_grant = calloc(s->n + 1, sizeof(*s->by_grant));
    if (!s->by_grant) {
        model_failed(v);
        return;
    }
    for (size_t i = 0; i < s->n; i++)
        s->by_grant[i] = &s->rows[i];
    // NOLINTNEXTLINE(bugprone-sizeof-expression): as above
    qsort(s->by_grant, s->n, sizeof(*s->by_grant), by_grant);
}

const struct session_row **sessions_of(const struct review *v, const char *grant, size_t *n)
{
    const struct sessions *s = &v->sessions;
    size_t low = 0, high = s->n;

    *n = 0;
    if (!s->by_grant)
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uintptr_t)s->by_grant[middle]->grant < (uintptr_t)grant)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + *n < s->n && s->by_grant[low + *n]->grant == grant)
        (*n)++;
    return s->by_grant + low;
}

/* ---- the value ---- */

static json_t *channels_json(uint8_t channels)
{
    json_t *names = json_array();

    for (unsigned bit = 1; bit <= GRANT_CHANNEL_FORWARD; bit <<= 1)
        if (channels & bit)
            (void)json_array_append_new(names, json_string(grant_channel_name((enum grant_channel)bit)));
    return names;
}

/* Also where the clock was set back meanwhile: nothing lasts less than no time. */
static json_int_t seconds_of(const struct review *v, const struct session_row *s)
{
    when_t from = s->opened_us != 0 ? model_seconds(s->opened_us) : v->settings.from;
    when_t until =
        s->ended_us != 0 ? model_seconds(s->ended_us) : when_min(v->settings.until, v->settings.made_at);

    return until > from ? until - from : 0;
}

static json_t *row_json(const struct review *v, const struct session_row *s)
{
    const char *reason = s->reason != 0 ? reason_name(s->reason) : "";

    return json_pack("{ss sI ss ss ss ss ss ss so so ss sI so sI so sI so}", "host", s->host, "number",
                     (json_int_t)s->number, "staff", s->staff, "vendor",
                     *s->vendor ? s->vendor : model_vendor_of(v, s->staff), "grant", s->grant, "ticket",
                     s->ticket, "service", s->service, "source", s->source, "opened",
                     s->opened_us != 0 ? model_time(model_seconds(s->opened_us)) : json_null(), "ended",
                     s->ended_us != 0 ? model_time(model_seconds(s->ended_us)) : json_null(), "reason",
                     reason ? reason : "", "seconds", seconds_of(v, s), "proven",
                     s->proof == PROOF_OPEN ? json_null() : json_boolean(s->proof == PROOF_GIVEN), "proof_us",
                     (json_int_t)s->proof_us, "recordings",
                     s->files ? json_deep_copy(s->files) : json_array(), "commands", (json_int_t)s->commands,
                     "channels", channels_json(s->channels));
}

static const char *opened(const json_t *row)
{
    const char *text = json_string_value(json_object_get(row, "opened"));

    return text ? text : "";
}

static int by_opening(const json_t *a, const json_t *b)
{
    return strcmp(opened(a), opened(b));
}

json_t *sessions_json(struct review *v)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < v->sessions.n; i++)
        if (sessions_in_period(v, &v->sessions.rows[i]))
            model_append(v, rows, row_json(v, &v->sessions.rows[i]));
    if (tally_sort(rows, by_opening) < 0)
        model_failed(v);
    return rows;
}

json_t *sessions_longest_json(struct review *v)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < v->sessions.n; i++) {
        const struct session_row *s = &v->sessions.rows[i];

        if (sessions_in_period(v, s))
            model_append(v, rows,
                         json_pack("{ss sI sI}", "host", s->host, "number", (json_int_t)s->number, "seconds",
                                   seconds_of(v, s)));
    }
    if (tally_sort_by_count(rows, "seconds") < 0)
        model_failed(v);
    while (json_array_size(rows) > LONGEST)
        (void)json_array_remove(rows, json_array_size(rows) - 1);
    return rows;
}
