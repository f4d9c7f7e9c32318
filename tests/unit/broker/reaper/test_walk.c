// LAYERS: test_support

/* Who is met in /proc, whoever is born and dies meanwhile. */
#include "broker/reaper/walk.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint32_t born(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)alarm(60);
        (void)pause();
        _exit(0);
    }
    assert_true(pid > 0);
    return (uint32_t)pid;
}

static void kill_and(uint32_t pid, int wait)
{
    siginfo_t info;
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, pid, &info, WEXITED | wait), 0);
}

static bool meets(struct walk *w, bool gone, uint32_t wanted)
{
    uint32_t pid = 0;
    int r;
    for (; (r = walk_next(w, gone, &pid)) > 0 && pid != wanted; gone = false)
        ;
    assert_true(r >= 0);
    return r > 0;
}

/* `wait`: 0, or WNOWAIT for a parent that stays as a zombie. */
static void meets_who_was_born_later(int wait)
{
    int proc = open("/proc", O_RDONLY | O_DIRECTORY);
    struct walk w;
    assert_int_equal(walk_begin(proc, &w), 0);
    uint32_t parent = born();
    assert_true(meets(&w, false, parent));
    uint32_t child = born();
    kill_and(parent, wait);
    bool met = child < parent || meets(&w, true, child);
    kill_and(child, 0);
    if (wait != 0)
        kill_and(parent, 0);
    walk_done(&w);
    (void)close(proc);
    assert_true(met);
}

/* The last of all was given, and nobody stood behind it then. */
static void a_child_of_who_is_gone_is_met(void **state)
{
    (void)state;
    meets_who_was_born_later(0);
}

static void a_child_of_a_zombie_is_met(void **state)
{
    (void)state;
    meets_who_was_born_later(WNOWAIT);
}

static void write_loadavg(int folder, const char *text)
{
    int fd = openat(folder, "loadavg", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

/* As many names that are no pids as /proc has, and more. */
static int open_proc(void **state)
{
    int folder = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char name[64];
    assert_true(folder >= 0);
    for (unsigned i = 1; i <= 200; i++) {
        (void)snprintf(name, sizeof name, "%u", i * 7);
        assert_int_equal(mkdirat(folder, name, 0700), 0);
        (void)snprintf(name, sizeof name, "a-name-that-takes-more-room-than-a-pid-%u", i);
        assert_int_equal(mkdirat(folder, name, 0700), 0);
    }
    write_loadavg(folder, "0.10 0.20 0.30 1/100 1500\n");
    return folder;
}

static void others_are_passed_by(void **state)
{
    int folder = open_proc(state);
    struct walk w;
    unsigned n = 0, sum = 0;
    uint32_t pid;
    assert_int_equal(walk_begin(folder, &w), 0);
    for (int r; (r = walk_next(&w, false, &pid)) != 0; n++, sum += pid)
        assert_int_equal(r, 1);
    assert_int_equal(n, 200);
    assert_int_equal(sum, 7 * 200 * 201 / 2);
    assert_false(w.began_anew);
    walk_done(&w);
    (void)close(folder);
}

static bool begins_anew(int folder, const char *meanwhile, unsigned after, const char *later)
{
    struct walk w;
    uint32_t pid;
    write_loadavg(folder, "0.10 0.20 0.30 1/100 1500\n");
    assert_int_equal(walk_begin(folder, &w), 0);
    write_loadavg(folder, meanwhile);
    for (unsigned i = 0; i < after; i++)
        assert_int_equal(walk_next(&w, false, &pid), 1);
    write_loadavg(folder, later);
    while (walk_next(&w, false, &pid) > 0)
        ;
    bool anew = w.began_anew;
    walk_done(&w);
    return anew;
}

/* Also if the pids have gone through all of them since, and beyond where they were. */
static void pids_that_begin_anew_are_noticed(void **state)
{
    static const char high[] = "0.10 0.20 0.30 1/100 32767\n", low[] = "0.10 0.20 0.30 1/100 300\n";
    int folder = open_proc(state);
    assert_false(begins_anew(folder, high, 100, high));
    assert_true(begins_anew(folder, low, 0, low));
    assert_true(begins_anew(folder, high, 199, low));
    assert_true(begins_anew(folder, low, 1, high));
    assert_true(begins_anew(folder, high, 1, low));
    (void)close(folder);
}

static void a_loadavg_that_does_not_tell_is_refused(void **state)
{
    static const char *const texts[] = {"",     "0.10 0.20 0.30 1/100 \n",    "0.10 0.20 0.30 1/100 x\n",
                                        "12\n", "0.10 0.20 0.30 1/100 12 \n", "0.10 0.20 0.30 1/100 12"};
    struct walk w;
    int folder = open_proc(state);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        write_loadavg(folder, texts[i]);
        assert_int_equal(walk_begin(folder, &w), -EBADMSG);
    }
    assert_int_equal(unlinkat(folder, "loadavg", 0), 0);
    assert_int_equal(walk_begin(folder, &w), -ENOENT);
    (void)close(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_of_who_is_gone_is_met),
        cmocka_unit_test(a_child_of_a_zombie_is_met),
        cmocka_unit_test_setup_teardown(others_are_passed_by, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(pids_that_begin_anew_are_noticed, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_loadavg_that_does_not_tell_is_refused, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
