/* Which environments a listed command may have. */
#include "contrib/sudo/environment.h"
#include "place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char *const report[] = {"report", "a b", "-c", NULL};
static const struct environment_of oracle = {.name = "oracle",
                                             .home = "/home/oracle",
                                             .shell = "/bin/bash",
                                             .caller = "zhang.san",
                                             .caller_uid = "20001",
                                             .caller_gid = "20000",
                                             .path = "/usr/bin/report",
                                             .argv = report};

/* What sudo 1.9.13 gives with Debian's sudoers, in an ssh session with X11. */
static const char *const usual[] = {
    "HOME=/home/oracle",
    "LANG=zh_CN.UTF-8",
    "LC_TIME=C",
    "LANGUAGE=zh_CN:en",
    "LOGNAME=oracle",
    "LS_COLORS=rs=0:di=01;34:*.tar=01;31:*~=00;90:",
    "MAIL=/var/mail/oracle",
    "PATH=/usr/bin:/bin:/snap/bin",
    "SHELL=/bin/bash",
    "SUDO_COMMAND=/bin/report a b -c",
    "SUDO_GID=20000",
    "SUDO_UID=20001",
    "SUDO_USER=zhang.san",
    "TERM=xterm-256color",
    "USER=oracle",
    "DISPLAY=localhost:10.0",
    "XAUTHORITY=/home/zhang.san/.Xauthority",
    "TZ=Asia/Shanghai",
    "COLORTERM=truecolor",
    "XDG_CURRENT_DESKTOP=ubuntu:GNOME",
};

static bool passes(const char *const *list, size_t n, const char *more, char *concern)
{
    char *envp[40] = {NULL};

    for (size_t i = 0; i < n; i++)
        envp[i] = (char *)list[i];
    envp[n] = (char *)more;
    memset(concern, 0, PATH_CONCERN_SIZE);
    return environment_is_plain(&place.as, envp, &oracle, concern);
}

static void test_what_sudo_makes(void **state)
{
    char concern[PATH_CONCERN_SIZE];

    (void)state;
    if (!passes(usual, COUNT(usual), NULL, concern))
        fail_msg("%s", concern);
    assert_true(environment_is_plain(&place.as, NULL, &oracle, concern));
    assert_true(passes(NULL, 0, NULL, concern));
}

/* Whatever it is, it is not among what may be there. */
/* What loaders and interpreters obey, and what nobody has heard of. */
static const char *const refused[] = {
    "LD_PRELOAD=",
    "LD_LIBRARY_PATH=/open",
    "LD_AUDIT=x",
    "LD_DEBUG_OUTPUT=/etc/x",
    "GCONV_PATH=/open",
    "GLIBC_TUNABLES=a=b",
    "GETCONF_DIR=x",
    "HOSTALIASES=/open/x",
    "LOCALDOMAIN=x",
    "LOCPATH=/open",
    "MALLOC_TRACE=/etc/x",
    "NLSPATH=/open",
    "RES_OPTIONS=x",
    "RESOLV_HOST_CONF=/etc/shadow",
    "TMPDIR=/open",
    "TZDIR=/open",
    "BASH_ENV=/open/x",
    "ENV=/open/x",
    "SHELLOPTS=xtrace",
    "BASHOPTS=x",
    "PS4=$(id)",
    "PROMPT_COMMAND=id",
    "BASH_FUNC_ls%%=() { id; }",
    "CDPATH=/open",
    "GLOBIGNORE=*",
    "IFS=/",
    "PERL5LIB=/open",
    "PERL5OPT=-Mx",
    "PERL5DB=x",
    "PYTHONPATH=/open",
    "PYTHONHOME=/open",
    "PYTHONSTARTUP=/open/x",
    "RUBYLIB=/open",
    "RUBYOPT=-rx",
    "NODE_OPTIONS=--require=x",
    "JAVA_TOOL_OPTIONS=-agentlib:x",
    "CLASSPATH=/open",
    "LUA_INIT=x",
    "EDITOR=/open/x",
    "VISUAL=x",
    "PAGER=x",
    "SYSTEMD_PAGER=x",
    "SYSTEMD_EDITOR=x",
    "LESSOPEN=|id",
    "LESS=x",
    "MANPAGER=x",
    "BROWSER=x",
    "GIT_SSH=x",
    "SSH_ASKPASS=/open/x",
    "SSH_AUTH_SOCK=/open/x",
    "SUDO_ASKPASS=/open/x",
    "SUDO_EDITOR=/open/x",
    "SUDO_PS1=$(id)",
    "KRB5CCNAME=/open/x",
    "KRB5_CONFIG=/open/x",
    "OPENSSL_CONF=/open/x",
    "TERMINFO=/open",
    "TERMCAP=/open/x",
    "XDG_CONFIG_HOME=/open",
    "http_proxy=x",
    "PS1=$(id)",
    "UNHEARD_OF=",
    "lang=C",
    "LANG2=C",
    "LC_=x",
    "LC_A B=x",
    "PATHS=/usr/bin",
    "no-equals-sign",
    "",
    "=x",
};

static void test_what_loaders_and_interpreters_obey(void **state)
{
    char concern[PATH_CONCERN_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        size_t length = strcspn(refused[i], "=");

        if (passes(usual, COUNT(usual), refused[i], concern))
            fail_msg("%s", refused[i]);
        assert_int_equal(strlen(concern), length);
        assert_memory_equal(concern, refused[i], length);
    }
}

static const struct {
    const char *variable;
    bool good;
} values[] = {
    {"HOME=/home/oracle", true},
    {"HOME=/home/oracle/", false},
    {"HOME=/home/zhang.san", false},
    {"HOME=", false},
    {"SHELL=/bin/bash", true},
    {"SHELL=/bin/sh", false},
    {"SHELL=/open/tool", false},
    {"PATH=/usr/bin", true},
    {"PATH=/bin:/usr/bin", true},
    {"PATH=/usr/sbin", true}, /* only root could make it */
    {"PATH=", false},
    {"PATH=:/usr/bin", false},
    {"PATH=/usr/bin:", false},
    {"PATH=/usr/bin::/bin", false},
    {"PATH=usr/bin", false},
    {"PATH=.", false},
    {"PATH=/open", false},
    {"PATH=/usr/bin:/open", false},
    {"PATH=/open/nothing", false},
    {"PATH=/usr/bin/id", false},
    {"LANG=C", true},
    {"LANG=", true},
    {"LANG=/open/locale", false},
    {"LANG=%n", false},
    {"LANG=() { id; }", false},
    {"LC_ALL=zh_CN.UTF-8@x", true},
    {"LC_ALL=../x", false},
    {"TERM=xterm", true},
    {"TERM=/open/x", false},
    {"TERM=x y", false},
    {"TERM=x\n", false},
    {"TZ=UTC", true},
    {"TZ=America/Argentina/Salta", true},
    {"TZ=<+08>-8", true},
    {"TZ=/open/zone", false},
    {"TZ=:/open/zone", false},
    {"TZ=../open/zone", false},
    {"DISPLAY=:0", true},
    {"DISPLAY=/open/socket:0", false},
    {"XAUTHORITY=/run/user/20001/auth", true},
    {"XAUTHORITY=auth", false},
    {"XAUTHORITY=/home/../x", false},
    {"MAIL=/var/mail/oracle", true},
    {"MAIL=x", false},
    {"LOGNAME=oracle", true},
    {"LOGNAME=$(id)", false},
    {"USER=`id`", false},
    {"HISTSIZE=1000", true},
    {"HISTSIZE=x[$(id)]", false},
    {"LOGNAME=zhang.san", true},
    {"LOGNAME=staff", false},
    {"USER=oracle", true},
    {"USER=staff", false},
    {"USERNAME=staff", false},
    {"SUDO_USER=zhang.san", true},
    {"SUDO_USER=oracle", false},
    {"SUDO_UID=20001", true},
    {"SUDO_UID=0", false},
    {"SUDO_GID=20000", true},
    {"SUDO_GID=0", false},
    {"SUDO_TTY=/dev/pts/3", true},
    {"SUDO_TTY=() { id; }", false},
    {"SUDO_COMMAND=/usr/bin/report a b -c", true},
    {"SUDO_COMMAND=/usr/bin/report a b -d", false},
    {"SUDO_COMMAND=/usr/bin/report a b", false},
    {"SUDO_COMMAND=/usr/bin/report a b -c -c", false},
    {"SUDO_COMMAND=/usr/bin/id a b -c", false},
    {"SUDO_COMMAND=-c", false},
    {"SUDO_COMMAND=", false},
    {"SUDO_COMMAND=() { id; }", false},
};

static void test_values(void **state)
{
    char concern[PATH_CONCERN_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        if (passes(NULL, 0, values[i].variable, concern) != values[i].good)
            fail_msg("%s", values[i].variable);
}

static void test_twice(void **state)
{
    char concern[PATH_CONCERN_SIZE];

    (void)state;
    assert_false(passes(usual, COUNT(usual), "PATH=/usr/bin", concern));
    assert_string_equal(concern, "PATH");
    assert_true(passes(usual, COUNT(usual), "LC_ALL=C", concern));
}

/* Without an account nothing says what its home is; an account without a shell has /bin/sh. */
static void test_account(void **state)
{
    static const struct environment_of nobody = {.argv = NULL}, plain = {.home = "/", .shell = ""};
    char home[] = "HOME=/", shell[] = "SHELL=/bin/sh", concern[PATH_CONCERN_SIZE];
    char *with_home[] = {home, NULL}, *with_shell[] = {shell, NULL};

    (void)state;
    assert_false(environment_is_plain(&place.as, with_home, &nobody, concern));
    assert_false(environment_is_plain(&place.as, with_shell, &nobody, concern));
    assert_true(environment_is_plain(&place.as, with_home, &plain, concern));
    assert_true(environment_is_plain(&place.as, with_shell, &plain, concern));
}

/* Below a command it is that of the command. */
static void test_below_a_command(void **state)
{
    struct environment_of below = oracle;
    char command[] = "SUDO_COMMAND=/usr/bin/id", function[] = "SUDO_COMMAND=() { id; }",
         concern[PATH_CONCERN_SIZE];
    char *with_command[] = {command, NULL}, *with_function[] = {function, NULL};

    (void)state;
    assert_false(environment_is_plain(&place.as, with_command, &below, concern));
    below.argv = NULL;
    assert_true(environment_is_plain(&place.as, with_command, &below, concern));
    assert_false(environment_is_plain(&place.as, with_function, &below, concern));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_sudo_makes), cmocka_unit_test(test_what_loaders_and_interpreters_obey),
        cmocka_unit_test(test_values),          cmocka_unit_test(test_twice),
        cmocka_unit_test(test_account),         cmocka_unit_test(test_below_a_command),
    };

    return cmocka_run_group_tests(tests, place_setup, place_teardown);
}
