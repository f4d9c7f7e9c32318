// LAYERS: test_support
// LIBRARIES: libcrypto
// LINK: -Wl,--wrap=EVP_DigestVerify -Wl,--wrap=sd_event_add_time_relative

#include "broker/common/files.h"
#include "tests/unit/broker/daemon/held_up.h"
#include "tests/unit/broker/daemon/signed_grant.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What the loop does while signatures are being verified: the library is held up on every thread but the
 * loop's, until it is let go. */

/* Logins are answered meanwhile: by the grant that is there, and not by the one that is not verified yet. */
static void test_gate_answers_meanwhile(void **state)
{
    struct world *w = *state;
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct signed_grant p = signed_grant_new(w, (struct grant_plan){0});
    struct varlink_reply r;
    int fd;

    held_up_hold();
    fd = signed_grant_begin(w, &p);
    held_up_until_begun(w, 1);
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).reason, REASON_NO_GRANT);
    r = world_call(w, "Status", json_object());
    assert_null(r.error);
    varlink_reply_done(&r);
    assert_false(world_has_answer(w, fd));
    held_up_let_go();
    signed_grant_assert_state(w, fd, "ok");
    assert_int_equal(world_ask(w, &v, FRAME_GATE_ACCOUNT, &m).verdict, VERDICT_ALLOW);
    assert_int_equal(held_up_n_verified_by_loop(), 0);
    visitor_end(&v);
    signed_grant_done(&p);
}

/* The patience that is had with what ends is not used up by verifying, which may take longer. */
static void test_takes_long(void **state)
{
    struct world *w = *state;
    struct signed_grant p = signed_grant_new(w, (struct grant_plan){0});
    int fd;

    held_up_hold();
    held_up_be_impatient(true);
    fd = signed_grant_begin(w, &p);
    held_up_until_begun(w, 1);
    world_for(w, 50);
    held_up_be_impatient(false);
    assert_false(world_has_answer(w, fd));
    held_up_let_go();
    signed_grant_assert_state(w, fd, "ok");
    signed_grant_done(&p);
}

/* The second waits for what the first has verified. */
static void test_same_document_twice_at_once(void **state)
{
    struct world *w = *state;
    struct signed_grant p = signed_grant_new(w, (struct grant_plan){0});
    int first, second;

    held_up_hold();
    first = signed_grant_begin(w, &p);
    held_up_until_begun(w, 1);
    second = signed_grant_begin(w, &p);
    world_for(w, 50);
    assert_int_equal(held_up_n_begun(), 1);
    held_up_let_go();
    signed_grant_assert_state(w, first, "ok");
    signed_grant_assert_state(w, second, "ok");
    assert_int_equal(held_up_n_verified(), 2);
    signed_grant_done(&p);
}

/* Who asked has hung up: what was signed is taken in all the same. */
static void test_caller_is_gone(void **state)
{
    struct world *w = *state;
    struct signed_grant p = signed_grant_new(w, (struct grant_plan){0});
    int fd;

    held_up_hold();
    fd = signed_grant_begin(w, &p);
    held_up_until_begun(w, 1);
    close_fd(fd);
    world_for(w, 50);
    held_up_let_go();
    while (held_up_n_verified() < 2)
        world_for(w, 10);
    world_for(w, 50);
    assert_non_null(grant_index_first_of(grants_index(w->broker->grants), WORLD_STAFF));
    signed_grant_done(&p);
}

static void *let_go_later(void *userdata)
{
    (void)userdata;
    held_up_let_go();
    return NULL;
}

/* What has begun is waited for, and then nothing is taken in any more. */
static void test_stop_meanwhile(void **state)
{
    struct world *w = *state;
    struct signed_grant p = signed_grant_new(w, (struct grant_plan){0});
    struct signed_grant q =
        signed_grant_new(w, (struct grant_plan){.id = "00000000000000000000000000000001"});
    pthread_t thread;
    int first, same, second;

    held_up_hold();
    first = signed_grant_begin(w, &p);
    same = signed_grant_begin(w, &p);
    second = signed_grant_begin(w, &q);
    held_up_until_begun(w, 1);
    world_for(w, 50);
    must(pthread_create(&thread, NULL, let_go_later, NULL) == 0);
    world_stop(w);
    must(pthread_join(thread, NULL) == 0);
    signed_grant_assert_refused(w, first, "stopping");
    signed_grant_assert_refused(w, same, "stopping");
    signed_grant_assert_refused(w, second, "stopping");
    world_start(w);
    assert_null(grant_index_first_of(grants_index(w->broker->grants), WORLD_STAFF));
    signed_grant_done(&p);
    signed_grant_done(&q);
}

#define MANY 100

static void on_prepared(void *userdata, int result)
{
    assert_int_equal(result, 0);
    ++*(unsigned *)userdata;
}

static bool are_prepared(struct world *w, void *userdata)
{
    (void)w;
    return *(unsigned *)userdata == MANY;
}

static void prepare(struct world *w, const struct signed_grant *p, unsigned *n_done)
{
    const struct octets approvals[] = {{(uint8_t *)p->one, strlen(p->one)},
                                       {(uint8_t *)p->two, strlen(p->two)}};
    cleanup(grant_free_p) struct grant *g = NULL;
    struct subject subject;

    assert_int_equal(grant_parse(p->document, strlen(p->document), &g, NULL), 0);
    assert_int_equal(
        subject_of_grant(g, (struct octets){(uint8_t *)p->document, strlen(p->document)}, &subject), 0);
    verifier_prepare(w->broker->verifier, w->broker->trust, &subject, approvals, 2, on_prepared, n_done);
}

/* More than the workers take at a time: all come through, and what was copied is not looked at any more. */
static void test_many_at_once(void **state)
{
    struct world *w = *state;
    unsigned n_done = 0;

    held_up_hold();
    for (unsigned i = 0; i < MANY; i++) {
        char id[IDENT_ID_TEXT_SIZE];
        struct signed_grant p;

        (void)snprintf(id, sizeof(id), "%032x", i + 1);
        p = signed_grant_new(w, (struct grant_plan){.id = id});
        prepare(w, &p, &n_done);
        signed_grant_done(&p);
    }
    assert_int_equal(n_done, 0);
    held_up_let_go();
    world_until(w, are_prepared, &n_done);
    assert_int_equal(held_up_n_verified(), 2 * MANY);
    assert_int_equal(held_up_n_verified_by_loop(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, held_up_setup, held_up_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gate_answers_meanwhile), TEST(test_takes_long),     TEST(test_same_document_twice_at_once),
        TEST(test_caller_is_gone),         TEST(test_stop_meanwhile), TEST(test_many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
