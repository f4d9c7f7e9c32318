#include "hooks.h"

#include "host.h"
#include "pam_module/client.h"
#include "policy/wire/gate.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

uint8_t hooks_reply[HOOKS_REPLY_MAX];
size_t hooks_reply_size;
char hooks_arguments[256];

void hooks_answer_with(enum verdict verdict, enum reason reason, const char *message)
{
    struct gate_reply m = {
        .verdict = verdict, .reason = reason, .runtime_max = 28800, .reference = "A1-0042"};

    (void)snprintf(m.message, sizeof(m.message), "%s", message);
    hooks_reply_size = (size_t)gate_encode_reply(&m, hooks_reply);
}

static int count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    (void)closedir(d);
    return n;
}

/* What was open before a test has to be all that is open after it, with the fake server gone. */
static int descriptors;

int hooks_set_up(void **state)
{
    (void)state;
    (void)alarm(100);
    descriptors = count_descriptors();
    host_reset();
    hooks_answer_with(VERDICT_ALLOW, REASON_OK, "");
    return 0;
}

int hooks_tear_down(void **state)
{
    (void)state;
    assert_int_equal(count_descriptors(), descriptors);
    return 0;
}

struct fake_gate *hooks_gate_of(enum fake_gate_manner manner, const char *options)
{
    struct fake_gate *g = fake_gate_new(manner, hooks_reply, hooks_reply_size, (uid_t)-1);

    (void)snprintf(hooks_arguments, sizeof(hooks_arguments), "%s socket=%s", options, fake_gate_path(g));
    return g;
}

int hooks_call(const char *service, const char *user, enum stack_hook hook, int flags, struct stack *s)
{
    int code;

    stack_start(s, service, user, hooks_arguments);
    code = stack_call(s, hook, flags);
    stack_end(s);
    return code;
}

void hooks_refused_as_away(enum stack_hook hook)
{
    struct stack s;

    assert_int_equal(hooks_call("sshd", "zhang.san", hook, 0, &s), PAM_PERM_DENIED);
    assert_string_equal(s.text, CLIENT_AWAY_TEXT);
    assert_int_equal(s.errors, 1);
    assert_int_equal(s.infos + s.prompts, 0);
}
