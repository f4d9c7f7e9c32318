// LINK: -Wl,--wrap=getpwnam_r -Wl,--wrap=getgrnam_r
#include "pam_module/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int __real_getpwnam_r(const char *name, struct passwd *row, char *buffer, size_t size, struct passwd **ret);
int __wrap_getpwnam_r(const char *name, struct passwd *row, char *buffer, size_t size, struct passwd **ret);
int __real_getgrnam_r(const char *name, struct group *row, char *buffer, size_t size, struct group **ret);
int __wrap_getgrnam_r(const char *name, struct group *row, char *buffer, size_t size, struct group **ret);

static int error;            /* what every look-up fails with */
static size_t needed;        /* below this size of buffer it is ERANGE */
static const char *spelling; /* how the database spells every name; NULL: the real database */

int __wrap_getpwnam_r(const char *name, struct passwd *row, char *buffer, size_t size, struct passwd **ret)
{
    *ret = NULL;
    if (error != 0)
        return error;
    if (size < needed)
        return ERANGE;
    if (!spelling)
        return __real_getpwnam_r(name, row, buffer, size, ret);
    *row = (struct passwd){.pw_name = (char *)spelling, .pw_uid = 5, .pw_gid = 6};
    *ret = row;
    return 0;
}

int __wrap_getgrnam_r(const char *name, struct group *row, char *buffer, size_t size, struct group **ret)
{
    *ret = NULL;
    if (error != 0)
        return error;
    if (size < needed)
        return ERANGE;
    return __real_getgrnam_r(name, row, buffer, size, ret);
}

static int set_up(void **state)
{
    (void)state;
    error = 0;
    needed = 0;
    spelling = NULL;
    return 0;
}

static void who_is_there_is_found(void **state)
{
    struct account a;
    uint32_t gid = 7;

    (void)state;
    assert_int_equal(account_by_name("root", &a), 0);
    assert_string_equal(a.name, "root");
    assert_int_equal(a.uid, 0);
    assert_int_equal(a.gid, 0);
    assert_int_equal(account_by_uid(0, &a), 0);
    assert_string_equal(a.name, "root");
    assert_int_equal(account_group("root", &gid), 0);
    assert_int_equal(gid, 0);
}

static void who_is_not_there_is_absent(void **state)
{
    static const int answers[] = {0, ENOENT, ESRCH};
    struct account a = {.uid = 0, .gid = 0};
    uint32_t gid = 0;

    (void)state;
    assert_int_equal(account_by_name("no-such-account", &a), ACCOUNT_ABSENT);
    assert_int_equal(a.uid, UINT32_MAX);
    assert_int_equal(a.gid, UINT32_MAX);
    assert_int_equal(account_by_uid(4123456789u, &a), ACCOUNT_ABSENT);
    for (size_t i = 0; i < 3; i++) {
        error = answers[i];
        assert_int_equal(account_by_name("no-such-account", &a), ACCOUNT_ABSENT);
        assert_int_equal(account_group("no-such-group", &gid), ACCOUNT_ABSENT);
        assert_int_equal(gid, UINT32_MAX);
    }
}

static void an_error_is_not_absence(void **state)
{
    static const int answers[] = {EIO, ENOMEM, EMFILE, ENFILE, EINTR, EAGAIN};
    struct account a = {.uid = 0, .gid = 0};
    uint32_t gid = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        error = answers[i];
        assert_int_equal(account_by_name("root", &a), -answers[i]);
        assert_int_equal(a.uid, UINT32_MAX);
        assert_int_equal(account_group("root", &gid), -answers[i]);
        assert_int_equal(gid, UINT32_MAX);
    }
}

static void large_rows_get_room_up_to_a_bound(void **state)
{
    struct account a;
    uint32_t gid;

    (void)state;
    needed = 200000;
    assert_int_equal(account_by_name("root", &a), 0);
    assert_int_equal(a.uid, 0);
    assert_int_equal(account_group("root", &gid), 0);
    needed = SIZE_MAX;
    assert_int_equal(account_by_name("root", &a), -ERANGE);
    assert_int_equal(account_group("root", &gid), -ERANGE);
}

/* A directory may not care about case: the name that counts is the database's own. */
static void the_databases_spelling_is_kept(void **state)
{
    static char name[258];
    struct account a;

    (void)state;
    spelling = "zhang.san";
    assert_int_equal(account_by_name("Zhang.San", &a), 0);
    assert_string_equal(a.name, "zhang.san");
    memset(name, 'x', sizeof(name) - 1);
    spelling = name;
    assert_int_equal(account_by_name("x", &a), -EMSGSIZE);
    assert_int_equal(a.uid, UINT32_MAX);
    name[256] = 0;
    assert_int_equal(account_by_name("x", &a), 0);
    assert_string_equal(a.name, name);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        TEST(who_is_there_is_found),          TEST(who_is_not_there_is_absent),
        TEST(an_error_is_not_absence),        TEST(large_rows_get_room_up_to_a_bound),
        TEST(the_databases_spelling_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
