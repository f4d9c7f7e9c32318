// LINK: -Wl,--wrap=account_by_name -Wl,--wrap=account_by_uid -Wl,--wrap=account_group
#include "pam_module/scope.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* --- a user database of the test's own ---------------------------------------------------------------------
 */

#define GATED_GID 990

static const struct account accounts[] = {
    {"root", 0, 0},
    {"wang", 1000, 1000},
    {"zhang.san", 20001, GATED_GID},
    {"zhao.liu", 20002, GATED_GID},
    {"first", 20000, GATED_GID},
    {"last", 29999, GATED_GID},
    {"before", 19999, 1000},
    {"after", 30000, 1000},
};

static int database_error; /* negative: every look-up fails so */
static int group_error;
static unsigned lookups;

int __wrap_account_by_name(const char *name, struct account *ret);
int __wrap_account_by_uid(uint32_t uid, struct account *ret);
int __wrap_account_group(const char *name, uint32_t *ret);

int __wrap_account_by_name(const char *name, struct account *ret)
{
    *ret = (struct account){.uid = UINT32_MAX, .gid = UINT32_MAX};
    lookups++;
    for (size_t i = 0; database_error == 0 && i < sizeof(accounts) / sizeof(accounts[0]); i++)
        if (strcmp(accounts[i].name, name) == 0) {
            *ret = accounts[i];
            return 0;
        }
    return database_error < 0 ? database_error : ACCOUNT_ABSENT;
}

int __wrap_account_by_uid(uint32_t uid, struct account *ret)
{
    *ret = (struct account){.uid = UINT32_MAX, .gid = UINT32_MAX};
    lookups++;
    for (size_t i = 0; database_error == 0 && i < sizeof(accounts) / sizeof(accounts[0]); i++)
        if (accounts[i].uid == uid) {
            *ret = accounts[i];
            return 0;
        }
    return database_error < 0 ? database_error : ACCOUNT_ABSENT;
}

int __wrap_account_group(const char *name, uint32_t *ret)
{
    assert_string_equal(name, "hufu-gated");
    *ret = GATED_GID;
    return group_error;
}

/* --- the rule ----------------------------------------------------------------------------------------------
 */

#define NONE  UINT32_MAX
#define FAILS (-EIO)

static const struct gate_range range = {20000, 29999};

static void the_rule_with_a_range(void **state)
{
    static const struct {
        enum service_kind service;
        int lookup;
        uint32_t user, caller, login;
        enum scope_result result;
        uint32_t person;
    } rows[] = {
        /* PAM_USER decides for every service but the switching ones; nobody else plays a part */
        {SERVICE_LOGIN, 0, 20001, 0, NONE, SCOPE_GATED, 20001},
        {SERVICE_LOGIN, 0, 20000, 0, NONE, SCOPE_GATED, 20000},
        {SERVICE_LOGIN, 0, 29999, 0, NONE, SCOPE_GATED, 29999},
        {SERVICE_LOGIN, 0, 19999, 0, NONE, SCOPE_FREE, NONE},
        {SERVICE_LOGIN, 0, 30000, 0, NONE, SCOPE_FREE, NONE},
        {SERVICE_LOGIN, 0, 1000, 0, NONE, SCOPE_FREE, NONE},
        {SERVICE_LOGIN, 0, 0, 0, NONE, SCOPE_FREE, NONE},
        {SERVICE_LOGIN, 0, 1000, 0, 20001, SCOPE_FREE, NONE}, /* sshd restarted from a vendor's shell */
        {SERVICE_LOGIN, 0, 1000, 20001, 20002, SCOPE_FREE, NONE},
        {SERVICE_LOGIN, 0, 20001, 20002, 20002, SCOPE_GATED, 20001},
        {SERVICE_LOGIN, 0, 20001, 1000, 1000, SCOPE_GATED, 20001},
        {SERVICE_JOB, 0, 20001, 0, 1000, SCOPE_GATED, 20001},
        {SERVICE_JOB, 0, 1000, 0, 20001, SCOPE_FREE, NONE},
        {SERVICE_USER_MANAGER, 0, 20001, 0, NONE, SCOPE_GATED, 20001},
        {SERVICE_USER_MANAGER, 0, 1000, 0, NONE, SCOPE_FREE, NONE},
        {SERVICE_OTHER, 0, 20001, 20001, 20001, SCOPE_GATED, 20001},
        {SERVICE_OTHER, 0, 1000, 1000, 20001, SCOPE_FREE, NONE},
        {SERVICE_LOCKER, 0, 20001, 20001, NONE, SCOPE_GATED, 20001},
        /* su, sudo: whoever calls, whatever PAM_USER */
        {SERVICE_SWITCH, 0, 0, 20001, NONE, SCOPE_GATED, 20001},
        {SERVICE_SWITCH, 0, 0, 20001, 20001, SCOPE_GATED, 20001},
        {SERVICE_SWITCH, 0, 0, 0, 20001, SCOPE_GATED, 20001}, /* a vendor who became root */
        {SERVICE_SWITCH, 0, 1000, 1000, 20001, SCOPE_GATED, 20001},
        {SERVICE_SWITCH, 0, 0, 20001, 1000, SCOPE_GATED, 20001},
        {SERVICE_SWITCH, 0, 0, 20001, 20002, SCOPE_TWO_PERSONS, NONE},
        {SERVICE_SWITCH, 0, 20001, 20002, 20001, SCOPE_TWO_PERSONS, NONE},
        {SERVICE_SWITCH, 0, 20001, 0, NONE, SCOPE_FREE,
         NONE}, /* root of the department, to a vendor's account */
        {SERVICE_SWITCH, 0, 20001, 1000, 1000, SCOPE_FREE, NONE},
        {SERVICE_SWITCH, 0, 0, 1000, NONE, SCOPE_FREE, NONE},
        {SERVICE_SWITCH, 0, 0, 0, 0, SCOPE_FREE, NONE},
        {SERVICE_SWITCH, ACCOUNT_ABSENT, NONE, 20001, NONE, SCOPE_GATED, 20001},
        {SERVICE_SWITCH, ACCOUNT_ABSENT, NONE, 1000, 1000, SCOPE_FREE, NONE},
        {SERVICE_SWITCH, FAILS, NONE, 1000, 1000, SCOPE_FREE, NONE},
        {SERVICE_SWITCH, FAILS, NONE, 0, 20001, SCOPE_GATED, 20001},
        /* no account: not waved through where one is needed */
        {SERVICE_LOGIN, ACCOUNT_ABSENT, NONE, 0, NONE, SCOPE_NO_USER, NONE},
        {SERVICE_JOB, ACCOUNT_ABSENT, NONE, 0, NONE, SCOPE_NO_USER, NONE},
        {SERVICE_USER_MANAGER, ACCOUNT_ABSENT, NONE, 0, NONE, SCOPE_NO_USER, NONE},
        {SERVICE_LOCKER, ACCOUNT_ABSENT, NONE, 1000, NONE, SCOPE_NO_USER, NONE},
        {SERVICE_OTHER, ACCOUNT_ABSENT, NONE, 1000, NONE, SCOPE_FREE, NONE}, /* virtual users */
        /* no answer is no proof */
        {SERVICE_LOGIN, FAILS, NONE, 0, NONE, SCOPE_UNSURE, NONE},
        {SERVICE_OTHER, FAILS, NONE, 1000, NONE, SCOPE_UNSURE, NONE},
        {SERVICE_JOB, -ENOMEM, NONE, 0, NONE, SCOPE_UNSURE, NONE},
        {SERVICE_USER_MANAGER, -ERANGE, NONE, 0, NONE, SCOPE_UNSURE, NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* Membership must play no part where there is a range. */
        for (int member = 0; member < 2; member++) {
            struct scope_facts f = {
                .service = rows[i].service,
                .range = &range,
                .user_lookup = rows[i].lookup,
                .user = {rows[i].user, member},
                .caller = {rows[i].caller, member},
                .login = {rows[i].login, member},
            };
            uint32_t person = 7;

            print_message("row %zu\n", i);
            assert_int_equal(scope_judge(&f, &person), rows[i].result);
            assert_int_equal(person, rows[i].person);
        }
    }
}

static void the_rule_without_a_range(void **state)
{
    static const struct {
        enum service_kind service;
        int lookup;
        struct scope_candidate user, caller, login;
        enum scope_result result;
        uint32_t person;
    } rows[] = {
        {SERVICE_LOGIN, 0, {20001, true}, {0, false}, {NONE, false}, SCOPE_GATED, 20001},
        {SERVICE_LOGIN, 0, {20001, false}, {0, false}, {NONE, false}, SCOPE_FREE, NONE},
        {SERVICE_LOGIN, 0, {1000, true}, {0, false}, {NONE, false}, SCOPE_GATED, 1000},
        {SERVICE_LOGIN, 0, {0, true}, {0, false}, {NONE, false}, SCOPE_FREE, NONE}, /* root never */
        {SERVICE_LOGIN, 0, {1000, false}, {20001, true}, {20002, true}, SCOPE_FREE, NONE},
        {SERVICE_SWITCH, 0, {0, false}, {20001, true}, {NONE, false}, SCOPE_GATED, 20001},
        {SERVICE_SWITCH, 0, {0, false}, {0, false}, {20001, true}, SCOPE_GATED, 20001},
        {SERVICE_SWITCH, 0, {0, false}, {20002, true}, {20001, true}, SCOPE_TWO_PERSONS, NONE},
        {SERVICE_SWITCH, 0, {20001, true}, {1000, false}, {1000, false}, SCOPE_FREE, NONE},
        {SERVICE_LOGIN, ACCOUNT_ABSENT, {NONE, false}, {0, false}, {NONE, false}, SCOPE_NO_USER, NONE},
        {SERVICE_LOGIN, FAILS, {NONE, false}, {0, false}, {NONE, false}, SCOPE_UNSURE, NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scope_facts f = {rows[i].service, NULL,           rows[i].lookup,
                                rows[i].user,    rows[i].caller, rows[i].login};
        uint32_t person = 7;

        print_message("row %zu\n", i);
        assert_int_equal(scope_judge(&f, &person), rows[i].result);
        assert_int_equal(person, rows[i].person);
    }
}

/* --- gathering ---------------------------------------------------------------------------------------------
 */

static int set_up(void **state)
{
    (void)state;
    database_error = 0;
    group_error = 0;
    lookups = 0;
    return 0;
}

static struct scope find(const char *service, const char *user, uint32_t caller_uid, uint32_t login_uid)
{
    const char *argv[] = {"gated_uid=20000-29999"};
    struct gate_caller caller = {.uid = caller_uid, .login_uid = login_uid};
    struct arguments a;
    struct scope s;

    arguments_parse(1, argv, &a);
    scope_find(service, user, &a, &caller, &s);
    return s;
}

static struct scope find_without_range(const char *service, const char *user, uint32_t caller_uid,
                                       uint32_t login_uid)
{
    struct gate_caller caller = {.uid = caller_uid, .login_uid = login_uid};
    struct arguments a;
    struct scope s;

    arguments_parse(0, NULL, &a);
    scope_find(service, user, &a, &caller, &s);
    return s;
}

static void the_login_uid_matters_where_somebody_becomes_another(void **state)
{
    static const char *const with[] = {"su", "su-l", "sudo", "sudo-i", "runuser", "polkit-1"};
    static const char *const without[] = {"sshd", "login", "cron", "atd", "systemd-user", "vsftpd"};

    (void)state;
    for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
        assert_true(scope_needs_login(with[i]));
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        assert_false(scope_needs_login(without[i]));
    assert_false(scope_needs_login(NULL));
}

static void a_login_is_the_users(void **state)
{
    static const char *const services[] = {"sshd",         "login",        "cron",  "atd",
                                           "gdm-password", "systemd-user", "vsftpd"};

    (void)state;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        struct scope s = find(services[i], "zhang.san", 0, 1000);

        assert_int_equal(s.result, SCOPE_GATED);
        assert_string_equal(s.person.name, "zhang.san");
        assert_int_equal(s.person.uid, 20001);
        assert_int_equal(s.user_uid, 20001);
        s = find(services[i], "wang", 0, 20001);
        assert_int_equal(s.result, SCOPE_FREE);
    }
}

static void a_switch_is_the_callers(void **state)
{
    static const char *const services[] = {"su",      "su-l",      "sudo",    "sudo-i",
                                           "runuser", "runuser-l", "polkit-1"};

    (void)state;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        struct scope s = find(services[i], "root", 0, 20001);

        assert_int_equal(s.result, SCOPE_GATED);
        assert_string_equal(s.person.name, "zhang.san");
        assert_int_equal(s.user_uid, 0);
        assert_int_equal(find(services[i], "root", 20002, 20001).result, SCOPE_TWO_PERSONS);
        assert_int_equal(find(services[i], "zhang.san", 1000, 1000).result, SCOPE_FREE);
    }
}

static void the_edges_of_the_range_are_gated(void **state)
{
    (void)state;
    assert_int_equal(find("sshd", "first", 0, UINT32_MAX).result, SCOPE_GATED);
    assert_int_equal(find("sshd", "last", 0, UINT32_MAX).result, SCOPE_GATED);
    assert_int_equal(find("sshd", "before", 0, UINT32_MAX).result, SCOPE_FREE);
    assert_int_equal(find("sshd", "after", 0, UINT32_MAX).result, SCOPE_FREE);
}

static void a_user_who_is_not_set_or_not_there(void **state)
{
    static const char *const users[] = {NULL, "", "nobody.there"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(find("sshd", users[i], 0, UINT32_MAX).result, SCOPE_NO_USER);
        assert_int_equal(find("dovecot", users[i], 0, UINT32_MAX).result, SCOPE_FREE);
        assert_int_equal(find(NULL, users[i], 0, UINT32_MAX).result, SCOPE_FREE);
        assert_int_equal(find("su", users[i], 20001, UINT32_MAX).result, SCOPE_GATED);
        assert_int_equal(find("su", users[i], 20001, UINT32_MAX).user_uid, UINT32_MAX);
    }
}

static void a_database_that_does_not_answer_proves_nothing(void **state)
{
    (void)state;
    database_error = -EIO;
    assert_int_equal(find("sshd", "zhang.san", 0, UINT32_MAX).result, SCOPE_UNSURE);
    assert_int_equal(find("sshd", "wang", 0, UINT32_MAX).result, SCOPE_UNSURE);
    /* by uid alone: staff's sudo goes on, a vendor's does not */
    assert_int_equal(find("sudo", "wang", 1000, 1000).result, SCOPE_FREE);
    assert_int_equal(find("sudo", "zhang.san", 20001, 20001).result, SCOPE_UNSURE);
}

static void a_gated_uid_without_a_name_is_refused(void **state)
{
    (void)state;
    assert_int_equal(find("su", "root", 20500, UINT32_MAX).result, SCOPE_UNSURE);
}

static void without_a_range_the_primary_group_decides(void **state)
{
    (void)state;
    assert_int_equal(find_without_range("sshd", "zhang.san", 0, UINT32_MAX).result, SCOPE_GATED);
    assert_int_equal(find_without_range("sshd", "wang", 0, UINT32_MAX).result, SCOPE_FREE);
    assert_int_equal(find_without_range("sshd", "root", 0, UINT32_MAX).result, SCOPE_FREE);
    assert_int_equal(find_without_range("sudo", "root", 0, 20001).result, SCOPE_GATED);
    assert_int_equal(find_without_range("sudo", "root", 20002, 20001).result, SCOPE_TWO_PERSONS);
    assert_int_equal(find_without_range("sudo", "wang", 1000, 1000).result, SCOPE_FREE);
    group_error = ACCOUNT_ABSENT;
    assert_int_equal(find_without_range("sshd", "zhang.san", 0, UINT32_MAX).result, SCOPE_FREE);
    assert_int_equal(find_without_range("sshd", "wang", 0, UINT32_MAX).result, SCOPE_FREE);
}

/* Staff's su and sudo ask the user database for PAM_USER alone, and a directory behind it for nothing more.
 */
static void uids_are_not_looked_up_needlessly(void **state)
{
    (void)state;
    (void)find("sudo", "wang", 1000, 1000);
    assert_int_equal(lookups, 1);
    lookups = 0;
    (void)find("sshd", "wang", 0, 1000);
    assert_int_equal(lookups, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        TEST(the_rule_with_a_range),
        TEST(the_rule_without_a_range),
        TEST(a_login_is_the_users),
        TEST(the_login_uid_matters_where_somebody_becomes_another),
        TEST(a_switch_is_the_callers),
        TEST(the_edges_of_the_range_are_gated),
        TEST(a_user_who_is_not_set_or_not_there),
        TEST(a_database_that_does_not_answer_proves_nothing),
        TEST(a_gated_uid_without_a_name_is_refused),
        TEST(without_a_range_the_primary_group_decides),
        TEST(uids_are_not_looked_up_needlessly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
