// LAYERS: test_support
// LIBRARIES: jansson

#include "tests/unit/broker/ctl/asked.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* What is asked of the broker, and what its answers are to a person and to a script. */

#define SUMMARY                                                                                             \
    "{\"id\": \"" PAPERS_ID "\", \"version\": 3, \"class\": \"normal\", \"staff\": \"zhang.san\", "         \
    "\"vendor\": \"acme\", \"services\": [\"login\", \"sshd\"], \"not_before\": \"2026-11-21T00:00:00Z\", " \
    "\"not_after\": \"2026-11-23T00:00:00Z\", \"uses\": \"2 per-host\", \"uses_taken\": 1, "                \
    "\"sessions_live\": 1, \"state\": \"ok\", \"ticket\": \"CHG-1\"}"

static void test_grant_list(void **state)
{
    (void)state;
    assert_asks("{\"parameters\": {\"grants\": [" SUMMARY "]}}", "grant list --staff zhang.san --vendor acme",
                "GrantList", "{\"all\": false, \"staff\": \"zhang.san\", \"vendor\": \"acme\"}", EXIT_DONE,
                "01234567   3 ok    zhang.san acme   login,sshd");
    assert_asks("{\"parameters\": {\"grants\": []}}", "grant list --all", "GrantList", "{\"all\": true}",
                EXIT_DONE, "No grants.");
    assert_asks("{\"parameters\": {\"grants\": []}}", "grant list --json", "GrantList", "{\"all\": false}",
                EXIT_DONE, "\"grants\": []");
}

static void test_grant_show(void **state)
{
    (void)state;
    assert_asks(
        "{\"parameters\": {\"grant\": " SUMMARY ", \"document\": \"hufu-grant: 1\\nsite: \\u001b[2J\\n\", "
        "\"approvals\": [{\"approver\": \"wang.wu\", \"role\": \"leader\", \"outcome\": \"counted\"}], "
        "\"approval_documents\": []}}",
        "grant show " PAPERS_ID, "GrantShow", "{\"id\": \"" PAPERS_ID "\"}", EXIT_DONE,
        "hufu-grant: 1\nsite: \\x1b[2J\n");
}

static void test_grant_add(void **state)
{
    cleanup(department_free_p) struct department *d = department_new();
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    cleanup_free char *approval = department_approval(d, DEPARTMENT_LEADER, grant);
    json_t *value = json_pack("{s:s, s:[s]}", "document", grant, "approvals", approval);
    cleanup_free char *parameters = json_dumps(value, 0);

    (void)state;
    put_file("grant", grant);
    put_file("a", approval);
    assert_asks("{\"parameters\": {\"type\": \"grant\", \"id\": \"" PAPERS_ID
                "\", \"version\": 3, \"state\": \"ok\", \"approvals\": []}}",
                "grant add grant --approval a", "DocumentAdd", parameters, EXIT_DONE, "version 3: ok");
    assert_asks(
        "{\"parameters\": {\"type\": \"grant\", \"id\": \"" PAPERS_ID
        "\", \"version\": 3, \"state\": \"approval-missing\", "
        "\"approvals\": [{\"approver\": \"wang.wu\", \"role\": \"leader\", \"outcome\": \"counted\"}]}}",
        "grant add grant --approval a", "DocumentAdd", parameters, EXIT_REFUSED, "wang.wu  leader counted");
    json_decref(value);
}

/* Nothing is sent of what is no grant. */
static void test_grant_add_malformed(void **state)
{
    cleanup_result struct result r = {0};

    (void)state;
    put_file("grant", "hufu-grant: 1\nsite: ?\n");
    r = invoke_line("grant add grant");
    assert_int_equal(r.code, EXIT_REFUSED);
    assert_says(r.error, "grant, line 2");
}

#define ENDED                                                                                            \
    "{\"parameters\": {\"ending\": {\"sessions\": 1, \"processes\": 3, \"took_us\": 12345, \"proven\": " \
    "true, \"survivors\": []}}}"
#define NOT_ENDED                                                                                           \
    "{\"parameters\": {\"ending\": {\"sessions\": 2, \"processes\": 1, \"took_us\": 10000000, \"proven\": " \
    "false, "                                                                                               \
    "\"survivors\": [{\"pid\": 4711, \"uid\": 20001, \"login_uid\": 20001, \"name\": \"dd\"}]}}}"

static void test_revoke(void **state)
{
    (void)state;
    assert_asks(ENDED, "revoke " PAPERS_ID " --why stopped", "Revoke",
                "{\"scope\": \"grant\", \"name\": \"" PAPERS_ID "\", \"why\": \"stopped\"}", EXIT_DONE,
                "Revoked on this host only: grant " PAPERS_ID
                ". Sessions ended: 1, processes: 3, in 12.3 ms.");
    assert_asks(ENDED, "revoke --staff zhang.san", "Revoke",
                "{\"scope\": \"staff\", \"name\": \"zhang.san\", \"why\": \"\"}", EXIT_DONE,
                "staff zhang.san");
    assert_asks(
        ENDED, "revoke --vendor acme --until 2026-12-24T00:00:00+08:00", "Revoke",
        "{\"scope\": \"vendor\", \"name\": \"acme\", \"why\": \"\", \"until\": \"2026-12-23T16:00:00Z\"}",
        EXIT_DONE, "vendor acme");
    assert_asks(ENDED, "revoke --staff zhang.san --json", "Revoke",
                "{\"scope\": \"staff\", \"name\": \"zhang.san\", \"why\": \"\"}", EXIT_DONE,
                "\"took_us\": 12345");
}

static void test_nothing_to_end(void **state)
{
    (void)state;
    assert_asks(
        "{\"parameters\": {\"ending\": {\"sessions\": 0, \"processes\": 0, \"took_us\": 0, \"proven\": true, "
        "\"survivors\": []}}}",
        "revoke --staff a", "Revoke", "{\"scope\": \"staff\", \"name\": \"a\", \"why\": \"\"}", EXIT_DONE,
        "staff a. Nothing was live.");
}

static void test_not_proven(void **state)
{
    (void)state;
    assert_asks(NOT_ENDED, "revoke --staff a", "Revoke",
                "{\"scope\": \"staff\", \"name\": \"a\", \"why\": \"\"}", EXIT_NOT_PROVEN,
                "4711 20001     20001 dd");
    assert_asks(NOT_ENDED, "revoke --staff a --json", "Revoke",
                "{\"scope\": \"staff\", \"name\": \"a\", \"why\": \"\"}", EXIT_NOT_PROVEN, "4711");
    assert_asks(NOT_ENDED, "session end 17", "SessionEnd", "{\"number\": 17, \"why\": \"\"}", EXIT_NOT_PROVEN,
                "4711");
    assert_asks(NOT_ENDED, "session end 17 --json", "SessionEnd", "{\"number\": 17, \"why\": \"\"}",
                EXIT_NOT_PROVEN, "4711");
}

/* hufu-reaper hangs: what is alive is not known. */
static void test_nothing_known(void **state)
{
    const char *reply = "{\"parameters\": {\"ending\": {\"sessions\": 0, \"processes\": 0, \"took_us\": "
                        "10000000, \"proven\": false, \"survivors\": []}}}";
    const char *call = "{\"scope\": \"staff\", \"name\": \"a\", \"why\": \"\"}";

    (void)state;
    assert_asks(reply, "revoke --staff a", "Revoke", call, EXIT_NOT_PROVEN,
                "staff a. Nothing has ended yet.");
    assert_asks(reply, "revoke --staff a", "Revoke", call, EXIT_NOT_PROVEN, "hufu-reaper has not said so");
}

/* A reply that does not say `proven` proves nothing. */
static void test_proof_is_never_assumed(void **state)
{
    (void)state;
    assert_asks("{\"parameters\": {}}", "revoke --staff a", "Revoke",
                "{\"scope\": \"staff\", \"name\": \"a\", \"why\": \"\"}", EXIT_NOT_PROVEN, "not proven");
    assert_asks("{\"parameters\": {\"ending\": {\"proven\": 1}}}", "session end 17 --json", "SessionEnd",
                "{\"number\": 17, \"why\": \"\"}", EXIT_NOT_PROVEN, "proven");
}

static void test_prefix(void **state)
{
    (void)state;
    assert_asks(ENDED, "revoke 01234567", "Revoke",
                "{\"scope\": \"grant\", \"name\": \"01234567\", \"why\": \"\"}", EXIT_DONE,
                "Sessions ended: 1");
    assert_asks(ERROR("NotFound", "\"what\": \"ffffffff\""), "grant show ffffffff", "GrantShow",
                "{\"id\": \"ffffffff\"}", EXIT_NOT_FOUND, "ffffffff is not known here");
    assert_asks(ERROR("NotFound", "\"what\": \"session\""), "grant finish", "GrantFinish", "{}",
                EXIT_NOT_FOUND, "you are in no session that a grant let in");
    assert_asks(ERROR("NotFound", "\"what\": \"session 17\""), "session show 17", "SessionShow",
                "{\"number\": 17}", EXIT_NOT_FOUND, "no session 17 is live here");
}

/* Records are kept under whole ids. */
static void test_prefix_in_audit(void **state)
{
    static const char *const replies[] = {
        "{\"parameters\": {\"grant\": " SUMMARY
        ", \"document\": \"\", \"approvals\": [], \"approval_documents\": []}}",
        "{\"parameters\": {\"records\": []}}"};
    struct stand_in *s = stand_in_start(replies, 2);
    cleanup_result struct result r = invoke_line("audit --grant 01234567");
    cleanup_free char *calls = stand_in_finish(s);

    (void)state;
    assert_int_equal(r.code, EXIT_DONE);
    assert_call(calls, 0, "GrantShow", "{\"id\": \"01234567\"}");
    assert_call(calls, 1, "Audit", "{\"grant\": \"" PAPERS_ID "\"}");
}

#define SESSION                                                                                              \
    "{\"number\": 17, \"state\": \"open\", \"staff\": \"zhang.san\", \"vendor\": \"acme\", \"grant\": "      \
    "\"" PAPERS_ID                                                                                           \
    "\", \"version\": 3, \"service\": \"sshd\", \"source\": \"10.1.2.77\", \"tty\": \"\", \"opened\": "      \
    "\"2026-11-21T09:00:00Z\", \"deadline\": \"2026-11-21T13:00:00Z\", \"seconds_left\": 7384, \"leader\": " \
    "99, "                                                                                                   \
    "\"audit_session\": null, \"key\": \"SHA256:x\", \"ended\": null, \"reason\": null}"

static void test_sessions(void **state)
{
    (void)state;
    assert_asks("{\"parameters\": {\"sessions\": [" SESSION "]}}", "session list --staff zhang.san",
                "SessionList", "{\"all\": false, \"staff\": \"zhang.san\"}", EXIT_DONE, "2:03:04");
    assert_asks("{\"parameters\": {\"sessions\": []}}", "session list", "SessionList", "{\"all\": false}",
                EXIT_DONE, "No live sessions.");
    assert_asks("{\"parameters\": {\"session\": " SESSION ", \"processes\": [{\"pid\": 99, \"uid\": 20001, "
                "\"login_uid\": null, \"name\": \"bash\"}]}}",
                "session show 17", "SessionShow", "{\"number\": 17}", EXIT_DONE, "99 20001         - bash");
    assert_asks(ENDED, "session end 17 --why asked", "SessionEnd", "{\"number\": 17, \"why\": \"asked\"}",
                EXIT_DONE, "Sessions ended: 1");
}

static void assert_silent(const char *reply, const char *line, const char *says)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(reply, line, &call);

    if (strstr(r.out, says))
        fail_msg("\"%s\" says: %s", line, r.out);
}

#define WRONG_SOURCE                                                                             \
    "{\"parameters\": {\"verdict\": \"deny\", \"reason\": \"wrong-source\", \"message\": \"\", " \
    "\"considered\": "                                                                           \
    "[{\"id\": \"" PAPERS_ID "\", \"version\": 3, \"reason\": \"wrong-source\"}]}}"

static void test_explain(void **state)
{
    (void)state;
    assert_asks(
        "{\"parameters\": {\"verdict\": \"allow\", \"reason\": \"ok\", \"grant\": \"" PAPERS_ID
        "\", \"valid_until\": \"2026-11-21T13:00:00Z\", \"message\": \"\", \"considered\": [{\"id\": "
        "\"" PAPERS_ID "\", \"version\": 3, \"reason\": \"ok\"}]}}",
        "explain zhang.san --service sshd --source 10.1.2.77 --at 2026-11-21T19:30:00+08:00 --key SHA256:x "
        "--target oracle",
        "Explain",
        "{\"staff\": \"zhang.san\", \"service\": \"sshd\", \"source\": \"10.1.2.77\", \"at\": "
        "\"2026-11-21T11:30:00Z\", \"key\": \"SHA256:x\", \"target\": \"oracle\"}",
        EXIT_DONE, "Would be let in, until 2026-11-21T13:00:00Z.");
    assert_asks("{\"parameters\": {\"verdict\": \"deny\", \"reason\": \"no-grant\", \"grant\": null, "
                "\"valid_until\": null, "
                "\"message\": \"Ask the unit.\", \"considered\": []}}",
                "explain zhang.san", "Explain", "{\"staff\": \"zhang.san\"}", EXIT_REFUSED, "Ask the unit.");
    assert_silent(
        "{\"parameters\": {\"verdict\": \"deny\", \"reason\": \"staff-locked\", \"considered\": []}}",
        "explain zhang.san", "No grant names this person");
    assert_asks(WRONG_SOURCE, "explain zhang.san", "Explain", "{\"staff\": \"zhang.san\"}", EXIT_REFUSED,
                "No source was given");
    assert_asks("{\"parameters\": {\"verdict\": \"not-judged\", \"reason\": \"not-gated\"}}", "explain root",
                "Explain", "{\"staff\": \"root\", \"uid\": 0}", EXIT_DONE,
                "Hufu does not judge root (uid 0)");
    assert_asks("{\"parameters\": {\"verdict\": \"deny\"}}", "explain nobody.at.all", "Explain",
                "{\"staff\": \"nobody.at.all\"}", EXIT_REFUSED, "There is no such account on this host");
    assert_asks("{\"parameters\": {}}", "explain zhang.san", "Explain", "{\"staff\": \"zhang.san\"}",
                EXIT_REFUSED, "Would be refused");
}

static void test_audit(void **state)
{
    (void)state;
    assert_asks(
        "{\"parameters\": {\"records\": [{\"sequence\": 41, \"time\": \"2026-11-21T10:00:00.000123Z\", "
        "\"event\": "
        "\"login\", \"result\": \"failure\", \"reason\": \"no-grant\", \"staff\": \"zhang.san\", \"vendor\": "
        "\"\", "
        "\"service\": \"sshd\", \"address\": \"10.1.2.77\", \"grant\": \"\", \"ticket\": \"\", "
        "\"reference\": "
        "\"R-1\"}]}}",
        "audit --since 2026-11-21T08:00:00+08:00 --until now --staff s --vendor v --event login --result "
        "failure "
        "--reason no-grant --grant " PAPERS_ID
        " --ticket t --service sshd --session 17 --account oracle --address 10.1.2.77 --utc -n 5",
        "Audit",
        "{\"since\": \"2026-11-21T00:00:00Z\", \"until\": \"2026-11-21T10:00:00Z\", \"staff\": \"s\", "
        "\"vendor\": "
        "\"v\", \"event\": \"login\", \"result\": \"failure\", \"reason\": \"no-grant\", \"grant\": "
        "\"" PAPERS_ID
        "\", \"ticket\": \"t\", \"service\": \"sshd\", \"session\": 17, \"account\": \"oracle\", "
        "\"address\": \"10.1.2.77\", \"limit\": 5}",
        EXIT_DONE, "41 2026-11-21T10:00:00Z login failure no-grant zhang.san sshd    10.1.2.77 -");
    assert_asks("{\"parameters\": {\"records\": [{\"sequence\": 2, \"event\": \"b\"}, {\"sequence\": 1, "
                "\"event\": \"a\"}]}}",
                "audit", "Audit", "{}", EXIT_DONE,
                "  1 -    a     -      -      -     -       -       -     -      -         -\n"
                "  2 -    b     -      -      -     -       -       -     -      -         -\n");
    assert_asks("{\"parameters\": {\"records\": []}}", "audit", "Audit", "{}", EXIT_DONE, "No records.");
}

/* As whom, by whom, and what: in words of the record's own. */
static void test_audit_detail(void **state)
{
    (void)state;
    assert_asks("{\"parameters\": {\"records\": [{\"staff\": \"zhang.san\", \"account\": \"root\", "
                "\"detail\": \"/usr/bin/id\"}]}}",
                "audit", "Audit", "{}", EXIT_DONE, " as root: /usr/bin/id\n");
    assert_asks("{\"parameters\": {\"records\": [{\"staff\": \"zhang.san\", \"account\": \"\", "
                "\"actor\": 1000, \"detail\": \"lost\"}]}}",
                "audit", "Audit", "{}", EXIT_DONE, " by login uid 1000: lost\n");
    assert_asks("{\"parameters\": {\"records\": [{\"staff\": \"zhang.san\", \"account\": \"zhang.san\", "
                "\"reference\": \"R\", \"actor\": null, \"detail\": \"exit 0\\u001b\"}]}}",
                "audit", "Audit", "{}", EXIT_DONE, " exit 0\\x1b\n");
}

#define STATUS(deciding, findings)                                                                           \
    "{\"parameters\": {\"version\": \"0.1.0\", \"host\": \"db01\", \"groups\": [], \"site\": null, "         \
    "\"trust_epoch\": "                                                                                      \
    "null, \"deciding\": " deciding ", \"reason\": \"trust-missing\", \"grants\": 0, \"sessions_live\": 0, " \
    "\"ledger_sequence\": 1, \"journal_behind\": 0, \"gate_requests\": 0, \"gate_refused\": 0, "             \
    "\"started\": "                                                                                          \
    "\"2026-11-21T00:00:00Z\", \"findings\": [" findings "]}}"

/* A page is not the whole, and says so. */
static void test_audit_page(void **state)
{
    json_t *records = json_array();
    json_t *value = json_pack("{s:{s:o}}", "parameters", "records", records);
    cleanup_free char *reply = NULL;

    (void)state;
    for (int i = 1000; i > 0; i--)
        must(json_array_append_new(records, json_pack("{s:i}", "sequence", i)) == 0);
    reply = json_dumps(value, 0);
    assert_asks(reply, "audit", "Audit", "{}", EXIT_DONE, "only the latest 1000");
    must(json_array_remove(records, 0) == 0);
    free(reply);
    reply = json_dumps(value, 0);
    {
        cleanup_free char *call = NULL;
        cleanup_result struct result r = invoke_with(reply, "audit --json", &call);

        assert_int_equal(r.code, EXIT_DONE);
        assert_string_equal(r.error, "");
    }
    json_decref(value);
}

static void test_status(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(
        STATUS("false",
               "{\"severity\": \"problem\", \"subject\": \"trust\", \"message\": \"no trust file\"}"),
        "status", &call);

    (void)state;
    assert_int_equal(r.code, EXIT_REFUSED);
    /* What is wrong stands first. */
    assert_ptr_equal(strstr(r.out, "The gate refuses every gated login: trust-missing.\n"
                                   "  problem: trust: no trust file\n"),
                     r.out);
    assert_asks(STATUS("true", ""), "status", "Status", "{}", EXIT_DONE, "The gate decides.");
    assert_asks(STATUS("false", ""), "status --json", "Status", "{}", EXIT_REFUSED, "\"deciding\": false");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_grant_list),
        IN_FOLDER(test_grant_show),
        IN_FOLDER(test_grant_add),
        IN_FOLDER(test_grant_add_malformed),
        IN_FOLDER(test_revoke),
        IN_FOLDER(test_nothing_to_end),
        IN_FOLDER(test_not_proven),
        IN_FOLDER(test_nothing_known),
        IN_FOLDER(test_proof_is_never_assumed),
        IN_FOLDER(test_prefix),
        IN_FOLDER(test_prefix_in_audit),
        IN_FOLDER(test_sessions),
        IN_FOLDER(test_explain),
        IN_FOLDER(test_audit),
        IN_FOLDER(test_audit_detail),
        IN_FOLDER(test_audit_page),
        IN_FOLDER(test_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
