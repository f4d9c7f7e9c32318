// LINK: -rdynamic
// LAYERS: test_support
/* What cannot be asked, or was not answered, keeps gated accounts out. */
#include "hooks.h"
#include "host.h"
#include "pam_module/result.h"
#include "policy/base/cleanup.h"
#include "policy/wire/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const enum stack_hook deciding[] = {STACK_ACCOUNT, STACK_OPEN};

static void no_broker_is_a_refusal(void **state)
{
    static const enum fake_gate_manner manners[] = {FAKE_GATE_LEAVES, FAKE_GATE_HANGS_UP, FAKE_GATE_FROZEN,
                                                    FAKE_GATE_SILENT, FAKE_GATE_FULL,     FAKE_GATE_DRIPS};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        struct fake_gate *g;

        hooks_answer_with(VERDICT_ALLOW, REASON_OK, "This comes too late.");
        g = hooks_gate_of(manners[i], RANGE);
        hooks_refused_as_away(STACK_ACCOUNT);
        if (manners[i] == FAKE_GATE_LEAVES || manners[i] == FAKE_GATE_FROZEN)
            hooks_refused_as_away(STACK_OPEN);
        fake_gate_free(g);
    }
    for (size_t h = 0; h < ARRAY_SIZE(deciding); h++)
        hooks_refused_as_away(deciding[h]); /* the socket is gone */
}

static void nonsense_is_a_refusal(void **state)
{
    (void)state;
    for (size_t h = 0; h < ARRAY_SIZE(deciding); h++)
        for (unsigned kind = 0; kind < 7; kind++) {
            struct fake_gate *g;

            hooks_answer_with(VERDICT_ALLOW, REASON_OK, "");
            if (kind == 0)
                memset(hooks_reply, 0, hooks_reply_size);
            if (kind == 1)
                memcpy(hooks_reply, "HTTP/1.1 200 OK\r\n\r\n", 19);
            if (kind == 2)
                hooks_reply[5]++; /* another version */
            if (kind == 3)
                hooks_reply[7]++; /* another type */
            if (kind == 4)
                hooks_reply[FRAME_HEADER_SIZE] ^= 0x40; /* no verdict */
            if (kind == 5)
                hooks_reply_size++; /* one octet more */
            if (kind == 6)
                hooks_reply_size--;
            g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
            hooks_refused_as_away(deciding[h]);
            fake_gate_free(g);
        }
}

/* Somebody else's process sits at the socket and admits everyone. */
static void a_server_of_another_uid_is_a_refusal(void **state)
{
    struct fake_gate *g;
    char folder[128];

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(seteuid(65534), 0);
    g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
    assert_int_equal(seteuid(0), 0);
    (void)snprintf(folder, sizeof(folder), "%s", fake_gate_path(g));
    *strrchr(folder, '/') = 0;
    assert_int_equal(chown(folder, 1, (gid_t)-1), 0);
    hooks_refused_as_away(STACK_ACCOUNT);
    hooks_refused_as_away(STACK_OPEN);
    fake_gate_free(g);
}

static void bad_arguments_refuse_gated_accounts(void **state)
{
    static const char *const options[] = {
        RANGE " unknown-option", RANGE " socket=relative", RANGE " socket=/a socket=/b", "",
        "gated_uid=nonsense",    "gated_uid=20000",        "gated_uid=29999-20000",      "gated_uid=0-29999",
        RANGE " " RANGE,
    };

    (void)state;
    for (size_t o = 0; o < ARRAY_SIZE(options); o++)
        for (size_t h = 0; h < ARRAY_SIZE(deciding); h++) {
            struct fake_gate *g = hooks_gate_of(FAKE_GATE_ANSWERS, options[o]);
            struct stack s;

            assert_int_equal(hooks_call("sshd", "zhang.san", deciding[h], 0, &s), PAM_PERM_DENIED);
            assert_string_equal(s.text, SCOPE_MISCONFIGURED_TEXT);
            host.login_uid = 20001;
            assert_int_equal(hooks_call("sudo", "root", deciding[h], 0, &s), PAM_PERM_DENIED);
            host.login_uid = UINT32_MAX;
            assert_int_equal(fake_gate_accepted(g), 0);
            fake_gate_free(g);
        }
}

static void a_user_database_that_fails_is_a_refusal(void **state)
{
    struct fake_gate *g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
    struct stack s;

    (void)state;
    host.database_error = EIO;
    assert_int_equal(hooks_call("sshd", "zhang.san", STACK_ACCOUNT, 0, &s), PAM_PERM_DENIED);
    assert_string_equal(s.text, SCOPE_UNSURE_TEXT);
    host.uid = 20001;
    assert_int_equal(hooks_call("sudo", "zhang.san", STACK_ACCOUNT, 0, &s), PAM_PERM_DENIED);
    host.uid = 1000;
    assert_int_equal(hooks_call("sudo", "wang", STACK_ACCOUNT, 0, &s), STACK_IGNORED);
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

/* Cut text would be other text: what does not fit the frame is refused, not shortened, and nothing is asked.
 */
static void items_that_do_not_fit_are_refused(void **state)
{
    static const int items[] = {PAM_TTY, PAM_RHOST, PAM_RUSER};
    struct fake_gate *g = hooks_gate_of(FAKE_GATE_ANSWERS, RANGE);
    static char text[5001];
    struct stack s;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
        text[300] = 0;
        stack_start(&s, "sshd", "zhang.san", hooks_arguments);
        assert_int_equal(pam_set_item(s.pamh, items[i], text), PAM_SUCCESS);
        assert_int_equal(stack_call(&s, STACK_ACCOUNT, 0), PAM_PERM_DENIED);
        stack_end(&s);
        text[300] = 'x';
    }
    memcpy(text, "SSH_AUTH_INFO_0=", 16);
    stack_start(&s, "sshd", "zhang.san", hooks_arguments);
    assert_int_equal(pam_putenv(s.pamh, text), PAM_SUCCESS);
    assert_int_equal(stack_call(&s, STACK_ACCOUNT, 0), PAM_PERM_DENIED);
    stack_end(&s);
    assert_int_equal(fake_gate_request(g, text, sizeof(text)), 0);
    fake_gate_free(g);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, hooks_set_up, hooks_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(no_broker_is_a_refusal),
        TEST(nonsense_is_a_refusal),
        TEST(a_server_of_another_uid_is_a_refusal),
        TEST(bad_arguments_refuse_gated_accounts),
        TEST(a_user_database_that_fails_is_a_refusal),
        TEST(items_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
