/* The user manager is killed before anybody is looked for, and nobody else is. It needs root. */
#include "tests/unit/broker/reaper/lookout.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#define UID      20961u
#define STRANGER 1961u

enum place { MANAGER, SHELL, FOREIGN, PLACES };

/* A folder stands for the hierarchy, in which the manager's cgroup names the manager and a stranger. */
struct scene {
    struct lookout lookout;
    struct lookout_ended ended;
    pid_t pids[PLACES];
};

#define MANAGER_CGROUP "user.slice/user-20961.slice/user@20961.service/init.scope"

static int setup(void **state)
{
    if (getuid() != 0)
        return 0;
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    lookout_open(&s->lookout);
    for (size_t i = 0; i < PLACES; i++)
        s->pids[i] = lookout_start(i == FOREIGN ? STRANGER : UID);
    /* As a kernel shows who is outside of its reader's pid namespace, and who has gone since. */
    const pid_t members[] = {0, s->pids[MANAGER], s->pids[FOREIGN], 4194303};
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        lookout_put(&s->lookout, MANAGER_CGROUP, members[i]);
    (void)alarm(30); /* what hangs */
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    if (s == NULL)
        return 0;
    (void)alarm(0);
    for (size_t i = 0; i < PLACES; i++)
        lookout_finish(s->pids[i]);
    lookout_close(&s->lookout);
    free(s);
    return 0;
}

static void start_ending(struct scene *s, enum reap_scope scope)
{
    const struct reap_target target = {.scope = scope, .uid = UID, .audit_session = CENSUS_UNSET};
    lookout_end(&s->lookout, &target, "", &s->ended);
}

static void run_until_done(struct scene *s)
{
    lookout_run_until_done(&s->lookout, &s->ended);
    assert_false(lookout_is_running(s->pids[MANAGER]));
    assert_false(lookout_is_running(s->pids[SHELL]));
    assert_true(lookout_is_running(s->pids[FOREIGN]));
}

/* The loop has not run yet: nobody has looked. It counts among those who were ended all the same, once. */
static void is_killed_before_anybody_is_looked_for(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    start_ending(s, REAP_PERSON);
    lookout_wait(s->pids[MANAGER]);
    assert_true(lookout_is_running(s->pids[SHELL]));
    assert_true(lookout_is_running(s->pids[FOREIGN]));
    run_until_done(s);
    assert_int_equal(s->ended.reply.ended, 2);
}

static void of_leftovers_too(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    start_ending(s, REAP_LEFTOVERS);
    lookout_wait(s->pids[MANAGER]);
    run_until_done(s);
}

/* The manager may have to stay, too, for a session that stays: a whole look tells. */
static void waits_its_turn_where_a_session_stays(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    start_ending(s, REAP_STRAYS);
    (void)usleep(50 * 1000); /* a signal arrives in that */
    assert_true(lookout_is_running(s->pids[MANAGER]));
    run_until_done(s);
    assert_int_equal(s->ended.reply.ended, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_killed_before_anybody_is_looked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(of_leftovers_too, setup, teardown),
        cmocka_unit_test_setup_teardown(waits_its_turn_where_a_session_stays, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
