// LAYERS: test_support

#include "broker/daemon/ledger.h"
#include "broker/daemon/tally.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Many records as one: what it says of all of them. */

static struct record refusal(const char *address, int64_t at_us)
{
    struct record r = ledger_record(EVENT_LOGIN, REASON_NO_GRANT, false);

    r.at_us = at_us;
    r.staff = r.account = "zhang.san";
    r.service = "sshd";
    r.tty = "ssh";
    r.address = address;
    r.reference = "AAAAAAAA";
    r.latency_us = 100;
    return r;
}

static void add_from(struct tally *t, unsigned n)
{
    char address[40];
    struct record r;

    (void)snprintf(address, sizeof(address), "10.1.%u.%u", n / 250, n % 250);
    r = refusal(address, 1000 + n);
    tally_add(t, &r);
}

static void test_one_is_itself(void **state)
{
    const struct record only = refusal("10.1.2.3", 1000);
    struct tally *t = tally_new(&only);
    struct record r = tally_record(t);

    (void)state;
    assert_int_equal(r.at_us, 1000);
    assert_string_equal(r.address, "10.1.2.3");
    assert_int_equal(r.latency_us, 100);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.first_us, 0);
    assert_int_equal(r.sources, 0);
    tally_free(t);
}

static void test_what_all_have_in_common(void **state)
{
    struct record one = refusal("10.1.2.3", 1000), two = refusal("10.1.2.4", 3000);
    struct tally *t;
    struct record r;

    (void)state;
    one.detail = two.detail = "the same";
    one.grant = "00000000000000000000000000000001";
    two.grant = "00000000000000000000000000000002";
    one.version = 1;
    two.version = 2;
    one.session = two.session = 7;
    one.actor = 1000;
    two.actor = 1001;
    two.tty = "pts/1";
    two.reference = "BBBBBBBB";
    t = tally_new(&one);
    tally_add(t, &two);
    r = tally_record(t);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.first_us, 1000);
    assert_int_equal(r.at_us, 3000);
    assert_int_equal(r.sources, 2);
    assert_string_equal(r.event, EVENT_LOGIN);
    assert_string_equal(r.staff, "zhang.san");
    assert_string_equal(r.service, "sshd");
    assert_string_equal(r.detail, "the same");
    assert_string_equal(r.address, "");
    assert_string_equal(r.tty, "");
    assert_string_equal(r.grant, "");
    assert_string_equal(r.reference, "AAAAAAAA"); /* which all of them were told */
    assert_int_equal(r.session, 7);
    assert_int_equal(r.version, 0);
    assert_int_equal(r.actor, UINT32_MAX);
    assert_int_equal(r.latency_us, 0);
    tally_free(t);
}

/* What was set back in between is told as it was read. */
static void test_clock_set_back(void **state)
{
    const struct record first = refusal("10.1.2.3", 9000), last = refusal("10.1.2.3", 2000);
    struct tally *t = tally_new(&first);
    struct record r;

    (void)state;
    tally_add(t, &last);
    r = tally_record(t);
    assert_int_equal(r.first_us, 9000);
    assert_int_equal(r.at_us, 2000);
    assert_int_equal(r.sources, 1);
    assert_string_equal(r.address, "10.1.2.3");
    tally_free(t);
}

static void test_addresses_are_told_apart_up_to_a_bound(void **state)
{
    struct record nowhere = refusal("", 1);
    struct tally *t = tally_new(&nowhere);

    (void)state;
    tally_add(t, &nowhere);
    assert_int_equal(tally_record(t).sources, 0);
    for (unsigned n = 0; n < TALLY_SOURCES; n++)
        add_from(t, n);
    for (unsigned n = 0; n < TALLY_SOURCES; n++)
        add_from(t, n); /* known */
    assert_int_equal(tally_record(t).sources, TALLY_SOURCES);
    add_from(t, TALLY_SOURCES);
    assert_int_equal(tally_record(t).sources, RECORD_SOURCES_MANY);
    for (unsigned n = 0; n < 5000; n++)
        add_from(t, n);
    assert_int_equal(tally_record(t).sources, RECORD_SOURCES_MANY);
    assert_int_equal(tally_record(t).count, 2 + 2 * TALLY_SOURCES + 1 + 5000);
    tally_free(t);
}

static void test_joined(void **state)
{
    const struct record a = refusal("10.1.2.3", 1000), b = refusal("10.1.2.4", 2000),
                        c = refusal("10.1.2.5", 3000);
    struct tally *earlier = tally_new(&a), *t = tally_new(&c);
    struct record r;

    (void)state;
    tally_add(earlier, &b);
    tally_add(t, &b);
    tally_join(t, earlier);
    r = tally_record(t);
    assert_int_equal(r.count, 4);
    assert_int_equal(r.first_us, 1000);
    assert_int_equal(r.at_us, 2000);
    assert_int_equal(r.sources, 3);
    assert_string_equal(r.address, "");
    tally_free(t);
}

static void test_joined_with_many(void **state)
{
    const struct record a = refusal("10.9.9.9", 1000);
    struct tally *earlier = tally_new(&a), *t = tally_new(&a);

    (void)state;
    for (unsigned n = 0; n < TALLY_SOURCES; n++)
        add_from(earlier, n);
    assert_int_equal(tally_record(earlier).sources, RECORD_SOURCES_MANY);
    tally_join(t, earlier);
    assert_int_equal(tally_record(t).sources, RECORD_SOURCES_MANY);
    tally_free(t);
}

/* ---- on disk ---- */

struct row {
    struct buf sample, addresses;
    struct store_repetition x;
};

static void write_row(const struct tally *t, struct row *row)
{
    *row = (struct row){.sample = BUF_INIT, .addresses = BUF_INIT};
    tally_encode_sample(t, &row->sample);
    tally_encode_addresses(t, &row->addresses);
    row->x = (struct store_repetition){.key = "k",
                                       .sample = row->sample.data,
                                       .sample_size = row->sample.size,
                                       .count = t->count,
                                       .first_us = t->first_us,
                                       .last_us = t->last_us,
                                       .addresses = row->addresses.data,
                                       .addresses_size = row->addresses.size};
}

static void row_done(struct row *row)
{
    buf_done(&row->sample);
    buf_done(&row->addresses);
}

static void assert_same(const struct record *is, const struct record *was)
{
    for (size_t i = 0; i < RECORD_TEXTS; i++)
        assert_string_equal(record_text(is, i), record_text(was, i));
    assert_int_equal(is->at_us, was->at_us);
    assert_int_equal(is->count, was->count);
    assert_int_equal(is->first_us, was->first_us);
    assert_int_equal(is->sources, was->sources);
    assert_int_equal(is->reason, was->reason);
    assert_int_equal(is->version, was->version);
    assert_int_equal(is->session, was->session);
    assert_int_equal(is->deadline, was->deadline);
    assert_int_equal(is->actor, was->actor);
}

static void assert_kept(struct tally *t)
{
    struct tally *again = NULL;
    struct record is, was = tally_record(t);
    struct row row;

    write_row(t, &row);
    assert_int_equal(tally_decode(&row.x, &again), 0);
    is = tally_record(again);
    assert_same(&is, &was);
    add_from(again, 0);
    add_from(t, 0);
    assert_int_equal(again->n_sources, t->n_sources);
    tally_free(again);
    row_done(&row);
}

static void test_kept_on_disk(void **state)
{
    struct record r = refusal("10.1.0.0", 1000);
    struct tally *t;

    (void)state;
    r.version = 3;
    r.session = UINT64_MAX;
    r.deadline = WHEN_NEVER;
    r.actor = 1000;
    r.detail = "更换";
    t = tally_new(&r);
    assert_kept(t); /* of a single one */
    tally_add(t, &r);
    assert_kept(t);
    for (unsigned n = 0; n < TALLY_SOURCES; n++)
        add_from(t, n);
    assert_kept(t);
    add_from(t, 5000);
    assert_int_equal(t->n_sources, RECORD_SOURCES_MANY);
    assert_kept(t);
    tally_free(t);
}

static void test_each_piece_of_a_row_is_refused(void **state)
{
    const struct record r = refusal("10.1.2.3", 1000);
    struct tally *t = tally_new(&r), *again = NULL;
    struct store_repetition x;
    struct row row;

    (void)state;
    write_row(t, &row);
    for (size_t n = 0; n < row.sample.size; n++) {
        x = row.x;
        x.sample_size = n;
        assert_int_equal(tally_decode(&x, &again), -EBADMSG);
    }
    for (size_t n = 0; n < row.addresses.size; n++) {
        x = row.x;
        x.addresses_size = n;
        assert_int_equal(tally_decode(&x, &again), -EBADMSG);
    }
    x = row.x;
    x.count = 0;
    assert_int_equal(tally_decode(&x, &again), -EBADMSG);
    row.sample.data[1]++; /* another format */
    assert_int_equal(tally_decode(&row.x, &again), -EBADMSG);
    row.sample.data[1]--;
    row.sample.data[2] = 0xff; /* no reason */
    assert_int_equal(tally_decode(&row.x, &again), -EBADMSG);
    assert_null(again);
    tally_free(t);
    row_done(&row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_is_itself),  cmocka_unit_test(test_what_all_have_in_common),
        cmocka_unit_test(test_clock_set_back), cmocka_unit_test(test_addresses_are_told_apart_up_to_a_bound),
        cmocka_unit_test(test_joined),         cmocka_unit_test(test_joined_with_many),
        cmocka_unit_test(test_kept_on_disk),   cmocka_unit_test(test_each_piece_of_a_row_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
