// LAYERS: test_support

#include "broker/audit/checkpoint.h"
#include "broker/audit/event.h"
#include "broker/trust/ledger_key.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The ledger's key and its checkpoints, as auditors get to see them. */

#define CONFIG                                                                                             \
    "[host]\nhost = db01.finance.example\n[gate]\ngated-uid = 20000-20999\n[directory]\nstatus-max-age = " \
    "none\n"

static void checkpoint_of(struct world *w, struct checkpoint *c)
{
    struct varlink_reply r = world_call(w, "LedgerCheckpoint", json_object());

    if (r.error)
        fail_msg("%s: %s", r.error, world_text(&r, "why"));
    assert_int_equal(checkpoint_parse(world_text(&r, "checkpoint"), c), 0);
    varlink_reply_done(&r);
}

static struct ledger_public *key_of(struct world *w)
{
    struct varlink_reply r = world_call(w, "LedgerKey", json_object());
    const char *pem = world_text(&r, "public"), *fault;
    struct ledger_public *p = NULL;

    assert_int_equal(ledger_public_from_pem(pem, strlen(pem), &p, &fault), 0);
    assert_string_equal(ledger_public_fingerprint(p), world_text(&r, "key"));
    varlink_reply_done(&r);
    return p;
}

static int verify(const struct ledger_public *p, const struct checkpoint *c)
{
    cleanup_buf struct buf b = BUF_INIT;

    checkpoint_signed_octets(c, &b);
    return ledger_public_verify(p, c->alg, b.data, b.size, c->signature, c->signature_size);
}

/* Hash of a record, and what came before it. */
static void assert_hash(struct world *w, const struct checkpoint *c)
{
    struct record_filter f = {.after = c->sequence - 1, .limit = 1};
    struct record *rows;
    size_t n;

    assert_int_equal(store_flush(w->broker->store), 0);
    assert_int_equal(store_read_wait(w->broker->store, &f, &rows, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].sequence, c->sequence);
    assert_memory_equal(rows[0].hash, c->hash, RECORD_HASH_SIZE);
    record_free_array(rows, n);
}

static void test_a_checkpoint_verifies(void **state)
{
    struct world *w = *state;
    cleanup(ledger_public_free_p) struct ledger_public *p = NULL;
    cleanup_checkpoint struct checkpoint c;
    struct stat st;

    checkpoint_of(w, &c);
    p = key_of(w);
    assert_int_equal(verify(p, &c), 1);
    c.sequence++;
    assert_int_equal(verify(p, &c), 0);
    c.sequence--;
    assert_string_equal(c.key, ledger_public_fingerprint(p));
    assert_string_equal(c.host, "db01.finance.example");
    assert_string_equal(c.ledger, w->broker->about.id);
    assert_hash(w, &c);
    assert_int_equal(world_records(w, EVENT_LEDGER_KEY, "success", NULL), 1);
    assert_int_equal(world_records(w, EVENT_CHECKPOINT, "success", NULL), 1);
    assert_int_equal(stat(world_path(w, "ledger.key"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* Somebody who asks all the time writes no more than one in ten seconds. */
static void test_asking_often(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 5; i++) {
        cleanup_checkpoint struct checkpoint c;

        checkpoint_of(w, &c);
    }
    assert_int_equal(world_records(w, EVENT_CHECKPOINT, NULL, NULL), 1);
}

static void test_at_each_stop_and_reload(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;

    world_restart(w);
    assert_int_equal(world_records(w, EVENT_LEDGER_KEY, NULL, NULL), 1);
    assert_int_equal(world_records(w, EVENT_CHECKPOINT, "success", NULL), 1);
    world_restart(w);
    assert_int_equal(world_records(w, EVENT_LEDGER_KEY, NULL, NULL), 1); /* is known */
    assert_int_equal(world_records(w, EVENT_CHECKPOINT, "success", NULL), 2);
    assert_int_equal(world_reload(w, CONFIG), 0);
    world_for(w, 50);
    assert_int_equal(world_records(w, EVENT_CHECKPOINT, "success", NULL), 3);
    r = world_call(w, "Status", json_object());
    varlink_reply_done(&r);
}

static bool is_unsigned(struct world *w)
{
    struct varlink_reply r = world_call(w, "Status", json_object());
    char *text = json_dumps(r.parameters, 0);
    bool found = strstr(text, "The ledger is not being signed") != NULL;

    free(text);
    varlink_reply_done(&r);
    return found;
}

/* It is not made anew by itself, nor does anything else stop. */
static void test_a_key_that_vanished(void **state)
{
    struct world *w = *state;
    char hidden[200];

    world_restart(w);
    assert_false(is_unsigned(w));
    (void)snprintf(hidden, sizeof(hidden), "%s", world_path(w, "hidden"));
    assert_int_equal(rename(world_path(w, "ledger.key"), hidden), 0);
    world_restart(w); /* with the key that it has in memory */
    assert_int_equal(access(world_path(w, "ledger.key"), F_OK), -1);
    assert_true(is_unsigned(w));
    assert_string_equal(world_error_of(w, "LedgerCheckpoint", json_object()), "NotSigned");
    assert_string_equal(world_error_of(w, "LedgerCheckpoint", json_object()), "NotSigned");
    assert_int_equal(world_records(w, EVENT_CHECKPOINT, "failure", NULL), 1);
    assert_int_equal(world_grant(w, (struct grant_plan){.sessions = "2"}), REASON_OK);
    assert_int_equal(world_login_reason(w), REASON_OK);
    assert_int_equal(rename(hidden, world_path(w, "ledger.key")), 0);
    assert_string_equal(world_error_of(w, "LedgerCheckpoint", json_object()), "");
    assert_false(is_unsigned(w));
    assert_int_equal(world_records(w, EVENT_LEDGER_KEY, NULL, NULL), 1);
}

static void test_a_key_that_others_can_read(void **state)
{
    struct world *w = *state;

    world_stop(w);
    assert_int_equal(chmod(world_path(w, "ledger.key"), 0640), 0);
    world_start(w);
    assert_true(is_unsigned(w));
    assert_string_equal(world_error_of(w, "LedgerCheckpoint", json_object()), "NotSigned");
    assert_int_equal(chmod(world_path(w, "ledger.key"), 0600), 0);
    assert_string_equal(world_error_of(w, "LedgerCheckpoint", json_object()), "");
}

/* Whoever puts another key in its place is on record, before the first checkpoint that it signs. */
static void test_another_key(void **state)
{
    struct world *w = *state;
    cleanup(ledger_public_free_p) struct ledger_public *p = NULL;
    cleanup_checkpoint struct checkpoint c;
    cleanup_free char *pem = NULL;
    FILE *f;

    world_stop(w);
    assert_int_equal(ledger_key_make(&pem), 0);
    f = fopen(world_path(w, "ledger.key"), "we");
    assert_non_null(f);
    assert_true(fputs(pem, f) >= 0);
    assert_int_equal(fclose(f), 0);
    world_start(w);
    checkpoint_of(w, &c);
    p = key_of(w);
    assert_int_equal(verify(p, &c), 1);
    assert_int_equal(world_records(w, EVENT_LEDGER_KEY, "success", NULL), 1);
    assert_int_equal(world_records(w, EVENT_LEDGER_KEY, "failure", NULL), 1);
    world_restart(w);
    assert_int_equal(world_records(w, EVENT_LEDGER_KEY, NULL, NULL), 2);
}

/* The configuration changes, the chain goes on. */
static void test_sm3_from_now_on(void **state)
{
    struct world *w = *state;
    struct record_filter f = {.limit = 1000};
    struct record *rows;
    unsigned sha256 = 0, sm3 = 0;
    size_t n;

    assert_int_equal(world_reload(w, CONFIG "[ledger]\nhash = sm3\n"), 0);
    world_restart(w);
    assert_int_equal(store_flush(w->broker->store), 0);
    assert_int_equal(store_read_wait(w->broker->store, &f, &rows, &n), 0);
    for (size_t i = 0; i < n; i++) {
        sha256 += rows[i].format == RECORD_FORMAT_2_SHA256;
        sm3 += rows[i].format == RECORD_FORMAT_2_SM3;
    }
    assert_true(sha256 > 0 && sm3 > 0 && sha256 + sm3 == n);
    record_free_array(rows, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_checkpoint_verifies, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_asking_often, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_at_each_stop_and_reload, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_key_that_vanished, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_key_that_others_can_read, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_another_key, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_sm3_from_now_on, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
