// LINK: -rdynamic
// LAYERS: test_support
/* What the module is to the stack: the functions it has, and what the broker's answer makes of a login. */
#include "hooks.h"
#include "host.h"
#include "pam_module/client.h"
#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const enum stack_hook deciding[] = {STACK_ACCOUNT, STACK_OPEN};

static void the_module_shows_six_functions(void **state)
{
    static const char *const shown[] = {"pam_sm_authenticate", "pam_sm_setcred",       "pam_sm_acct_mgmt",
                                        "pam_sm_open_session", "pam_sm_close_session", "pam_sm_chauthtok"};
    static const char *const hidden[] = {"client_call", "scope_judge", "arguments_parse", "gate_encode_pam"};
    void *module = dlopen(getenv("HUFU_TEST_MODULE"), RTLD_NOW | RTLD_LOCAL);

    (void)state;
    assert_non_null(module);
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
        assert_non_null(dlsym(module, shown[i]));
    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
        assert_null(dlsym(module, hidden[i]));
    (void)dlclose(module);
}

static void authentication_and_passwords_are_passed_over(void **state)
{
    static const enum stack_hook hooks[] = {STACK_AUTHENTICATE, STACK_CHAUTHTOK};
    struct fake_gate *g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
        assert_int_equal(hooks_call("sshd", "zhang.san", hooks[i], 0, &s), STACK_IGNORED);
        assert_int_equal(hooks_call("sshd", "wang", hooks[i], 0, &s), STACK_IGNORED);
    }
    /* setcred follows the way that authenticate took through the stack */
    stack_start(&s, "sshd", "zhang.san", hooks_arguments);
    (void)stack_call(&s, STACK_AUTHENTICATE, 0);
    assert_int_equal(stack_call(&s, STACK_SETCRED, 0), STACK_IGNORED);
    stack_end(&s);
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

static void an_admission_lets_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(deciding); i++) {
        struct fake_gate *g;
        struct stack s;

        hooks_answer_with(VERDICT_ALLOW, REASON_OK, "You may stay until 18:00.\n可以停留到 18:00。");
        g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
        assert_int_equal(hooks_call("sshd", "zhang.san", deciding[i], 0, &s), PAM_SUCCESS);
        assert_string_equal(s.text, "You may stay until 18:00.\n可以停留到 18:00。");
        assert_int_equal(s.infos, 1);
        assert_int_equal(s.errors + s.prompts, 0);
        assert_int_equal(fake_gate_accepted(g), 1);
        fake_gate_free(g);
    }
}

static void a_refusal_keeps_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(deciding); i++) {
        struct fake_gate *g;
        struct stack s;

        hooks_answer_with(VERDICT_DENY, REASON_EXPIRED, "Your grant has ended.\x1b[2J\nQuote A1-0042.");
        g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
        assert_int_equal(hooks_call("sshd", "zhang.san", deciding[i], 0, &s), PAM_PERM_DENIED);
        assert_string_equal(s.text, "Your grant has ended.?[2J\nQuote A1-0042.");
        assert_int_equal(s.errors, 1);
        assert_int_equal(s.infos + s.prompts, 0);
        fake_gate_free(g);
    }
}

static void silence_is_kept(void **state)
{
    static const enum verdict verdicts[] = {VERDICT_ALLOW, VERDICT_DENY};

    (void)state;
    for (size_t v = 0; v < 2; v++)
        for (size_t i = 0; i < ARRAY_SIZE(deciding); i++) {
            struct fake_gate *g;
            struct stack s;

            hooks_answer_with(verdicts[v], REASON_NO_GRANT, "Something to say.");
            g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
            (void)hooks_call("sshd", "zhang.san", deciding[i], PAM_SILENT, &s);
            assert_int_equal(s.errors + s.infos + s.prompts, 0);
            fake_gate_free(g);
            (void)hooks_call("sshd", "zhang.san", deciding[i], PAM_SILENT, &s); /* nobody there */
            assert_int_equal(s.errors + s.infos + s.prompts, 0);
        }
}

/* `refusals=shown`: a refusal is explained to the silent, too, and nothing else is said to them. */
static void refusals_are_shown_where_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(deciding); i++) {
        struct fake_gate *g;
        struct stack s;

        hooks_answer_with(VERDICT_DENY, REASON_NO_GRANT, "Something to say.");
        g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE " refusals=shown");
        assert_int_equal(hooks_call("sshd", "zhang.san", deciding[i], PAM_SILENT, &s), PAM_PERM_DENIED);
        assert_string_equal(s.text, "Something to say.");
        fake_gate_free(g);
        assert_int_equal(hooks_call("sshd", "zhang.san", deciding[i], PAM_SILENT, &s), PAM_PERM_DENIED);
        assert_string_equal(s.text, CLIENT_AWAY_TEXT);
        assert_int_equal(hooks_call("sshd", "zhang.san", STACK_CLOSE, PAM_SILENT, &s), PAM_SUCCESS);
        assert_int_equal(s.errors + s.infos + s.prompts, 0);
        hooks_answer_with(VERDICT_ALLOW, REASON_OK, "Something to say.");
        g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE " refusals=shown");
        assert_int_equal(hooks_call("sshd", "zhang.san", deciding[i], PAM_SILENT, &s), PAM_SUCCESS);
        assert_int_equal(s.errors + s.infos + s.prompts, 0);
        fake_gate_free(g);
    }
}

/* polkit's own programs: the agent shows what it is told, pkexec would abort. */
static void pkexec_is_told_nothing(void **state)
{
    static const enum verdict verdicts[] = {VERDICT_ALLOW, VERDICT_DENY};
    struct stack s;

    (void)state;
    host.uid = host.login_uid = 20001;
    for (size_t v = 0; v < 2; v++) {
        struct fake_gate *g;

        hooks_answer_with(verdicts[v], REASON_RUN_AS_NOT_GRANTED, "Something to say.");
        g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE " refusals=shown");
        (void)hooks_call("polkit-1", "wang", STACK_OPEN, 0, &s);
        assert_int_equal(s.errors + s.infos + s.prompts, 0);
        assert_int_equal(hooks_call("polkit-1", "wang", STACK_ACCOUNT, 0, &s),
                         v == 0 ? PAM_SUCCESS : PAM_PERM_DENIED);
        assert_int_equal(s.errors + s.infos, 1);
        fake_gate_free(g);
    }
    assert_int_equal(hooks_call("polkit-1", "wang", STACK_OPEN, 0, &s), PAM_PERM_DENIED); /* nobody there */
    assert_int_equal(s.errors + s.infos + s.prompts, 0);
}

static void the_longest_life_is_left_for_logind(void **state)
{
    static const uint32_t seconds[] = {0, 1, 28800, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
        struct gate_reply m = {.verdict = VERDICT_ALLOW, .reason = REASON_OK, .runtime_max = seconds[i]};
        struct fake_gate *g;
        struct stack s;
        char text[16];

        hooks_reply_size = (size_t)gate_encode_reply(&m, hooks_reply);
        g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
        stack_start(&s, "sshd", "zhang.san", hooks_arguments);
        assert_int_equal(stack_call(&s, STACK_OPEN, 0), PAM_SUCCESS);
        (void)snprintf(text, sizeof(text), "%u", seconds[i]);
        if (seconds[i] == 0)
            assert_null(pam_getenv(s.pamh, "RUNTIME_MAX"));
        else
            assert_string_equal(pam_getenv(s.pamh, "RUNTIME_MAX"), text);
        stack_end(&s);
        fake_gate_free(g);
    }
}

static void closing_never_fails_and_says_nothing(void **state)
{
    static const enum fake_gate_manner manners[] = {FAKE_GATE_ANSWERS, FAKE_GATE_LEAVES, FAKE_GATE_HANGS_UP,
                                                    FAKE_GATE_FROZEN};
    struct stack s;

    (void)state;
    hooks_answer_with(VERDICT_DENY, REASON_NO_SESSION, "Something to say.");
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        struct fake_gate *g = hooks_gate_of(manners[i], RANGE);

        assert_int_equal(hooks_call("sshd", "zhang.san", STACK_CLOSE, 0, &s), PAM_SUCCESS);
        assert_int_equal(s.errors + s.infos + s.prompts, 0);
        fake_gate_free(g);
    }
    assert_int_equal(hooks_call("sshd", "zhang.san", STACK_CLOSE, 0, &s), PAM_SUCCESS);
    assert_int_equal(s.errors + s.infos + s.prompts, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, hooks_set_up, hooks_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_module_shows_six_functions),
        TEST(authentication_and_passwords_are_passed_over),
        TEST(an_admission_lets_in),
        TEST(a_refusal_keeps_out),
        TEST(silence_is_kept),
        TEST(refusals_are_shown_where_told),
        TEST(pkexec_is_told_nothing),
        TEST(the_longest_life_is_left_for_logind),
        TEST(closing_never_fails_and_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
