/* Told when those who were seen have gone: once, not earlier, and however they went. */
#include "broker/reaper/departure.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 20

struct scene {
    sd_event *event;
    struct departure *departure;
    unsigned told;
    pid_t pids[MANY];
    struct census_process processes[MANY];
    bool marked[MANY];
    struct look look;
};

static void on_told(void *userdata)
{
    ((struct scene *)userdata)->told++;
}

static pid_t start(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
            _exit(1);
        for (;;)
            (void)pause();
    }
    return pid;
}

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    assert_int_equal(sd_event_new(&s->event), 0);
    assert_int_equal(departure_new(s->event, on_told, s, &s->departure), 0);
    for (size_t i = 0; i < MANY; i++) {
        s->pids[i] = start();
        s->processes[i].pid = (uint32_t)s->pids[i];
        s->marked[i] = true;
    }
    s->look = (struct look){.census = {.processes = s->processes, .count = MANY}, .marked = s->marked};
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    for (size_t i = 0; i < MANY; i++)
        if (s->pids[i] > 0) {
            (void)kill(s->pids[i], SIGKILL);
            (void)waitpid(s->pids[i], NULL, 0);
        }
    (void)departure_free(s->departure);
    (void)sd_event_unref(s->event);
    free(s);
    return 0;
}

/* Everything that is due, and nothing that takes longer. */
static void run(struct scene *s)
{
    while (sd_event_run(s->event, 20 * 1000) > 0)
        ;
}

static void end(struct scene *s, size_t i, bool reap)
{
    (void)kill(s->pids[i], SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)s->pids[i], &info, WEXITED | (reap ? 0 : WNOWAIT)), 0);
    if (reap)
        s->pids[i] = 0;
}

static void waits_for_the_last_of_them(void **state)
{
    struct scene *s = *state;
    assert_int_equal(departure_wait(s->departure, &s->look), 0);
    for (size_t i = MANY; i > 1; i--)
        end(s, i - 1, i % 2 == 0);
    run(s);
    assert_int_equal(s->told, 0);
    end(s, 0, false); /* a zombie has ended */
    run(s);
    assert_int_equal(s->told, 1);
}

static void waits_for_the_marked_alone(void **state)
{
    struct scene *s = *state;
    for (size_t i = 1; i < MANY; i++)
        s->marked[i] = false;
    assert_int_equal(departure_wait(s->departure, &s->look), 0);
    end(s, 0, true);
    run(s);
    assert_int_equal(s->told, 1);
}

static void tells_of_nobody_too_and_from_the_loop(void **state)
{
    struct scene *s = *state;
    for (size_t i = 0; i < MANY; i++)
        end(s, i, i % 2 == 0);
    assert_int_equal(departure_wait(s->departure, &s->look), 0);
    assert_int_equal(s->told, 0);
    run(s);
    assert_int_equal(s->told, 1);
}

static void the_later_look_counts(void **state)
{
    struct scene *s = *state;
    assert_int_equal(departure_wait(s->departure, &s->look), 0);
    s->marked[0] = false;
    assert_int_equal(departure_wait(s->departure, &s->look), 0);
    for (size_t i = 1; i < MANY; i++)
        end(s, i, true);
    run(s);
    assert_int_equal(s->told, 1);
    end(s, 0, true);
    run(s);
    assert_int_equal(s->told, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(waits_for_the_last_of_them, setup, teardown),
        cmocka_unit_test_setup_teardown(waits_for_the_marked_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_of_nobody_too_and_from_the_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(the_later_look_counts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
