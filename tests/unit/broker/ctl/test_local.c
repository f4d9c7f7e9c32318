// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/ctl/draft.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What runs without a broker: grant draft, grant check, approve --yes. */

#define KEY_A \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH2xX5tVfSwLyIHGkxCQoH6EUfJhBz6ZUBbiDxZ7PY8L zhang.san@laptop\n"

/* A draft with everything that is required, and what is added in `more`. */
static struct result draft(const char *more)
{
    cleanup_free char *line = issue_text(
        "grant draft --site cn.example.finance --vendor acme --contract C-2026-017 --staff zhang.san "
        "--key password --host db01.finance.example --service sshd --channel shell "
        "--source 10.1.2.0/24 --requester li.si --ticket CHG-2026-1142 --purpose disk %s",
        more);

    return invoke_line(line);
}

static void assert_draft_says(const char *more, const char *part)
{
    cleanup_result struct result r = draft(more);

    if (r.code != EXIT_DONE)
        fail_msg("%s: %s", more, r.error);
    assert_says(r.out, part);
}

static void assert_draft_fails(const char *more, enum exit_code code, const char *part)
{
    cleanup_result struct result r = draft(more);

    assert_int_equal(r.code, code);
    assert_string_equal(r.out, "");
    assert_says(r.error, part);
}

static void test_draft_usual(void **state)
{
    cleanup_result struct result r = draft("--for 8h --id " PAPERS_ID " --version 1");

    (void)state;
    assert_int_equal(r.code, EXIT_DONE);
    assert_string_equal(r.out, "hufu-grant: 1\n"
                               "site: cn.example.finance\n"
                               "id: " PAPERS_ID "\n"
                               "version: 1\n"
                               "class: normal\n"
                               "vendor: acme\n"
                               "employer: acme\n"
                               "contract: C-2026-017\n"
                               "staff: zhang.san\n"
                               "staff-key: password\n"
                               "host: db01.finance.example\n"
                               "service: sshd\n"
                               "channel: shell\n"
                               "run-as: none\n"
                               "command: none\n"
                               "source: 10.1.2.0/24\n"
                               "not-before: 2026-11-21T10:00:00Z\n"
                               "not-after: 2026-11-21T18:00:00Z\n"
                               "hours: any\n"
                               "uses: 1 per-host\n"
                               "sessions: 1\n"
                               "max-session: 14400\n"
                               "recording: none\n"
                               "requester: li.si\n"
                               "ticket: CHG-2026-1142\n"
                               "purpose: disk\n");
}

static void test_draft_writes_freely(void **state)
{
    (void)state;
    assert_draft_says("--for 2d --service login --service cron --service login",
                      "\nservice: cron\nservice: login\nservice: sshd\nchannel");
    assert_draft_says("--from 2026-11-21T08:00:00+08:00 --until 2026-11-22T08:00+08:00",
                      "\nnot-before: 2026-11-21T00:00:00Z\nnot-after: 2026-11-22T00:00:00Z\n");
    assert_draft_says("--for 1h --max-session unlimited --sessions unlimited --uses unlimited",
                      "\nuses: unlimited\nsessions: unlimited\nmax-session: unlimited\n");
    assert_draft_says("--for 1h --class emergency --incident-level 2",
                      "\nclass: emergency\nincident-level: 2\n");
    assert_draft_says("--for 1h --employer subco", "\nvendor: acme\nemployer: subco\n");
}

static void test_draft_ids_differ(void **state)
{
    cleanup_result struct result a = draft("--for 1h");
    cleanup_result struct result b = draft("--for 1h");

    (void)state;
    assert_int_equal(a.code, EXIT_DONE);
    assert_string_not_equal(a.out, b.out);
}

static void test_draft_faults(void **state)
{
    (void)state;
    assert_draft_fails("", EXIT_USAGE, "either --until or --for");
    assert_draft_fails("--for 1h --until 2026-11-22T00:00:00Z", EXIT_USAGE, "either --until or --for");
    assert_draft_fails("--for tomorrow", EXIT_USAGE, "no duration");
    assert_draft_fails("--until tomorrow", EXIT_USAGE, "no time");
    assert_draft_fails("--for 1h --id 0123", EXIT_USAGE, "32 hexadecimal digits");
    assert_draft_fails("--for 1h --id " PAPERS_ID, EXIT_USAGE, "--version");
    assert_draft_fails("--for 1h --source 10.1.2.3/24", EXIT_REFUSED, "source");
    /* The line is named once. */
    assert_draft_fails("--for 1h --hours nonsense", EXIT_REFUSED, "would take this grant: hours: `nonsense`");
    assert_draft_fails("--for 1h --source any", EXIT_REFUSED, "source");
    assert_draft_fails("--for 1h --class grave", EXIT_REFUSED, "class");
    assert_draft_fails("--for 1h --class emergency", EXIT_REFUSED, "incident-level");
    assert_draft_fails("--for 1h --key SHA256:AAAA", EXIT_REFUSED, "staff-key");
    assert_draft_fails("--for 1h --key absent.pub", EXIT_REFUSED, "absent.pub");
    assert_draft_fails("--for 1h --run-as Root", EXIT_REFUSED, "run-as");
    assert_draft_fails("--from 2026-11-22T00:00:00Z --until 2026-11-21T00:00:00Z", EXIT_REFUSED, "not-after");
}

/* No value can bring a line of its own into the document. */
static void test_draft_injection(void **state)
{
    cleanup_result struct result r = invoke(
        "grant", "draft", "--site", "s", "--vendor", "acme", "--contract", "c", "--staff", "zhang.san",
        "--key", "password", "--host", "h", "--service", "sshd", "--channel", "shell", "--source", "local",
        "--for", "1h", "--requester", "li.si", "--ticket", "t\npurpose: x", "--purpose", "y", NULL);

    (void)state;
    assert_int_equal(r.code, EXIT_USAGE);
    assert_string_equal(r.out, "");
    assert_says(r.error, "control character");
}

static void test_draft_key_files(void **state)
{
    char fingerprint[IDENT_FINGERPRINT_TEXT_SIZE];
    cleanup_result struct result r = {0};

    (void)state;
    assert_int_equal(draft_fingerprint(KEY_A, fingerprint), 0);
    assert_int_equal(
        draft_fingerprint("ssh-rsa" /* another type than the blob's */
                          " AAAAC3NzaC1lZDI1NTE5AAAAIH2xX5tVfSwLyIHGkxCQoH6EUfJhBz6ZUBbiDxZ7PY8L\n",
                          fingerprint),
        -EINVAL);
    assert_int_equal(draft_fingerprint("ssh-ed25519\n", fingerprint), -EINVAL);
    assert_int_equal(draft_fingerprint("ssh-ed25519 AAAA\n", fingerprint), -EINVAL);
    assert_int_equal(draft_fingerprint("", fingerprint), -EINVAL);
    assert_int_equal(draft_fingerprint(KEY_A KEY_A, fingerprint), -EINVAL);
    put_file("k.pub", KEY_A);
    r = invoke("grant", "draft", "--site", "s", "--vendor", "acme", "--contract", "c", "--staff", "zhang.san",
               "--key", "k.pub", "--host", "h", "--service", "sshd", "--channel", "shell", "--source",
               "local", "--for", "1h", "--requester", "li.si", "--ticket", "t", "--purpose", "更换", "-o",
               "g", NULL);
    assert_int_equal(r.code, EXIT_DONE);
    assert_says(r.out, "is in g");
    result_done(&r);
    r = invoke_line("grant check g");
    assert_int_equal(r.code, EXIT_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draft_usual),
        cmocka_unit_test(test_draft_writes_freely),
        cmocka_unit_test(test_draft_ids_differ),
        cmocka_unit_test(test_draft_faults),
        cmocka_unit_test(test_draft_injection),
        cmocka_unit_test_setup_teardown(test_draft_key_files, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
