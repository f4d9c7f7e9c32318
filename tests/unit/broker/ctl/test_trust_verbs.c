// LAYERS: test_support
// LIBRARIES: jansson

#include "broker/trust/digest.h"
#include "policy/base/ident.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* trust show, update and reset; document add. */

#define ENDING(proven) \
    "{\"sessions\": 1, \"processes\": 3, \"took_us\": 12345, \"proven\": " proven ", \"survivors\": []}"
#define ADDED(type, state, ending)                                                                       \
    "{\"parameters\": {\"type\": \"" type "\", \"id\": null, \"version\": 5, \"state\": \"" state        \
    "\", \"approvals\": [{\"approver\": \"wang.wu\", \"role\": \"leader\", \"outcome\": \"counted\"}], " \
    "\"ending\": " ending "}}"
#define EPOCH                                                                                     \
    "{\"site\": \"cn.example.finance\", \"epoch\": 4, \"not_before\": \"2026-11-01T00:00:00Z\", " \
    "\"not_after\": \"2027-11-01T00:00:00Z\", \"sha256\": \"00ff\", \"origin\": \"replace\", "    \
    "\"since\": \"2026-11-02T00:00:00Z\", \"document\": \"hufu-trust: 1\\nx\\n\", "               \
    "\"signers\": [{\"approver\": \"wang.wu\", \"role\": \"leader\", \"approved_at\": null}], "   \
    "\"classes\": [{\"class\": \"normal\", \"open\": true}, {\"class\": \"emergency\", \"open\": false}]}"
#define SHOWN(epoch, differs)                                                 \
    "{\"parameters\": {\"epoch\": " epoch ", \"trouble\": \"it is broken\", " \
    "\"file\": {\"path\": \"trust\", \"sha256\": null, \"differs\": " differs "}}}"

static json_t *parameter_of(const char *call, const char *method, const char *name)
{
    json_t *value = json_loads(call, JSON_DISABLE_EOF_CHECK, NULL), *found;

    assert_non_null(value);
    assert_string_equal(json_string_value(json_object_get(value, "method")), method);
    found = json_incref(json_object_get(json_object_get(value, "parameters"), name));
    json_decref(value);
    return found;
}

/* ---- handing in ---- */

static void assert_hands_in(const char *reply, const char *line, const char *document, enum exit_code code,
                            const char *says)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(reply, line, &call);
    json_t *sent = parameter_of(call, "org.hufu.control.DocumentAdd", "document");
    json_t *approvals = parameter_of(call, "org.hufu.control.DocumentAdd", "approvals");

    if (r.code != code)
        fail_msg("\"%s\" exits %d: %s%s", line, (int)r.code, r.out, r.error);
    assert_string_equal(json_string_value(sent), document);
    assert_int_equal(json_array_size(approvals), 1);
    if (!strstr(r.out, says) && !strstr(r.error, says))
        fail_msg("\"%s\" says: %s%s", line, r.out, r.error);
    json_decref(sent);
    json_decref(approvals);
}

static void test_trust_update(void **state)
{
    cleanup(department_free_p) struct department *d = department_new();

    (void)state;
    put_file("trust", d->trust);
    put_file("a", "hufu-approval: 1\n");
    assert_hands_in(ADDED("trust", "ok", "null"), "trust update trust --approval a", d->trust, EXIT_DONE,
                    "Trust epoch 5: ok\nAPPROVER");
    assert_hands_in(ADDED("trust", "ok", ENDING("true")), "trust update trust --approval a", d->trust,
                    EXIT_DONE, "Sessions ended: 1, processes: 3");
    assert_hands_in(ADDED("trust", "ok", ENDING("false")), "trust update trust --approval a", d->trust,
                    EXIT_NOT_PROVEN, "not proven");
    assert_hands_in(ADDED("trust", "ok", ENDING("false")), "trust update trust --approval a --json", d->trust,
                    EXIT_NOT_PROVEN, "\"proven\": false");
    assert_hands_in("{\"error\": \"org.hufu.control.Refused\", \"parameters\": {\"reason\": "
                    "\"approval-missing\", \"message\": \"one more\"}}",
                    "trust update trust --approval a", d->trust, EXIT_REFUSED, "one more");
}

/* Nothing is sent of what is no trust file. */
static void test_trust_update_malformed(void **state)
{
    cleanup_result struct result r = {0};

    (void)state;
    put_file("trust", "hufu-trust: 1\nsite: ?\n");
    r = invoke_line("trust update trust");
    assert_int_equal(r.code, EXIT_REFUSED);
    assert_says(r.error, "trust, line 2");
}

static void test_document_add(void **state)
{
    cleanup_free char *revocation = paper_revocation(&(struct revocation_plan){0});

    (void)state;
    put_file("revocation", revocation);
    put_file("a", "hufu-approval: 1\n");
    assert_hands_in(
        "{\"parameters\": {\"type\": \"revocation\", \"id\": \"" PAPERS_REVOCATION
        "\", \"version\": 1, \"state\": \"ok\", \"approvals\": [], \"ending\": " ENDING("true") "}}",
        "document add revocation --approval a", revocation, EXIT_DONE,
        "Revocation " PAPERS_REVOCATION ": ok\nSessions ended: 1");
    assert_hands_in(ADDED("status", "expired", "null"), "document add revocation --approval a", revocation,
                    EXIT_REFUSED, "expired");
}

static void test_document_add_of_nothing(void **state)
{
    cleanup_result struct result none = {0}, approval = {0};

    (void)state;
    put_file("none", "hufu-grant: 2\n");
    none = invoke_line("document add none");
    assert_int_equal(none.code, EXIT_REFUSED);
    assert_says(none.error, "none, line 1");
    put_file("a", "hufu-approval: 1\n");
    approval = invoke_line("document add a");
    assert_int_equal(approval.code, EXIT_REFUSED);
    assert_says(approval.error, "--approval");
}

/* ---- showing ---- */

static void assert_shows(const char *reply, const char *line, enum exit_code code, const char *says)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(reply, line, &call);

    json_decref(parameter_of(call, "org.hufu.control.TrustShow", "none"));
    if (r.code != code)
        fail_msg("\"%s\" exits %d: %s%s", line, (int)r.code, r.out, r.error);
    if (!strstr(r.out, says) && !strstr(r.error, says))
        fail_msg("\"%s\" says: %s%s", line, r.out, r.error);
}

static void test_trust_show(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = {0};

    (void)state;
    assert_shows(SHOWN(EPOCH, "null"), "trust show", EXIT_DONE, "Epoch          4\n");
    assert_shows(SHOWN(EPOCH, "null"), "trust show", EXIT_DONE, "wang.wu   leader -\n");
    assert_shows(SHOWN(EPOCH, "null"), "trust show", EXIT_DONE, "emergency no\n");
    assert_shows(SHOWN(EPOCH, "\"the file is another\""), "trust show", EXIT_DONE, "the file is another");
    assert_shows(SHOWN(EPOCH, "null"), "trust show --json", EXIT_DONE, "\"origin\": \"replace\"");
    assert_shows(SHOWN("null", "null"), "trust show", EXIT_REFUSED, "it is broken");
    assert_shows(SHOWN("null", "null"), "trust show --json", EXIT_REFUSED, "\"epoch\": null");
    r = invoke_with(SHOWN(EPOCH, "\"the file is another\""), "trust show --document", &call);
    assert_string_equal(r.out, "hufu-trust: 1\nx\n");
}

/* ---- starting over ---- */

static void assert_resets(const char *reply, const char *line, const char *trust, enum exit_code code,
                          const char *says)
{
    const char *const replies[] = {SHOWN(EPOCH, "null"), reply};
    struct stand_in *broker = stand_in_start(replies, ARRAY_SIZE(replies));
    cleanup_free char *whole = issue_text("--socket control %s", line);
    cleanup_result struct result r = invoke_line(whole);
    cleanup_free char *calls = stand_in_finish(broker);
    json_t *sent = parameter_of(strchr(calls, '\n') + 1, "org.hufu.control.TrustReset", "sha256");
    uint8_t sha256[32];
    char digits[65];

    assert_int_equal(digest_sha256(trust, strlen(trust), sha256), 0);
    ident_format_hex(sha256, sizeof(sha256), digits);
    assert_string_equal(json_string_value(sent), digits);
    if (r.code != code)
        fail_msg("\"%s\" exits %d: %s%s", line, (int)r.code, r.out, r.error);
    if (!strstr(r.out, says) && !strstr(r.error, says))
        fail_msg("\"%s\" says: %s%s", line, r.out, r.error);
    json_decref(sent);
}

static void test_trust_reset(void **state)
{
    cleanup(department_free_p) struct department *d = department_new();

    (void)state;
    put_file("trust", d->trust);
    assert_resets("{\"parameters\": {\"site\": \"cn.example.finance\", \"epoch\": 4, \"ending\": null}}",
                  "trust reset --yes --why lost", d->trust, EXIT_DONE,
                  "Started over with epoch 4 of cn.example.finance.");
    assert_resets(
        "{\"parameters\": {\"site\": \"cn.example.finance\", \"epoch\": 4, \"ending\": " ENDING("false") "}}",
        "trust reset --yes", d->trust, EXIT_NOT_PROVEN, "not proven");
    assert_resets("{\"error\": \"org.hufu.control.NotPermitted\", \"parameters\": {\"caller\": \"uid 1000\", "
                  "\"needs\": \"root\"}}",
                  "trust reset --yes", d->trust, EXIT_NOT_PERMITTED, "root");
}

/* A file that is no trust file is not asked about. */
static void test_trust_reset_malformed(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = {0};

    (void)state;
    put_file("trust", "hufu-trust: 1\nsite: ?\n");
    r = invoke_with(SHOWN("null", "null"), "trust reset --yes", &call);
    assert_int_equal(r.code, EXIT_REFUSED);
    assert_says(r.error, "trust, line 2");
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_trust_update),
        IN_FOLDER(test_trust_update_malformed),
        IN_FOLDER(test_document_add),
        IN_FOLDER(test_document_add_of_nothing),
        IN_FOLDER(test_trust_show),
        IN_FOLDER(test_trust_reset),
        IN_FOLDER(test_trust_reset_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
