// LINK: -Wl,--wrap=census_take
/* Whom the person's slice names is killed before anybody is looked for, and nobody else is. It needs root. */
#include "broker/reaper/early.h"
#include "tests/unit/broker/reaper/lookout.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UID      20981u
#define STRANGER 1981u
#define SLICE    "user.slice/user-20981.slice"

enum place { MANAGER, SHELL, BELOW, SERVICE, FOREIGN, ELSEWHERE, PLACES };

static const char *const cgroups[PLACES] = {
    [MANAGER] = SLICE "/user@20981.service/init.scope",
    [SHELL] = SLICE "/session-5.scope",
    [BELOW] = SLICE "/session-5.scope/a/b",
    [SERVICE] = SLICE "/user@20981.service/app.slice/x.service",
    [FOREIGN] = SLICE "/session-5.scope",
    [ELSEWHERE] = "system.slice/ssh.service",
};

static unsigned censuses;

int __real_census_take(int proc, struct census_persons persons, struct census *ret);
int __wrap_census_take(int proc, struct census_persons persons, struct census *ret);

int __wrap_census_take(int proc, struct census_persons persons, struct census *ret)
{
    censuses++;
    return __real_census_take(proc, persons, ret);
}

struct scene {
    struct lookout lookout;
    struct lookout_ended ended;
    pid_t pids[PLACES];
};

static int setup(void **state)
{
    if (getuid() != 0)
        return 0;
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    lookout_open(&s->lookout);
    for (size_t i = 0; i < PLACES; i++) {
        s->pids[i] = lookout_start(i == FOREIGN ? STRANGER : UID);
        lookout_put(&s->lookout, cgroups[i], s->pids[i]);
    }
    /* As a kernel shows who is outside of its reader's pid namespace, who has gone since, and a stranger. */
    const pid_t others[] = {0, 4194303, s->pids[FOREIGN]};
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        lookout_put(&s->lookout, cgroups[MANAGER], others[i]);
    censuses = 0;
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
    for (size_t i = 0; i < PLACES; i++)
        assert_int_equal(lookout_is_running(s->pids[i]), i == FOREIGN);
    assert_int_equal(s->ended.reply.ended, PLACES - 1);
}

/* The loop has not run yet. Who is somewhere else is seen by a look, and all count once. */
static void before_anybody_is_looked_for(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    start_ending(s, REAP_PERSON);
    for (size_t i = 0; i < PLACES; i++)
        if (i != FOREIGN && i != ELSEWHERE)
            lookout_wait(s->pids[i]);
    assert_true(lookout_is_running(s->pids[FOREIGN]));
    assert_true(lookout_is_running(s->pids[ELSEWHERE]));
    assert_int_equal(censuses, 0);
    run_until_done(s);
}

/* Gone early is not proven: that takes two looks, whoever was seen before them. */
static void two_looks_prove_it_all_the_same(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    lookout_finish(s->pids[ELSEWHERE]);
    s->pids[ELSEWHERE] = lookout_start(STRANGER);
    start_ending(s, REAP_PERSON);
    lookout_run_until_done(&s->lookout, &s->ended);
    assert_true(censuses >= 2);
    assert_int_equal(s->ended.reply.ended, PLACES - 2);
}

/* A job of theirs may stay: a whole look tells. The user manager does not. */
static void the_manager_alone_where_a_job_may_stay(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    start_ending(s, REAP_LEFTOVERS);
    lookout_wait(s->pids[MANAGER]);
    (void)usleep(50 * 1000); /* a signal arrives in that */
    assert_true(lookout_is_running(s->pids[SHELL]));
    assert_true(lookout_is_running(s->pids[SERVICE]));
    run_until_done(s);
}

/* For which the manager has to stay, too. */
static void nobody_where_a_session_may_stay(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    start_ending(s, REAP_STRAYS);
    (void)usleep(50 * 1000); /* a signal arrives in that */
    for (size_t i = 0; i < PLACES; i++)
        assert_true(lookout_is_running(s->pids[i]));
    run_until_done(s);
}

static bool count_all(void *userdata, uint32_t pid, const char *path)
{
    size_t *n = userdata;
    (void)pid;
    (void)path;
    ++*n;
    return true;
}

/* They may make as many cgroups as they like. */
static void of_so_many_cgroups(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    char path[128];
    size_t n = 0;
    for (unsigned i = 0; i < 2 * CGROUPS_FOLDERS_MAX; i++) {
        (void)snprintf(path, sizeof path, SLICE "/user@20981.service/app.slice/%u.service", i);
        lookout_put(&s->lookout, path, s->pids[FOREIGN]);
    }
    cgroups_slice(&s->lookout.cgroups, UID, count_all, &n);
    assert_in_range(n, 1, CGROUPS_FOLDERS_MAX + PLACES);
    start_ending(s, REAP_PERSON);
    lookout_wait(s->pids[MANAGER]);
    run_until_done(s);
}

/* Or as many processes: who comes behind those is seen by a look. */
static void of_so_many_processes(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    pid_t last = lookout_start(UID);
    for (unsigned i = 0; i < EARLY_MAX; i++)
        lookout_put(&s->lookout, cgroups[SHELL], s->pids[FOREIGN]);
    lookout_put(&s->lookout, cgroups[SHELL], last);
    start_ending(s, REAP_PERSON);
    (void)usleep(50 * 1000); /* a signal arrives in that */
    assert_true(lookout_is_running(last));
    lookout_run_until_done(&s->lookout, &s->ended);
    assert_false(lookout_is_running(last));
    lookout_finish(last);
}

static bool count_member(void *userdata, uint32_t pid, const char *path)
{
    size_t *n = userdata;
    (void)pid;
    assert_int_equal(path[0], '/');
    return ++*n < 3;
}

static void members_are_given_until_they_are_enough(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    size_t n = 0;
    cgroups_slice(&s->lookout.cgroups, UID, count_member, &n);
    assert_int_equal(n, 3);
}

/* The shell's terminal is written to before the shell dies, and only then. */
static void the_words_are_said_once(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    const struct reap_target target = {.scope = REAP_PERSON, .uid = UID, .audit_session = CENSUS_UNSET};
    char tty[LOOKOUT_TTY_SIZE], text[512] = "";
    int terminal = lookout_terminal(UID, tty);
    pid_t pid = lookout_start_at(UID, tty);
    lookout_put(&s->lookout, cgroups[SHELL], pid);
    lookout_end(&s->lookout, &target, "Ends now.", &s->ended);
    lookout_wait(pid);
    assert_int_equal(censuses, 0);
    lookout_run_until_done(&s->lookout, &s->ended);
    assert_int_equal(s->ended.reply.terminals, 1);
    assert_true(read(terminal, text, sizeof text - 1) > 0);
    const char *first = strstr(text, "Ends now.");
    assert_non_null(first);
    assert_null(strstr(first + 1, "Ends now."));
    lookout_finish(pid);
    (void)close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_anybody_is_looked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(two_looks_prove_it_all_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(the_manager_alone_where_a_job_may_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_where_a_session_may_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(of_so_many_cgroups, setup, teardown),
        cmocka_unit_test_setup_teardown(of_so_many_processes, setup, teardown),
        cmocka_unit_test_setup_teardown(members_are_given_until_they_are_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(the_words_are_said_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
