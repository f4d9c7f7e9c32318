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

/* approve and grant check. */

/* Files: trust, grant, and the keys of leader and unit. */
static void put_papers(const struct grant_plan *plan)
{
    cleanup(department_free_p) struct department *d = department_new();
    cleanup_free char *grant = paper_grant(plan);
    cleanup_free char *leader = issue_key_pem(d->approvers[DEPARTMENT_LEADER].key, NULL);
    cleanup_free char *unit = issue_key_pem(d->approvers[DEPARTMENT_UNIT].key, NULL);

    put_file("trust", d->trust);
    put_file("grant", grant);
    put_file("leader.key", leader);
    put_file("unit.key", unit);
}

static void assert_line(const char *line, enum exit_code code, const char *part)
{
    cleanup_result struct result r = invoke_line(line);

    if (r.code != code)
        fail_msg("\"%s\" exits %d: %s%s", line, (int)r.code, r.out, r.error);
    if (!strstr(r.out, part) && !strstr(r.error, part))
        fail_msg("\"%s\" says: %s%s", line, r.out, r.error);
}

static void test_approve_and_check(void **state)
{
    (void)state;
    put_papers(&(struct grant_plan){0});
    assert_line("grant check grant --trust trust", EXIT_DONE, "2 more persons have to sign");
    assert_line("approve grant --as zhou.ming --role unit --key unit.key --trust trust --yes", EXIT_DONE,
                "grant.zhou.ming.approval");
    assert_line("grant check grant --approval grant.zhou.ming.approval --trust trust", EXIT_REFUSED,
                "1 more person has to sign");
    assert_line("approve grant --as wang.wu --role leader --key leader.key --trust trust --yes -o second",
                EXIT_DONE, "one of the 2 signatures that class normal needs in all: 1 leader, 1 unit.");
    assert_line("grant check grant --approval grant.zhou.ming.approval --approval second --trust trust",
                EXIT_DONE, "quorum of its class is met");
    assert_line("grant check grant --approval grant.zhou.ming.approval --approval trust --trust trust",
                EXIT_REFUSED, "malformed");
}

static void test_check_as_json(void **state)
{
    cleanup_result struct result r = {0};
    json_t *value;

    (void)state;
    put_papers(&(struct grant_plan){0});
    assert_line("approve grant --as zhou.ming --role unit --key unit.key --trust trust --yes", EXIT_DONE, "");
    r = invoke_line("--json grant check grant --approval grant.zhou.ming.approval --trust trust");
    assert_int_equal(r.code, EXIT_REFUSED);
    value = json_loads(r.out, 0, NULL);
    assert_non_null(value);
    assert_string_equal(json_string_value(json_object_get(value, "standing")), "approval-missing");
    assert_int_equal(json_integer_value(json_object_get(value, "needed_more")), 1);
    assert_int_equal(json_array_size(json_object_get(value, "approvals")), 1);
    json_decref(value);
}

/* Ten files, eight of which are looked at: the others are named as such. */
static void test_check_names_what_is_not_looked_at(void **state)
{
    (void)state;
    put_papers(&(struct grant_plan){0});
    put_file("junk", "junk\n");
    assert_line(
        "grant check grant --trust trust --approval junk --approval junk --approval junk --approval junk "
        "--approval junk --approval junk --approval junk --approval junk --approval junk",
        EXIT_REFUSED, "not-looked-at");
}

static void test_check_faults(void **state)
{
    static const struct {
        struct grant_plan plan;
        const char *part;
    } cases[] = {
        {{.site = "cn.example.health"}, "another site"},
        {{.requester = "nobody"}, "requester"},
        {{.max_session = "28801"}, "wider than its class"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        put_papers(&cases[i].plan);
        assert_line("grant check grant --trust trust", EXIT_REFUSED, cases[i].part);
        assert_line("approve grant --as wang.wu --role leader --key leader.key --trust trust --yes",
                    EXIT_REFUSED, cases[i].part);
        assert_int_not_equal(access("grant.wang.wu.approval", F_OK), 0);
    }
    put_file("grant", "hufu-grant: 1\nsite: x\nid: 12\n");
    assert_line("grant check grant", EXIT_REFUSED, "grant, line 3");
    assert_line("grant check absent", EXIT_REFUSED, "absent");
    assert_line("grant check grant --trust absent", EXIT_REFUSED, "");
}

static void test_approve_faults(void **state)
{
    (void)state;
    put_papers(&(struct grant_plan){0});
    assert_line("approve grant --as wang.wu --role leader --key unit.key --trust trust --yes", EXIT_REFUSED,
                "none of the certificates");
    assert_line("approve grant --as nobody --role leader --key unit.key --trust trust --yes", EXIT_REFUSED,
                "no approver nobody");
    assert_line("approve grant --as wang.wu --role unit --key leader.key --trust trust --yes", EXIT_REFUSED,
                "may not sign as unit");
    assert_line("approve grant --as wang.wu --role leader --key grant --trust trust --yes", EXIT_REFUSED,
                "no private key");
    assert_line("approve unit.key --as wang.wu --role leader --key leader.key --trust trust --yes",
                EXIT_REFUSED, "neither a grant nor a trust file, revocation or status");
    assert_line("approve grant --as ../x --role leader --key leader.key --trust trust --yes", EXIT_USAGE,
                "../x");
    assert_int_equal(symlink("grant", "link"), 0);
    assert_line("approve link --as wang.wu --role leader --key leader.key --trust trust --yes", EXIT_REFUSED,
                "link");
    (void)unlink("link");
}

static void test_approve_a_trust_file(void **state)
{
    (void)state;
    put_papers(&(struct grant_plan){0});
    assert_line("approve trust --as wang.wu --role leader --key leader.key --trust trust --yes", EXIT_DONE,
                "trust.wang.wu.approval");
    assert_line("approve trust --as wang.wu --role leader --key leader.key --trust trust --yes", EXIT_DONE,
                "needs them twice: under the one that it replaces, and under itself");
}

/* The file itself or the one that follows it; no other epoch. */
static void test_approve_another_epoch(void **state)
{
    static const struct {
        unsigned epoch;
        enum exit_code code;
        const char *part;
    } rows[] = {{3, EXIT_REFUSED, "neither that of the trust file nor the next one"},
                {4, EXIT_DONE, ""},
                {5, EXIT_DONE, ""},
                {6, EXIT_REFUSED, "neither that of the trust file nor the next one"}};
    cleanup(department_free_p) struct department *d = department_new();
    cleanup_free char *leader = issue_key_pem(d->approvers[DEPARTMENT_LEADER].key, NULL);

    (void)state;
    put_file("trust", d->trust);
    put_file("leader.key", leader);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct trust_plan plan = department_plan(d);
        cleanup_free char *next = NULL;

        plan.epoch = rows[i].epoch;
        next = paper_trust(&plan);
        put_file("next", next);
        assert_line("approve next --as wang.wu --role leader --key leader.key --trust trust --yes",
                    rows[i].code, rows[i].part);
    }
}

/* One signature where the quorum is one, and places for whoever comes. */
static void test_approve_says_what_is_needed(void **state)
{
    static const struct {
        const char *quorum, *part;
    } rows[] = {
        {"total=1", "Class normal needs this one signature alone."},
        {"total=3 leader=1", "3 signatures that class normal needs in all: 1 leader, 2 in any role."},
        {"total=2", "2 signatures that class normal needs in all: 2 in any role."},
    };
    cleanup(department_free_p) struct department *d = department_new();
    cleanup_free char *grant = paper_grant(&(struct grant_plan){0});
    cleanup_free char *leader = issue_key_pem(d->approvers[DEPARTMENT_LEADER].key, NULL);

    (void)state;
    put_file("grant", grant);
    put_file("leader.key", leader);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct trust_plan plan = department_plan(d);
        cleanup_free char *trust = NULL;

        plan.quorum_normal = rows[i].quorum;
        trust = paper_trust(&plan);
        put_file("trust", trust);
        assert_line("approve grant --as wang.wu --role leader --key leader.key --trust trust --yes",
                    EXIT_DONE, rows[i].part);
    }
}

/* Files: trust with a revoker and a status key, a revocation, a status, and the keys. */
static void put_takers(void)
{
    cleanup(department_free_p) struct department *d = department_new();
    struct signatory revoker =
        department_signatory(d, "sun.qi", "finance", "revoker", SIGNATURE_ECDSA_P256_SHA256);
    struct signatory status_key =
        department_signatory(d, "status-2026", "finance", "status", SIGNATURE_ED25519);
    struct trust_plan plan = department_plan(d);
    cleanup_free char *revocation = paper_revocation(&(struct revocation_plan){.scope = "staff zhang.san"});
    cleanup_free char *status = paper_status(&(struct status_plan){.lines = "revoked: " PAPERS_ID "\n"});
    cleanup_free char *leader = issue_key_pem(d->approvers[DEPARTMENT_LEADER].key, NULL);
    cleanup_free char *revoker_key = issue_key_pem(revoker.key, NULL);
    cleanup_free char *key = issue_key_pem(status_key.key, NULL);
    cleanup_free char *trust = NULL;

    plan.revokers = &revoker;
    plan.n_revokers = 1;
    plan.status_keys = &status_key;
    plan.n_status_keys = 1;
    trust = paper_trust(&plan);
    put_file("trust", trust);
    put_file("revocation", revocation);
    put_file("status", status);
    put_file("leader.key", leader);
    put_file("revoker.key", revoker_key);
    put_file("status.key", key);
    signatory_done(&revoker);
    signatory_done(&status_key);
}

static void test_approve_a_revocation(void **state)
{
    cleanup_free char *over = paper_revocation(&(struct revocation_plan){.until = "2026-11-21T10:00:00Z"});

    (void)state;
    put_takers();
    assert_line("approve revocation --as sun.qi --role revoker --key revoker.key --trust trust --yes",
                EXIT_DONE, "One signature is enough: it revokes staff zhang.san for ever");
    assert_int_equal(access("revocation.sun.qi.approval", F_OK), 0);
    assert_line("approve revocation --as wang.wu --role leader --key leader.key --trust trust --yes",
                EXIT_DONE, "Signed as wang.wu, leader, and verified: revocation.wang.wu.approval");
    assert_line("approve revocation --as wang.wu --role revoker --key leader.key --trust trust --yes",
                EXIT_REFUSED, "no revoker wang.wu");
    assert_line("approve revocation --as status-2026 --role status --key status.key --trust trust --yes",
                EXIT_REFUSED, "nobody may sign such a document as status");
    put_file("revocation", over);
    assert_line("approve revocation --as sun.qi --role revoker --key revoker.key --trust trust --yes",
                EXIT_REFUSED, "has passed already");
}

static void test_approve_a_status(void **state)
{
    cleanup_free char *over = paper_status(&(struct status_plan){.expires = "2026-11-21T10:00:00Z"});
    cleanup_result struct result r = {0};
    json_t *value;

    (void)state;
    put_takers();
    assert_line("approve status --as status-2026 --role status --key status.key --trust trust --yes",
                EXIT_DONE, "status 17 of trust epoch 4 (revoked: 1, certificates: 0, minimum versions: 0)");
    r = invoke_line(
        "--json approve status --as status-2026 --role status --key status.key --trust trust --yes");
    value = json_loads(r.out, 0, NULL);
    assert_non_null(value);
    assert_string_equal(json_string_value(json_object_get(value, "document")), "status");
    assert_string_equal(json_string_value(json_object_get(value, "standing")), "ok");
    assert_int_equal(json_integer_value(json_object_get(value, "needed")), 1);
    json_decref(value);
    assert_line("approve status --as wang.wu --role leader --key leader.key --trust trust --yes",
                EXIT_REFUSED, "nobody may sign such a document as leader");
    put_file("status", over);
    assert_line("approve status --as status-2026 --role status --key status.key --trust trust --yes",
                EXIT_REFUSED, "it has expired already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_approve_and_check, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_check_as_json, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_check_names_what_is_not_looked_at, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_check_faults, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_approve_faults, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_approve_a_trust_file, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_approve_another_epoch, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_approve_says_what_is_needed, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_approve_a_revocation, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_approve_a_status, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
