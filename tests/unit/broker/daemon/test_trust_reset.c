// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/trust/digest.h"
#include "tests/unit/broker/daemon/epochs.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* How root starts over, and what a broker that was killed in between comes up with. */

static const char *text_of(const struct varlink_reply *r, const char *member)
{
    const char *text = json_string_value(json_object_get(r->parameters, member));

    return text ? text : "";
}

static struct grant_entry *entry_of(struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

static void test_reset(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    char *next = epoch_text(w, (struct trust_plan){.epoch = 5});
    char *first = epoch_without_leader(w, 1);
    char origin[16];
    struct varlink_reply r;

    world_grant(w, (struct grant_plan){0});
    epoch_replace(w, next, 5, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    world_log_in(w, &v);
    epoch_put_file(w, first);
    r = epoch_reset(w, first);
    assert_null(r.error);
    assert_string_equal(text_of(&r, "site"), PAPERS_SITE);
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "epoch")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(r.parameters, "ending"), "sessions")),
                     1);
    varlink_reply_done(&r);
    assert_int_equal(epoch_in_force(w, origin), 1);
    assert_string_equal(origin, "reset");
    assert_int_equal(entry_of(w)->standing, REASON_APPROVAL_MISSING);
    assert_int_equal(world_records(w, EVENT_TRUST_RESET, "success", NULL), 1);
    /* The higher epoch of before is forgotten. */
    world_stop(w);
    world_start(w);
    assert_int_equal(epoch_in_force(w, origin), 1);
    assert_string_equal(origin, "reset");
    free(next);
    free(first);
    visitor_end(&v);
}

/* Only the file that root looked at. */
static void test_reset_of_another_file(void **state)
{
    struct world *w = *state;
    char *one = epoch_text(w, (struct trust_plan){.epoch = 1});
    char *two = epoch_text(w, (struct trust_plan){.epoch = 2});
    struct varlink_reply r;

    epoch_put_file(w, two);
    r = epoch_reset(w, one);
    assert_string_equal(r.error, "org.hufu.control.Refused");
    assert_int_equal(world_records(w, EVENT_TRUST_RESET, "failure", NULL), 1);
    varlink_reply_done(&r);
    r = world_call(w, "TrustReset", json_pack("{ss ss}", "sha256", "abc", "why", ""));
    assert_string_equal(r.error, "org.varlink.service.InvalidParameter");
    varlink_reply_done(&r);
    assert_int_equal(unlink(world_path(w, "trust")), 0);
    r = epoch_reset(w, two);
    assert_string_equal(text_of(&r, "reason"), "trust-missing");
    varlink_reply_done(&r);
    epoch_put_file(w, "hufu-trust: 1\nx\n");
    r = epoch_reset(w, "hufu-trust: 1\nx\n");
    assert_string_equal(r.error, "org.hufu.control.Malformed");
    varlink_reply_done(&r);
    assert_int_equal(epoch_in_force(w, NULL), 4);
    free(one);
    free(two);
}

/* A host that has no valid trust at all is what a reset is for, too. */
static void test_reset_without_trust(void **state)
{
    struct world *w = world_new();
    char *good = epoch_text(w, (struct trust_plan){.epoch = 4});
    struct varlink_reply r;

    (void)state;
    epoch_put_file(w, "nothing\n");
    world_start(w);
    assert_int_equal(epoch_in_force(w, NULL), 0);
    epoch_put_file(w, good);
    r = epoch_reset(w, good);
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_OK);
    free(good);
    world_free(w);
}

/* A reset whose commit fails holds in memory only; what is written next makes it hold on disk as well. */
static void test_next_epoch_after_a_reset_that_was_not_written(void **state)
{
    struct world *w = *state;
    char *first = epoch_text(w, (struct trust_plan){.epoch = 1});
    char *second = epoch_text(w, (struct trust_plan){.epoch = 2});
    struct offer_refusal refusal = {0};
    struct trust_change change;
    uint8_t sha256[32];

    epoch_put_file(w, first);
    assert_int_equal(w->broker->options.root, geteuid());
    must(digest_sha256(first, strlen(first), sha256) == 0);
    assert_int_equal(trust_change_read(w->broker, sha256, &change, &refusal), 0);
    trust_keeper_change(w->broker, &change, clock_wall(), NULL);
    trust_change_done(&change);
    epoch_replace(w, second, 2, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    world_stop(w);
    world_start(w);
    assert_int_equal(epoch_in_force(w, NULL), 2);
    free(first);
    free(second);
}

/* ---- killed in between ---- */

#define LET_IT_ANSWER UINT_MAX

/* Loop and reaper are the process's own. */
static void start_in_child(struct world *w)
{
    must(sd_event_new(&w->event) >= 0);
    must(unlink(world_path(w, "reaper")) == 0);
    fake_reaper_start(&w->reaper, w->event, world_path(w, "reaper"));
    world_start(w);
}

/* The broker dies as SIGKILL would have it, some time after the change was ordered, or after its answer. */
static void die_while_replacing(struct world *w, const char *text, unsigned microseconds)
{
    char *one = epoch_approval(&w->department->approvers[DEPARTMENT_BOTH], text, 5);
    char *two = epoch_approval(&w->department->approvers[DEPARTMENT_UNIT], text, 5);
    pid_t child = fork();
    int status, fd;

    if (child == 0) {
        start_in_child(w);
        fd = world_begin_call(w, "DocumentAdd",
                              json_pack("{ss s[ss]}", "document", text, "approvals", one, two));
        for (uint64_t until = clock_boot_us() + microseconds;
             microseconds == LET_IT_ANSWER ? !world_has_answer(w, fd) : clock_boot_us() < until;)
            (void)sd_event_run(w->event, 1000);
        _exit(0); /* no stop, no flush */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    free(one);
    free(two);
}

/* What comes up has the old epoch or the new one, and the new one if it was said to hold. */
static unsigned epoch_after(unsigned microseconds)
{
    struct world *w = world_new();
    char *next = epoch_text(w, (struct trust_plan){.epoch = 5});
    unsigned epoch;

    die_while_replacing(w, next, microseconds);
    fake_reaper_stop(&w->reaper);
    (void)unlink(world_path(w, "reaper"));
    fake_reaper_start(&w->reaper, w->event, world_path(w, "reaper"));
    world_start(w);
    epoch = epoch_in_force(w, NULL);
    free(next);
    world_free(w);
    return epoch;
}

static void test_killed_in_between(void **state)
{
    unsigned epoch;

    (void)state;
    assert_int_equal(epoch_after(0), 4);
    for (unsigned i = 1; i < 8; i++) {
        epoch = epoch_after(i * 1500);
        assert_true(epoch == 4 || epoch == 5);
    }
    assert_int_equal(epoch_after(LET_IT_ANSWER), 5);
}

#define RESET_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RESET_TEST(test_reset),
        RESET_TEST(test_reset_of_another_file),
        cmocka_unit_test(test_reset_without_trust),
        RESET_TEST(test_next_epoch_after_a_reset_that_was_not_written),
        cmocka_unit_test(test_killed_in_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
