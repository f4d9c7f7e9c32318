#include "tests/unit/broker/daemon/set_clock.h"

#include "broker/common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    when_t wall, boot; /* seconds that they are ahead of the real ones */
    bool synchronised;
    int steps; /* what the broker believes to be the kernel's word that the clock was set */
    unsigned armed;
} clock_now;

when_t __real_clock_wall(void);
when_t __wrap_clock_wall(void);
int64_t __real_clock_wall_us(void);
int64_t __wrap_clock_wall_us(void);
uint64_t __real_clock_boot_us(void);
uint64_t __wrap_clock_boot_us(void);
bool __wrap_clock_is_synchronised(void);
int __wrap_timerfd_create(int clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old);

when_t __wrap_clock_wall(void)
{
    return __real_clock_wall() + clock_now.wall;
}

int64_t __wrap_clock_wall_us(void)
{
    return __real_clock_wall_us() + clock_now.wall * 1000000;
}

uint64_t __wrap_clock_boot_us(void)
{
    return __real_clock_boot_us() + (uint64_t)clock_now.boot * 1000000;
}

bool __wrap_clock_is_synchronised(void)
{
    return clock_now.synchronised;
}

int __wrap_timerfd_create(int clock, int flags)
{
    assert_int_equal(clock, CLOCK_REALTIME);
    (void)flags;
    clock_now.steps = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return clock_now.steps;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
    assert_int_equal(fd, clock_now.steps);
    assert_int_equal(flags, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
    assert_true(value->it_value.tv_sec > __real_clock_wall());
    assert_null(old);
    clock_now.armed++;
    return 0;
}

void set_clock_reset(void)
{
    memset(&clock_now, 0, sizeof(clock_now));
}

int set_clock_setup(void **state)
{
    set_clock_reset();
    return world_setup(state);
}

void set_clock(when_t seconds, bool synchronised)
{
    clock_now.wall += seconds;
    clock_now.synchronised = synchronised;
}

void set_clock_wait(when_t seconds)
{
    clock_now.wall += seconds;
    clock_now.boot += seconds;
}

when_t set_clock_real_wall(void)
{
    return __real_clock_wall();
}

void set_clock_tell(void)
{
    const uint64_t one = 1;

    assert_int_equal(write(clock_now.steps, &one, sizeof(one)), sizeof(one));
}

unsigned set_clock_n_armed(void)
{
    return clock_now.armed;
}
