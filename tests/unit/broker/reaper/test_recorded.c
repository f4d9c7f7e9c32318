/* Who is there without a recorder above them: a table of processes, and the verdict about each. */
#include "broker/reaper/recorded.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UID      20001u
#define RECORDER 998u
#define AUDIT    7u
#define NAME     "17-1-0123456789abcdef"
#define SCOPE    "/user.slice/user-20001.slice/session-3.scope"
#define MANAGER  "/user.slice/user-20001.slice/user@20001.service/"
enum { LEADER = 100, SSHD, FRONT, TLOG, SHELL, NEXT };
#define PROCESSES_MAX 16
struct scene {
    struct census_process processes[PROCESSES_MAX];
    bool marked[PROCESSES_MAX];
    struct look look;
    struct reap_request q;
    bool named[REAP_CHANNELS_MAX];
    struct recorded recorded;
};

static struct census_process *add(struct scene *s, uint32_t pid, uint32_t parent, uint32_t uid,
                                  const char *name)
{
    struct census_process *p = &s->processes[s->look.census.count];

    assert_true(s->look.census.count < PROCESSES_MAX);
    *p = (struct census_process){.pid = pid,
                                 .parent = parent,
                                 .start_time = pid * 10ULL,
                                 .login_uid = UID,
                                 .audit_session = AUDIT,
                                 .uids = {uid, uid, uid, uid}};
    (void)snprintf(p->name, sizeof(p->name), "%s", name);
    p->cgroup = (char *)SCOPE;
    s->marked[s->look.census.count++] = true;
    return p;
}

static struct census_process *get(struct scene *s, uint32_t pid)
{
    for (size_t i = 0; i < s->look.census.count; i++)
        if (s->processes[i].pid == pid)
            return &s->processes[i];
    fail_msg("no process %u", pid);
    return NULL;
}

static void make_recorders(struct census_process *p)
{
    p->uids[1] = p->uids[2] = p->uids[3] = RECORDER;
}

/* sshd, the process that it makes of itself, hufu-recorder, tlog and the shell below it. */
static struct scene *recorded_shell(void)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->look = (struct look){.census = {.processes = s->processes}, .marked = s->marked};
    s->q = (struct reap_request){
        .type = FRAME_REAP_RECORDED,
        .target = {.scope = REAP_STRAYS,
                   .uid = UID,
                   .session = 17,
                   .audit_session = AUDIT,
                   .leader = LEADER,
                   .leader_start = LEADER * 10},
        .recorder_uid = RECORDER,
        .sshd = 1,
        .n_channels = 1,
        .channels = {{FRONT, FRONT * 10, REAP_CHANNEL_RECORDED, NAME}},
    };
    s->named[0] = true;
    (void)add(s, LEADER, 50, 0, "sshd");
    (void)add(s, SSHD, LEADER, UID, "sshd");
    make_recorders(add(s, FRONT, SSHD, UID, "hufu-recorder"));
    make_recorders(add(s, TLOG, FRONT, UID, "tlog-rec-sessio"));
    (void)add(s, SHELL, TLOG, UID, "bash");
    return s;
}

static void judge(struct scene *s)
{
    recorded_done(&s->recorded);
    assert_int_equal(recorded_judge(&s->look, &s->q, s->named, &s->recorded), 0);
}

/* The pids that are bare, in order, with a blank behind each. */
static void assert_bare(struct scene *s, const char *expected)
{
    char text[256] = "";

    judge(s);
    for (size_t i = 0; i < s->look.census.count; i++)
        if (s->recorded.bare[i])
            (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ", s->processes[i].pid);
    assert_string_equal(text, expected);
}

static void end(struct scene *s)
{
    recorded_done(&s->recorded);
    free(s);
}

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

/* The user manager has an audit session of its own. What it starts for the person is not below a recorder. */
static void what_a_user_manager_starts_is_bare(void **state)
{
    struct scene *s = recorded_shell();
    struct census_process *p;

    (void)state;
    p = add(s, 200, 1, UID, "systemd");
    p->cgroup = (char *)MANAGER "init.scope";
    p->audit_session = 8;
    p = add(s, 201, 200, UID, "(sd-pam)");
    p->cgroup = (char *)MANAGER "init.scope";
    p->audit_session = 8;
    assert_bare(s, "");
    p = add(s, 202, 200, UID, "bash");
    p->cgroup = (char *)MANAGER "app.slice/run-u1.service";
    p->audit_session = 8;
    assert_bare(s, "202 ");
    p->cgroup = (char *)MANAGER "init.scope"; /* the person may move it there */
    assert_bare(s, "202 ");
    get(s, 201)->parent = 999; /* and kill the helper, to be the first */
    get(s, 201)->pid = 999;
    get(s, 999)->session = 202;
    p->session = 202;
    assert_bare(s, "999 202 ");
    p->parent = 1; /* an orphan that came from elsewhere */
    assert_bare(s, "999 202 ");
    end(s);
}

/* A unit's name is its owner's to choose. */
static void a_false_user_manager_is_bare(void **state)
{
    static const char *const wrong[] = {
        MANAGER "app.slice/init.scope",
        "/user.slice/user-20002.slice/user@20002.service/init.scope",
        "/init.scope",
    };
    struct scene *s = recorded_shell();
    struct census_process *p = add(s, 200, 1, UID, "systemd");

    (void)state;
    p->audit_session = 8;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        p->cgroup = (char *)wrong[i];
        assert_bare(s, "200 ");
    }
    p->cgroup = NULL;
    assert_bare(s, "200 ");
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
        cmocka_unit_test(what_a_user_manager_starts_is_bare),
        cmocka_unit_test(a_false_user_manager_is_bare),
        cmocka_unit_test(what_is_not_the_targets_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
