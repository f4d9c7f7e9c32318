#include "broker/common/descriptors.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the kernel has made room for, proc_pid_status(5). */
static unsigned long table_size(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long slots = 0;

    while (f && slots == 0 && fgets(line, sizeof(line), f))
        if (strncmp(line, "FDSize:", 7) == 0)
            slots = strtoul(line + 7, NULL, 10);
    if (f)
        (void)fclose(f);
    return slots;
}

static unsigned count_open(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        (void)closedir(d);
    return n;
}

/* In a process of its own, since a hard limit stays: what is allowed at first, what is asked for. */
static bool makes_room(rlim_t soft, rlim_t hard, size_t slots, unsigned long expected)
{
    const struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        struct rlimit after = {0};
        unsigned open_before = count_open();

        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            _exit(1);
        descriptors_make_room(slots);
        if (getrlimit(RLIMIT_NOFILE, &after) < 0 || after.rlim_cur != hard || after.rlim_max != hard)
            _exit(2);
        if (count_open() != open_before)
            _exit(3);
        _exit(table_size() >= expected && table_size() < 2 * expected ? 0 : 4);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return status == 0;
}

static void test_limits(void **state)
{
    (void)state;
    assert_true(table_size() < 512);
    assert_true(makes_room(64, 1024, 1024, 1024));
    assert_true(makes_room(64, 1024, 512, 512));
    assert_true(makes_room(64, 512, 8192, 512));
    assert_true(makes_room(512, 512, 512, 512));
}

/* Whatever this one may have. */
static void test_of_this_process(void **state)
{
    unsigned open_before = count_open();

    (void)state;
    descriptors_make_room(512);
    assert_true(table_size() >= 512);
    assert_int_equal(count_open(), open_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limits), cmocka_unit_test(test_of_this_process)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
