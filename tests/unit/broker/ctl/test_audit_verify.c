// LAYERS: test_support trust audit
#include "broker/audit/checkpoint.h"
#include "broker/audit/event.h"
#include "broker/audit/export.h"
#include "broker/ipc/varlink.h"
#include "broker/trust/digest.h"
#include "broker/trust/ledger_key.h"
#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* `hufuctl audit verify`: of files, and of a broker's ledger, as whoever runs it sees it. */
#define ROWS   24
#define LEDGER "00112233445566778899aabbccddeeff"

struct made {
    struct record rows[ROWS];
    char details[ROWS][600];
    struct ledger_key *key;
    char *pem;
};
static struct made m;

static void seal(size_t i)
{
    cleanup_buf struct buf octets = BUF_INIT;
    struct record *r = &m.rows[i];

    memset(r->previous, 0, sizeof(r->previous));
    if (i > 0)
        memcpy(r->previous, m.rows[i - 1].hash, sizeof(r->previous));
    buf_put(&octets, r->previous, sizeof(r->previous));
    record_encode(r, &octets);
    assert_int_equal(digest_sha256(octets.data, octets.size, r->hash), 0);
}

static void checkpoint_text(size_t about, char text[static 600])
{
    cleanup_buf struct buf octets = BUF_INIT, detail = BUF_INIT;
    struct checkpoint c = {.sequence = about + 1, .at = 1795219200, .host = "db01", .ledger = LEDGER};

    memcpy(c.hash, m.rows[about].hash, sizeof(c.hash));
    (void)snprintf(c.key, sizeof(c.key), "%s", ledger_public_fingerprint(ledger_key_public(m.key)));
    (void)snprintf(c.alg, sizeof(c.alg), "ed25519");
    checkpoint_signed_octets(&c, &octets);
    assert_int_equal(ledger_key_sign(m.key, octets.data, octets.size, &c.signature, &c.signature_size), 0);
    checkpoint_format(&c, &detail);
    (void)snprintf(text, 600, "%.*s", (int)detail.size, (char *)detail.data);
    checkpoint_done(&c);
}

static int make(void **state)
{
    char *private;

    (void)enter_folder(state);
    m = (struct made){0};
    assert_int_equal(ledger_key_make(&private), 0);
    assert_int_equal(ledger_key_parse(private, strlen(private), &m.key), 0);
    free(private);
    m.pem = ledger_public_pem(ledger_key_public(m.key));
    put_file("ledger.pub", m.pem);
    for (size_t i = 0; i < ROWS; i++) {
        m.rows[i] = (struct record){.format = RECORD_FORMAT_2_SHA256,
                                    .sequence = i + 1,
                                    .at_us = 1795219200000000 + (int64_t)i,
                                    .event = "login",
                                    .result = "success",
                                    .staff = "zhang.san",
                                    .actor = UINT32_MAX};
        if (i == 10 || i == 20) {
            checkpoint_text(i - 1, m.details[i]);
            m.rows[i].event = EVENT_CHECKPOINT;
            m.rows[i].detail = m.details[i];
        }
        seal(i);
    }
    return 0;
}

static int done(void **state)
{
    ledger_key_free(m.key);
    free(m.pem);
    return leave_folder(state);
}

/* Rows from `first` to before `end`, as a file. */
static void write_file(const char *name, size_t first, size_t end, json_t *filter)
{
    char sealed[600];
    struct sealed_segment before = {.first = 1, .last = first, .sealed = sealed};
    const struct export_head head = {.host = "db01",
                                     .ledger = LEDGER,
                                     .first = first + 1,
                                     .last = end,
                                     .key = m.pem,
                                     .exported = 1795219200,
                                     .segments = &before,
                                     .n_segments = first > 0 && !filter,
                                     .filter = filter};
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    if (first > 0) {
        checkpoint_text(first - 1, sealed);
        memcpy(before.hash, m.rows[first - 1].hash, sizeof(before.hash));
    }
    export_put_head(&b, &head);
    for (size_t i = first; i < end; i++)
        export_put_record(&b, &m.rows[i]);
    export_put_end(&b, end - first, end, m.rows[end - 1].hash);
    text = buf_steal_text(&b);
    assert_non_null(text);
    put_file(name, text);
}

static void expect(const char *line, enum exit_code code, const char *says)
{
    cleanup_result struct result r = invoke_line(line);

    if (r.code != code)
        fail_msg("%s: %d, not %d: %s%s", line, (int)r.code, (int)code, r.out, r.error);
    if (!strstr(r.out, says) && !strstr(r.error, says))
        fail_msg("%s: said %s%s, not %s", line, r.out, r.error, says);
}

static void test_a_good_file(void **state)
{
    (void)state;
    write_file("a", 0, ROWS, NULL);
    expect("audit verify a --key ledger.pub", EXIT_DONE, "Good: no record was changed");
    expect("audit verify a --key ledger.pub", EXIT_DONE, "(given)");
    expect("audit verify a --key ledger.pub", EXIT_DONE, "Checkpoints: 2 good; the last is about record 20");
    expect("audit verify a", EXIT_DONE, "(named by the ledger, not pinned)");
    expect("audit verify a", EXIT_DONE, ledger_public_fingerprint(ledger_key_public(m.key)));
    expect("--json audit verify a", EXIT_DONE, "\"good\": true");
}

static void test_another_key(void **state)
{
    struct ledger_key *other;
    char *private, *pem;

    (void)state;
    write_file("a", 0, ROWS, NULL);
    assert_int_equal(ledger_key_make(&private), 0);
    assert_int_equal(ledger_key_parse(private, strlen(private), &other), 0);
    pem = ledger_public_pem(ledger_key_public(other));
    put_file("other.pub", pem);
    expect("audit verify a --key other.pub", EXIT_REFUSED,
           "Record 11 (checkpoint, 2026-11-21T00:00:00Z): it is signed by a key");
    expect("audit verify a --key other.pub --key ledger.pub", EXIT_DONE, "Good");
    put_file("no.pub", "x\n");
    expect("audit verify a --key no.pub", EXIT_USAGE, "it is no public key");
    expect("audit verify a --key missing.pub", EXIT_NOT_FOUND, "cannot be read");
    ledger_key_free(other);
    free(private);
    free(pem);
}

static void test_a_changed_record(void **state)
{
    (void)state;
    m.rows[6].staff = "li.si";
    write_file("a", 0, ROWS, NULL);
    expect("audit verify a", EXIT_REFUSED,
           "BAD. Record 7 (login, 2026-11-21T00:00:00Z): its content was changed");
    expect("audit verify a", EXIT_REFUSED, "The 6 records before it are as they were written");
    expect("--json audit verify a", EXIT_REFUSED, "\"what\": \"content-changed\"");
    /* The hashes made anew: the checkpoint does not fit. */
    for (size_t i = 6; i < ROWS; i++)
        seal(i);
    write_file("a", 0, ROWS, NULL);
    expect("audit verify a", EXIT_REFUSED, "BAD. Record 11 (checkpoint");
}

static void test_cut_off(void **state)
{
    char text[600];
    char line[900];

    (void)state;
    checkpoint_text(21, text);
    write_file("a", 0, 15, NULL);
    expect("audit verify a", EXIT_DONE, "That nothing behind its end is missing");
    put_file("log", "Nov 21 db01 hufud[1]: of something else sequence=1\n");
    expect("audit verify a --checkpoint log", EXIT_USAGE, "is no checkpoint");
    (void)snprintf(line, sizeof(line), "Nov 21 db01 hufud[1]: checkpoint: %s\nand more\n", text);
    put_file("log", line);
    expect("audit verify a --checkpoint log", EXIT_REFUSED,
           "BAD. Record 16: it is missing, and all behind it");
    write_file("a", 0, ROWS, NULL);
    expect("audit verify a --checkpoint log", EXIT_DONE, "1 of 1 checkpoints compared");
    m.rows[21].staff = "li.si";
    for (size_t i = 21; i < ROWS; i++)
        seal(i);
    write_file("a", 0, ROWS, NULL);
    expect("audit verify a", EXIT_DONE, "Good");
    expect("audit verify a --checkpoint log", EXIT_REFUSED, "BAD. Record 22");
}

static void test_a_checkpoint_that_nobody_signed(void **state)
{
    char text[600], *at;

    (void)state;
    write_file("a", 0, ROWS, NULL);
    checkpoint_text(5, text);
    at = strstr(text, "at=2026");
    at[6] = '5';
    put_file("log", text);
    expect("audit verify a --checkpoint log", EXIT_REFUSED, "is not signed by its key");
}

static void test_files_that_join(void **state)
{
    (void)state;
    write_file("a", 0, 10, NULL);
    write_file("b", 10, 17, NULL);
    write_file("c", 17, ROWS, NULL);
    expect("audit verify c a b --key ledger.pub", EXIT_DONE, "Records:     24, from 1");
    expect("audit verify a c", EXIT_REFUSED, "BAD. Record 11: it was removed");
    expect("audit verify b c", EXIT_DONE, "Records 1 to 10 were sealed and are not here");
    expect("audit verify a a b", EXIT_REFUSED, "BAD. Record 1 ");
}

static void test_filtered(void **state)
{
    cleanup_json json_t *filter = json_pack("{ss}", "staff", "zhang.san");

    (void)state;
    write_file("a", 3, 9, filter);
    expect("audit verify a", EXIT_DONE, "This export was filtered.");
    expect("audit verify a a", EXIT_USAGE, "verify it alone");
    m.rows[4].staff = "li.si";
    write_file("a", 3, 9, filter);
    expect("audit verify a", EXIT_REFUSED, "BAD. Record 5");
}

/* What cannot be read is never good. */
static void test_nothing_to_verify(void **state)
{
    (void)state;
    put_file("a", "");
    expect("audit verify a", EXIT_REFUSED, "the file is empty");
    put_file("a", "{}\n");
    expect("audit verify a", EXIT_REFUSED, "this is no export of a ledger");
    expect("audit verify b", EXIT_NOT_FOUND, "cannot be read");
    put_file("a", "{\"hufu-ledger\":1,\"host\":\"db01\",\"ledger\":\"" LEDGER
                  "\",\"first\":1,\"last\":0,\"key\":null,"
                  "\"exported\":\"2026-11-21T00:00:00Z\",\"segments\":[],\"filter\":null}\n"
                  "{\"end\":true,\"records\":0,\"sequence\":0,\"hash\":\""
                  "0000000000000000000000000000000000000000000000000000000000000000\"}\n");
    expect("audit verify a", EXIT_REFUSED, "there is not one record");
}

/* ---- out of a broker ---- */

static char *ledger_reply(size_t end)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *octets = NULL;
    char *reply;

    for (size_t i = 0; i < end; i++) {
        cleanup_buf struct buf encoded = BUF_INIT;

        record_encode(&m.rows[i], &encoded);
        buf_put_u32(&b, (uint32_t)encoded.size);
        buf_put(&b, encoded.data, encoded.size);
        buf_put(&b, m.rows[i].previous, RECORD_HASH_SIZE);
        buf_put(&b, m.rows[i].hash, RECORD_HASH_SIZE);
    }
    octets = ident_base64_encode(b.data, b.size);
    assert_true(asprintf(&reply,
                         "{\"parameters\": {\"host\": \"db01\", \"ledger\": \"" LEDGER
                         "\", \"first\": 1, \"last\": %d, "
                         "\"octets\": \"%s\", \"segments\": []}}",
                         ROWS, octets) > 0);
    return reply;
}

static void expect_live(size_t end, const char *line, enum exit_code code, const char *says)
{
    cleanup_json json_t *key = json_pack("{s{ss ss}}", "parameters", "ledger", LEDGER, "public", m.pem);
    cleanup_free char *first = json_dumps(key, 0), *second = ledger_reply(end), *calls = NULL;
    const char *const replies[] = {first, second};
    struct stand_in *s = stand_in_start(replies, 2);

    expect(line, code, says);
    calls = stand_in_finish(s);
    assert_says(calls, "org.hufu.control.LedgerKey");
    assert_says(calls, "org.hufu.control.LedgerRead");
}

static void test_live(void **state)
{
    (void)state;
    expect_live(ROWS, "--socket control audit verify --no-journal", EXIT_DONE, "Good");
    expect_live(ROWS, "--socket control audit verify --no-journal --key ledger.pub", EXIT_DONE, "(given)");
    expect_live(ROWS - 1, "--socket control audit verify --no-journal", EXIT_REFUSED,
                "BAD. Record 24: it is missing");
    m.rows[3].ticket = "CHG-9";
    expect_live(ROWS, "--socket control audit verify --no-journal", EXIT_REFUSED, "BAD. Record 4 ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_good_file),
        TEST(test_another_key),
        TEST(test_a_changed_record),
        TEST(test_cut_off),
        TEST(test_a_checkpoint_that_nobody_signed),
        TEST(test_files_that_join),
        TEST(test_filtered),
        TEST(test_nothing_to_verify),
        TEST(test_live),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
