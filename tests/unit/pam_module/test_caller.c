// LINK: -Wl,--wrap=open
#include "pam_module/caller.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* While `hidden` is set, no file whose path ends so can be opened. */
static const char *hidden;
static unsigned opened; /* files in all */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
    size_t length = strlen(path), end = hidden ? strlen(hidden) : 0;

    opened++;
    if (hidden && length >= end && strcmp(path + length - end, hidden) == 0) {
        errno = ENOENT;
        return -1;
    }
    return __real_open(path, flags);
}

#define FIELDS_4_TO_21 "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 "

static void the_start_time_is_field_22(void **state)
{
    static const struct {
        const char *text;
        uint64_t start;
        int r;
    } rows[] = {
        {"7 (sshd) S " FIELDS_4_TO_21 "567890 20 21\n", 567890, 0},
        {"7 (a b) S " FIELDS_4_TO_21 "567890 20 21\n", 567890, 0},
        /* names that try to look like the rest of the line */
        {"7 (x) R 1 2 3 4 5 6 7) S " FIELDS_4_TO_21 "42 0\n", 42, 0},
        {"7 (a) ) S " FIELDS_4_TO_21 "42 0\n", 42, 0},
        {"7 (()))) S " FIELDS_4_TO_21 "42 0\n", 42, 0},
        {"7 (\n) S " FIELDS_4_TO_21 "42 0\n", 42, 0},
        {"7 () S " FIELDS_4_TO_21 "42\n", 42, 0},
        {"7 (s) S " FIELDS_4_TO_21 "18446744073709551615 0\n", UINT64_MAX, 0},
        {"7 (s) S " FIELDS_4_TO_21 "0 0\n", 0, 0},
        {"7 (s) S " FIELDS_4_TO_21 "18446744073709551616 0\n", 0, -EBADMSG},
        {"7 (s) S " FIELDS_4_TO_21 "56789", 0, -EBADMSG}, /* cut: perhaps in the middle */
        {"7 (s) S " FIELDS_4_TO_21, 0, -EBADMSG},
        {"7 (s) S " FIELDS_4_TO_21 "-1 0\n", 0, -EBADMSG},
        {"7 (s) S " FIELDS_4_TO_21 "x 0\n", 0, -EBADMSG},
        {"7 (s) S 1 2 3\n", 0, -EBADMSG},
        {"7 (s)", 0, -EBADMSG},
        {"7 s S " FIELDS_4_TO_21 "42 0\n", 0, -EBADMSG},
        {"", 0, -EBADMSG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* exact allocation: a read behind the end is seen */
        size_t size = strlen(rows[i].text);
        char *text = malloc(size > 0 ? size : 1);
        uint64_t start = 99;

        assert_non_null(text);
        memcpy(text, rows[i].text, size);
        assert_int_equal(caller_parse_stat(text, size, &start), rows[i].r);
        assert_int_equal(start, rows[i].start);
        free(text);
    }
}

static void audit_numbers_are_whole(void **state)
{
    static const struct {
        const char *text;
        uint32_t value;
        int r;
    } rows[] = {
        {"4294967295", UINT32_MAX, 0}, {"20001", 20001, 0},
        {"20001\n", 20001, 0},         {"0", 0, 0},
        {"4294967296", 7, -EBADMSG},   {"", 7, -EBADMSG},
        {"\n", 7, -EBADMSG},           {"-1", 7, -EBADMSG},
        {"20001x", 7, -EBADMSG},       {"20001\n\n", 7, -EBADMSG},
        {" 1", 7, -EBADMSG},           {"99999999999", 7, -EBADMSG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t value = 7;

        assert_int_equal(caller_parse_audit(rows[i].text, strlen(rows[i].text), &value), rows[i].r);
        assert_int_equal(value, rows[i].value);
    }
}

/* What the kernel says by another road: the boot clock, when this process was started. */
static uint64_t start_time_by_shell(pid_t pid)
{
    char command[128];
    unsigned long long start = 0;
    FILE *f;

    (void)snprintf(command, sizeof(command), "sed 's/.*) //' /proc/%d/stat | cut -d' ' -f20", (int)pid);
    f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%llu", &start), 1);
    (void)pclose(f);
    assert_true(start > 0);
    return start;
}

static uint32_t number_in(const char *path)
{
    unsigned value;
    FILE *f = fopen(path, "r");

    if (!f)
        return UINT32_MAX;
    assert_int_equal(fscanf(f, "%u", &value), 1);
    (void)fclose(f);
    return value;
}

static void this_process_is_described(void **state)
{
    struct gate_caller c;

    (void)state;
    hidden = NULL;
    assert_int_equal(prctl(PR_SET_NAME, "a) S 1 (b", 0, 0, 0), 0);
    caller_describe(&c);
    assert_int_equal(c.pid, getpid());
    assert_int_equal(c.parent, getppid());
    assert_int_equal(c.uid, getuid());
    assert_int_equal(c.start_time, start_time_by_shell(getpid()));
    assert_int_equal(c.parent_start_time, start_time_by_shell(getppid()));
    assert_int_equal(c.login_uid, number_in("/proc/self/loginuid"));
    assert_int_equal(c.audit_session, number_in("/proc/self/sessionid"));
}

/* A login uid that is set is seen: needs a child, since it cannot be taken back, and root. */
static void a_login_uid_is_read(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        int fd = __real_open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
        struct gate_caller c;

        if (fd < 0 || write(fd, "20001", 5) != 5)
            _exit(77);
        caller_describe(&c);
        _exit(c.login_uid == 20001 && c.audit_session != UINT32_MAX ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_cannot_be_read_is_unset(void **state)
{
    struct gate_caller c;

    (void)state;
    hidden = "/loginuid";
    caller_describe(&c);
    assert_int_equal(c.login_uid, UINT32_MAX);
    hidden = "/sessionid";
    caller_describe(&c);
    assert_int_equal(c.audit_session, UINT32_MAX);
    hidden = "/stat";
    caller_describe(&c);
    assert_int_equal(c.start_time, 0);
    assert_int_equal(c.parent_start_time, 0);
    assert_int_equal(c.pid, getpid());
    hidden = NULL;
}

/* /proc takes its time: nothing is read before it is wanted, and nothing that is known already. */
static void no_more_is_read_than_is_wanted(void **state)
{
    struct gate_caller c;

    (void)state;
    opened = 0;
    caller_identify(&c);
    assert_int_equal(opened, 0);
    assert_int_equal(c.login_uid, UINT32_MAX);
    assert_int_equal(c.audit_session, UINT32_MAX);
    hidden = "/loginuid";
    caller_find_login(&c);
    hidden = NULL;
    assert_int_equal(opened, 1); /* without a login uid there is no audit session */
    assert_int_equal(c.start_time, 0);
    caller_find_start(&c);
    assert_int_equal(opened, 3);
    assert_true(c.start_time != 0 && c.parent_start_time != 0);
}

static void a_process_that_is_gone_has_no_start_time(void **state)
{
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(caller_start_time((uint32_t)child), 0);
    assert_int_equal(caller_start_time(0), 0);
    assert_int_equal(caller_start_time(UINT32_MAX), 0);
}

static void kernels_count_since_6_9(void **state)
{
    static const struct {
        const char *release;
        bool counts;
    } rows[] = {
        {"6.9.0", true},
        {"6.9", true},
        {"6.18.44-fc-v657", true},
        {"6.12.48+deb13-amd64", true},
        {"7.0.0-rc1", true},
        {"10.1", true},
        {"6.8.12-generic", false},
        {"6.1.0-40-amd64", false},
        {"5.19.0", false},
        {"6", false},
        {"6.", false},
        {"6.x", false},
        {"6-9", false},
        {"", false},
        {".9", false},
        {"4294967297.9", false},
        {"6.4294967297", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(caller_release_counts(rows[i].release), rows[i].counts);
    opened = 0;
    (void)caller_is_counted();
    assert_int_equal(opened, 0);
}

static void pkexec_says_who_called_it(void **state)
{
    static const struct {
        const char *service, *value;
        uint32_t before, after;
    } rows[] = {
        {"polkit-1", "20001", 0, 20001},
        {"polkit-1", "0", 0, 0},
        {"polkit-1", "20002", 20001, 20001}, /* it did not become root: the kernel knows better */
        {"polkit-1", NULL, 0, 0},
        {"polkit-1", "", 0, 0},
        {"polkit-1", "20001x", 0, 0},
        {"polkit-1", "4294987297", 0, 0},
        {"sudo", "20001", 0, 0}, /* whose environment is the caller's */
        {"polkit-10", "20001", 0, 0},
        {NULL, "20001", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct gate_caller c = {.uid = rows[i].before};

        caller_of_pkexec(rows[i].service, rows[i].value, &c);
        assert_int_equal(c.uid, rows[i].after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_start_time_is_field_22),
        cmocka_unit_test(audit_numbers_are_whole),
        cmocka_unit_test(this_process_is_described),
        cmocka_unit_test(a_login_uid_is_read),
        cmocka_unit_test(what_cannot_be_read_is_unset),
        cmocka_unit_test(no_more_is_read_than_is_wanted),
        cmocka_unit_test(a_process_that_is_gone_has_no_start_time),
        cmocka_unit_test(kernels_count_since_6_9),
        cmocka_unit_test(pkexec_says_who_called_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
