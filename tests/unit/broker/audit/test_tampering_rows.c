// LIBRARIES: libcrypto
#include "broker/audit/export_read.h"
#include "broker/common/files.h"
#include "tests/unit/broker/audit/samples.h"
#include "tests/unit/broker/audit/tampering.h"

#include <string.h>
#include <sys/mman.h>

/* ---- rows ---- */

static void test_removed(void **state)
{
    struct chain_report t;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        begin_altered();
        sample_ledger_remove(&altered, i);
        t = judge_beside_journal();
        judged_at(&t, "a removed record", i, i == 0 ? 2 : i + 1);
        if (i + 1 == ROWS)
            continue;
        t = sample_ledger_judge_pinned(&altered);
        judged_at(&t, "a removed record", i, i == 0 ? 2 : i + 1);
        sample_ledger_rehash(&altered, i);
        t = sample_ledger_judge_pinned(&altered);
        judged(&t, "a removed record, all made anew", i);
    }
}

static void test_inserted(void **state)
{
    struct record r = sample_record();
    struct chain_report t;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        begin_altered();
        sample_ledger_insert(&altered, i, &altered.rows[i]);
        t = sample_ledger_judge_pinned(&altered);
        judged_at(&t, "a repeated record", i, i + 1);
        begin_altered();
        r.sequence = i + 1;
        sample_ledger_insert(&altered, i, &r);
        t = sample_ledger_judge_pinned(&altered);
        judged_at(&t, "an inserted record", i, i + 1);
        sample_ledger_rehash(&altered, i);
        t = judge_beside_journal();
        judged_at(&t, "an inserted record, all made anew, beside journald", i, i + 1);
        if (i + 1 == ROWS)
            continue; /* behind the last checkpoint */
        t = sample_ledger_judge_pinned(&altered);
        judged(&t, "an inserted record, all made anew", i);
    }
}

static void test_swapped(void **state)
{
    struct chain_report t;

    (void)state;
    for (size_t i = 0; i + 1 < ROWS; i++)
        for (size_t k = i + 1; k < ROWS; k += 6) {
            begin_altered();
            altered.rows[i] = sound.rows[k];
            altered.rows[k] = sound.rows[i];
            t = sample_ledger_judge_pinned(&altered);
            judged(&t, "swapped records", i);
        }
}

static void test_cut_off(void **state)
{
    struct chain_report t;

    (void)state;
    for (size_t n = 0; n < ROWS; n++) {
        begin_altered();
        altered.n = n;
        t = judge_beside_journal();
        judged_at(&t, "a ledger cut off, beside journald", n, n + 1);
        t = judge_beside_checkpoint(ROWS - 1);
        judged_at(&t, "a ledger cut off, beside a checkpoint", n, n + 1);
    }
}

/* Rolled back, and gone on with other records. */
static void test_rolled_back(void **state)
{
    struct chain_report t;

    (void)state;
    for (size_t n = 11; n < ROWS; n++) {
        begin_altered();
        if (altered.rows[n].detail == altered.details[n])
            continue; /* it would be made as it was */
        altered.rows[n].at_us += 5;
        sample_ledger_resign(&altered, n, &altered.key);
        t = judge_beside_journal();
        judged_at(&t, "a ledger rolled back, beside journald", n, n + 1);
    }
}

/* ---- checkpoints ---- */

static void test_checkpoints_forged(void **state)
{
    const size_t row = 20;
    struct chain_report t;

    (void)state;
    for (size_t at = 0; at < strlen(sound.details[row]); at++) {
        begin_altered();
        altered.details[row][at] ^= 1;
        sample_ledger_rehash(&altered, row);
        t = sample_ledger_judge_pinned(&altered);
        judged_at(&t, "a forged checkpoint", at, row + 1);
    }
    begin_altered();
    sample_ledger_checkpoint(&altered, row, row - 1, &altered.other);
    sample_ledger_rehash(&altered, row);
    t = sample_ledger_judge_pinned(&altered);
    judged_at(&t, "a checkpoint by another key", row, row + 1);
}

static void test_checkpoints_moved(void **state)
{
    struct chain_report t;

    (void)state;
    for (size_t i = 2; i < 20; i++) {
        begin_altered();
        (void)strcpy(altered.details[i], sound.details[20]);
        altered.rows[i] = sound.rows[20];
        altered.rows[i].detail = altered.details[i];
        sample_ledger_rehash(&altered, i);
        t = sample_ledger_judge_pinned(&altered);
        judged_at(&t, "a checkpoint moved forward", i, i + 1);
    }
}

/* ---- an export's octets ---- */

static void write_export(struct buf *b, size_t *body)
{
    const struct export_head head = {
        .host = "db01", .ledger = SAMPLE_LEDGER_ID, .first = 1, .last = ROWS, .exported = 1795219200};

    export_put_head(b, &head);
    *body = b->size;
    for (size_t i = 0; i < ROWS; i++)
        export_put_record(b, &sound.rows[i]);
    export_put_end(b, ROWS, ROWS, sound.rows[ROWS - 1].hash);
    assert_int_equal(buf_error(b), 0);
}

/* Whether the file is a sound ledger, to the end. */
static bool is_sound(struct sample_ledger *keys, int fd)
{
    cleanup(export_close_p) struct export_file *f = NULL;
    cleanup(chain_free_p) struct chain *c = NULL;
    struct chain_options o = {.ledger = SAMPLE_LEDGER_ID};
    char error[EXPORT_ERROR_SIZE];
    struct record r;
    int e;

    sample_ledger_means(keys, &o);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(chain_new(&o, &c), 0);
    if (export_open(fd, &f, error) < 0)
        return false;
    while ((e = export_next(f, &r, error)) == 1)
        if (chain_take(c, &r) < 0)
            return false;
    return e == 0 && chain_end(c) == 0;
}

static void test_an_octet_of_an_export(void **state)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_close int fd = memfd_create("export", MFD_CLOEXEC);
    size_t body;

    (void)state;
    write_export(&b, &body);
    assert_int_equal(write(fd, b.data, b.size), (ssize_t)b.size);
    assert_true(is_sound(&sound, fd));
    for (size_t at = body; at < b.size; at += 23) {
        uint8_t changed = b.data[at] ^ 1;

        assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
        tried++;
        if (is_sound(&sound, fd))
            fail_msg("octet %zu of the export", at);
        found++;
        assert_int_equal(pwrite(fd, &b.data[at], 1, (off_t)at), 1);
    }
    assert_true(is_sound(&sound, fd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_removed),           cmocka_unit_test(test_inserted),
        cmocka_unit_test(test_swapped),           cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_rolled_back),       cmocka_unit_test(test_checkpoints_forged),
        cmocka_unit_test(test_checkpoints_moved), cmocka_unit_test(test_an_octet_of_an_export),
    };

    return tampering_run(tests, ARRAY_SIZE(tests));
}
