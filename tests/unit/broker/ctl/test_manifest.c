// LAYERS: test_support

#include "broker/ctl/manifest.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The manifest of a backup: written, read again, and everything that is not one. */

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C32 "cccccccccccccccccccccccccccccccc"

static const char whole[] = "hufu-backup: 1\n"
                            "host: db01\n"
                            "machine-id: " C32 "\n"
                            "ledger: " C32 "\n"
                            "sequence: 1042\n"
                            "hash: " A64 "\n"
                            "time: 2026-11-22T08:30:00Z\n"
                            "version: 0.6\n"
                            "checkpoint: sequence=1041 alg=ed25519\n"
                            "file: hufu.db 4096 " A64 "\n"
                            "file: hufud.conf 20 " B64 "\n"
                            "end: 2\n";

static struct manifest parsed(const char *text)
{
    struct manifest m;
    unsigned line = 0;

    if (manifest_parse(text, strlen(text), &m, &line) < 0)
        fail_msg("line %u of %s", line, text);
    return m;
}

/* With what stands for `old` written as `new`: refused, at this line. */
static void assert_refused(const char *old, const char *new, unsigned line)
{
    const char *at = strstr(whole, old);
    char text[2048];
    struct manifest m;
    unsigned found = 0;

    assert_non_null(at);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - whole), whole, new, at + strlen(old));
    if (manifest_parse(text, strlen(text), &m, &found) != -EBADMSG)
        fail_msg("taken: %s", text);
    if (found != line)
        fail_msg("line %u, not %u, of %s", found, line, text);
}

/* ---- */

static void test_read_and_written(void **state)
{
    struct manifest m = parsed(whole);
    cleanup_free char *again = manifest_format(&m);

    (void)state;
    assert_string_equal(again, whole);
    assert_string_equal(m.host, "db01");
    assert_string_equal(m.machine_id, C32);
    assert_true(m.sequence == 1042);
    assert_int_equal(m.n_files, 2);
    assert_true(manifest_find(&m, "hufu.db")->size == 4096);
    assert_string_equal(manifest_find(&m, "hufud.conf")->sha256, B64);
    assert_null(manifest_find(&m, "trust"));
}

static void test_what_a_host_has_not(void **state)
{
    struct manifest m = parsed(whole), n;
    cleanup_free char *text = NULL;

    (void)state;
    m.machine_id[0] = m.ledger[0] = m.checkpoint[0] = '\0';
    text = manifest_format(&m);
    assert_non_null(strstr(text, "\nledger: -\n"));
    n = parsed(text);
    assert_string_equal(n.machine_id, "");
    assert_string_equal(n.ledger, "");
    assert_string_equal(n.checkpoint, "");
}

static void test_other_lines(void **state)
{
    (void)state;
    assert_refused("hufu-backup: 1", "hufu-backup: 2", 1);
    assert_refused("hufu-backup: 1", "hufu-backup: 11", 1);
    assert_refused("host: db01\n", "", 2);
    assert_refused("host: db01\n", "host: db01\nhost: db01\n", 3);
    assert_refused("host: db01\n", "host: db01\nowner: me\n", 3);
    assert_refused("host: db01\n", "host:db01\n", 2);
    assert_refused("host: db01\n", "Host: db01\n", 2);
    assert_refused("host: db01\n", "host: db01\r\n", 2);
    assert_refused("host: db01\n", "host: db\x1b[31m01\n", 2);
    assert_refused("host: db01\n", "host: \n", 2);
    assert_refused("sequence: 1042", "sequence: 01042", 5);
    assert_refused("sequence: 1042", "sequence: -", 5);
    assert_refused("sequence: 1042", "sequence: -1", 5);
    assert_refused("sequence: 1042", "sequence: 18446744073709551616", 5);
    assert_refused("hash: aa", "hash: a", 6);
    assert_refused("hash: aa", "hash: AA", 6);
    assert_refused("hash: " A64, "hash: -", 6);
    assert_refused("2026-11-22T08:30:00Z", "2026-11-31T08:30:00Z", 7);
    assert_refused("end: 2\n", "", 12);
    assert_refused("end: 2\n", "end: 2", 12);
    assert_refused("end: 2\n", "end: 1\n", 12);
    assert_refused("end: 2\n", "end: 3\n", 12);
    assert_refused("end: 2\n", "end: 2\n\n", 13);
    assert_refused("end: 2\n", "end: 2\nfile: trust 1 " A64 "\n", 13);
}

static void test_files(void **state)
{
    (void)state;
    assert_refused("file: hufud.conf 20", "file: ../hufud.conf 20", 11);
    assert_refused("file: hufud.conf 20", "file: /etc/shadow 20", 11);
    assert_refused("file: hufud.conf 20", "file: ledger.key 20", 11);
    assert_refused("file: hufud.conf 20", "file: .. 20", 11);
    assert_refused("file: hufud.conf 20", "file: hufu.db 20", 11); /* twice */
    assert_refused("file: hufud.conf 20", "file: hufud.conf x", 11);
    assert_refused("file: hufud.conf 20", "file: hufud.conf +20", 11);
    assert_refused("file: hufud.conf 20", "file: hufud.conf", 11);
    assert_refused(B64, "bbbb", 11);
    assert_refused(B64, B64 "b", 11);
    assert_refused(B64, B64 " ", 11);
    /* Without the store there is no backup. */
    assert_refused("file: hufu.db 4096 " A64 "\n"
                   "file: hufud.conf 20 " B64 "\n"
                   "end: 2\n",
                   "file: hufud.conf 20 " B64 "\nend: 1\n", 11);
}

/* Wherever it is cut, it is none. */
static void test_cut(void **state)
{
    struct manifest m;
    unsigned line;

    (void)state;
    for (size_t size = 0; size < strlen(whole); size++)
        assert_int_equal(manifest_parse(whole, size, &m, &line), -EBADMSG);
    assert_int_equal(manifest_parse(whole, sizeof(whole), &m, &line), -EBADMSG); /* a NUL behind it */
}

static void test_added(void **state)
{
    static const uint8_t digest[32] = {0xaa};
    struct manifest m = {.n_files = 0};

    (void)state;
    assert_int_equal(manifest_add(&m, "hufu.db", 1, digest), 0);
    assert_int_equal(manifest_add(&m, "hufu.db", 1, digest), -EINVAL);
    assert_int_equal(manifest_add(&m, "ledger.key", 1, digest), -EINVAL);
    assert_int_equal(manifest_add(&m, "ledger.pub", 1, digest), 0);
    assert_int_equal(m.n_files, 2);
    assert_memory_equal(m.files[0].sha256, "aa00", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_and_written),
        cmocka_unit_test(test_what_a_host_has_not),
        cmocka_unit_test(test_other_lines),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
