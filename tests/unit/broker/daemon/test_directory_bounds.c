// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=sd_event_add_time_relative -Wl,--wrap=shadow_count

#include "broker/audit/event.h"
#include "broker/daemon/directory_internal.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/broker/daemon/held_up.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* However much is told, so much is held and no more; and what is held up holds nothing else up. Where much
 * would have to be told for it, the count of what is held is raised by the test. */

static size_t more_entries; /* than there are */

size_t __real_shadow_count(const struct shadow *s);
size_t __wrap_shadow_count(const struct shadow *s);
size_t __wrap_shadow_count(const struct shadow *s)
{
    return __real_shadow_count(s) + more_entries;
}

static int setup(void **state)
{
    more_entries = 0;
    return held_up_setup(state);
}

static void tell_grant(struct ldapd *l, void *userdata)
{
    ldapd_signed(l, 1, userdata ? *(struct grant_plan *)userdata : (struct grant_plan){0});
}

static void tell_other(struct ldapd *l, unsigned n)
{
    char id[IDENT_ID_TEXT_SIZE];

    (void)snprintf(id, sizeof(id), "%032x", n);
    ldapd_signed(l, n, (struct grant_plan){.id = id});
}

/* ---- the feed pauses ---- */

static bool is_paused(struct world *w, void *userdata)
{
    (void)userdata;
    return w->broker->directory->paused;
}

/* One document that is being verified, as large as all that may be held. */
static void fill(struct ldapd *l)
{
    held_up_hold();
    tell_other(l, 2);
    held_up_until_begun(l->w, 1);
    l->w->broker->directory->held += DIRECTORY_HELD_MAX / 2;
}

static void empty(struct ldapd *l)
{
    l->w->broker->directory->held -= DIRECTORY_HELD_MAX / 2;
    held_up_let_go();
}

/* What comes in a pause waits, and is heard after it. */
static void test_pauses_and_goes_on(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    fill(&l);
    ldapd_delete(&l, 99); /* the next message notices */
    world_until(w, is_paused, NULL);
    ldapd_delete(&l, 1);
    world_for(w, 50);
    assert_int_equal(ldapd_count(w, "entries"), 2);
    empty(&l);
    ldapd_settle(&l);
    assert_false(w->broker->directory->paused);
    assert_int_equal(ldapd_count(w, "entries"), 1);
    assert_int_equal(ldapd_count(w, "withdrawn"), 1);
    ldapd_hang_up(&l);
}

/* While a refresh is staged only its end makes room: a pause would wait for itself. */
static void test_no_pause_while_staged(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_begin(&l, true);
    tell_grant(&l, NULL);
    ldapd_settle(&l);
    w->broker->directory->held += DIRECTORY_HELD_MAX / 2;
    tell_other(&l, 2);
    ldapd_settle(&l);
    assert_false(w->broker->directory->paused);
    ldapd_end(&l, true, "rid=1,csn=1");
    ldapd_settle(
        &l); /* nothing remains on its way, and still that much is held: there is nothing to wait for */
    assert_false(w->broker->directory->paused);
    w->broker->directory->held -= DIRECTORY_HELD_MAX / 2;
    assert_int_equal(ldapd_count(w, "grants"), 2);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* A pause is over with its connection. */
static void test_hung_up_in_a_pause(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    fill(&l);
    ldapd_delete(&l, 99);
    world_until(w, is_paused, NULL);
    ldapd_hang_up(&l);
    empty(&l);
    ldapd_connect(&l);
    ldapd_begin(&l, false);
    ldapd_delete(&l, 1);
    ldapd_end(&l, true, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "withdrawn"), 1);
    ldapd_hang_up(&l);
}

/* A login under a grant with fleet-wide uses does not wait for what is being taken in. */
static void test_claims_come_through(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    struct grant_plan fleet = {.uses = "2 fleet"};
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;
    int fd;

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, &fleet);
    ldapd_claims_possible(&l);
    ldapd_settle(&l);
    fill(&l);
    ldapd_delete(&l, 99);
    world_until(w, is_paused, NULL);
    fd = world_send(w, &v, FRAME_GATE_ACCOUNT, &m);
    ldapd_await_claim(&l, 1);
    ldapd_claimed(&l, FEED_HELD);
    reply = world_take(w, fd);
    assert_int_equal(reply.reason, REASON_OK);
    assert_true(w->broker->directory->paused); /* again */
    empty(&l);
    ldapd_settle(&l);
    assert_false(w->broker->directory->paused);
    visitor_end(&v);
    ldapd_hang_up(&l);
}

/* ---- so much and no more ---- */

/* What a refresh tells beyond that is left out, and asked for again. */
static void test_staged_octets(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_begin(&l, true);
    w->broker->directory->held += DIRECTORY_HELD_MAX;
    tell_grant(&l, NULL);
    ldapd_settle(&l);
    assert_int_equal(w->broker->directory->held, DIRECTORY_HELD_MAX);
    ldapd_end(&l, true, "rid=1,csn=1");
    ldapd_settle(&l);
    w->broker->directory->held -= DIRECTORY_HELD_MAX;
    assert_true(ldapd_shows(w, REASON_BAD_REQUEST, "too much was told at once"));
    assert_int_equal(w->broker->directory->cookie.size, 0);
    assert_true(w->broker->directory->is_retrying);
    (void)directory_refresh(w->broker->directory);
    ldapd_await_start(&l, 2);
    ldapd_refresh(&l, tell_grant, NULL);
    assert_int_equal(world_knock(w), REASON_OK);
    assert_int_equal(ldapd_count(w, "bad"), 0);
    ldapd_hang_up(&l);
}

static void test_entries(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    more_entries = DIRECTORY_ENTRIES_MAX - 1;
    tell_other(&l, 2);
    ldapd_signed(&l, 1, (struct grant_plan){.version = 4, .source = "10.9.9.0/24"}); /* in its place */
    ldapd_settle(&l);
    more_entries = 0;
    assert_int_equal(ldapd_count(w, "entries"), 1);
    assert_int_equal(world_knock(w), REASON_WRONG_SOURCE);
    assert_int_equal(world_records(w, EVENT_DIRECTORY_TROUBLE, "failure", NULL), 1);
    assert_true(w->broker->directory->is_retrying);
    ldapd_cookie(&l, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_false(w->broker->directory->wants_cookie);
    ldapd_hang_up(&l);
}

/* Grants that nobody approved yet: beyond that they are not kept, but the entry is. */
static void test_unapproved_octets(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *document = world_document((struct grant_plan){.id = "00000000000000000000000000000002"});
    char *other = world_document((struct grant_plan){.id = "00000000000000000000000000000003"});
    struct ident_id id;

    assert_int_equal(ident_parse_id("00000000000000000000000000000002", 32, &id), 0);
    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    w->broker->directory->unverified += DIRECTORY_UNVERIFIED;
    ldapd_entry(&l, 2, document, NULL, NULL);
    ldapd_settle(&l);
    assert_null(grant_index_find(grants_index(w->broker->grants), &id));
    assert_int_equal(w->broker->directory->unverified, DIRECTORY_UNVERIFIED);
    assert_int_equal(world_knock(w), REASON_OK); /* one that somebody approved stays */
    w->broker->directory->unverified -= DIRECTORY_UNVERIFIED;
    ldapd_entry(&l, 3, other, NULL, NULL);
    ldapd_settle(&l);
    assert_true(w->broker->directory->unverified > strlen(other));
    ldapd_delete(&l, 3);
    ldapd_settle(&l);
    assert_int_equal(w->broker->directory->unverified, 0);
    ldapd_hang_up(&l);
    free(document);
    free(other);
}

/* So many can take away without a signature; who is beyond that is shown. */
static void test_unsigned_revocations(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);
    char *first = paper_revocation(&(struct revocation_plan){.scope = "staff wang.er"});
    char *second = paper_revocation(
        &(struct revocation_plan){.id = "00000000000000000000000000000003", .scope = "staff zhang.san"});

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_grant, NULL);
    w->broker->directory->n_unsigned = DIRECTORY_UNSIGNED_MAX - 1;
    ldapd_entry(&l, 2, first, NULL, NULL);
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "revocations_unsigned"), DIRECTORY_UNSIGNED_MAX);
    ldapd_entry(&l, 3, second, NULL, NULL);
    ldapd_settle(&l);
    assert_int_equal(ldapd_count(w, "revocations_unsigned"), DIRECTORY_UNSIGNED_MAX);
    assert_true(ldapd_shows(w, REASON_APPROVAL_MISSING, "there are too many"));
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
    free(first);
    free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pauses_and_goes_on, setup, held_up_teardown),
        cmocka_unit_test_setup_teardown(test_no_pause_while_staged, setup, held_up_teardown),
        cmocka_unit_test_setup_teardown(test_hung_up_in_a_pause, setup, held_up_teardown),
        cmocka_unit_test_setup_teardown(test_claims_come_through, setup, held_up_teardown),
        cmocka_unit_test_setup_teardown(test_staged_octets, setup, held_up_teardown),
        cmocka_unit_test_setup_teardown(test_entries, setup, held_up_teardown),
        cmocka_unit_test_setup_teardown(test_unapproved_octets, setup, held_up_teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_revocations, setup, held_up_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
