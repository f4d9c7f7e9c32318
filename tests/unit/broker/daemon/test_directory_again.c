// LAYERS: test_support
// LINK: -Wl,--wrap=documents_prepare

#include "broker/audit/event.h"
#include "broker/daemon/directory_internal.h"
#include "broker/daemon/documents_prepare.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/broker/daemon/offices.h"
#include "tests/unit/unit.h"

#include <string.h>

/* What is told again, as each full refresh does, costs nothing and is said once. */

static unsigned prepared; /* documents on their way to a taker */

void __real_documents_prepare(struct broker *b, enum document_type type, const struct offer *offer,
                              verifier_done *done, void *userdata);
void __wrap_documents_prepare(struct broker *b, enum document_type type, const struct offer *offer,
                              verifier_done *done, void *userdata);
void __wrap_documents_prepare(struct broker *b, enum document_type type, const struct offer *offer,
                              verifier_done *done, void *userdata)
{
    prepared++;
    __real_documents_prepare(b, type, offer, done, userdata);
}

static int offices_begin(void **state)
{
    prepared = 0;
    return offices_setup(state);
}

/* The same octets each time: a signature that is made anew is another. */
static struct {
    char *good, *waits, *elsewhere;
    char *one, *two; /* of the good one */
} papers;

static int setup(void **state)
{
    struct world *w;

    prepared = 0;
    if (world_setup(state) < 0)
        return -1;
    w = *state;
    papers.good = world_document((struct grant_plan){0});
    papers.waits = world_document((struct grant_plan){.id = "00000000000000000000000000000002"});
    papers.elsewhere = world_document(
        (struct grant_plan){.id = "00000000000000000000000000000003", .host = "db09.finance.example"});
    papers.one = department_approval(w->department, DEPARTMENT_LEADER, papers.good);
    papers.two = department_approval(w->department, DEPARTMENT_UNIT, papers.good);
    return 0;
}

static int teardown(void **state)
{
    free(papers.good);
    free(papers.waits);
    free(papers.elsewhere);
    free(papers.one);
    free(papers.two);
    return world_teardown(state);
}

/* One that is good, one that waits for approvals, one for another host, one that is nothing. */
static void tell_four(struct ldapd *l, void *userdata)
{
    (void)userdata;
    ldapd_entry(l, 1, papers.good, papers.one, papers.two);
    ldapd_entry(l, 2, papers.waits, NULL, NULL);
    ldapd_entry(l, 3, papers.elsewhere, NULL, NULL);
    ldapd_entry(l, 4, "junk", NULL, NULL);
}

static void refresh_again(struct ldapd *l)
{
    (void)directory_refresh(l->w->broker->directory);
    ldapd_await_start(l, l->starts + 1);
    ldapd_begin(l, true);
    tell_four(l, NULL);
    ldapd_end(l, true, "rid=1,csn=1");
    ldapd_settle(l);
}

static void test_settled_is_skipped(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_four, NULL);
    assert_int_equal(prepared, 2);
    refresh_again(&l);
    assert_int_equal(prepared, 2);
    ldapd_hang_up(&l);
    world_restart(w);
    ldapd_connect(&l);
    ldapd_refresh(&l, tell_four, NULL);
    refresh_again(&l);
    assert_int_equal(prepared, 2);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

/* Other approvals of the same document are looked at. */
static void test_another_approval_is_not_skipped(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, NULL, NULL);
    ldapd_entry(&l, 1, papers.good, papers.one, NULL);
    ldapd_settle(&l);
    assert_int_not_equal(world_knock(w), REASON_OK);
    ldapd_entry(&l, 1, papers.good, papers.one, papers.two);
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
}

static void test_bad_is_said_once(void **state)
{
    struct world *w = *state;
    struct ldapd l = ldapd_new(w);

    ldapd_connect(&l);
    ldapd_refresh(&l, tell_four, NULL);
    assert_int_equal(world_records(w, EVENT_DIRECTORY_ENTRY, "failure", NULL), 2);
    for (unsigned i = 0; i < 3; i++) {
        ldapd_entry(&l, 4, "junk", NULL, NULL);
        refresh_again(&l);
    }
    ldapd_hang_up(&l);
    world_restart(w);
    ldapd_connect(&l);
    ldapd_refresh(&l, tell_four, NULL);
    assert_int_equal(world_records(w, EVENT_DIRECTORY_ENTRY, "failure", NULL), 2);
    assert_int_equal(ldapd_count(w, "bad"), 2);
    ldapd_entry(&l, 4, "other junk", NULL, NULL);
    ldapd_settle(&l);
    assert_int_equal(world_records(w, EVENT_DIRECTORY_ENTRY, "failure", NULL), 3);
    ldapd_hang_up(&l);
}

/* ---- with nobody there who tells it again ---- */

static void test_unsigned_under_another_trust(void **state)
{
    struct offices *o = *state;
    struct world *w = o->w;
    struct ldapd l = ldapd_new(w);
    char *document = paper_revocation(&(struct revocation_plan){0});

    ldapd_connect(&l);
    ldapd_begin(&l, true);
    ldapd_signed(&l, 1, (struct grant_plan){0});
    ldapd_entry(&l, 2, document, NULL, NULL);
    ldapd_end(&l, true, "rid=1,csn=1");
    ldapd_settle(&l);
    ldapd_hang_up(&l);
    world_restart(w);
    assert_int_equal(world_knock(w), REASON_REVOKED);
    offices_replace_trust(o, 5, false, NULL);
    assert_int_equal(world_knock(w), REASON_REVOKED);
    assert_int_equal(ldapd_count(w, "revocations_unsigned"), 1);
    world_restart(w);
    assert_int_equal(world_knock(w), REASON_REVOKED);
    ldapd_connect(&l);
    assert_string_equal(l.cookie, "");
    ldapd_begin(&l, true);
    ldapd_signed(&l, 1, (struct grant_plan){0});
    ldapd_end(&l, true, "rid=1,csn=2");
    ldapd_settle(&l);
    assert_int_equal(world_knock(w), REASON_OK);
    ldapd_hang_up(&l);
    free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_settled_is_skipped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_approval_is_not_skipped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_is_said_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_under_another_trust, offices_begin, offices_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
