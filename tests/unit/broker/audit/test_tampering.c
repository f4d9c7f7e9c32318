// LIBRARIES: libcrypto
#include "tests/unit/broker/audit/tampering.h"

#include <stdio.h>
#include <string.h>

/* ---- fields ---- */

static void change_text(struct record *r, size_t n, const char *to)
{
    memcpy((char *)r + record_text_offsets[n], &to, sizeof(to));
}

#define CHANGES (RECORD_TEXTS + 13)

/* The n-th field, changed as little as can be. */
static void change(struct record *r, size_t n, char *space)
{
    if (n < RECORD_TEXTS) {
        (void)snprintf(space, 600, "%s", record_text(r, n));
        space[0] = space[0] == '\0' ? 'x' : (char)(space[0] ^ 1);
        change_text(r, n, space);
        return;
    }
    switch (n - RECORD_TEXTS) {
    case 0:
        r->format = r->format == RECORD_FORMAT_2_SM3 ? RECORD_FORMAT_2_SHA256 : RECORD_FORMAT_2_SM3;
        break;
    case 1:
        r->format = RECORD_FORMAT_1;
        break;
    case 2:
        r->at_us ^= 1;
        break;
    case 3:
        r->reason = (enum reason)(r->reason ^ 1);
        break;
    case 4:
        r->version ^= 1;
        break;
    case 5:
        r->session ^= 1;
        break;
    case 6:
        r->deadline ^= 1;
        break;
    case 7:
        r->latency_us ^= 1;
        break;
    case 8:
        r->actor ^= 1;
        break;
    case 9:
        r->count ^= 1;
        break;
    case 10:
        r->first_us ^= 1;
        break;
    case 11:
        r->sources ^= 1;
        break;
    default:
        r->hash[RECORD_HASH_SIZE - 1] ^= 1;
    }
}

static void test_a_field_changed(void **state)
{
    char space[600];

    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t n = 0; n < CHANGES; n++) {
            struct chain_report t;

            begin_altered();
            change(&altered.rows[i], n, space);
            t = sample_ledger_judge_pinned(&altered);
            judged_at(&t, "a changed field", i, i + 1);
        }
}

static void test_a_link_or_number_changed(void **state)
{
    struct chain_report t;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        begin_altered();
        altered.rows[i].previous[0] ^= 1;
        t = sample_ledger_judge_pinned(&altered);
        judged_at(&t, "a changed link", i, i + 1);
        begin_altered();
        altered.rows[i].sequence += 100;
        t = sample_ledger_judge_pinned(&altered);
        judged_at(&t, "a higher number", i, i == 0 ? 101 : i + 1);
        begin_altered();
        altered.rows[i].sequence = 0;
        t = sample_ledger_judge_pinned(&altered);
        judged_at(&t, "a lower number", i, 0);
    }
}

/* Who knows how a hash is made fits it to the content: then the next one does not join. */
static void test_a_field_changed_and_its_hash(void **state)
{
    char space[600];
    struct chain_report t;
    size_t n;

    (void)state;
    for (size_t i = 0; i + 1 < ROWS; i++)
        for (n = 0; n < RECORD_TEXTS; n += 5) {
            begin_altered();
            altered.n = i + 1;
            change(&altered.rows[i], n, space);
            sample_ledger_rehash(&altered, i);
            altered.n = ROWS;
            t = sample_ledger_judge_pinned(&altered);
            judged(&t, "a changed field with its hash", i);
        }
}

/* Who has root makes all hashes anew from there on: the next checkpoint is of another record. Behind the last
 * one it takes what is known elsewhere. */
static void test_all_hashes_made_anew(void **state)
{
    char space[600];
    struct chain_report t;

    (void)state;
    for (size_t i = 2; i < ROWS; i++) {
        begin_altered();
        change(&altered.rows[i], RECORD_TEXTS + 2, space);
        sample_ledger_rehash(&altered, i);
        t = sample_ledger_judge_pinned(&altered);
        if (i < ROWS - 1)
            judged(&t, "hashes made anew", i);
        else
            assert_int_equal(t.fault.what, CHAIN_SOUND);
        t = judge_beside_journal();
        judged_at(&t, "hashes made anew, beside journald", i, i + 1);
    }
}

/* And signs it all with a key of their own, which the ledger then names: only who was given the right key or
 * a checkpoint, or asks journald, sees it. */
static void test_all_made_anew_with_another_key(void **state)
{
    struct chain_options o = {.ledger = SAMPLE_LEDGER_ID};
    struct chain_report t;
    char space[600];

    (void)state;
    for (size_t i = 2; i < ROWS; i++) {
        begin_altered();
        sample_ledger_name_key(&altered, 1, &altered.other);
        change(&altered.rows[i], RECORD_TEXTS + 2, space);
        sample_ledger_resign(&altered, 1, &altered.other);
        sample_ledger_means(&altered, &o);
        t = sample_ledger_judge(&altered, &o);
        assert_int_equal(t.fault.what, CHAIN_SOUND);
        t = sample_ledger_judge_pinned(&altered);
        judged(&t, "another key, beside the right one", i);
        t = judge_beside_journal();
        judged_at(&t, "another key, beside journald", i, 2);
        t = judge_beside_checkpoint(i);
        judged(&t, "another key, beside a checkpoint", i);
    }
}

/* Even the stolen key does not reach what has left the host. */
static void test_all_made_anew_with_the_right_key(void **state)
{
    struct chain_report t;
    char space[600];

    (void)state;
    for (size_t i = 2; i < ROWS - 1; i++) {
        begin_altered();
        if (altered.rows[i].detail == altered.details[i])
            continue;
        change(&altered.rows[i], RECORD_TEXTS + 2, space);
        sample_ledger_resign(&altered, i, &altered.key);
        t = sample_ledger_judge_pinned(&altered);
        assert_int_equal(t.fault.what, CHAIN_SOUND);
        t = judge_beside_journal();
        judged_at(&t, "the stolen key, beside journald", i, i + 1);
        t = judge_beside_checkpoint(ROWS - 1);
        judged_at(&t, "the stolen key, beside a checkpoint", i, ROWS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_field_changed),
        cmocka_unit_test(test_a_link_or_number_changed),
        cmocka_unit_test(test_a_field_changed_and_its_hash),
        cmocka_unit_test(test_all_hashes_made_anew),
        cmocka_unit_test(test_all_made_anew_with_another_key),
        cmocka_unit_test(test_all_made_anew_with_the_right_key),
    };

    return tampering_run(tests, ARRAY_SIZE(tests));
}
