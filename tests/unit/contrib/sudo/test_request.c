/* What sudo tells its plugins, as the question for hufud: what is doubted of it, and what of it is told. */
#include "contrib/sudo/pairs.h"
#include "contrib/sudo/request.h"
#include "place.h"
#include "policy/base/doubt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LIST_MAX 12

static const struct request_target oracle = {
    990, 991, {.name = "oracle", .home = "/home/oracle", .shell = "/bin/bash"}};

/* A plain run of /usr/bin/id -un as sudo 1.9.13 tells it. */
struct run {
    char *settings[LIST_MAX], *user_info[LIST_MAX], *command_info[LIST_MAX], *argv[LIST_MAX], *envp[LIST_MAX],
        *submit[LIST_MAX];
    struct request_of of;
    struct gate_command m;
};

static void add(char *list[LIST_MAX], const char *pair)
{
    size_t n = 0;

    while (list[n])
        n++;
    assert_true(n + 1 < LIST_MAX);
    list[n] = (char *)pair;
}

/* Without the first that begins like this. */
static void drop(char *list[LIST_MAX], const char *name)
{
    size_t i = 0;

    while (list[i] && strncmp(list[i], name, strlen(name)) != 0)
        i++;
    for (; list[i]; i++)
        list[i] = list[i + 1];
}

static struct run *plain(void)
{
    static struct run r;

    memset(&r, 0, sizeof(r));
    add(r.settings, "progname=sudo");
    add(r.settings, "network_addrs=127.0.0.1/255.0.0.0");
    add(r.settings, "runas_user=oracle");
    add(r.settings, "set_home=true");
    add(r.user_info, "user=zhang.san");
    add(r.user_info, "cwd=/home/who");
    add(r.user_info, "tty=/dev/pts/3");
    add(r.command_info, "command=/bin/id");
    add(r.command_info, "runas_user=oracle");
    add(r.command_info, "runas_uid=990");
    add(r.command_info, "runas_gid=991");
    add(r.command_info, "runas_groups=991");
    add(r.command_info, "closefrom=3");
    add(r.command_info, "umask=022");
    add(r.argv, "id");
    add(r.argv, "-un");
    add(r.envp, "HOME=/home/oracle");
    add(r.submit, "sudo");
    add(r.submit, "-n");
    add(r.submit, "-uoracle");
    add(r.submit, "id");
    add(r.submit, "-un");
    r.of = (struct request_of){r.settings, r.user_info, r.command_info, 3,    r.submit,
                               r.argv,     r.envp,      place.as,       false};
    return &r;
}

static void fill(struct run *r)
{
    assert_int_equal(request_fill(&r->of, &oracle, &r->m), 0);
}

static void test_plain(void **state)
{
    struct run *r = plain();

    (void)state;
    fill(r);
    if (r->m.doubts != 0)
        fail_msg("%x about %s", r->m.doubts, r->m.concern);
    assert_string_equal(r->m.path, "/usr/bin/id");
    assert_string_equal(r->m.arguments, "-un\n");
    assert_string_equal(r->m.target, "oracle");
    assert_int_equal(r->m.target_uid, 990);
    assert_string_equal(r->m.cwd, "/home/who");
    assert_string_equal(r->m.tty, "/dev/pts/3");
    assert_string_equal(r->m.concern, "");
}

static void doubts_with(char **(*list)(struct run *), const char *pair, uint32_t doubts)
{
    struct run *r = plain();
    char name[64];

    (void)snprintf(name, sizeof(name), "%.*s=", (int)strcspn(pair, "="), pair);
    drop(list(r), name);
    add(list(r), pair);
    fill(r);
    if (r->m.doubts != doubts)
        fail_msg("%s: %x instead of %x", pair, r->m.doubts, doubts);
}

static char **settings_of(struct run *r)
{
    return r->settings;
}

static char **info_of(struct run *r)
{
    return r->command_info;
}

static void test_settings(void **state)
{
    (void)state;
    doubts_with(settings_of, "sudoedit=true", DOUBT_SUDOEDIT);
    doubts_with(settings_of, "run_shell=true", DOUBT_SHELL);
    doubts_with(settings_of, "implied_shell=true", DOUBT_SHELL);
    doubts_with(settings_of, "login_shell=true", DOUBT_LOGIN_SHELL);
    doubts_with(settings_of, "preserve_environment=true", DOUBT_PRESERVED);
    doubts_with(settings_of, "preserve_groups=true", DOUBT_GROUP);
    doubts_with(settings_of, "closefrom=9", DOUBT_DESCRIPTORS);
    doubts_with(settings_of, "cmnd_chroot=/", DOUBT_CHROOT);
    doubts_with(settings_of, "remote_host=elsewhere", DOUBT_HOST);
    doubts_with(settings_of, "selinux_role=r", DOUBT_CONTEXT);
    doubts_with(settings_of, "selinux_type=t", DOUBT_CONTEXT);
    doubts_with(settings_of, "apparmor_profile=x", DOUBT_CONTEXT);
    doubts_with(settings_of, "run_shell=false", 0);
    doubts_with(settings_of, "cmnd_cwd=/tmp", 0);
    doubts_with(settings_of, "timeout=10", 0);
}

static void test_result(void **state)
{
    (void)state;
    doubts_with(info_of, "sudoedit=true", DOUBT_SUDOEDIT);
    doubts_with(info_of, "chroot=/srv", DOUBT_CHROOT);
    doubts_with(info_of, "runas_uid=0", DOUBT_IDENTITY);
    doubts_with(info_of, "runas_uid=99999999999", DOUBT_IDENTITY);
    doubts_with(info_of, "runas_uid=", DOUBT_IDENTITY);
    doubts_with(info_of, "runas_uid=990x", DOUBT_IDENTITY);
    doubts_with(info_of, "runas_euid=0", DOUBT_IDENTITY);
    doubts_with(info_of, "runas_euid=990", 0);
    doubts_with(info_of, "runas_gid=0", DOUBT_GROUP);
    doubts_with(info_of, "runas_egid=0", DOUBT_GROUP);
    doubts_with(info_of, "runas_egid=991", 0);
    doubts_with(info_of, "preserve_groups=true", DOUBT_GROUP);
    doubts_with(info_of, "closefrom=4", DOUBT_DESCRIPTORS);
    doubts_with(info_of, "closefrom=x", DOUBT_DESCRIPTORS);
    doubts_with(info_of, "command=id", DOUBT_RELATIVE);
    doubts_with(info_of, "command=/usr/bin/nothing", DOUBT_RELATIVE | DOUBT_NAME);
    doubts_with(info_of, "command=/usr/bin", DOUBT_RELATIVE | DOUBT_NAME);
    doubts_with(info_of, "command=/open/tool", DOUBT_PATH | DOUBT_NAME);
    doubts_with(info_of, "command=/home/who/link", 0);
    doubts_with(info_of, "command=/usr/bin/awk", DOUBT_NAME);
}

static void test_concern(void **state)
{
    struct run *r = plain();

    (void)state;
    add(r->envp, "PAGER=x");
    fill(r);
    assert_int_equal(r->m.doubts, DOUBT_ENVIRONMENT);
    assert_string_equal(r->m.concern, "PAGER");
    r = plain();
    drop(r->command_info, "command=");
    add(r->command_info, "command=/open/tool");
    add(r->envp, "PAGER=x");
    r->argv[0] = (char *)"tool";
    fill(r);
    assert_int_equal(r->m.doubts, DOUBT_PATH | DOUBT_ENVIRONMENT);
    assert_string_equal(r->m.concern, "/open");
    assert_string_equal(r->m.path, "/open/tool");
}

static void test_in_the_background(void **state)
{
    struct run *r = plain();

    (void)state;
    r->submit[1] = (char *)"-nb";
    fill(r);
    assert_int_equal(r->m.doubts, DOUBT_BACKGROUND);
}

/* Of what sudo tells the command about its caller, what it has from the kernel counts. */
static void test_caller(void **state)
{
    struct run *r = plain();

    (void)state;
    add(r->user_info, "uid=20001");
    add(r->user_info, "gid=20000");
    for (size_t i = 0; i < 4; i++)
        add(r->envp, (char *[]){"SUDO_USER=zhang.san", "SUDO_UID=20001", "SUDO_GID=20000",
                                "SUDO_COMMAND=/bin/id -un"}[i]);
    fill(r);
    assert_int_equal(r->m.doubts, 0);
    drop(r->user_info, "uid=");
    add(r->user_info, "uid=20002");
    fill(r);
    assert_int_equal(r->m.doubts, DOUBT_ENVIRONMENT);
    assert_string_equal(r->m.concern, "SUDO_UID");
}

/* A path that others may change is doubted as such, and not once more for being told. */
static void test_command_that_changes(void **state)
{
    struct run *r = plain();

    (void)state;
    drop(r->command_info, "command=");
    add(r->command_info, "command=/open/tool");
    r->argv[0] = (char *)"tool";
    add(r->envp, "SUDO_COMMAND=/open/tool -un");
    fill(r);
    assert_int_equal(r->m.doubts, DOUBT_PATH);
}

/* Below another command SUDO_COMMAND is that one's. */
static void test_below_a_command(void **state)
{
    struct run *r = plain();

    (void)state;
    add(r->envp, "SUDO_COMMAND=/usr/bin/report now");
    fill(r);
    assert_int_equal(r->m.doubts, DOUBT_ENVIRONMENT);
    r = plain();
    add(r->envp, "SUDO_COMMAND=/usr/bin/report now");
    r->of.is_sub_command = true;
    fill(r);
    assert_int_equal(r->m.doubts, 0);
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool good;
    } rows[] = {{"id", true}, {"/bin/id", true}, {"./id", true}, {"-id", false}, {"su", false}, {"", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run *r = plain();

        r->argv[0] = (char *)rows[i].name;
        fill(r);
        assert_int_equal(r->m.doubts, rows[i].good ? 0 : DOUBT_NAME);
    }
}

static void test_no_account(void **state)
{
    static const struct request_target nobody = {UINT32_MAX, UINT32_MAX, {.name = NULL}};
    struct run *r = plain();

    (void)state;
    drop(r->command_info, "runas_uid=");
    add(r->command_info, "runas_uid=4294967295"); /* as if it were one */
    assert_int_equal(request_fill(&r->of, &nobody, &r->m), 0);
    assert_true((r->m.doubts & DOUBT_IDENTITY) != 0);
    assert_int_equal(r->m.target_uid, UINT32_MAX);
}

static void test_arguments(void **state)
{
    static char longest[5000];
    struct run *r = plain();

    (void)state;
    r->argv[1] = (char *)"";
    r->argv[2] = (char *)"a b";
    r->argv[3] = (char *)"";
    fill(r);
    assert_string_equal(r->m.arguments, "\na b\n\n");
    assert_int_equal(r->m.doubts, 0);
    r = plain();
    r->argv[1] = (char *)"a\nb";
    fill(r);
    assert_string_equal(r->m.arguments, "a?b\n");
    assert_int_equal(r->m.doubts, DOUBT_ARGUMENTS);
    memset(longest, 'x', sizeof(longest) - 1);
    r = plain();
    r->argv[2] = longest;
    fill(r);
    assert_string_equal(r->m.arguments, "-un\n");
    assert_int_equal(r->m.doubts, DOUBT_ARGUMENTS);
    longest[4095 - strlen("-un\n")] = '\0'; /* the longest that fits */
    r = plain();
    r->argv[2] = longest;
    fill(r);
    assert_int_equal(r->m.doubts, 0);
    assert_int_equal(strlen(r->m.arguments), sizeof(r->m.arguments) - 1);
}

static void test_without_a_command(void **state)
{
    struct run *r = plain();

    (void)state;
    drop(r->command_info, "command=");
    assert_int_equal(request_fill(&r->of, &oracle, &r->m), -EINVAL);
    r = plain();
    drop(r->command_info, "runas_user=");
    assert_int_equal(request_fill(&r->of, &oracle, &r->m), -EINVAL);
    r = plain();
    r->of.command_info = NULL;
    assert_int_equal(request_fill(&r->of, &oracle, &r->m), -EINVAL);
}

static void test_cwd(void **state)
{
    struct run *r = plain();

    (void)state;
    add(r->command_info, "cwd=/srv");
    fill(r);
    assert_string_equal(r->m.cwd, "/srv");
    assert_int_equal(r->m.doubts, 0);
}

static void test_command_text(void **state)
{
    struct run *r = plain();
    char text[32];

    (void)state;
    request_command_text(&r->of, text, sizeof(text));
    assert_string_equal(text, "/bin/id -un");
    r->of.command_info = NULL;
    request_command_text(&r->of, text, sizeof(text));
    assert_string_equal(text, "id -un");
    r->submit[4] = (char *)"a\033[2Jlong argument that does not fit";
    request_command_text(&r->of, text, sizeof(text));
    assert_string_equal(text, "id a?[2Jlong argument that does");
    r->submit[3] = NULL;
    request_command_text(&r->of, text, sizeof(text));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_result),
        cmocka_unit_test(test_concern),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_caller),
        cmocka_unit_test(test_command_that_changes),
        cmocka_unit_test(test_below_a_command),
        cmocka_unit_test(test_in_the_background),
        cmocka_unit_test(test_no_account),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_without_a_command),
        cmocka_unit_test(test_cwd),
        cmocka_unit_test(test_command_text),
    };

    return cmocka_run_group_tests(tests, place_setup, place_teardown);
}
