// LAYERS: test_support trust audit
#include "broker/audit/checkpoint.h"
#include "broker/audit/event.h"
#include "broker/audit/export.h"
#include "broker/ipc/varlink.h"
#include "broker/trust/digest.h"
#include "broker/trust/ledger_key.h"
#include "tests/unit/broker/ctl/made_ledger.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* `hufuctl audit verify`: of files, and of a broker's ledger, as whoever runs it sees it. */
static void test_a_good_file(void **state)
{
    (void)state;
    made_write("a", 0, MADE_ROWS, NULL);
    made_expect("audit verify a --key ledger.pub", EXIT_DONE, "Good: no record was changed");
    made_expect("audit verify a --key ledger.pub", EXIT_DONE, "(given)");
    made_expect("audit verify a --key ledger.pub", EXIT_DONE,
                "Checkpoints: 2 good; the last is about record 20");
    made_expect("audit verify a", EXIT_DONE, "(not pinned)");
    made_expect("audit verify a", EXIT_DONE, ledger_public_fingerprint(ledger_key_public(made.key)));
    made_expect("--json audit verify a", EXIT_DONE, "\"good\": true");
}

static void test_another_key(void **state)
{
    struct ledger_key *other = made_key();
    char *pem;

    (void)state;
    made_write("a", 0, MADE_ROWS, NULL);
    pem = ledger_public_pem(ledger_key_public(other));
    put_file("other.pub", pem);
    made_expect("audit verify a --key other.pub", EXIT_REFUSED,
                "Record 11 (checkpoint, 2026-11-21T00:00:00Z): it is signed by a key");
    made_expect("audit verify a --key other.pub --key ledger.pub", EXIT_DONE, "Good");
    put_file("no.pub", "x\n");
    made_expect("audit verify a --key no.pub", EXIT_USAGE, "it is no public key");
    made_expect("audit verify a --key missing.pub", EXIT_NOT_FOUND, "cannot be read");
    ledger_key_free(other);
    free(pem);
}

static void test_a_changed_record(void **state)
{
    (void)state;
    made.rows[6].staff = "li.si";
    made_write("a", 0, MADE_ROWS, NULL);
    made_expect("audit verify a", EXIT_REFUSED,
                "BAD. Record 7 (login, 2026-11-21T00:00:00Z): its content was changed");
    made_expect("audit verify a", EXIT_REFUSED, "The 6 records before it are as they were written");
    made_expect("--json audit verify a", EXIT_REFUSED, "\"what\": \"content-changed\"");
    /* The hashes made anew: the checkpoint does not fit. */
    for (size_t i = 6; i < MADE_ROWS; i++)
        made_seal(i);
    made_write("a", 0, MADE_ROWS, NULL);
    made_expect("audit verify a", EXIT_REFUSED, "BAD. Record 11 (checkpoint");
}

static void test_cut_off(void **state)
{
    char text[600];
    char line[900];

    (void)state;
    made_checkpoint(21, text);
    made_write("a", 0, 15, NULL);
    made_expect("audit verify a", EXIT_DONE, "That nothing behind its end is missing");
    put_file("log", "Nov 21 db01 hufud[1]: of something else sequence=1\n");
    made_expect("audit verify a --checkpoint log", EXIT_USAGE, "is no checkpoint");
    (void)snprintf(line, sizeof(line), "Nov 21 db01 hufud[1]: checkpoint: %s\nand more\n", text);
    put_file("log", line);
    made_expect("audit verify a --checkpoint log", EXIT_REFUSED,
                "BAD. Record 16: it is missing, and all behind it");
    made_write("a", 0, MADE_ROWS, NULL);
    made_expect("audit verify a --checkpoint log", EXIT_DONE, "1 of 1 checkpoints compared");
    /* The line of an earlier export. */
    (void)snprintf(line, sizeof(line), "{\"sequence\":22,\"detail\":\"%s\",\"previous\":\"00\"}\n", text);
    put_file("export", line);
    made_expect("audit verify a --checkpoint export", EXIT_DONE, "1 of 1 checkpoints compared");
    made.rows[21].staff = "li.si";
    for (size_t i = 21; i < MADE_ROWS; i++)
        made_seal(i);
    made_write("a", 0, MADE_ROWS, NULL);
    made_expect("audit verify a", EXIT_DONE, "Good");
    made_expect("audit verify a --checkpoint log", EXIT_REFUSED, "BAD. Record 22");
}

static void test_files_that_join(void **state)
{
    (void)state;
    made_write("a", 0, 10, NULL);
    made_write("b", 10, 17, NULL);
    made_write("c", 17, MADE_ROWS, NULL);
    made_expect("audit verify c a b --key ledger.pub", EXIT_DONE, "Records:     24, from 1");
    made_expect("audit verify a c", EXIT_REFUSED, "BAD. Record 11: it was removed");
    made_expect("audit verify b c", EXIT_DONE, "Records 1 to 10 were sealed and are not here");
    made_expect("audit verify a a b", EXIT_REFUSED, "BAD. Record 1 ");
}

static void test_filtered(void **state)
{
    cleanup_json json_t *filter = json_pack("{ss}", "staff", "zhang.san");

    (void)state;
    made_write("a", 3, 9, filter);
    made_expect("audit verify a", EXIT_DONE, "This export was filtered.");
    made_expect("audit verify a", EXIT_DONE, "nothing more is proven");
    made_expect("audit verify a a", EXIT_USAGE, "verify it alone");
    /* Whoever altered a record and the hash behind it may call that a filter: no key vouches for it. */
    made_expect("audit verify a --key ledger.pub", EXIT_REFUSED, "no signature vouches for its records");
    put_file("log", made.details[10]);
    made_expect("audit verify a --checkpoint log", EXIT_REFUSED, "no signature vouches for its records");
    made.rows[4].staff = "li.si";
    made_write("a", 3, 9, filter);
    made_expect("audit verify a", EXIT_REFUSED, "BAD. Record 5");
}

/* What cannot be read is never good. */
static void test_nothing_to_verify(void **state)
{
    (void)state;
    put_file("a", "");
    made_expect("audit verify a", EXIT_REFUSED, "the file is empty");
    put_file("a", "{}\n");
    made_expect("audit verify a", EXIT_REFUSED, "this is no export of a ledger");
    made_expect("audit verify b", EXIT_NOT_FOUND, "cannot be read");
    put_file("a", "{\"hufu-ledger\":1,\"host\":\"db01\",\"ledger\":\"" MADE_LEDGER
                  "\",\"first\":1,\"last\":0,\"key\":null,"
                  "\"exported\":\"2026-11-21T00:00:00Z\",\"segments\":[],\"filter\":null}\n"
                  "{\"end\":true,\"records\":0,\"sequence\":0,\"hash\":\""
                  "0000000000000000000000000000000000000000000000000000000000000000\"}\n");
    made_expect("audit verify a", EXIT_REFUSED, "there is not one record");
}

/* ---- out of a broker ---- */

static char *ledger_reply(size_t end)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *octets = NULL;
    char *reply;

    for (size_t i = 0; i < end; i++) {
        cleanup_buf struct buf encoded = BUF_INIT;

        record_encode(&made.rows[i], &encoded);
        buf_put_u32(&b, (uint32_t)encoded.size);
        buf_put(&b, encoded.data, encoded.size);
        buf_put(&b, made.rows[i].previous, RECORD_HASH_SIZE);
        buf_put(&b, made.rows[i].hash, RECORD_HASH_SIZE);
    }
    octets = ident_base64_encode(b.data, b.size);
    assert_true(asprintf(&reply,
                         "{\"parameters\": {\"host\": \"db01\", \"ledger\": \"" MADE_LEDGER
                         "\", \"first\": 1, \"last\": %d, "
                         "\"octets\": \"%s\", \"segments\": []}}",
                         MADE_ROWS, octets) > 0);
    return reply;
}

static void expect_live(size_t end, const char *line, enum exit_code code, const char *says)
{
    cleanup_json json_t *key =
        json_pack("{s{ss ss}}", "parameters", "ledger", MADE_LEDGER, "public", made.pem);
    cleanup_free char *first = json_dumps(key, 0), *second = ledger_reply(end), *calls = NULL;
    const char *const replies[] = {first, second};
    struct stand_in *s = stand_in_start(replies, 2);

    made_expect(line, code, says);
    calls = stand_in_finish(s);
    assert_says(calls, "org.hufu.control.LedgerKey");
    assert_says(calls, "org.hufu.control.LedgerRead");
}

static void test_live(void **state)
{
    (void)state;
    expect_live(MADE_ROWS, "--socket control audit verify --no-journal", EXIT_DONE, "Good");
    expect_live(MADE_ROWS, "--socket control audit verify --no-journal --key ledger.pub", EXIT_DONE,
                "(given)");
    expect_live(MADE_ROWS - 1, "--socket control audit verify --no-journal", EXIT_REFUSED,
                "BAD. Record 24: it is missing");
    made.rows[3].ticket = "CHG-9";
    expect_live(MADE_ROWS, "--socket control audit verify --no-journal", EXIT_REFUSED, "BAD. Record 4 ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, made_make, made_done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_good_file),     TEST(test_another_key), TEST(test_a_changed_record),  TEST(test_cut_off),
        TEST(test_files_that_join), TEST(test_filtered),    TEST(test_nothing_to_verify), TEST(test_live),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
