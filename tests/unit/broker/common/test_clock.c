// LINK: -Wl,--wrap=read -Wl,--wrap=adjtimex
#include "broker/common/clock.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

/* What the next read() finds; NULL: the file itself. */
static const char *content;

ssize_t __real_read(int fd, void *octets, size_t size);
ssize_t __wrap_read(int fd, void *octets, size_t size);
ssize_t __wrap_read(int fd, void *octets, size_t size)
{
    size_t length;

    if (!content)
        return __real_read(fd, octets, size);
    length = strlen(content) < size ? strlen(content) : size;
    memcpy(octets, content, length);
    return (ssize_t)length;
}

/* What the kernel says of the clock; a set mode would be refused to a process without capabilities. */
static struct {
    int state, status;
} kernel;

int __wrap_adjtimex(struct timex *t);
int __wrap_adjtimex(struct timex *t)
{
    assert_int_equal(t->modes, 0);
    t->status = kernel.status;
    return kernel.state;
}

static void test_synchronised(void **state)
{
    const int leap[] = {TIME_OK, TIME_INS, TIME_DEL, TIME_OOP, TIME_WAIT};

    (void)state;
    for (size_t i = 0; i < sizeof(leap) / sizeof(leap[0]); i++) {
        kernel.state = leap[i];
        kernel.status = STA_PLL | STA_INS;
        assert_true(clock_is_synchronised());
        kernel.status = STA_PLL | STA_UNSYNC;
        assert_false(clock_is_synchronised());
    }
    kernel.status = 0;
    kernel.state = TIME_ERROR;
    assert_false(clock_is_synchronised());
    kernel.state = -1;
    assert_false(clock_is_synchronised());
}

static void test_wall(void **state)
{
    time_t before = time(NULL);
    when_t seconds = clock_wall();
    int64_t us = clock_wall_us();

    (void)state;
    /* time() is the coarse clock: up to a tick behind. */
    assert_in_range(seconds, before, before + 5);
    assert_in_range(us / 1000000, seconds, seconds + 5);
}

static void test_boot_goes_on(void **state)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    uint64_t first = clock_boot_us(), second;

    (void)state;
    (void)nanosleep(&pause, NULL);
    second = clock_boot_us();
    assert_in_range(second - first, 2000, 5000000);
}

static void test_boot_id(void **state)
{
    char first[33], second[33];

    (void)state;
    assert_int_equal(clock_boot_id(first), 0);
    assert_int_equal(strlen(first), 32);
    assert_int_equal(strspn(first, "0123456789abcdef"), 32);
    assert_int_equal(clock_boot_id(second), 0);
    assert_string_equal(first, second);
}

static void test_boot_id_form(void **state)
{
    static const char *const bad[] = {
        "",
        "01234567-89ab-cdef-0123-456789abcdef",    /* no LF */
        "01234567-89ab-cdef-0123-456789abcdef0\n", /* longer */
        "01234567-89ab-cdef-0123-456789abcdeg\n",  /* not hexadecimal */
        "0123456789abcdef0123456789abcdef0123\n",  /* no dashes */
        "0123-567-89ab-cdef-0123-456789abcdef\n",  /* a dash too many */
    };
    char text[33];

    (void)state;
    content = "01234567-89ab-cdef-0123-456789abcdef\n";
    assert_int_equal(clock_boot_id(text), 0);
    assert_string_equal(text, "0123456789abcdef0123456789abcdef");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        content = bad[i];
        assert_int_equal(clock_boot_id(text), -EBADMSG);
        assert_string_equal(text, "");
    }
    content = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_synchronised), cmocka_unit_test(test_wall),
        cmocka_unit_test(test_boot_goes_on), cmocka_unit_test(test_boot_id),
        cmocka_unit_test(test_boot_id_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
