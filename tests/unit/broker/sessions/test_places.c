// LAYERS: engine document wire common base

#include "broker/sessions/places.h"
#include "broker/sessions/session.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

/* Sessions by number: found however many there are, the newest of a key first, and not once they are out. */

#define MANY 1000U
#define KEYS 7U

static void test_many(void **state)
{
    struct session *sessions = calloc(MANY, sizeof(*sessions));
    struct places p;

    (void)state;
    assert_non_null(sessions);
    assert_int_equal(places_init(&p), 0);
    assert_null(places_first(&p, 1));
    for (unsigned i = 0; i < MANY; i++) {
        sessions[i].number = i;
        places_put(&p, &sessions[i].by_uid, 20001 + i % KEYS, &sessions[i]);
    }
    for (unsigned key = 0; key < KEYS; key++) {
        struct session *s = places_first(&p, 20001 + key);

        for (unsigned i = MANY; i > 0; i--)
            if ((i - 1) % KEYS == key) {
                assert_ptr_equal(s, &sessions[i - 1]);
                s = places_next(&s->by_uid);
            }
        assert_null(s);
    }
    for (unsigned i = 0; i < MANY; i += 2)
        places_take_out(&p, &sessions[i].by_uid);
    places_take_out(&p, &sessions[0].by_uid); /* once is enough */
    assert_int_equal(p.count, MANY / 2);
    for (struct session *s = places_first(&p, 20001); s; s = places_next(&s->by_uid))
        assert_int_equal(s->number % 2, 1);
    places_done(&p);
    free(sessions);
}

/* Keys that stand in one chain are told apart. */
static void test_one_chain(void **state)
{
    struct session sessions[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct places p;

    (void)state;
    assert_int_equal(places_init(&p), 0);
    places_put(&p, &sessions[0].by_number, 5, &sessions[0]);
    places_put(&p, &sessions[1].by_number, 5 + p.n_chains, &sessions[1]);
    places_put(&p, &sessions[2].by_number, 5, &sessions[2]);
    assert_ptr_equal(places_first(&p, 5), &sessions[2]);
    assert_ptr_equal(places_next(&sessions[2].by_number), &sessions[0]);
    assert_null(places_next(&sessions[0].by_number));
    assert_ptr_equal(places_first(&p, 5 + p.n_chains), &sessions[1]);
    places_take_out(&p, &sessions[2].by_number);
    assert_ptr_equal(places_first(&p, 5), &sessions[0]);
    places_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_one_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
