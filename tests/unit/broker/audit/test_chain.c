// LIBRARIES: libcrypto
#include "broker/audit/chain.h"
#include "tests/unit/broker/audit/sample_ledger.h"
#include "tests/unit/broker/audit/samples.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROWS 35

static struct sample_ledger l;

static int make(void **state)
{
    (void)state;
    sample_ledger_make(&l, RECORD_FORMAT_2_SHA256, ROWS);
    return 0;
}

static int done(void **state)
{
    (void)state;
    sample_ledger_done(&l);
    return 0;
}

static void expect(const struct chain_report *t, enum chain_fault what, uint64_t sequence)
{
    if (t->fault.what != what || t->fault.sequence != sequence)
        fail_msg("%s at %llu (%s), not %s at %llu", chain_fault_name(t->fault.what),
                 (unsigned long long)t->fault.sequence, t->fault.text, chain_fault_name(what),
                 (unsigned long long)sequence);
}

static void test_a_sound_ledger(void **state)
{
    struct chain_report t = sample_ledger_judge_pinned(&l);

    (void)state;
    expect(&t, CHAIN_SOUND, 0);
    assert_int_equal(t.records, ROWS);
    assert_int_equal(t.first, 1);
    assert_int_equal(t.last, ROWS);
    assert_int_equal(t.checkpoints, 4);
    assert_int_equal(t.far_checkpoints, 0);
    assert_int_equal(t.covered, ROWS - 1);
    assert_int_equal(t.covered_at, 1795219200);
    assert_memory_equal(t.head, l.rows[ROWS - 1].hash, RECORD_HASH_SIZE);
}

/* A chain goes on over a change of format, and of the hash with it. */
static void test_formats_may_change(void **state)
{
    struct chain_report t;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        l.rows[i].format = RECORD_FORMAT_1;
        l.rows[i].count = l.rows[i].sources = 0;
        l.rows[i].first_us = 0;
    }
    for (size_t i = 20; i < ROWS; i++)
        l.rows[i].format = RECORD_FORMAT_2_SM3;
    sample_ledger_resign(&l, 0, &l.key);
    t = sample_ledger_judge_pinned(&l);
    expect(&t, CHAIN_SOUND, 0);
}

static void test_without_a_key_the_ledger_names_its_own(void **state)
{
    struct chain_options o = {.ledger = SAMPLE_LEDGER_ID};
    struct chain_report t;

    (void)state;
    sample_ledger_means(&l, &o);
    t = sample_ledger_judge(&l, &o);
    expect(&t, CHAIN_SOUND, 0);
    assert_int_equal(t.checkpoints, 4);
    /* Nobody named this one. */
    sample_ledger_checkpoint(&l, 20, 19, &l.other);
    sample_ledger_rehash(&l, 20);
    t = sample_ledger_judge(&l, &o);
    expect(&t, CHAIN_KEY, 21);
}

/* A new key is named before it signs; who has pinned the old one has to hear of it from people. */
static void test_a_key_is_changed(void **state)
{
    const char *const both[] = {l.key.fingerprint, l.other.fingerprint};
    struct chain_options o = {.ledger = SAMPLE_LEDGER_ID};
    struct chain_report t;

    (void)state;
    sample_ledger_name_key(&l, 15, &l.other);
    sample_ledger_resign(&l, 15, &l.other);
    sample_ledger_means(&l, &o);
    t = sample_ledger_judge(&l, &o);
    expect(&t, CHAIN_SOUND, 0);
    t = sample_ledger_judge_pinned(&l);
    expect(&t, CHAIN_KEY, 21);
    o.pinned = both;
    o.n_pinned = 2;
    t = sample_ledger_judge(&l, &o);
    expect(&t, CHAIN_SOUND, 0);
}

static void test_a_failed_checkpoint_is_none(void **state)
{
    struct chain_report t;

    (void)state;
    l.rows[10].result = "failure";
    l.rows[10].detail = "the token is away";
    sample_ledger_resign(&l, 11, &l.key);
    l.rows[10].event = "checkpoint";
    sample_ledger_rehash(&l, 10);
    sample_ledger_resign(&l, 11, &l.key);
    t = sample_ledger_judge_pinned(&l);
    expect(&t, CHAIN_SOUND, 0);
    assert_int_equal(t.checkpoints, 3);
}

static void test_nothing_signed(void **state)
{
    struct chain_options o = {.ledger = SAMPLE_LEDGER_ID};
    struct chain_report t;

    (void)state;
    l.n = 10;
    t = sample_ledger_judge_pinned(&l);
    expect(&t, CHAIN_UNSIGNED, 1);
    sample_ledger_means(&l, &o);
    t = sample_ledger_judge(&l, &o);
    expect(&t, CHAIN_SOUND, 0);
    assert_int_equal(t.covered, 0);
}

/* ---- sealed segments ---- */

static struct sealed_segment segment_of(size_t first, size_t last, const char *sealed)
{
    struct sealed_segment s = {.first = first + 1, .last = last + 1, .sealed = sealed};

    memcpy(s.hash, l.rows[last].hash, sizeof(s.hash));
    return s;
}

static struct chain_report judge_sealed(const struct sealed_segment *segments, size_t n)
{
    const char *const pinned[] = {l.key.fingerprint};
    struct chain_options o = {
        .ledger = SAMPLE_LEDGER_ID, .segments = segments, .n_segments = n, .pinned = pinned, .n_pinned = 1};

    sample_ledger_means(&l, &o);
    return sample_ledger_judge(&l, &o);
}

static void test_a_sealed_part_is_gone(void **state)
{
    struct sealed_segment s[2] = {segment_of(0, 9, l.rows[10].detail), segment_of(10, 19, l.rows[20].detail)};
    char moved[600];
    struct chain_report t;

    (void)state;
    memmove(l.rows, l.rows + 20, 15 * sizeof(l.rows[0]));
    l.n = 15;
    t = judge_sealed(s, 2);
    expect(&t, CHAIN_SOUND, 0);
    assert_int_equal(t.first, 21);
    /* They have to be there, all, in order, signed, and about what they are about. */
    t = judge_sealed(s, 1);
    expect(&t, CHAIN_BEGIN, 21);
    t = judge_sealed(s + 1, 1);
    expect(&t, CHAIN_SEGMENT, 20);
    s[1].hash[0] ^= 1;
    t = judge_sealed(s, 2);
    expect(&t, CHAIN_SEGMENT, 20);
    s[1].hash[0] ^= 1;
    (void)strcpy(moved, s[0].sealed);
    moved[strlen(moved) - 10] = moved[strlen(moved) - 10] == 'A' ? 'B' : 'A';
    s[0].sealed = moved;
    t = judge_sealed(s, 2);
    expect(&t, CHAIN_SIGNATURE, 10);
}

/* What stands behind MEMORY others is not compared: so it is no proof either. Everything was made anew here
 * without the key, and the checkpoints that were signed once were kept for far behind. */
static void test_checkpoints_that_are_too_far(void **state)
{
    const char *const pinned[] = {l.key.fingerprint};
    struct chain_options o = {.ledger = SAMPLE_LEDGER_ID, .pinned = pinned, .n_pinned = 1};
    cleanup(chain_free_p) struct chain *c = NULL;
    const struct record signed_once = l.rows[10];
    struct record r = sample_bare_record();
    uint8_t head[RECORD_HASH_SIZE] = {0};

    (void)state;
    sample_ledger_means(&l, &o);
    assert_int_equal(chain_new(&o, &c), 0);
    for (uint64_t i = 1; i <= 65536 + 20; i++) {
        cleanup_buf struct buf octets = BUF_INIT;

        if (i == 65536 + 15) {
            r.event = signed_once.event;
            r.detail = signed_once.detail;
        }
        r.sequence = i;
        memcpy(r.previous, head, sizeof(head));
        buf_put(&octets, head, sizeof(head));
        record_encode(&r, &octets);
        assert_int_equal(o.means.hash(o.means.userdata, r.format, octets.data, octets.size, r.hash), 0);
        memcpy(head, r.hash, sizeof(head));
        assert_int_equal(chain_take(c, &r), 0);
    }
    assert_int_equal(chain_end(c), -EBADMSG);
    expect(chain_report(c), CHAIN_UNSIGNED, 1);
    assert_int_equal(chain_report(c)->checkpoints, 0);
    assert_true(chain_report(c)->far_checkpoints > 0);
}

/* A signed head is no more than a checkpoint, of which a ledger has many: only the record of a sealing tells
 * what was sealed from what somebody left out. */
static void test_a_beginning_that_nobody_sealed(void **state)
{
    struct sealed_segment s[1] = {segment_of(0, 9, l.rows[10].detail)};
    const char *const pinned[] = {l.key.fingerprint};
    struct chain_options o = {.ledger = SAMPLE_LEDGER_ID,
                              .segments = s,
                              .n_segments = 1,
                              .pinned = pinned,
                              .n_pinned = 1,
                              .current = true};
    char hash[2 * RECORD_HASH_SIZE + 1], detail[200];
    struct record rows[SAMPLE_ROWS_MAX];
    struct chain_report t;

    (void)state;
    sample_ledger_means(&l, &o);
    ident_format_hex(l.rows[9].hash, RECORD_HASH_SIZE, hash);
    for (int on_record = 0; on_record < 2; on_record++) {
        const size_t n = l.n;

        if (on_record) {
            (void)snprintf(detail, sizeof(detail), "first=1 last=10 hash=%s archive=- sha256=-", hash);
            l.rows[24] = sample_bare_record();
            l.rows[24].event = "ledger-trim";
            l.rows[24].detail = detail;
            sample_ledger_resign(&l, 24, &l.key);
        }
        memmove(rows, l.rows, sizeof(rows));
        memmove(l.rows, l.rows + 10, (n - 10) * sizeof(l.rows[0]));
        l.n = n - 10;
        t = sample_ledger_judge(&l, &o);
        expect(&t, on_record ? CHAIN_SOUND : CHAIN_SEGMENT, on_record ? 0 : 10);
        assert_int_equal(t.sealed_on_record, on_record);
        memmove(l.rows, rows, sizeof(rows));
        l.n = n;
    }
}

static void test_where_a_ledger_begins(void **state)
{
    struct chain_report t;

    (void)state;
    sample_ledger_remove(&l, 0);
    t = sample_ledger_judge_pinned(&l);
    expect(&t, CHAIN_BEGIN, 2);
}

/* ---- witnesses ---- */

static struct chain_report judge_witnessed(const struct chain_witness *w, size_t n, bool filtered)
{
    struct chain_options o = {
        .ledger = SAMPLE_LEDGER_ID, .witnesses = w, .n_witnesses = n, .filtered = filtered};

    sample_ledger_means(&l, &o);
    return sample_ledger_judge(&l, &o);
}

static void test_witnesses(void **state)
{
    struct chain_witness w[] = {sample_ledger_witness(&l, 30, CHAIN_BY_JOURNAL),
                                sample_ledger_witness(&l, 4, CHAIN_BY_JOURNAL),
                                sample_ledger_witness(&l, 4, CHAIN_BY_CHECKPOINT)};
    struct chain_report t;

    (void)state;
    chain_sort_witnesses(w, 3);
    t = judge_witnessed(w, 3, false);
    expect(&t, CHAIN_SOUND, 0);
    assert_int_equal(t.witnessed[CHAIN_BY_JOURNAL], 2);
    assert_int_equal(t.witnessed[CHAIN_BY_CHECKPOINT], 1);
    l.n = 30;
    t = judge_witnessed(w, 3, false);
    expect(&t, CHAIN_SHORT, 31);
    assert_string_equal(t.fault.text, "journald was told of records up to 31");
    t = judge_witnessed(w, 3, true);
    expect(&t, CHAIN_SOUND, 0);
    assert_int_equal(t.out_of_reach[CHAIN_BY_JOURNAL], 1);
    w[1].hash[5] ^= 1;
    t = judge_witnessed(w, 2, false);
    expect(&t, CHAIN_WITNESS, 5);
}

/* Of a filtered export each record stands for itself. */
static void test_filtered(void **state)
{
    struct chain_report t;

    (void)state;
    sample_ledger_remove(&l, 20);
    sample_ledger_remove(&l, 0);
    t = judge_witnessed(NULL, 0, true);
    expect(&t, CHAIN_SOUND, 0);
    assert_int_equal(t.records, ROWS - 2);
    l.rows[7].detail = "another";
    t = judge_witnessed(NULL, 0, true);
    expect(&t, CHAIN_CONTENT, l.rows[7].sequence);
}

static void test_an_expected_end(void **state)
{
    struct chain_options o = {.ends = ROWS + 1};
    struct chain_report t;

    (void)state;
    sample_ledger_means(&l, &o);
    t = sample_ledger_judge(&l, &o);
    expect(&t, CHAIN_SHORT, ROWS + 1);
}

static void test_every_fault_has_words(void **state)
{
    (void)state;
    for (int i = CHAIN_SOUND; i <= CHAIN_UNREADABLE; i++) {
        assert_non_null(chain_fault_name((enum chain_fault)i));
        assert_non_null(chain_fault_sentence((enum chain_fault)i));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_sound_ledger),
        TEST(test_formats_may_change),
        TEST(test_without_a_key_the_ledger_names_its_own),
        TEST(test_a_key_is_changed),
        TEST(test_a_failed_checkpoint_is_none),
        TEST(test_nothing_signed),
        TEST(test_a_sealed_part_is_gone),
        TEST(test_checkpoints_that_are_too_far),
        TEST(test_a_beginning_that_nobody_sealed),
        TEST(test_where_a_ledger_begins),
        TEST(test_witnesses),
        TEST(test_filtered),
        TEST(test_an_expected_end),
        TEST(test_every_fault_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
