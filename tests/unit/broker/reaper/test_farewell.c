// LINK: -Wl,--wrap=clock_boot_us -Wl,--wrap=census_take -Wl,--wrap=sd_event_source_set_time
/* Who lives on to pass on the last words, and who does not. Time stands still until the test says otherwise.
 * It needs root. */
#include "broker/common/clock.h"
#include "tests/unit/broker/reaper/lookout.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UID      20931u
#define RECORDER 931u

static uint64_t now_us = 1000;

uint64_t __wrap_clock_boot_us(void);

uint64_t __wrap_clock_boot_us(void)
{
    return now_us;
}

/* Whether somebody may look, and when the ending means to. */
static int blind;
static uint64_t due_us;

int __real_census_take(int proc, struct census_persons persons, struct census *ret);
int __wrap_census_take(int proc, struct census_persons persons, struct census *ret);

int __wrap_census_take(int proc, struct census_persons persons, struct census *ret)
{
    return blind != 0 ? blind : __real_census_take(proc, persons, ret);
}

int __real_sd_event_source_set_time(sd_event_source *s, uint64_t usec);
int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t usec);

int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t usec)
{
    due_us = usec;
    return __real_sd_event_source_set_time(s, usec);
}

/* Each the parent of the next, as in a recorded login. */
enum place { MONITOR, SSHD, TLOG, SHELL, SUDO, PLACES };

/* A person's session: the monitor is the leader, the shell has the terminal. */
struct scene {
    struct lookout lookout;
    struct lookout_ended ended;
    int terminal;
    char tty[LOOKOUT_TTY_SIZE];
    int near[PLACES], far[PLACES];
    pid_t leader;
};

static void become(enum place place)
{
    uid_t saved = place == TLOG ? RECORDER : place == SUDO ? 0 : UID;
    if (setresgid(UID, UID, UID) < 0 || setresuid(UID, UID, saved) < 0)
        _exit(1);
}

/* Says again what it hears, until nobody is there to say something. */
static _Noreturn void relay(const struct scene *s, enum place place)
{
    char octet = 0;
    (void)signal(SIGHUP, SIG_IGN); /* of the terminal, when its shell has gone */
    for (size_t i = 0; i < PLACES; i++) {
        (void)close(s->near[i]);
        if (i != place)
            (void)close(s->far[i]);
    }
    while (read(s->far[place], &octet, 1) == 1 && write(s->far[place], &octet, 1) == 1)
        ;
    _exit(0); /* the test has ended */
}

/* As in a login; without audit in the kernel they are told by their uids. */
static void set_login_uid(void)
{
    int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
    (void)dprintf(fd, "%u", UID);
    (void)close(fd);
}

static pid_t start(const struct scene *s, enum place place)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (place == MONITOR)
        set_login_uid();
    if (place == SHELL && !lookout_take_terminal(s->tty))
        _exit(2);
    if (place + 1 < PLACES && start(s, place + 1) < 0)
        _exit(3);
    become(place);
    relay(s, place);
}

/* Whether what is said to it comes back: whoever has been killed says nothing more. */
static bool answers(const struct scene *s, enum place place)
{
    char octet = 'x';
    return send(s->near[place], &octet, 1, MSG_NOSIGNAL) == 1 && read(s->near[place], &octet, 1) == 1;
}

static void make_session(struct scene *s)
{
    for (size_t i = 0; i < PLACES; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        s->near[i] = pair[0];
        s->far[i] = pair[1];
    }
    s->leader = start(s, MONITOR);
    assert_true(s->leader > 0);
    for (size_t i = 0; i < PLACES; i++) {
        (void)close(s->far[i]);
        assert_true(answers(s, (enum place)i));
    }
}

static int setup(void **state)
{
    if (getuid() != 0)
        return 0;
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    lookout_open(&s->lookout);
    s->terminal = lookout_terminal(UID, s->tty);
    make_session(s);
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
    lookout_finish(s->leader);
    for (size_t i = 0; i < PLACES; i++)
        (void)close(s->near[i]);
    (void)close(s->terminal);
    lookout_close(&s->lookout);
    free(s);
    return 0;
}

static void end(struct scene *s, const char *text)
{
    const struct reap_target target = {
        .scope = REAP_PERSON, .uid = UID, .leader = (uint32_t)s->leader, .session = 5};
    lookout_end(&s->lookout, &target, text, &s->ended);
}

static void run_until_gone(struct scene *s, enum place place)
{
    char octet;
    while (recv(s->near[place], &octet, 1, MSG_DONTWAIT) != 0) {
        assert_int_equal(errno, EAGAIN);
        assert_true(sd_event_run(s->lookout.event, 10 * 1000) >= 0);
    }
}

/* tlog holds the terminal that the person sees: it outlives the shell with sshd. A process that became root
 * by itself is nobody's recorder. */
static void recorder_passes_on_the_last_words(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    char text[64] = "";
    end(s, "Ends now.");
    run_until_gone(s, SHELL);
    run_until_gone(s, SUDO);
    assert_true(answers(s, TLOG));
    assert_true(answers(s, SSHD));
    assert_true(answers(s, MONITOR));
    assert_int_equal(s->ended.done, 0);
    assert_true(read(s->terminal, text, sizeof text - 1) > 0);
    assert_non_null(strstr(text, "Ends now."));
    now_us += ENDING_FAREWELL_US;
    lookout_run_until_done(&s->lookout, &s->ended);
    assert_int_equal(s->ended.reply.ended, PLACES);
    assert_int_equal(s->ended.reply.terminals, 1);
    for (size_t i = 0; i < PLACES; i++)
        assert_false(answers(s, (enum place)i));
}

/* Who they are is known: no look stands before their end. */
static void who_relayed_is_ended_without_a_look(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    end(s, "Ends now.");
    run_until_gone(s, SHELL);
    blind = -EIO;
    now_us += ENDING_FAREWELL_US;
    run_until_gone(s, TLOG);
    run_until_gone(s, SSHD);
    run_until_gone(s, MONITOR);
    assert_int_equal(s->ended.done, 0);
    blind = 0;
    lookout_run_until_done(&s->lookout, &s->ended);
    assert_int_equal(s->ended.reply.ended, PLACES);
}

/* The time in which they relay begins when the words were said, however long the turn of the loop has been.
 */
static void the_next_look_is_when_their_time_is_over(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    due_us = 0;
    end(s, "Ends now.");
    run_until_gone(s, SHELL);
    assert_int_equal(due_us, now_us + ENDING_FAREWELL_US);
    now_us += ENDING_FAREWELL_US;
    lookout_run_until_done(&s->lookout, &s->ended);
}

/* Without a word nobody is waited for, however long the clock stands still. */
static void without_words_nobody_is_spared(void **state)
{
    NEEDS_ROOT(state);
    struct scene *s = *state;
    end(s, "");
    lookout_run_until_done(&s->lookout, &s->ended);
    assert_int_equal(s->ended.reply.ended, PLACES);
    assert_int_equal(s->ended.reply.terminals, 0);
    for (size_t i = 0; i < PLACES; i++)
        assert_false(answers(s, (enum place)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(recorder_passes_on_the_last_words, setup, teardown),
        cmocka_unit_test_setup_teardown(who_relayed_is_ended_without_a_look, setup, teardown),
        cmocka_unit_test_setup_teardown(the_next_look_is_when_their_time_is_over, setup, teardown),
        cmocka_unit_test_setup_teardown(without_words_nobody_is_spared, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
