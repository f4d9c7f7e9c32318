// LAYERS: test_support
// LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us

#include "broker/daemon/kinds.h"
#include "tests/unit/broker/daemon/flood.h"
#include "tests/unit/broker/daemon/set_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Refusals in great number: the first are records, the others one that counts them, and none is lost. */

#define FEW REPETITION_FEW

/* ---- what is told and found ---- */

static void test_the_first_are_records(void **state)
{
    struct world *w = *state;
    struct sum s;

    flood(w, 1);
    s = flood_recorded(w); /* at once */
    assert_int_equal(s.rows, 1);
    flood(w, FEW - 1);
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW);
    assert_int_equal(repetition_counters(w->broker->repetition).counted, 0);
    flood(w, 1000);
    flood_until_on_disk(w, 1000);
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW);
    world_restart(w);
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW + 1);
    assert_int_equal(s.stands_for, FEW + 1000);
    assert_int_equal(s.last->count, 1000);
    assert_int_equal(s.last->sources, 2);
    assert_string_equal(s.last->staff, "zhang.san");
    assert_string_equal(s.last->address, "");
    assert_true(s.last->first_us <= s.last->at_us);
    sums_done(&s);
}

/* Whatever of them the person quotes on the telephone. */
static void test_each_reference_finds_a_record(void **state)
{
    struct world *w = *state;
    char own[LEDGER_REFERENCE_SIZE], shared[LEDGER_REFERENCE_SIZE];
    struct sum s;

    (void)snprintf(own, sizeof(own), "%s", flood(w, FEW - 1));
    (void)snprintf(shared, sizeof(shared), "%s", flood(w, 1));
    assert_string_not_equal(own, shared);
    for (unsigned i = 0; i < 100; i++)
        assert_string_equal(flood(w, 1), shared);
    s = sums_of(w, EVENT_LOGIN, "failure", own);
    assert_non_null(s.found);
    sums_done(&s);
    s = sums_of(w, EVENT_LOGIN, "failure", shared); /* at once, in the last that is a record of its own */
    assert_non_null(s.found);
    assert_int_equal(s.found->count, 0);
    sums_done(&s);
    world_restart(w);
    s = sums_of(w, EVENT_LOGIN, "failure", shared);
    assert_int_equal(s.found->count, 100);
    sums_done(&s);
}

static void test_one_that_is_counted_alone_is_itself(void **state)
{
    struct world *w = *state;
    struct sum s;

    flood(w, FEW + 1);
    world_restart(w);
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW + 1);
    assert_int_equal(s.counted, 0);
    sums_done(&s);
}

static void knock_from(struct world *w, const char *address, unsigned n)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    char last[sizeof((struct gate_reply){0}.reference)] = "";

    (void)snprintf(m.remote_host, sizeof(m.remote_host), "%s", address);
    (void)snprintf(m.ssh_connection, sizeof(m.ssh_connection), "%s 40000 10.1.2.1 22", address);
    for (unsigned i = 0; i < n; i++) {
        struct gate_reply reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);

        world_assert_denied(&reply, REASON_NO_GRANT);
        assert_true(i <= FEW || strcmp(reply.reference, last) == 0);
        (void)snprintf(last, sizeof(last), "%s", reply.reference);
    }
    visitor_end(&v);
}

/* The same at the gate itself. */
static void test_at_the_gate(void **state)
{
    struct world *w = *state;
    struct sum s;

    knock_from(w, "10.1.2.3", 30);
    knock_from(w, "10.1.2.4", 30);
    knock_from(w, "10.1.2.5", 30);
    world_restart(w);
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW + 1);
    assert_int_equal(s.stands_for, 90);
    assert_int_equal(s.last->sources, 3);
    sums_done(&s);
}

/* Who is let in, or refused for another reason, is no part of it and changes nothing. */
static void test_others_go_on(void **state)
{
    struct world *w = *state;
    struct sum s;
    struct record other = flood_refusal("zhang.san", "10.1.2.3");

    flood(w, FEW + 5);
    other.reason = REASON_REVOKED;
    assert_string_equal(repetition_write(w->broker, &other), other.reference);
    assert_int_equal(world_grant(w, (struct grant_plan){0}), REASON_OK);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(world_records(w, EVENT_LOGIN, "success", NULL), 1);
    flood(w, 5);
    world_restart(w);
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW + 1 + 1);
    assert_int_equal(s.last->count, 10);
    assert_int_equal(s.last->reason, REASON_NO_GRANT);
    sums_done(&s);
}

/* ---- when ---- */

static void test_a_burst_ends(void **state)
{
    struct world *w = *state;
    struct sum s;

    flood(w, FEW + 100);
    set_clock_wait(8);
    world_for(w, 1300); /* looked at, and not over */
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW);
    set_clock_wait(1);
    flood_until_on_disk(w, 0);
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW + 1);
    assert_int_equal(s.last->count, 100);
    sums_done(&s);
}

/* While it lasts there is a record each minute, and the first of a minute are records again. */
static void test_each_minute(void **state)
{
    struct world *w = *state;
    struct sum s;

    for (unsigned second = 0; second < 125; second++) {
        flood(w, 100);
        set_clock_wait(1);
        assert_int_equal(store_flush(w->broker->store), 0);
    }
    s = flood_recorded(w);
    assert_int_equal(s.rows, 3 * FEW + 2);
    assert_int_equal(s.counted, 2);
    assert_true(s.last->at_us - s.last->first_us > 58 * (int64_t)1000000);
    assert_true(s.last->at_us - s.last->first_us <= 60 * (int64_t)1000000);
    sums_done(&s);
    world_restart(w);
    s = flood_recorded(w);
    assert_int_equal(s.rows, 3 * FEW + 3);
    assert_int_equal(s.stands_for, 12500);
    sums_done(&s);
}

static bool is_forgotten(struct world *w, void *userdata)
{
    (void)userdata;
    return repetition_counters(w->broker->repetition).kinds == 0;
}

static void test_what_is_over_is_forgotten(void **state)
{
    struct world *w = *state;

    flood(w, FEW + 1);
    assert_int_equal(repetition_counters(w->broker->repetition).kinds, 1);
    set_clock_wait(61);
    world_until(w, is_forgotten, NULL);
    flood_until_on_disk(w, 0);
    assert_int_equal(flood_rows(w), FEW + 1);
}

/* Neither ends nor stretches a minute, and the times are told as they were read. */
static void test_wall_clock_set(void **state)
{
    struct world *w = *state;
    struct sum s;

    flood(w, FEW + 10);
    set_clock(-86400, true);
    flood(w, 10);
    set_clock(2 * 86400, true);
    flood(w, 10);
    set_clock(-86400, true);
    flood(w, 10);
    assert_int_equal(flood_rows(w), FEW);
    set_clock(-3600, true);
    flood(w, 1);
    world_restart(w);
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW + 1);
    assert_int_equal(s.last->count, 41);
    assert_true(s.last->at_us - s.last->first_us <= -3600 * (int64_t)1000000 + 30 * (int64_t)1000000);
    sums_done(&s);
}

/* ---- bounds ---- */

/* Who varies what they can vary gets no row for each. */
static void test_kinds_are_bounded(void **state)
{
    struct world *w = *state;
    char staff[40];
    struct sum s;

    for (unsigned i = 0; i < 5000; i++) {
        struct record r;

        (void)snprintf(staff, sizeof(staff), "staff.%u", i % 2500);
        r = flood_refusal(staff, "10.1.2.3");
        (void)repetition_write(w->broker, &r);
    }
    assert_int_equal(repetition_counters(w->broker->repetition).kinds, KINDS_SPECIAL + 1);
    world_restart(w);
    s = flood_recorded(w);
    assert_int_equal(s.rows, 2 * KINDS_SPECIAL + FEW + 1);
    assert_int_equal(s.stands_for, 5000);
    assert_int_equal(s.counted, 1);
    assert_int_equal(s.last->count, 5000 - 2 * KINDS_SPECIAL - FEW);
    assert_string_equal(s.last->staff, "");
    assert_string_equal(s.last->service, "sshd");
    assert_string_equal(s.last->address, "10.1.2.3");
    assert_non_null(strstr(s.last->detail, "various kinds"));
    sums_done(&s);
}

/* Address, terminal, command, key: nothing of that makes a kind. */
static void test_what_the_refused_choose_makes_no_kind(void **state)
{
    struct world *w = *state;
    char text[40];
    struct sum s;

    for (unsigned i = 0; i < 1000; i++) {
        struct record r;

        (void)snprintf(text, sizeof(text), "10.%u.%u.1", i / 200, i % 200);
        r = flood_refusal("zhang.san", text);
        r.tty = r.detail = text;
        (void)repetition_write(w->broker, &r);
    }
    assert_int_equal(repetition_counters(w->broker->repetition).kinds, 1);
    world_restart(w);
    s = flood_recorded(w);
    assert_int_equal(s.rows, FEW + 1);
    assert_int_equal(s.last->sources, RECORD_SOURCES_MANY);
    sums_done(&s);
}

/* Of whom nothing but the uid is known. */
static void test_strangers_are_told_apart_by_uid(void **state)
{
    struct world *w = *state;
    char staff[40];
    struct sum s;

    for (unsigned i = 0; i < 1000; i++) {
        struct record r;

        (void)snprintf(staff, sizeof(staff), "somebody.%u", i);
        r = flood_refusal(staff, "");
        (void)repetition_write_about(w->broker, &r, i % 2 == 0 ? "uid 1000" : "uid 1001", FEW);
    }
    assert_int_equal(repetition_counters(w->broker->repetition).kinds, 2);
    world_restart(w);
    s = flood_recorded(w);
    assert_int_equal(s.rows, 2 * (FEW + 1));
    assert_int_equal(s.stands_for, 1000);
    sums_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_first_are_records, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_each_reference_finds_a_record, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_one_that_is_counted_alone_is_itself, set_clock_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_at_the_gate, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_others_go_on, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_burst_ends, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_each_minute, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_over_is_forgotten, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_wall_clock_set, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_kinds_are_bounded, set_clock_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_the_refused_choose_makes_no_kind, set_clock_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_strangers_are_told_apart_by_uid, set_clock_setup,
                                        world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
