#include "broker/daemon/timekeeper.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define US_PER_SECOND 1000000
#define LOOK_US       ((uint64_t)60 * US_PER_SECOND)
#define WRITE_US      ((uint64_t)300 * US_PER_SECOND)
#define META_TIME     "highest-time" /* in seconds */
#define META_LINE     "trusted-line" /* boot id, wall and boot clock in microseconds */
#define MOVED_US      US_PER_SECOND

_Static_assert(sizeof(time_t) == sizeof(int64_t), "a timer that never comes");

struct timekeeper {
    struct broker *broker;
    struct clock_guard guard;
    sd_event_source *steps; /* the kernel says that the wall clock was set */
    int steps_fd;
    sd_event_source *timer;
    sd_event_source *again; /* sessions have to be judged again, from the loop */
    uint64_t written_at;    /* by the boot clock; 0: not yet */
    int64_t written_offset; /* of the line: wall less boot clock */
    bool line_written;
};

/* ---- looking ---- */

/* Two clocks at one moment: if this process stood still between them, once more. */
static struct clock_sample look(void)
{
    struct clock_sample s = {.synchronised = clock_is_synchronised()};

    for (unsigned i = 0; i < 5; i++) {
        s.boot_us = clock_boot_us();
        s.wall_us = clock_wall_us();
        if (clock_boot_us() - s.boot_us < 1000)
            break;
    }
    return s;
}

static when_t seconds(int64_t us)
{
    return us / US_PER_SECOND;
}

static void record(struct timekeeper *k, const char *event, enum reason reason, const struct clock_sample *s)
{
    struct record r = ledger_record(event, reason, reason == REASON_OK);
    char due[WHEN_TEXT_SIZE], found[WHEN_TEXT_SIZE], detail[128];

    when_format(seconds(k->guard.expected_us), due);
    when_format(seconds(k->guard.found_us), found);
    (void)snprintf(detail, sizeof(detail), "expected %s, found %s, %s", due, found,
                   s->synchronised ? "synchronised" : "not synchronised");
    r.detail = detail;
    ledger_write(k->broker, &r);
}

static void tell(struct timekeeper *k, enum clock_news news, const struct clock_sample *s)
{
    if (news == CLOCK_NOTHING_NEW)
        return;
    k->broker->generation++;
    if (news == CLOCK_STEPPED)
        record(k, EVENT_CLOCK_STEP, REASON_OK, s);
    else
        record(k, EVENT_CLOCK, news == CLOCK_IN_DOUBT ? REASON_CLOCK_UNSURE : REASON_OK, s);
    if (k->again)
        (void)sd_event_source_set_enabled(k->again, SD_EVENT_ONESHOT);
}

static struct clock_sample take_look(struct timekeeper *k)
{
    struct clock_sample s = look();

    tell(k, clock_guard_sample(&k->guard, &s), &s);
    return s;
}

bool timekeeper_is_sure(struct timekeeper *k)
{
    (void)take_look(k);
    return clock_guard_is_sure(&k->guard);
}

int64_t timekeeper_at_least(const struct timekeeper *k, int64_t wall_us, uint64_t boot_us)
{
    return clock_guard_at_least(&k->guard, &(struct clock_sample){.wall_us = wall_us, .boot_us = boot_us});
}

when_t timekeeper_now(const struct timekeeper *k)
{
    return seconds(timekeeper_at_least(k, clock_wall_us(), clock_boot_us()));
}

void timekeeper_trust_status(struct timekeeper *k, when_t issued, when_t expires)
{
    struct clock_sample s = take_look(k);

    tell(k, clock_guard_trusted(&k->guard, issued, expires, &s), &s);
}

void timekeeper_confirm(struct timekeeper *k, struct timekeeper_confirmation *ret)
{
    struct clock_sample s = take_look(k);

    ret->before = k->guard;
    ret->was = seconds(clock_guard_confirm(&k->guard, &s));
    ret->now = seconds(s.wall_us);
}

void timekeeper_take_back(struct timekeeper *k, const struct timekeeper_confirmation *c)
{
    k->guard = c->before;
    k->line_written = false;
    k->broker->generation++;
}

void timekeeper_view(struct timekeeper *k, struct timekeeper_view *ret)
{
    struct clock_sample s = take_look(k);

    *ret = (struct timekeeper_view){.standing = k->guard.standing,
                                    .synchronised = s.synchronised,
                                    .now = seconds(s.wall_us),
                                    .highest = seconds(k->guard.highest_us),
                                    .expected = seconds(k->guard.expected_us),
                                    .found = seconds(k->guard.found_us)};
}

/* ---- what the next broker has to know ---- */

static void write_line(struct timekeeper *k, struct store_txn *t)
{
    const struct clock_point *line = &k->guard.line;
    int64_t offset = line->wall_us - (int64_t)line->boot_us;
    char text[96];

    if (!k->guard.has_line || (k->line_written && llabs(offset - k->written_offset) < MOVED_US))
        return;
    (void)snprintf(text, sizeof(text), "%s %" PRId64 " %" PRIu64, k->broker->boot_id, line->wall_us,
                   line->boot_us);
    store_txn_meta(t, META_LINE, text);
    k->written_offset = offset;
    k->line_written = true;
}

void timekeeper_write(struct timekeeper *k, struct store_txn *t)
{
    char text[32];

    if (k->guard.standing == CLOCK_NOT_LOOKED)
        return;
    (void)snprintf(text, sizeof(text), "%" PRId64, seconds(k->guard.highest_us));
    store_txn_meta(t, META_TIME, text);
    write_line(k, t);
    k->written_at = clock_boot_us();
}

void timekeeper_not_written(struct timekeeper *k)
{
    k->line_written = false;
}

/* What is no number was not written by hufud: then it is later than any time. */
static int64_t load_highest(const char *text)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number > INT64_MAX / US_PER_SECOND)
        return INT64_MAX;
    return number < INT64_MIN / US_PER_SECOND ? INT64_MIN : number * US_PER_SECOND;
}

/* "BOOT-ID WALL BOOT", of this boot. */
static bool load_line(const struct timekeeper *k, const char *text, struct clock_point *ret)
{
    size_t length = strlen(k->broker->boot_id);
    char *end;

    if (strncmp(text, k->broker->boot_id, length) != 0 || text[length] != ' ')
        return false;
    errno = 0;
    ret->wall_us = strtoll(text + length + 1, &end, 10);
    if (errno != 0 || *end != ' ')
        return false;
    ret->boot_us = strtoull(end + 1, &end, 10);
    return errno == 0 && *end == '\0';
}

void timekeeper_load(struct timekeeper *k)
{
    struct store *s = k->broker->store;
    struct clock_point line;
    char text[96];
    int64_t highest;

    if (store_load_meta(s, META_TIME, text, sizeof(text)) < 0)
        return;
    highest = load_highest(text);
    if (store_load_meta(s, META_LINE, text, sizeof(text)) == 0 && load_line(k, text, &line))
        clock_guard_load(&k->guard, highest, &line);
    else
        clock_guard_load(&k->guard, highest, NULL);
}

/* ---- watching ---- */

static int on_again(sd_event_source *source, void *userdata)
{
    struct timekeeper *k = userdata;

    (void)source;
    life_recheck_all(k->broker);
    return 0;
}

/* With TFD_TIMER_CANCEL_ON_SET the descriptor is readable as soon as the clock was set. */
static int arm_steps(const struct timekeeper *k)
{
    const struct itimerspec never = {.it_value.tv_sec = INT64_MAX}; /* the kernel takes its own last moment */

    return timerfd_settime(k->steps_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0
               ? -errno
               : 0;
}

static int on_step(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct timekeeper *k = userdata;
    uint64_t n;

    (void)source;
    (void)events;
    if (read(fd, &n, sizeof(n)) < 0 && errno == EAGAIN)
        return 0;
    (void)arm_steps(k);
    (void)take_look(k);
    /* Also after a small one: timers of the wall clock come at another moment now. */
    return sd_event_source_set_enabled(k->again, SD_EVENT_ONESHOT);
}

static int watch_steps(struct timekeeper *k)
{
    int r;

    k->steps_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (k->steps_fd < 0)
        return -errno;
    r = arm_steps(k);
    return r < 0 ? r : sd_event_add_io(k->broker->event, &k->steps, k->steps_fd, EPOLLIN, on_step, k);
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
    struct timekeeper *k = userdata;

    (void)now;
    (void)take_look(k);
    if (clock_boot_us() >= k->written_at + WRITE_US)
        ledger_submit(k->broker, ledger_txn(k->broker), NULL, NULL);
    /* From now, not from when it was due: after a suspend that would be once for each minute slept. */
    return sd_event_source_set_time_relative(source, LOOK_US);
}

int timekeeper_start(struct timekeeper *k)
{
    int r = sd_event_add_defer(k->broker->event, &k->again, on_again, k);

    if (r >= 0)
        r = sd_event_source_set_enabled(k->again, SD_EVENT_OFF);
    if (r >= 0)
        r = watch_steps(k);
    if (r >= 0)
        r = sd_event_add_time_relative(k->broker->event, &k->timer, CLOCK_BOOTTIME, LOOK_US, 0, on_timer, k);
    if (r >= 0)
        r = sd_event_source_set_enabled(k->timer, SD_EVENT_ON);
    if (r >= 0)
        (void)take_look(k);
    return r;
}

void timekeeper_set_tolerance(struct timekeeper *k, uint32_t tolerance)
{
    k->guard.tolerance_us = (int64_t)tolerance * US_PER_SECOND;
}

int timekeeper_new(struct broker *b, struct timekeeper **ret)
{
    struct timekeeper *k = calloc(1, sizeof(*k));

    if (!k)
        return -ENOMEM;
    k->broker = b;
    k->steps_fd = -1;
    clock_guard_init(&k->guard, b->config->tolerance);
    *ret = k;
    return 0;
}

struct timekeeper *timekeeper_free(struct timekeeper *k)
{
    if (!k)
        return NULL;
    sd_event_source_disable_unref(k->steps);
    sd_event_source_disable_unref(k->timer);
    sd_event_source_disable_unref(k->again);
    close_fd(k->steps_fd);
    free(k);
    return NULL;
}
