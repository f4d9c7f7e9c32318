// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/support/issuing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Trust epochs live in the store: where the first comes from, what replaces it, and what does not (3-rules,
 * "How it changes"). */

static const char *text_of(const struct varlink_reply *r, const char *member)
{
    const char *text = json_string_value(json_object_get(r->parameters, member));

    return text ? text : "";
}

static const struct signatory *approver(const struct world *w, int who)
{
    return &w->department->approvers[who];
}

static void assert_in_force(struct world *w, unsigned epoch, const char *origin)
{
    char found[16];

    assert_int_equal(epoch_in_force(w, found), epoch);
    assert_string_equal(found, origin);
}

static void assert_refused(struct varlink_reply *r, const char *reason, const char *words)
{
    assert_non_null(r->error);
    assert_string_equal(r->error, "org.hufu.control.Refused");
    assert_string_equal(text_of(r, "reason"), reason);
    if (!strstr(text_of(r, "message"), words))
        fail_msg("%s", text_of(r, "message"));
    varlink_reply_done(r);
}

/* Whether status has a finding about this subject with these words. */
static bool status_says(struct world *w, const char *subject, const char *words)
{
    struct varlink_reply r = world_call(w, "Status", NULL);
    bool found = false;
    const json_t *finding;
    size_t i;

    json_array_foreach(json_object_get(r.parameters, "findings"), i, finding)
    {
        found = found || (strcmp(json_string_value(json_object_get(finding, "subject")), subject) == 0 &&
                          strstr(json_string_value(json_object_get(finding, "message")), words));
    }
    varlink_reply_done(&r);
    return found;
}

/* ---- the first one ---- */

static void test_seed(void **state)
{
    struct world *w = *state;

    assert_in_force(w, 4, "seed");
    assert_int_equal(world_records(w, EVENT_TRUST_SEED, "success", NULL), 1);
    world_stop(w);
    world_start(w);
    assert_in_force(w, 4, "seed");
    assert_int_equal(world_records(w, EVENT_TRUST_SEED, NULL, NULL), 1);
}

/* From the first start on the file decides nothing: another, a malformed one, none at all. */
static void test_file_decides_nothing(void **state)
{
    struct world *w = *state;
    char *other = epoch_text(w, (struct trust_plan){.epoch = 9});

    assert_false(status_says(w, "trust-file", ""));
    epoch_put_file(w, other);
    assert_true(status_says(w, "trust-file", "epoch 9"));
    world_stop(w);
    world_start(w);
    assert_in_force(w, 4, "seed");
    world_stop(w);
    epoch_put_file(w, "hufu-trust: 1\n");
    world_start(w);
    assert_in_force(w, 4, "seed");
    assert_true(status_says(w, "trust-file", "not the trust in force"));
    assert_int_equal(unlink(world_path(w, "trust")), 0);
    assert_true(status_says(w, "trust-file", "cannot be read"));
    world_stop(w);
    world_start(w);
    assert_in_force(w, 4, "seed");
    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_OK);
    free(other);
}

/* Whose certificate ends soon is told in time; of several the first. */
static void test_a_certificate_that_ends_soon(void **state)
{
    struct world *w = world_new();
    const struct authority *a = &w->department->anchors[DEPARTMENT_ED25519];
    struct signatory *unit = &w->department->approvers[DEPARTMENT_UNIT];
    cleanup_free char *text = NULL;

    (void)state;
    X509_free(unit->certificate);
    unit->certificate =
        issue_certificate(&(struct certificate_plan){.name = "zhou.ming",
                                                     .key = unit->key,
                                                     .issuer = a->certificate,
                                                     .issuer_key = a->key,
                                                     .last = clock_wall() + (when_t)10 * 86400});
    text = epoch_text(w, (struct trust_plan){.epoch = 4});
    epoch_put_file(w, text);
    world_start(w);
    assert_true(status_says(w, "trust", "The certificate of zhou.ming"));
    assert_false(status_says(w, "trust", "The certificate of wang.wu"));
    world_free(w);
}

/* A host whose first trust file was no good: nobody gets in; the corrected file is taken by a reload. */
static void test_seed_by_reload(void **state)
{
    struct world *w = world_new();
    char *good = epoch_text(w, (struct trust_plan){.epoch = 4});

    (void)state;
    epoch_put_file(w, "hufu-trust: 1\nx\n");
    world_start(w);
    assert_int_equal(epoch_in_force(w, NULL), 0);
    assert_true(status_says(w, "trust", "line 2"));
    assert_int_equal(world_records(w, EVENT_TRUST_SEED, "failure", NULL), 1);
    epoch_put_file(w, good);
    trust_keeper_reload(w->broker);
    assert_in_force(w, 4, "seed");
    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_OK);
    assert_int_equal(world_records(w, EVENT_TRUST_SEED, "success", NULL), 1);
    free(good);
    world_free(w);
}

/* ... but a reload never takes a file where an epoch is kept. */
static void test_reload_replaces_nothing(void **state)
{
    struct world *w = *state;
    char *other = epoch_text(w, (struct trust_plan){.epoch = 5});

    epoch_put_file(w, other);
    trust_keeper_reload(w->broker);
    assert_in_force(w, 4, "seed");
    free(other);
}

/* What is kept and no longer parses is no trust; the file does not stand in for it. */
static void test_kept_epoch_is_damaged(void **state)
{
    struct world *w = *state;
    const char text[] = "hufu-trust: 1\nx\n";
    const struct store_document d = {
        .type = DOCUMENT_TRUST, .version = 5, .octets = (const uint8_t *)text, .size = sizeof(text) - 1};
    struct store_txn *t;

    assert_int_equal(store_txn_new(w->broker->store, &t), 0);
    store_txn_document(t, &d);
    assert_int_equal(store_submit(w->broker->store, t, NULL, NULL), 0);
    world_stop(w);
    world_start(w);
    assert_int_equal(epoch_in_force(w, NULL), 0);
    assert_true(status_says(w, "trust", "epoch 5"));
    trust_keeper_reload(w->broker);
    assert_int_equal(epoch_in_force(w, NULL), 0);
}

/* A row of another epoch than its document's. */
static void test_kept_epoch_is_another(void **state)
{
    struct world *w = *state;
    char *text = epoch_text(w, (struct trust_plan){.epoch = 5});
    const struct store_document d = {
        .type = DOCUMENT_TRUST, .version = 6, .octets = (const uint8_t *)text, .size = strlen(text)};
    struct store_txn *t;

    assert_int_equal(store_txn_new(w->broker->store, &t), 0);
    store_txn_document(t, &d);
    assert_int_equal(store_submit(w->broker->store, t, NULL, NULL), 0);
    world_stop(w);
    world_start(w);
    assert_int_equal(epoch_in_force(w, NULL), 0);
    free(text);
}

/* ---- the next one ---- */

static int count_epoch(void *userdata, const struct store_document *d)
{
    *(unsigned *)userdata += d->type == DOCUMENT_TRUST;
    return 0;
}

/* Every epoch is kept, also those that are not in force any more. */
static void test_all_are_kept(void **state)
{
    struct world *w = *state;
    char *next = epoch_without_leader(w, 5);
    unsigned n = 0;

    epoch_replace(w, next, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    assert_int_equal(store_flush(w->broker->store), 0);
    assert_int_equal(store_load_few(w->broker->store, count_epoch, &n), 0);
    assert_int_equal(n, 2);
    free(next);
}

static void test_replace(void **state)
{
    struct world *w = *state;
    char *next = epoch_without_leader(w, 5);
    uint64_t generation = w->broker->generation;
    struct varlink_reply r =
        epoch_hand_in(w, next, 5, approver(w, DEPARTMENT_BOTH), approver(w, DEPARTMENT_UNIT));

    assert_null(r.error);
    assert_string_equal(text_of(&r, "type"), "trust");
    assert_string_equal(text_of(&r, "state"), "ok");
    assert_true(json_is_null(json_object_get(r.parameters, "id")));
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "version")), 5);
    assert_int_equal(json_array_size(json_object_get(r.parameters, "approvals")), 2);
    varlink_reply_done(&r);
    assert_true(w->broker->generation > generation);
    assert_in_force(w, 5, "replace");
    assert_int_equal(world_records(w, EVENT_TRUST_REPLACE, "success", NULL), 1);
    world_stop(w);
    world_start(w);
    assert_in_force(w, 5, "replace");
    r = world_call(w, "TrustShow", NULL);
    assert_int_equal(json_array_size(json_object_get(json_object_get(r.parameters, "epoch"), "signers")), 2);
    varlink_reply_done(&r);
    free(next);
}

/* Once more is no error: whoever asked for it may not have got the answer. */
static void test_replace_again(void **state)
{
    struct world *w = *state;
    char *next = epoch_without_leader(w, 5);

    epoch_replace(w, next, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    epoch_replace(w, next, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    assert_in_force(w, 5, "replace");
    world_stop(w);
    world_start(w);
    assert_in_force(w, 5, "replace");
    free(next);
}

/* Signed by a quorum of those that it lists, of whom the one in force does not know one. */
static void test_quorum_of_the_old(void **state)
{
    struct world *w = *state;
    struct signatory hers =
        department_signatory(w->department, "sun.qi", "finance", "leader", SIGNATURE_ED25519);
    const struct signatory list[] = {hers, *approver(w, DEPARTMENT_UNIT)};
    char *next = epoch_text(w, (struct trust_plan){.epoch = 5, .approvers = list, .n_approvers = 2});
    struct varlink_reply r = epoch_hand_in(w, next, 5, &hers, approver(w, DEPARTMENT_UNIT));

    assert_refused(&r, "approval-missing", "quorum of the trust in force: approvals of 1 more");
    assert_in_force(w, 4, "seed");
    assert_int_equal(world_records(w, EVENT_TRUST_REPLACE, "failure", NULL), 1);
    free(next);
    signatory_done(&hers);
}

/* Signed by a quorum of the one in force, of whom it does not list one any more. */
static void test_quorum_of_the_new(void **state)
{
    struct world *w = *state;
    char *next = epoch_without_leader(w, 5);
    struct varlink_reply r =
        epoch_hand_in(w, next, 5, approver(w, DEPARTMENT_LEADER), approver(w, DEPARTMENT_UNIT));

    assert_refused(&r, "approval-missing", "its own quorum: approvals of 1 more");
    assert_in_force(w, 4, "seed");
    free(next);
}

/* An approver of each side alone: what counted under either is said to have counted, and is kept. */
static void test_handing_over(void **state)
{
    struct world *w = *state;
    struct signatory hers =
        department_signatory(w->department, "sun.qi", "finance", "leader", SIGNATURE_ED25519);
    const struct signatory list[] = {hers, *approver(w, DEPARTMENT_UNIT)};
    char *next = epoch_text(w, (struct trust_plan){.epoch = 5, .approvers = list, .n_approvers = 2});
    char *approvals[] = {epoch_approval(approver(w, DEPARTMENT_LEADER), next, 5),
                         epoch_approval(approver(w, DEPARTMENT_UNIT), next, 5),
                         epoch_approval(&hers, next, 5)};
    struct varlink_reply r = world_call(w, "DocumentAdd",
                                        json_pack("{ss s[ssss]}", "document", next, "approvals", "junk\n",
                                                  approvals[0], approvals[1], approvals[2]));
    unsigned counted = 0;
    const json_t *seen;
    size_t i;

    assert_null(r.error);
    json_array_foreach(json_object_get(r.parameters, "approvals"), i, seen)
    {
        counted += strcmp(json_string_value(json_object_get(seen, "outcome")), "counted") == 0;
    }
    assert_int_equal(counted, 3);
    varlink_reply_done(&r);
    assert_int_equal(w->broker->trust_keeper.papers->n_approvals, 3);
    for (i = 0; i < ARRAY_SIZE(approvals); i++)
        free(approvals[i]);
    free(next);
    signatory_done(&hers);
}

static void refuse(struct world *w, struct trust_plan plan, const char *reason, const char *words)
{
    char *text = epoch_text(w, plan);
    struct varlink_reply r =
        epoch_hand_in(w, text, plan.epoch, approver(w, DEPARTMENT_BOTH), approver(w, DEPARTMENT_UNIT));

    assert_refused(&r, reason, words);
    assert_in_force(w, 4, "seed");
    free(text);
}

static void test_other_epochs(void **state)
{
    struct world *w = *state;

    refuse(w, (struct trust_plan){.epoch = 3}, "bad-request",
           "older than the trust in force, which is epoch 4");
    refuse(w, (struct trust_plan){.epoch = 4, .requester = "somebody.else finance"}, "bad-request",
           "Epoch 4 is in force already");
    refuse(w, (struct trust_plan){.epoch = 6}, "bad-request", "epoch 5 is needed first");
    refuse(w,
           (struct trust_plan){.epoch = 5, .from = "2020-01-01T00:00:00Z", .until = "2020-02-01T00:00:00Z"},
           "trust-expired", "outside its own dates");
}

static void test_other_site(void **state)
{
    struct world *w = *state;
    char *text = epoch_text(w, (struct trust_plan){.epoch = 5, .site = "cn.example.other"});
    struct varlink_reply r =
        epoch_hand_in(w, text, 5, approver(w, DEPARTMENT_BOTH), approver(w, DEPARTMENT_UNIT));

    assert_refused(&r, "wrong-site", "another site");
    assert_in_force(w, 4, "seed");
    free(text);
}

static void test_malformed(void **state)
{
    struct world *w = *state;
    struct varlink_reply r = world_hand_in(w, "hufu-trust: 1\nx\n", NULL, NULL);

    assert_string_equal(r.error, "org.hufu.control.Malformed");
    assert_string_equal(text_of(&r, "document"), "trust");
    varlink_reply_done(&r);
    assert_in_force(w, 4, "seed");
}

#define EPOCH_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EPOCH_TEST(test_seed),
        EPOCH_TEST(test_file_decides_nothing),
        cmocka_unit_test(test_a_certificate_that_ends_soon),
        cmocka_unit_test(test_seed_by_reload),
        EPOCH_TEST(test_reload_replaces_nothing),
        EPOCH_TEST(test_kept_epoch_is_damaged),
        EPOCH_TEST(test_kept_epoch_is_another),
        EPOCH_TEST(test_replace),
        EPOCH_TEST(test_all_are_kept),
        EPOCH_TEST(test_replace_again),
        EPOCH_TEST(test_quorum_of_the_old),
        EPOCH_TEST(test_quorum_of_the_new),
        EPOCH_TEST(test_handing_over),
        EPOCH_TEST(test_other_epochs),
        EPOCH_TEST(test_other_site),
        EPOCH_TEST(test_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
