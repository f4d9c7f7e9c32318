// LAYERS: test_support

#include "broker/audit/checkpoint.h"
#include "broker/audit/event.h"
#include "broker/common/files.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/sealer.h"
#include "broker/trust/digest.h"
#include "broker/trust/ledger_public.h"
#include "tests/unit/broker/daemon/world.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Records leave the ledger by size and age, and what is left can still be verified. */

#define CONFIG                                                                                             \
    "[host]\nhost = db01.finance.example\n[gate]\ngated-uid = 20000-20999\n[directory]\nstatus-max-age = " \
    "none\n"                                                                                               \
    "[ledger]\ncheckpoint-every = 1s\n"
#define MANY 1500

static void write_many(struct world *w, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct record r = ledger_record(EVENT_LOGIN, REASON_NO_GRANT, false);

        r.staff = "li.si";
        ledger_write(w->broker, &r);
    }
    assert_int_equal(store_flush(w->broker->store), 0);
}

/* As if journald had got all of it. */
static void feed_all(struct world *w)
{
    assert_int_equal(store_flush(w->broker->store), 0);
    assert_int_equal(store_set_fed(w->broker->store, store_head(w->broker->store).sequence), 0);
}

static bool has_left(struct world *w, void *userdata)
{
    (void)userdata;
    store_dispatch(w->broker->store);
    feed_all(w);
    return w->broker->about.n_segments > 0 &&
           store_ledger_first(w->broker->store) ==
               w->broker->about.segments[w->broker->about.n_segments - 1].last + 1;
}

/* How much there is, is not looked at with each commit. */
static bool most_has_left(struct world *w, void *userdata)
{
    return has_left(w, userdata) && store_ledger_first(w->broker->store) > MANY / 2;
}

static const char *archive_of(struct world *w, char text[static 200])
{
    (void)snprintf(text, 200, "%s", world_path(w, "archive"));
    return text;
}

static void configure(struct world *w, const char *more, bool archive)
{
    char text[800], folder[200];

    (void)snprintf(text, sizeof(text), CONFIG "%s%s%s%s", more, archive ? "archive = " : "",
                   archive ? archive_of(w, folder) : "", archive ? "\n" : "");
    assert_int_equal(world_reload(w, text), 0);
}

static unsigned files_in(const char *folder, char name[static 256])
{
    DIR *d = opendir(folder);
    unsigned n = 0;

    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        if (e->d_name[0] != '.') {
            (void)snprintf(name, 256, "%s", e->d_name);
            n++;
        }
    if (d)
        (void)closedir(d);
    return n;
}

/* The head is signed by the key of the ledger, and about the last record that left. */
static void assert_sealed(struct world *w, const struct sealed_segment *x)
{
    const struct ledger_public *p = sealer_key(w->broker->sealer);
    cleanup_checkpoint struct checkpoint c;
    cleanup_buf struct buf b = BUF_INIT;

    assert_int_equal(checkpoint_parse(x->sealed, &c), 0);
    assert_int_equal(c.sequence, x->last);
    assert_memory_equal(c.hash, x->hash, RECORD_HASH_SIZE);
    checkpoint_signed_octets(&c, &b);
    assert_int_equal(ledger_public_verify(p, c.alg, b.data, b.size, c.signature, c.signature_size), 1);
}

static void trimmed(struct world *w, char *detail, size_t size)
{
    struct record_filter f = {
        .event = EVENT_LEDGER_TRIM, .result = "success", .limit = 1, .newest_first = true};
    struct record *rows;
    size_t n;

    assert_int_equal(store_read_wait(w->broker->store, &f, &rows, &n), 0);
    assert_int_equal(n, 1);
    (void)snprintf(detail, size, "%s", rows[0].detail);
    record_free_array(rows, n);
}

static void test_by_size(void **state)
{
    struct world *w = *state;
    char folder[200], name[256], path[500], detail[500], sha256[65];
    cleanup_free char *octets = NULL;
    uint8_t digest[32];
    uint64_t first, last;
    size_t size;

    assert_int_equal(mkdir(archive_of(w, folder), 0700), 0);
    write_many(w, MANY);
    feed_all(w);
    configure(w, "keep-size = 64K\n", true);
    world_until(w, most_has_left, NULL);
    last = w->broker->about.segments[w->broker->about.n_segments - 1].last;
    assert_int_equal(w->broker->about.segments[0].first, 1);
    assert_sealed(w, &w->broker->about.segments[0]);

    assert_int_equal(files_in(folder, name), w->broker->about.n_segments);
    trimmed(w, detail, sizeof(detail));
    assert_int_equal(sscanf(strstr(detail, "archive="), "archive=%255s", name), 1);
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(files_read(path, geteuid(), 64 << 20, &octets, &size), 0);
    assert_int_equal(digest_sha256(octets, size, digest), 0);
    ident_format_hex(digest, sizeof(digest), sha256);
    assert_non_null(strstr(detail, sha256));

    /* It opens, goes on from there, and its key is on record again. */
    world_restart(w);
    first = store_ledger_first(w->broker->store);
    assert_true(first > last);
    assert_true(w->broker->about.n_segments >= 1);
    assert_true(world_records(w, EVENT_LEDGER_KEY, "success", NULL) >= 1);
    assert_int_equal(world_records(w, EVENT_LEDGER_KEY, "failure", NULL), 0);
}

static bool has_left_upto(struct world *w, void *userdata)
{
    return has_left(w, userdata) && store_ledger_first(w->broker->store) > *(uint64_t *)userdata;
}

/* Without a limit of size. What came too late to be old enough stays. */
static void test_by_age_alone(void **state)
{
    struct world *w = *state;
    uint64_t old;

    write_many(w, MANY);
    feed_all(w);
    old = store_head(w->broker->store).sequence;
    configure(w, "keep = 1h\n", false);
    world_for(w, 1500);
    assert_int_equal(w->broker->about.n_segments, 0);
    configure(w, "keep = 2s\n", false);
    assert_int_equal(w->broker->config->keep_size, 0);
    world_until(w, has_left_upto, &old);
    assert_sealed(w, &w->broker->about.segments[0]);
    assert_true(w->broker->about.segments[0].last >= old);
    assert_true(store_ledger_first(w->broker->store) <= store_head(w->broker->store).sequence);
}

/* An archive that does not take it: nothing leaves, and somebody is told. */
static void test_archive_away(void **state)
{
    struct world *w = *state;
    struct varlink_reply r;
    char *text;

    write_many(w, 100);
    feed_all(w);
    configure(w, "keep-size = 1K\n", true); /* no such folder */
    world_for(w, 1500);
    assert_int_equal(w->broker->about.n_segments, 0);
    assert_int_equal(store_ledger_first(w->broker->store), 1);
    r = world_call(w, "Status", json_object());
    text = json_dumps(r.parameters, 0);
    assert_non_null(strstr(text, "No records leave the ledger"));
    free(text);
    varlink_reply_done(&r);
    world_for(w, 1500);
    assert_int_equal(world_records(w, EVENT_LEDGER_TRIM, "failure", NULL), 1); /* once */
}

static void test_what_has_to_stay(void **state)
{
    struct world *w = *state;

    write_many(w, 100);
    configure(w, "keep-size = 1K\n", false);
    assert_int_equal(store_set_fed(w->broker->store, 0), 0);
    world_for(w, 1300); /* journald has got nothing of it */
    assert_int_equal(w->broker->about.n_segments, 0);
    configure(w, "keep-size = 1K\nkeep = 1d\n", false);
    feed_all(w);
    world_for(w, 1300); /* all are younger */
    assert_int_equal(w->broker->about.n_segments, 0);
    assert_int_equal(store_ledger_first(w->broker->store), 1);
}

static void test_of_a_live_session(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct record_filter f = {.limit = 1};
    struct record *rows;
    size_t n;

    write_many(w, 50);
    world_grant(w, (struct grant_plan){.sessions = "2"});
    f.session = world_log_in(w, &v);
    write_many(w, 50);
    feed_all(w);
    configure(w, "keep-size = 1K\n", false);
    world_until(w, has_left, NULL);
    assert_int_equal(store_read_wait(w->broker->store, &f, &rows, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(store_ledger_first(w->broker->store), rows[0].sequence);
    record_free_array(rows, n);
    visitor_end(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_by_size, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_by_age_alone, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_archive_away, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_what_has_to_stay, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_of_a_live_session, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
