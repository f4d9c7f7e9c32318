// LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us
// LAYERS: test_support

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "tests/unit/broker/daemon/set_clock.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* An auditor signs the review of a period off; and what is said when nobody does. */

#define DAY    ((when_t)86400)
#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static json_t *period(when_t from, when_t until, const char *note)
{
    char first[WHEN_TEXT_SIZE], last[WHEN_TEXT_SIZE];

    when_format(from, first);
    when_format(until, last);
    return json_pack("{ss ss ss ss}", "from", first, "until", last, "sha256", DIGEST, "note", note);
}

/* "", "warning", "problem" */
static const char *overdue(struct world *w)
{
    struct varlink_reply r = world_call(w, "Status", json_object());
    const json_t *finding;
    const char *found = "";
    size_t i;

    json_array_foreach(json_object_get(r.parameters, "findings"), i, finding)
    {
        if (strcmp(json_string_value(json_object_get(finding, "subject")), "review") == 0)
            found = strcmp(json_string_value(json_object_get(finding, "severity")), "problem") == 0
                        ? "problem"
                        : "warning";
    }
    varlink_reply_done(&r);
    return found;
}

static void test_is_on_record(void **state)
{
    struct world *w = *state;
    when_t now = clock_wall();
    struct varlink_reply r;
    struct sign_off x;
    const json_t *record;

    r = world_call(w, "ReviewSign", period(now - 31 * DAY, now, "seen, 已审阅"));
    assert_null(r.error);
    varlink_reply_done(&r);
    r = world_call(w, "Audit", json_pack("{ss}", "event", EVENT_REVIEW));
    assert_int_equal(json_array_size(json_object_get(r.parameters, "records")), 1);
    record = json_array_get(json_object_get(r.parameters, "records"), 0);
    assert_string_equal(json_string_value(json_object_get(record, "result")), "success");
    assert_int_equal(sign_off_parse(json_string_value(json_object_get(record, "detail")), &x), 0);
    assert_int_equal(x.from, now - 31 * DAY);
    assert_int_equal(x.until, now);
    assert_string_equal(x.sha256, DIGEST);
    assert_string_equal(x.note, "seen, 已审阅");
    varlink_reply_done(&r);
}

/* Nothing of what is refused is on record. */
static void test_refused(void **state)
{
    struct world *w = *state;
    when_t now = clock_wall();
    char long_note[SIGN_OFF_NOTE_MAX + 2];

    memset(long_note, 'x', sizeof(long_note) - 1);
    long_note[sizeof(long_note) - 1] = '\0';
    assert_string_equal(world_error_of(w, "ReviewSign", period(now - DAY, now + 2, "")), "Refused");
    assert_string_equal(world_error_of(w, "ReviewSign", period(now + DAY, now + 2 * DAY, "")), "Refused");
    assert_string_equal(world_error_of(w, "ReviewSign", period(now, now, "")), "Refused");
    assert_string_equal(world_error_of(w, "ReviewSign", period(now, now - DAY, "")), "Refused");
    assert_string_not_equal(world_error_of(w, "ReviewSign", period(now - DAY, now, "a\nb")), "");
    assert_string_not_equal(world_error_of(w, "ReviewSign", period(now - DAY, now, long_note)), "");
    assert_string_not_equal(world_error_of(w, "ReviewSign",
                                           json_pack("{ss ss ss}", "from", "2026-10-01T00:00:00Z", "until",
                                                     "2026-11-01T00:00:00Z", "sha256", "E3B0")),
                            "");
    assert_int_equal(world_records(w, EVENT_REVIEW, NULL, NULL), 0);
    assert_string_equal(world_error_of(w, "ReviewSign", period(now - DAY, now, "")), "");
}

/* Counted from the first record as long as there was no review, and then from the end of the latest period;
 * also over a restart. */
static void test_overdue(void **state)
{
    struct world *w = *state;
    when_t begin = clock_wall();
    struct varlink_reply r;

    assert_string_equal(overdue(w), "");
    set_clock_wait(30 * DAY);
    assert_string_equal(overdue(w), "");
    set_clock_wait(2 * DAY);
    assert_string_equal(overdue(w), "warning");
    world_restart(w);
    world_for(w, 50);
    assert_string_equal(overdue(w), "warning");
    set_clock_wait(31 * DAY);
    assert_string_equal(overdue(w), "problem");
    r = world_call(w, "ReviewSign", period(begin, clock_wall(), ""));
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_string_equal(overdue(w), "");
    set_clock_wait(32 * DAY);
    assert_string_equal(overdue(w), "warning");
    /* An older period, signed off late, puts nothing off. */
    r = world_call(w, "ReviewSign", period(begin - 31 * DAY, begin, ""));
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_string_equal(overdue(w), "warning");
    world_restart(w);
    assert_string_equal(overdue(w), "warning");
    /* Nor does a later one that leaves out what came in between. */
    r = world_call(w, "ReviewSign", period(clock_wall() - DAY, clock_wall(), ""));
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_string_equal(overdue(w), "warning");
    world_restart(w);
    assert_string_equal(overdue(w), "warning");
    r = world_call(w, "ReviewSign", period(begin, clock_wall(), ""));
    assert_null(r.error);
    varlink_reply_done(&r);
    world_restart(w);
    assert_string_equal(overdue(w), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_on_record, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_refused, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_overdue, set_clock_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
