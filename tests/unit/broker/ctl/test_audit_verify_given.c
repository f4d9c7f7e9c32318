// LAYERS: test_support trust audit
#include "tests/unit/broker/ctl/made_ledger.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* What `hufuctl audit verify` is given beside the records: checkpoints, logs, a first line. */

/* A checkpoint's text as an argument, with the ledger's key. */
static void expect_refused_given(const char *text, const char *file, const char *says)
{
    cleanup_result struct result r =
        invoke("audit", "verify", file, "--key", "ledger.pub", "--checkpoint", text, NULL);

    assert_int_equal(r.code, EXIT_REFUSED);
    assert_says(r.error, says);
}

static void test_a_checkpoint_that_nobody_signed(void **state)
{
    char text[600], *at;

    (void)state;
    made_write("a", 0, MADE_ROWS, NULL);
    made_checkpoint(5, text);
    at = strstr(text, "at=2026");
    at[6] = '5';
    put_file("log", text);
    made_expect("audit verify a --checkpoint log", EXIT_REFUSED, "none of the checkpoints given");
    expect_refused_given(text, "a", "is not signed by its key");
}

/* Anybody may write into a log. */
static void test_what_others_wrote_into_a_log(void **state)
{
    struct ledger_key *own = made.key;
    char good[600], bad[600], strange[600], other[600], log[2600];

    (void)state;
    made_write("a", 0, MADE_ROWS, NULL);
    made_checkpoint(5, good);
    made.rows[5].hash[3] ^= 1;
    made.key = made_key();
    made_checkpoint(5, strange);
    ledger_key_free(made.key);
    made.key = own;
    made_checkpoint(5, bad);
    made.rows[5].hash[3] ^= 1;
    /* With the right key's name, and a signature of something else. */
    (void)strcpy(strstr(bad, "signature="), strstr(good, "signature="));
    (void)strcpy(other, good);
    memcpy(strstr(other, "ledger="), "ledger=ff", 9);
    (void)snprintf(log, sizeof(log), "a: %s\nb: %s\nc: %s\nd: %s\n", bad, other, strange, good);
    put_file("log", log);
    made_expect("audit verify a --key ledger.pub --checkpoint log", EXIT_DONE, "1 of 1 checkpoints compared");
    made_expect("audit verify a --key ledger.pub --checkpoint log", EXIT_DONE,
                "1 checkpoints in the files given are of other ledgers");
    made_expect("audit verify a --key ledger.pub --checkpoint log", EXIT_DONE,
                "2 checkpoints in the files given are not signed");
    /* Without a key that was given, a key that is not known may have been the ledger's. */
    made_expect("audit verify a --checkpoint log", EXIT_REFUSED, "BAD. Record 6");
}

/* A key that the ledger names is not one that was given. */
static void test_a_named_key_signs_no_checkpoint_given(void **state)
{
    struct ledger_key *own = made.key;
    char text[600];

    (void)state;
    made.key = made_key();
    free(made.pem);
    made.pem = ledger_public_pem(ledger_key_public(made.key));
    made_write("b", 0, MADE_ROWS, NULL);
    made_checkpoint(5, text);
    ledger_key_free(made.key);
    made.key = own;
    expect_refused_given(text, "b", "which is none of the keys here");
}

/* The first line is nobody's word. */
static void test_the_name_of_another_host(void **state)
{
    (void)state;
    made_host = "db02";
    made_write("a", 0, MADE_ROWS, NULL);
    made_expect("audit verify a --key ledger.pub", EXIT_REFUSED,
                "it is of db02, and its signed checkpoints that it is of db01");
    made_host = "db01\nGood: \x1b[2J";
    made_write("a", 0, MADE_ROWS, NULL);
    made_expect("audit verify a --key ledger.pub", EXIT_REFUSED, "the first line is not as one of ours");
}

static void test_a_beginning_that_was_left_out(void **state)
{
    (void)state;
    made_write("a", 10, MADE_ROWS, NULL);
    made_expect("audit verify a --key ledger.pub", EXIT_DONE, "Good: from record 11 on");
    made_expect("audit verify a --key ledger.pub", EXIT_DONE, "That they were sealed no record here says.");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, made_make, made_done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_checkpoint_that_nobody_signed),       TEST(test_what_others_wrote_into_a_log),
        TEST(test_a_named_key_signs_no_checkpoint_given), TEST(test_the_name_of_another_host),
        TEST(test_a_beginning_that_was_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
