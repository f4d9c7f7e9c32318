// LAYERS: test_support
// LINK: -Wl,--wrap=getpwnam -Wl,--wrap=getgrnam

#include "broker/common/files.h"
#include "broker/daemon/reload.h"
#include "tests/unit/broker/daemon/world.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The users and the groups that have rights here, and that they are looked up again. */

#define CONF                                                                                               \
    "[host]\nhost = db01.finance.example\n[gate]\ngated-uid = 20000-29999\n[directory]\nstatus-max-age = " \
    "none\n"

/* ---- looking up ---- */

static bool answers; /* whether this test's users and groups are asked */
static uid_t user;   /* 0: there is none */
static gid_t group;
static int error;

struct passwd *__real_getpwnam(const char *name);
struct passwd *__wrap_getpwnam(const char *name);
struct passwd *__wrap_getpwnam(const char *name)
{
    static struct passwd found;

    if (!answers)
        return __real_getpwnam(name);
    if (strcmp(name, "hufu-keys") != 0 && strcmp(name, "hufu-rec") != 0)
        assert_string_equal(name, "hufu-ldap");
    errno = error;
    found.pw_uid = user + (strcmp(name, "hufu-ldap") == 0) + (strcmp(name, "hufu-rec") == 0 ? 2 : 0);
    return user ? &found : NULL;
}

struct group *__real_getgrnam(const char *name);
struct group *__wrap_getgrnam(const char *name);
struct group *__wrap_getgrnam(const char *name)
{
    static struct group found;

    if (!answers)
        return __real_getgrnam(name);
    errno = error;
    found.gr_gid = group + (strcmp(name, "hufu-auditors") == 0);
    return group ? &found : NULL;
}

static void assert_found(uid_t keys, uid_t ldap, uid_t recorder, gid_t operators, gid_t auditors,
                         struct accounts *a)
{
    answers = true;
    accounts_find(a);
    answers = false;
    assert_int_equal(a->keys, keys);
    assert_int_equal(a->ldap, ldap);
    assert_int_equal(a->recorder, recorder);
    assert_int_equal(a->operators, operators);
    assert_int_equal(a->auditors, auditors);
}

static void test_looking_up(void **state)
{
    static const int none[] = {0, ENOENT, ESRCH, EBADF, EPERM};
    struct accounts a = ACCOUNTS_NONE;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        user = 990, group = 980, error = 0;
        assert_found(990, 991, 992, 980, 981, &a);
        user = 0, group = 0, error = none[i];
        assert_found((uid_t)-1, (uid_t)-1, (uid_t)-1, (gid_t)-1, (gid_t)-1, &a);
    }
}

/* A lookup that fails takes nobody's rights away, and gives none. */
static void test_failing_to_look_up(void **state)
{
    struct accounts a = {1, 2, 5, 3, 4};

    (void)state;
    user = 0, group = 0, error = EIO;
    assert_found(1, 2, 5, 3, 4, &a);
    a = ACCOUNTS_NONE;
    assert_found((uid_t)-1, (uid_t)-1, (uid_t)-1, (gid_t)-1, (gid_t)-1, &a);
}

static void test_a_difference(void **state)
{
    const struct accounts a = {1, 2, 5, 3, 4};
    const struct accounts others[] = {
        {9, 2, 5, 3, 4}, {1, 9, 5, 3, 4}, {1, 2, 9, 3, 4}, {1, 2, 5, 9, 4}, {1, 2, 5, 3, 9}};

    (void)state;
    assert_false(accounts_differ(&a, &a));
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_true(accounts_differ(&a, &others[i]));
}

/* ---- at a reload ---- */

static int reload(struct world *w, const char *text)
{
    assert_int_equal(files_write(world_path(w, "hufud.conf"), 0600, text, strlen(text)), 0);
    return broker_reload(w->broker);
}

/* The test's own group, and nobody's. */
static void find_me_an_operator(struct accounts *a)
{
    a->operators = getegid();
    a->keys = geteuid();
}

static void find_nobody(struct accounts *a)
{
    *a = ACCOUNTS_NONE;
}

/* Status may be asked while nobody can tell a login uid, by root, operators and auditors. */
static bool may_ask(struct world *w)
{
    struct varlink_reply r = world_call(w, "Status", NULL);
    bool may = !r.error;

    if (!may)
        assert_string_equal(r.error, "org.hufu.control.NotPermitted");
    varlink_reply_done(&r);
    return may;
}

static bool may_ask_about_keys(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_keys m = {.pid = (uint32_t)v.pid, .parent = (uint32_t)getpid(), .user = WORLD_STAFF};
    uint8_t frame[FRAME_MAX];
    int size, fd = visitor_connect(&v, world_path(w, "gate"));

    (void)snprintf(m.key_type, sizeof(m.key_type), "ssh-ed25519");
    (void)snprintf(m.key, sizeof(m.key), "YQ==");
    size = gate_encode_keys(&m, frame);
    assert_true(size > 0 && write(fd, frame, (size_t)size) == size);
    visitor_end(&v);
    return world_take(w, fd).reason != REASON_CALLER_FORBIDDEN;
}

/* A group that was made after the start counts after a reload, and one that has gone counts no more. */
static void test_users_and_groups(void **state)
{
    struct world *w = *state;

    world_stop(w);
    fake_reaper_stop(&w->reaper);
    w->root = geteuid() + 1;
    world_start(w);
    assert_false(may_ask(w));
    assert_false(may_ask_about_keys(w));
    w->broker->options.find_accounts = find_me_an_operator;
    assert_int_equal(reload(w, CONF), 0);
    assert_true(may_ask(w));
    assert_true(may_ask_about_keys(w));
    w->broker->options.find_accounts = find_nobody;
    assert_true(reload(w, "[host]\n") < 0); /* nothing is looked up for a wrong file */
    assert_true(may_ask(w));
    assert_int_equal(reload(w, CONF), 0);
    assert_false(may_ask(w));
    assert_false(may_ask_about_keys(w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looking_up),
        cmocka_unit_test(test_failing_to_look_up),
        cmocka_unit_test(test_a_difference),
        cmocka_unit_test_setup_teardown(test_users_and_groups, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
