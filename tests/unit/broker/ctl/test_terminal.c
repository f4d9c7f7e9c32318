// LAYERS: test_support

#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/support/token.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* approve at a real terminal: what is shown, what is typed, and what is not echoed. */

/* A person at a pseudo-terminal. */
struct person {
    int terminal;
    pid_t pid;
    char seen[65536];
    size_t size;
};

/* hufuctl runs in the child; its standard output leads elsewhere, as in a script. */
static struct person sit_down(const char *locale, const char *line)
{
    struct person p = {.terminal = -1};

    p.pid = forkpty(&p.terminal, NULL, NULL, NULL);
    must(p.pid >= 0);
    if (p.pid == 0) {
        struct cli cli = {.out = fopen("out", "we"), .error = fopen("error", "we"), .now = PAPERS_NOW};
        char *argv[64];
        char *copy = strdup(line);
        enum exit_code code;
        int argc = 0;

        (void)alarm(20);
        (void)setlocale(LC_CTYPE, locale);
        for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
            argv[argc++] = word;
        code = cli_run(&cli, argc, argv);
        (void)fflush(NULL);
        _exit((int)code);
    }
    return p;
}

static void wait_for(struct person *p, const char *text)
{
    while (!strstr(p->seen, text)) {
        struct pollfd fd = {.fd = p->terminal, .events = POLLIN};
        ssize_t n = poll(&fd, 1, 10000) == 1
                        ? read(p->terminal, p->seen + p->size, sizeof(p->seen) - 1 - p->size)
                        : -1;

        if (n <= 0)
            fail_msg("\"%s\" was not shown, but: %s", text, p->seen);
        p->size += (size_t)n;
    }
}

static void type(struct person *p, const char *text)
{
    must(write(p->terminal, text, strlen(text)) == (ssize_t)strlen(text));
}

static int leave(struct person *p)
{
    int status = 0;
    ssize_t n;

    while ((n = read(p->terminal, p->seen + p->size, sizeof(p->seen) - 1 - p->size)) > 0)
        p->size += (size_t)n;
    must(waitpid(p->pid, &status, 0) == p->pid);
    (void)close(p->terminal);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static char *read_text(const char *name)
{
    FILE *f = fopen(name, "re");
    char *text = calloc(1, 65536);
    size_t size;

    must(f && text);
    size = fread(text, 1, 65535, f);
    text[size] = '\0';
    (void)fclose(f);
    return text;
}

static int enter_with_papers(void **state)
{
    cleanup(department_free_p) struct department *d = department_new();
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    cleanup_free char *plain = issue_key_pem(d->approvers[DEPARTMENT_UNIT].key, NULL);
    cleanup_free char *sealed = issue_key_pem(d->approvers[DEPARTMENT_LEADER].key, "correct horse");

    (void)enter_folder(state);
    put_file("trust", d->trust);
    put_file("grant", grant);
    put_file("unit.key", plain);
    put_file("leader.key", sealed);
    return 0;
}

#define BY_UNIT   "approve grant --as zhou.ming --role unit --key unit.key --trust trust"
#define BY_LEADER "approve grant --as wang.wu --role leader --key leader.key --trust trust"

static void test_signs_after_the_digits(void **state)
{
    struct person p = sit_down("C.UTF-8", BY_UNIT);
    cleanup_free char *out = NULL;

    (void)state;
    wait_for(&p, "first 8 digits of its id: ");
    assert_says(p.seen, "hufu-grant: 1\r\nsite: cn.example.finance\r\n");
    assert_says(p.seen, "purpose: 更换数据库存储阵列控制器\r\n");
    type(&p, "01234567\n");
    assert_int_equal(leave(&p), EXIT_DONE);
    assert_int_equal(access("grant.zhou.ming.approval", F_OK), 0);
    out = read_text("out");
    assert_says(out, "Signed as zhou.ming, unit");
}

static void test_anything_else_is_no(void **state)
{
    static const char *const answers[] = {"\n",         "yes\n", "0123456\n",  "012345678\n",
                                          "01234568\n", "\004",  "01234567 \n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        struct person p = sit_down("C.UTF-8", BY_UNIT);

        wait_for(&p, "of its id: ");
        type(&p, answers[i]);
        assert_int_equal(leave(&p), EXIT_REFUSED);
        assert_int_not_equal(access("grant.zhou.ming.approval", F_OK), 0);
    }
}

/* Where the purpose cannot be read, nothing is signed. */
static void test_terminal_that_shows_something_else(void **state)
{
    struct person p = sit_down("C", BY_UNIT);
    cleanup_free char *error = NULL;

    (void)state;
    assert_int_equal(leave(&p), EXIT_REFUSED);
    assert_null(strstr(p.seen, "更"));
    assert_null(strstr(p.seen, "of its id"));
    error = read_text("error");
    assert_says(error, "nothing was signed");
    assert_int_not_equal(access("grant.zhou.ming.approval", F_OK), 0);
}

static void test_passphrase_is_not_echoed(void **state)
{
    struct person p = sit_down("C.UTF-8", BY_LEADER);

    (void)state;
    wait_for(&p, "of its id: ");
    type(&p, "01234567\n");
    wait_for(&p, "Passphrase of leader.key: ");
    type(&p, "correct horse\n");
    assert_int_equal(leave(&p), EXIT_DONE);
    assert_null(strstr(p.seen, "correct"));
    assert_int_equal(access("grant.wang.wu.approval", F_OK), 0);
}

static void test_wrong_passphrase(void **state)
{
    static const char *const answers[] = {"wrong horse\n", "\n", "\003", "correct\003"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        struct person p = sit_down("C.UTF-8", BY_LEADER " --yes");

        wait_for(&p, "Passphrase of leader.key: ");
        type(&p, answers[i]);
        assert_int_equal(leave(&p), EXIT_REFUSED);
        assert_int_not_equal(access("grant.wang.wu.approval", F_OK), 0);
    }
}

#define BY_TOKEN                                                        \
    "approve grant --as yang.er --role unit --trust trust --yes --key " \
    "pkcs11:token=approver;object=p256;type=private"

/* A trust file with yang.er, whose key is on a token. */
static void put_token(void)
{
    cleanup(department_free_p) struct department *d = department_new();
    struct signatory unit =
        department_signatory(d, "yang.er", "finance", "unit", SIGNATURE_ECDSA_P256_SHA256);
    struct signatory approvers[] = {d->approvers[DEPARTMENT_LEADER], unit};
    struct trust_plan plan = department_plan(d);
    cleanup_free char *trust = NULL;

    plan.approvers = approvers;
    plan.n_approvers = ARRAY_SIZE(approvers);
    trust = paper_trust(&plan);
    put_file("trust", trust);
    token_make();
    token_import(unit.key, "p256", "01");
    signatory_done(&unit);
}

static void test_key_on_a_token(void **state)
{
    static const struct {
        const char *pin;
        enum exit_code code;
    } rows[] = {{"999999\n", EXIT_REFUSED}, {"\n", EXIT_REFUSED}, {TOKEN_PIN "\n", EXIT_DONE}};
    cleanup_free char *error = NULL;

    (void)state;
    if (token_missing()) {
        print_message("skipped: %s is not here\n", token_missing());
        skip();
    }
    put_token();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct person p = sit_down("C.UTF-8", BY_TOKEN);

        wait_for(&p, "PIN of pkcs11:token=approver;object=p256;type=private: ");
        type(&p, rows[i].pin);
        assert_int_equal(leave(&p), rows[i].code);
        assert_null(strstr(p.seen, "999999"));
        assert_null(strstr(p.seen, TOKEN_PIN));
        if (i == 0)
            error = read_text("error");
        assert_int_equal(access("grant.yang.er.approval", F_OK), rows[i].code == EXIT_DONE ? 0 : -1);
    }
    assert_says(error, "that is not the PIN of pkcs11:token=approver");
}

/* Without a terminal nobody is asked, so nothing is signed. */
static void test_no_terminal(void **state)
{
    pid_t pid = fork();
    int status = 0;

    (void)state;
    must(pid >= 0);
    if (pid == 0) {
        cleanup_result struct result r = {0};

        (void)setsid();
        r = invoke_line(BY_UNIT);
        _exit(r.code == EXIT_REFUSED && strstr(r.error, "no terminal") ? 0 : 1);
    }
    must(waitpid(pid, &status, 0) == pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_not_equal(access("grant.zhou.ming.approval", F_OK), 0);
}

#define WITH_PAPERS(test) cmocka_unit_test_setup_teardown(test, enter_with_papers, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAPERS(test_signs_after_the_digits),
        WITH_PAPERS(test_anything_else_is_no),
        WITH_PAPERS(test_terminal_that_shows_something_else),
        WITH_PAPERS(test_passphrase_is_not_echoed),
        WITH_PAPERS(test_wrong_passphrase),
        WITH_PAPERS(test_key_on_a_token),
        WITH_PAPERS(test_no_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
