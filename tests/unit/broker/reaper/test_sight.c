// LINK: -Wl,--wrap=census_take
/* Who wants to look at the same time sees one census, that began after all had wished for it. It needs root.
 */
#include "broker/reaper/sight.h"
#include "tests/unit/broker/reaper/lookout.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_UID 20951u
#define PERSONS   10u

static unsigned censuses;
static int fails;

int __real_census_take(int proc, struct census_persons persons, struct census *ret);
int __wrap_census_take(int proc, struct census_persons persons, struct census *ret);

int __wrap_census_take(int proc, struct census_persons persons, struct census *ret)
{
    censuses++;
    return fails != 0 ? fails : __real_census_take(proc, persons, ret);
}

struct person {
    struct sight *sight;
    struct reap_target target;
    struct sight_wish wish;
    pid_t pid;
    unsigned seen, again;
    size_t n;
    uint32_t found;
    int r;
};

struct scene {
    struct lookout lookout;
    struct person persons[PERSONS];
};

static void on_seen(void *userdata, int r, const struct look *l)
{
    struct person *p = userdata;
    p->seen++;
    p->r = r;
    p->n = l->census.count;
    p->found = p->n > 0 && l->marked[0] ? l->census.processes[0].pid : 0;
    if (p->again > 0) {
        p->again--;
        assert_int_equal(sight_wish(p->sight, &p->wish), 0);
    }
}

static int setup(void **state)
{
    if (getuid() != 0)
        return 0;
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    lookout_open(&s->lookout);
    for (uint32_t i = 0; i < PERSONS; i++) {
        struct person *p = &s->persons[i];
        p->sight = s->lookout.sight;
        p->target = (struct reap_target){.scope = REAP_PERSON, .uid = FIRST_UID + (i * 7) % PERSONS};
        p->wish = (struct sight_wish){.target = &p->target, .seen = on_seen, .userdata = p};
        p->pid = lookout_start(p->target.uid);
    }
    censuses = 0;
    fails = 0;
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    if (s == NULL)
        return 0;
    for (size_t i = 0; i < PERSONS; i++)
        lookout_finish(s->persons[i].pid);
    lookout_close(&s->lookout);
    free(s);
    return 0;
}

static void run(struct scene *s)
{
    while (sd_event_run(s->lookout.event, 0) > 0)
        ;
}

static void one_census_for_all(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    for (size_t i = 0; i < PERSONS; i++)
        assert_int_equal(sight_wish(s->lookout.sight, &s->persons[i].wish), 0);
    assert_int_equal(sight_wish(s->lookout.sight, &s->persons[0].wish), 0); /* twice is once */
    assert_int_equal(censuses, 0);
    run(s);
    assert_int_equal(censuses, 1);
    for (size_t i = 0; i < PERSONS; i++) {
        assert_int_equal(s->persons[i].seen, 1);
        assert_int_equal(s->persons[i].r, 0);
        assert_int_equal(s->persons[i].n, 1);
        assert_int_equal(s->persons[i].found, s->persons[i].pid);
    }
}

/* A wish that comes from a look is not served by the census that this look was of. */
static void no_census_is_seen_twice(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    s->persons[0].again = 1;
    assert_int_equal(sight_wish(s->lookout.sight, &s->persons[0].wish), 0);
    run(s);
    assert_int_equal(s->persons[0].seen, 2);
    assert_int_equal(censuses, 2);
}

static void a_failure_is_everybodys(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    fails = -EPERM;
    for (size_t i = 0; i < PERSONS; i++)
        assert_int_equal(sight_wish(s->lookout.sight, &s->persons[i].wish), 0);
    run(s);
    for (size_t i = 0; i < PERSONS; i++) {
        assert_int_equal(s->persons[i].seen, 1);
        assert_int_equal(s->persons[i].r, -EPERM);
        assert_int_equal(s->persons[i].n, 0);
    }
}

static void what_is_forgotten_is_not_told(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    for (size_t i = 0; i < PERSONS; i++)
        assert_int_equal(sight_wish(s->lookout.sight, &s->persons[i].wish), 0);
    sight_forget(&s->persons[3].wish);
    sight_forget(&s->persons[3].wish);
    run(s);
    assert_int_equal(s->persons[2].seen, 1);
    assert_int_equal(s->persons[3].seen, 0);
    assert_int_equal(s->persons[4].seen, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_census_for_all, setup, teardown),
        cmocka_unit_test_setup_teardown(no_census_is_seen_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failure_is_everybodys, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_forgotten_is_not_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
