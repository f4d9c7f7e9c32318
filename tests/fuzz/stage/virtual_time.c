#include "tests/fuzz/stage/virtual_time.h"

#include "broker/common/clock.h"
#include "tests/unit/support/issuing.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#define DAY_US     ((int64_t)86400 * 1000000)
#define TIMERS_MAX 512

/* Other threads read the clocks, too. */
static struct {
    atomic_llong wall_us, boot_us;
    atomic_bool synchronised;
    int steps; /* what the broker believes to be the kernel's word that the clock was set; -1: none */
} now = {.steps = -1};

/* The loop's thread alone. */
static struct timer {
    sd_event_source *source;
    clockid_t clock;
    uint64_t due_us;
} timers[TIMERS_MAX];
static unsigned n_timers;

/* ---- the clocks ---- */

when_t __wrap_clock_wall(void);
int64_t __wrap_clock_wall_us(void);
uint64_t __wrap_clock_boot_us(void);
bool __wrap_clock_is_synchronised(void);
int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old);

when_t __wrap_clock_wall(void)
{
    return atomic_load(&now.wall_us) / 1000000;
}

int64_t __wrap_clock_wall_us(void)
{
    return atomic_load(&now.wall_us);
}

uint64_t __wrap_clock_boot_us(void)
{
    return (uint64_t)atomic_load(&now.boot_us);
}

bool __wrap_clock_is_synchronised(void)
{
    return atomic_load(&now.synchronised);
}

/* Whoever asks for it closes it. */
int __wrap_timerfd_create(int clock, int flags)
{
    must(clock == CLOCK_REALTIME);
    (void)flags;
    now.steps = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return now.steps;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
    must(fd == now.steps && (flags & TFD_TIMER_CANCEL_ON_SET) != 0 && value && !old);
    return 0;
}

/* ---- the timers ---- */

int __real_sd_event_add_time(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t us,
                             uint64_t accuracy, sd_event_time_handler_t handler, void *userdata);
int __wrap_sd_event_add_time(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t us,
                             uint64_t accuracy, sd_event_time_handler_t handler, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t handler, void *userdata);
int __real_sd_event_source_set_time(sd_event_source *s, uint64_t us);
int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t us);
int __wrap_sd_event_source_set_time_relative(sd_event_source *s, uint64_t us);
sd_event_source *__real_sd_event_source_disable_unref(sd_event_source *s);
sd_event_source *__wrap_sd_event_source_disable_unref(sd_event_source *s);

static uint64_t reading(clockid_t clock)
{
    return clock == CLOCK_REALTIME ? (uint64_t)clock_wall_us() : clock_boot_us();
}

static uint64_t later(uint64_t now_us, uint64_t us)
{
    return us > UINT64_MAX - now_us ? UINT64_MAX : now_us + us;
}

/* The real one comes at once, or never. */
static uint64_t real_due(const struct timer *t)
{
    return t->due_us <= reading(t->clock) ? 0 : UINT64_MAX;
}

static struct timer *find(const sd_event_source *s)
{
    for (unsigned i = 0; i < n_timers; i++)
        if (timers[i].source == s)
            return &timers[i];
    return NULL;
}

int __wrap_sd_event_add_time(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t us,
                             uint64_t accuracy, sd_event_time_handler_t handler, void *userdata)
{
    struct timer *t = &timers[n_timers];
    int r;

    (void)accuracy;
    must(ret && n_timers < TIMERS_MAX && (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME));
    *t = (struct timer){.clock = clock, .due_us = us};
    r = __real_sd_event_add_time(e, ret, CLOCK_MONOTONIC, real_due(t), 1, handler, userdata);
    must(r >= 0);
    t->source = *ret;
    n_timers++;
    return r;
}

int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t handler, void *userdata)
{
    return __wrap_sd_event_add_time(e, ret, clock, later(reading(clock), us), accuracy, handler, userdata);
}

int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t us)
{
    struct timer *t = find(s);

    must(t != NULL);
    t->due_us = us;
    return __real_sd_event_source_set_time(s, real_due(t));
}

int __wrap_sd_event_source_set_time_relative(sd_event_source *s, uint64_t us)
{
    struct timer *t = find(s);

    must(t != NULL);
    return __wrap_sd_event_source_set_time(s, later(reading(t->clock), us));
}

sd_event_source *__wrap_sd_event_source_disable_unref(sd_event_source *s)
{
    struct timer *t = s ? find(s) : NULL;

    if (t)
        *t = timers[--n_timers];
    return __real_sd_event_source_disable_unref(s);
}

/* ---- what the test does ---- */

static void ring(void)
{
    for (unsigned i = 0; i < n_timers; i++)
        must(__real_sd_event_source_set_time(timers[i].source, real_due(&timers[i])) >= 0);
}

void virtual_time_reset(when_t wall)
{
    must(n_timers == 0);
    atomic_store(&now.wall_us, wall * 1000000);
    atomic_store(&now.boot_us, DAY_US);
    atomic_store(&now.synchronised, true);
    now.steps = -1;
}

void virtual_time_pass(uint64_t us)
{
    atomic_fetch_add(&now.wall_us, (int64_t)us);
    atomic_fetch_add(&now.boot_us, (int64_t)us);
    ring();
}

void virtual_time_set(int64_t seconds, bool synchronised)
{
    const uint64_t one = 1;

    atomic_fetch_add(&now.wall_us, seconds * 1000000);
    atomic_store(&now.synchronised, synchronised);
    if (now.steps >= 0)
        must(write(now.steps, &one, sizeof(one)) == sizeof(one));
    ring();
}

bool virtual_time_is_synchronised(void)
{
    return atomic_load(&now.synchronised);
}

unsigned virtual_time_timers(void)
{
    return n_timers;
}
