#include "broker/common/clock.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/directory_internal.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/repetition.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* The search: whom hufud hears, when it asks anew and from where, and what is said about the line. */

#define SECONDS          ((uint64_t)1000000)
#define FULL_JITTER_US   (SECONDS * 3600)
#define FULL_AFTER_US    (6 * FULL_JITTER_US)
#define RETRY_FIRST_US   (5 * SECONDS)
#define RETRY_LONGEST_US (SECONDS * 3600)
#define LOST_AFTER_US    (60 * SECONDS)

/* ---- beginning anew ---- */

static uint64_t jitter(uint64_t below)
{
    uint64_t random = 0;

    (void)!getrandom(&random, sizeof(random), 0);
    return random % below;
}

static void arm(sd_event_source *timer, uint64_t after_us)
{
    (void)sd_event_source_set_time_relative(timer, after_us);
    (void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void copy_host(const struct broker *b, struct feed_message *m)
{
    (void)snprintf(m->host, sizeof(m->host), "%s", b->config->host);
    for (size_t i = 0; i < b->config->n_groups && i < FEED_GROUPS_MAX; i++)
        (void)snprintf(m->groups[m->n_groups++], sizeof(m->groups[0]), "%s", b->config->groups[i]);
}

void directory_start(struct directory *d)
{
    cleanup_free struct feed_message *m = calloc(1, sizeof(*m));

    if (!m || !feed_is_here(d->feed))
        return;
    directory_unstage(d);
    d->phase = DIRECTORY_IDLE;
    /* One that was asked and has not ended is owed as before. */
    d->asked_full = d->asked_full || d->full_wanted || d->cookie.size == 0;
    d->wants_cookie = d->wants_cookie && !d->asked_full;
    d->full_wanted = d->is_retrying = false;
    (void)sd_event_source_set_enabled(d->retry_timer, SD_EVENT_OFF);
    m->type = FEED_START;
    m->search = ++d->search;
    copy_host(d->broker, m);
    if (!d->asked_full)
        m->cookie = (struct feed_octets){d->cookie.octets, d->cookie.size};
    if (d->asked_full)
        arm(d->full_timer, FULL_AFTER_US + jitter(FULL_JITTER_US));
    (void)feed_send(d->feed, m); /* if it fails, the connection ends, and another one begins anew */
}

void directory_retry(struct directory *d)
{
    uint64_t after = RETRY_FIRST_US;

    if (d->is_retrying)
        return;
    for (unsigned i = 0; i < d->failures && after < RETRY_LONGEST_US; i++)
        after *= 2;
    d->failures++;
    d->is_retrying = true;
    arm(d->retry_timer, after < RETRY_LONGEST_US ? after : RETRY_LONGEST_US);
}

static int on_retry(sd_event_source *source, uint64_t now, void *userdata)
{
    struct directory *d = userdata;

    (void)source;
    (void)now;
    d->is_retrying = false;
    directory_start(d);
    return 0;
}

static int on_full(sd_event_source *source, uint64_t now, void *userdata)
{
    (void)source;
    (void)now;
    (void)directory_refresh(userdata);
    return 0;
}

bool directory_refresh(struct directory *d)
{
    d->full_wanted = true;
    directory_start(d);
    return feed_is_here(d->feed);
}

void directory_trust_changed(struct directory *d, bool anew)
{
    if (!d)
        return;
    d->trust_serial++;
    if (anew) {
        d->cookie.size = 0;
        d->full_wanted = true;
        d->anew_serial = d->trust_serial;
    }
    d->trust_moved = true;
    directory_check_site(d);
    directory_pump_soon(d);
}

void directory_host_changed(struct directory *d)
{
    if (!d)
        return;
    feed_set_uid(d->feed, d->broker->options.accounts.ldap);
    if (!directory_basis_changed(d))
        return;
    d->trust_serial++;
    d->cookie.size = 0;
    (void)directory_refresh(d);
}

/* ---- the line ---- */

void directory_trouble(struct directory *d, const char *format, ...)
{
    struct record r = ledger_record(EVENT_DIRECTORY_TROUBLE, REASON_BAD_REQUEST, false);
    char detail[200];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    r.detail = detail;
    (void)repetition_write_about(d->broker, &r, "", REPETITION_FEW_NAMED);
}

static void record_line(struct directory *d, bool reached)
{
    struct record r = ledger_record(EVENT_DIRECTORY, reached ? REASON_OK : 0, reached);
    char detail[400];

    (void)snprintf(detail, sizeof(detail), "%.180s%s%.180s", d->server,
                   d->server[0] != '\0' && !reached && d->error[0] != '\0' ? ": " : "",
                   reached ? "" : d->error);
    r.detail = detail;
    ledger_write(d->broker, &r);
}

/* One that comes and goes within a minute leaves no record each time. */
void directory_reached(struct directory *d)
{
    bool first = !d->is_reached;

    (void)sd_event_source_set_enabled(d->lost_timer, SD_EVENT_OFF);
    d->reached_at = clock_wall();
    d->is_reached = true;
    if (first || d->is_lost)
        record_line(d, true);
    d->is_lost = false;
}

void directory_maybe_lost(struct directory *d)
{
    int enabled = SD_EVENT_OFF;

    (void)sd_event_source_get_enabled(d->lost_timer, &enabled);
    if (enabled == SD_EVENT_OFF && !d->is_lost)
        arm(d->lost_timer, LOST_AFTER_US);
}

static int on_lost(sd_event_source *source, uint64_t now, void *userdata)
{
    struct directory *d = userdata;

    (void)source;
    (void)now;
    if (!d->is_reached && shadow_count(d->shadow) == 0)
        return 0; /* there never was one */
    d->is_lost = true;
    record_line(d, false);
    return 0;
}

static void on_connected(void *userdata, bool here)
{
    struct directory *d = userdata;

    d->paused = false;
    d->state = 0;
    d->since = clock_wall();
    d->next_try = 0;
    d->phase = DIRECTORY_IDLE;
    directory_unstage(d);
    if (!here) {
        claiming_on_feed_gone(d->broker->claiming);
        directory_maybe_lost(d);
        return;
    }
    directory_start(d);
    directory_press(d);
}

static void hear_state(struct directory *d, const struct feed_message *m)
{
    when_t now = clock_wall();

    if (d->state != m->state)
        d->since = now;
    d->state = m->state;
    d->pushes = m->pushes;
    d->next_try = m->state == FEED_FAILED || m->state == FEED_POLLING ? now + (when_t)m->seconds : 0;
    directory_copy_text(m->server, d->server, sizeof(d->server));
    if (m->text[0] != '\0') {
        directory_copy_text(m->text, d->error, sizeof(d->error));
        d->error_at = now;
    }
    if (m->state == FEED_FAILED || m->state == FEED_CONNECTING)
        directory_maybe_lost(d);
    else if (m->state != FEED_REFRESHING && d->phase == DIRECTORY_COMPLETE)
        directory_reached(d);
}

static void on_message(void *userdata, const struct feed_message *m)
{
    struct directory *d = userdata;

    if (m->type == FEED_CLAIMED || m->type == FEED_STATE)
        claiming_on_feed(d->broker->claiming, m);
    if (m->type == FEED_STATE)
        hear_state(d, m);
    if (m->type == FEED_CLAIMED || m->type == FEED_STATE || m->search != d->search) {
        directory_press(d);
        return;
    }
    switch (m->type) {
    case FEED_BEGIN:
        directory_begin(d, m->full);
        break;
    case FEED_ENTRY:
        directory_told(d, m);
        break;
    case FEED_DELETE:
        directory_deleted(d, m);
        break;
    case FEED_PRESENT:
        directory_present(d, m);
        break;
    case FEED_END:
        directory_end(d, m);
        break;
    case FEED_COOKIE:
        if (d->phase == DIRECTORY_COMPLETE)
            directory_want_cookie(d, m->cookie);
        directory_pump_soon(d);
        break;
    default:
        break;
    }
    directory_press(d);
}

static void on_trouble(void *userdata, uid_t uid, pid_t pid, const char *detail)
{
    directory_trouble(userdata, "pid %d, uid %u: %.120s", (int)pid, (unsigned)uid, detail);
}

/* What has not found its place yet waits in memory, and beyond a bound in the socket. While a refresh is
 * being staged only its end can make room, so that what is too much is left out then. */
void directory_press(struct directory *d)
{
    bool claim = claiming_is_awaited(d->broker->claiming);
    bool full = d->held > (claim ? DIRECTORY_HELD_CLAIM : DIRECTORY_HELD_MAX / 2) ||
                d->n_unwritten > DIRECTORY_UNWRITTEN_MAX * (claim ? (size_t)2 : 1);
    bool drains = !directory_is_quiet(d) || d->is_writing;
    bool pause =
        full && drains && (d->phase == DIRECTORY_COMPLETE || d->paused || d->held > DIRECTORY_HELD_MAX);

    if (pause == d->paused)
        return;
    d->paused = pause;
    (pause ? feed_pause : feed_resume)(d->feed);
}

static int send_claim(void *userdata, const struct feed_message *m)
{
    struct directory *d = userdata;
    int r = feed_send(d->feed, m);

    directory_press(d);
    return r;
}

int directory_listen(struct directory *d)
{
    struct broker *b = d->broker;
    char path[PATH_MAX];
    const struct feed_options options = {.event = b->event,
                                         .path = path,
                                         .uid = b->options.accounts.ldap,
                                         .root = b->options.root,
                                         .connected = on_connected,
                                         .message = on_message,
                                         .trouble = on_trouble,
                                         .userdata = d};
    int r;

    (void)snprintf(path, sizeof(path), "%s/feed", b->options.run_dir);
    r = feed_new(&options, &d->feed);
    if (r < 0)
        return r;
    claiming_set_feed(b->claiming, send_claim, d);
    directory_maybe_lost(d);
    return 0;
}

/* ---- making and unmaking ---- */

static int add_timer(struct directory *d, sd_event_source **timer, sd_event_time_handler_t handler)
{
    int r = sd_event_add_time_relative(d->broker->event, timer, CLOCK_BOOTTIME, 0, SECONDS, handler, d);

    return r < 0 ? r : sd_event_source_set_enabled(*timer, SD_EVENT_OFF);
}

static int make_timers(struct directory *d)
{
    int r = add_timer(d, &d->full_timer, on_full);

    if (r >= 0)
        r = add_timer(d, &d->retry_timer, on_retry);
    return r < 0 ? r : add_timer(d, &d->lost_timer, on_lost);
}

static int make_tables(struct directory *d)
{
    uint8_t seed[SHADOW_SEED_SIZE];

    if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
        return -EIO;
    table_init(&d->notes, seed);
    table_init(&d->published, seed);
    table_init(&d->staged, seed);
    return shadow_new(seed, &d->shadow);
}

int directory_new(struct broker *b, struct directory **ret)
{
    cleanup(directory_free_p) struct directory *d = calloc(1, sizeof(*d));
    int r;

    if (!d)
        return -ENOMEM;
    d->broker = b;
    d->since = clock_wall();
    r = directory_task_init(d);
    if (r == 0)
        r = make_timers(d);
    if (r >= 0)
        r = make_tables(d);
    if (r == 0)
        r = directory_load(d);
    if (r < 0)
        return r;
    *ret = steal_pointer(&d);
    return 0;
}

struct directory *directory_free(struct directory *d)
{
    if (!d)
        return NULL;
    d->feed = feed_free(d->feed);
    sd_event_source_disable_unref(d->full_timer);
    sd_event_source_disable_unref(d->retry_timer);
    sd_event_source_disable_unref(d->lost_timer);
    directory_unstage(d);
    directory_task_done(d);
    table_done(&d->notes, free);
    table_done(&d->published, free);
    shadow_free(d->shadow);
    free(d->unwritten);
    free(d->writing);
    free(d->changed);
    free(d->awaited);
    free(d);
    return NULL;
}
