/* Who is there without a recorder above them: a table of processes, and the verdict about each. */
#include "tests/unit/broker/reaper/recorded_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_recorded_shell_is_known(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    (void)add(s, 200, SHELL, UID, "vim");
    (void)add(s, 201, 200, UID, "sh");
    (void)add(s, 202, SHELL, 0, "sudo"); /* somebody else's uid, and still below it */
    (void)add(s, 203, 202, 500, "psql");
    assert_bare(s, "");
    assert_int_equal(s->recorded.recorders, 1);
    end(s);
}

static void without_a_channel_nobody_else_may_be_there(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    s->look.census.count = 2;
    assert_bare(s, "");
    assert_int_equal(s->recorded.recorders, 0);
    (void)add(s, 200, SSHD, UID, "bash");
    assert_bare(s, "200 ");
    (void)add(s, 201, 200, UID, "sleep");
    assert_bare(s, "200 201 ");
    end(s);
}

/* Whatever hufu-recorder is not: another process, another name, another user, the right one at another time.
 */
static void who_is_not_the_admitted_recorder_records_nothing(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    s->q.channels[0].pid = 999;
    assert_bare(s, "102 103 104 ");
    s->q.channels[0] = (struct reap_channel){FRONT, 1, REAP_CHANNEL_RECORDED, NAME};
    assert_bare(s, "102 103 104 ");
    s->q.channels[0].start_time = FRONT * 10;
    s->named[0] = false;
    assert_bare(s, "102 103 104 ");
    s->named[0] = true;
    s->q.n_channels = 0;
    s->q.n_channels = 1;
    get(s, FRONT)->uids[2] = UID;
    assert_bare(s, "102 103 104 ");
    end(s);
}

static void a_false_tlog_records_nothing(void **state)
{
    struct scene *s = recorded_shell();
    struct census_process *tlog = get(s, TLOG);

    (void)state;
    tlog->uids[1] = UID; /* it is not ready, or gave its rights up and started what it was to record */
    assert_bare(s, "104 ");
    tlog->uids[2] = UID;
    assert_bare(s, "103 104 ");
    make_recorders(tlog);
    (void)snprintf(tlog->name, sizeof(tlog->name), "hufu-recorder");
    assert_bare(s, "104 ");
    assert_int_equal(s->recorded.recorders, 0);
    end(s);
}

static void a_stopped_recorder_records_nothing(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    get(s, TLOG)->stopped = true;
    assert_bare(s, "103 104 ");
    get(s, TLOG)->stopped = false;
    get(s, FRONT)->stopped = true;
    assert_bare(s, "102 103 104 ");
    get(s, FRONT)->stopped = false;
    get(s, SHELL)->stopped = true; /* job control */
    assert_bare(s, "");
    end(s);
}

/* tlog killed: its shell is an orphan. hufu-recorder killed: nobody vouches for tlog any more. */
static void a_killed_recorder_leaves_its_processes_bare(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    *get(s, TLOG) = *get(s, SHELL);
    s->look.census.count--;
    get(s, SHELL)->parent = 1;
    assert_bare(s, "104 ");
    end(s);
    s = recorded_shell();
    *get(s, FRONT) = *get(s, SHELL);
    s->look.census.count--;
    get(s, TLOG)->parent = 1;
    assert_bare(s, "104 103 ");
    end(s);
}

/* A multiplexer's server outlives its parent, and comes to be tlog's child. What is pid 1's was none of it:
 * whoever waits beside the recorder until that is there could start anything and end. */
static void orphans_are_known_if_they_are_the_recorders(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    (void)add(s, 200, TLOG, UID, "tmux");
    (void)add(s, 201, 200, UID, "bash");
    assert_bare(s, "");
    get(s, 200)->parent = 1;
    assert_bare(s, "200 201 ");
    get(s, 200)->parent = FRONT;
    assert_bare(s, "200 201 ");
    get(s, 200)->parent = 1;
    make_recorders(get(s, 200)); /* a tlog that nobody vouches for */
    assert_bare(s, "200 201 ");
    memset(get(s, 200)->uids, 0, sizeof(get(s, 200)->uids));
    get(s, 200)->parent = TLOG;
    get(s, TLOG)->stopped = true;
    assert_bare(s, "103 104 200 201 ");
    end(s);
}

/* Children whose pids are lower than their parents', and parents that go round in a circle as they come and
 * go while /proc is read. */
static void parents_are_found_in_any_order(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    (void)add(s, 203, SHELL, UID, "sh");
    (void)add(s, 202, 203, UID, "sh");
    (void)add(s, 201, 202, UID, "sh");
    assert_bare(s, "");
    get(s, 203)->parent = 201;
    assert_bare(s, "203 202 201 ");
    get(s, 203)->parent = 204;
    assert_bare(s, "203 202 201 ");
    end(s);
}

/* A process that is told to become the recorder may have left others below it. */
static void what_the_recorder_was_before_left_is_bare(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    (void)add(s, 200, FRONT, UID, "sh");
    assert_bare(s, "200 ");
    end(s);
}

/* A login shell that waits for hufu-recorder could do anything meanwhile. */
static void whoever_stands_above_the_recorder_is_bare(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    (void)add(s, 200, SSHD, UID, "fish");
    get(s, FRONT)->parent = 200;
    assert_bare(s, "200 ");
    end(s);
}

static void a_second_channel_needs_its_own_recorder(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    (void)add(s, 200, SSHD, UID, "bash");
    assert_bare(s, "200 ");
    make_recorders(get(s, 200));
    make_recorders(add(s, 201, 200, UID, "tlog-rec-sessio"));
    (void)add(s, 202, 201, UID, "bash");
    s->q.channels[s->q.n_channels++] = (struct reap_channel){200, 2000, REAP_CHANNEL_RECORDED, NAME};
    assert_bare(s, "200 201 202 ");
    s->named[1] = true;
    assert_bare(s, "");
    assert_int_equal(s->recorded.recorders, 2);
    end(s);
}

/* sshd-session is the first that sshd's leader starts; a login shell below login is not sshd. */
static void only_sshds_own_process_is_known_below_the_leader(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    (void)add(s, 200, LEADER, UID, "sh");
    assert_bare(s, "200 ");
    s->q.sshd = 0;
    assert_bare(s, "101 200 ");
    s->q.target.leader_start++; /* another process has its pid */
    assert_bare(s, "100 101 200 ");
    end(s);
}

static void a_login_on_a_console_becomes_the_recorder(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    s->q.sshd = 0;
    get(s, FRONT)->parent = LEADER;
    *get(s, SSHD) = *get(s, SHELL);
    s->look.census.count--;
    assert_bare(s, "");
    end(s);
}

static void a_transfer_is_hufu_channel_and_one_process_below_it(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    (void)add(s, 200, SSHD, UID, "hufu-channel");
    (void)add(s, 201, 200, UID, "sftp-server");
    assert_bare(s, "200 201 ");
    s->q.channels[s->q.n_channels++] = (struct reap_channel){200, 2000, REAP_CHANNEL_TRANSFER, ""};
    assert_bare(s, "");
    (void)add(s, 202, 200, UID, "sh");
    (void)add(s, 203, 201, UID, "sh");
    assert_bare(s, "202 203 ");
    end(s);
}

static void what_is_not_the_targets_does_not_count(void **state)
{
    struct scene *s = recorded_shell();

    (void)state;
    add(s, 200, 1, UID, "cron-job")->audit_session = 9;
    assert_bare(s, "200 ");
    s->marked[s->look.census.count - 1] = false;
    assert_bare(s, "");
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recorded_shell_is_known),
        cmocka_unit_test(without_a_channel_nobody_else_may_be_there),
        cmocka_unit_test(who_is_not_the_admitted_recorder_records_nothing),
        cmocka_unit_test(a_false_tlog_records_nothing),
        cmocka_unit_test(a_stopped_recorder_records_nothing),
        cmocka_unit_test(a_killed_recorder_leaves_its_processes_bare),
        cmocka_unit_test(orphans_are_known_if_they_are_the_recorders),
        cmocka_unit_test(parents_are_found_in_any_order),
        cmocka_unit_test(what_the_recorder_was_before_left_is_bare),
        cmocka_unit_test(whoever_stands_above_the_recorder_is_bare),
        cmocka_unit_test(a_second_channel_needs_its_own_recorder),
        cmocka_unit_test(only_sshds_own_process_is_known_below_the_leader),
        cmocka_unit_test(a_login_on_a_console_becomes_the_recorder),
        cmocka_unit_test(a_transfer_is_hufu_channel_and_one_process_below_it),
        cmocka_unit_test(what_is_not_the_targets_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
