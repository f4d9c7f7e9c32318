#include "tests/unit/broker/reaper/lookout.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void lookout_open(struct lookout *l)
{
    unsigned skipped;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *l = (struct lookout){.folder = "/tmp/hufu-lookout-XXXXXX", .cgroups = {.mount = -1, .proc = proc}};
    assert_true(proc >= 0);
    assert_non_null(mkdtemp(l->folder));
    l->fd = open(l->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(sd_event_new(&l->event), 0);
    struct leases_options o = {.event = l->event, .folder = l->fd};
    assert_int_equal(leases_new(&o, &l->leases, &skipped), 0);
    assert_int_equal(sight_new(l->event, proc, l->leases, &l->sight), 0);
}

void lookout_close(struct lookout *l)
{
    (void)sight_free(l->sight);
    (void)leases_free(l->leases);
    (void)sd_event_unref(l->event);
    (void)close(l->fd);
    (void)close(l->cgroups.proc);
    assert_int_equal(rmdir(l->folder), 0);
}

pid_t lookout_start(uint32_t uid)
{
    int ready[2];
    char octet;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0 ||
            prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
            _exit(1);
        (void)!write(ready[1], "x", 1);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    (void)close(ready[0]);
    return pid;
}

void lookout_finish(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static void on_done(void *userdata, const struct reap_reply *reply)
{
    struct lookout_ended *e = userdata;
    e->reply = *reply;
    e->done++;
}

void lookout_end(struct lookout *l, const struct reap_target *target, const char *text,
                 struct lookout_ended *ret)
{
    const struct ending_order order = {.target = target, .text = text};
    *ret = (struct lookout_ended){.done = 0};
    assert_int_equal(ending_start(l->sight, &l->cgroups, &order, on_done, ret), 0);
}

void lookout_run_until_done(struct lookout *l, const struct lookout_ended *e)
{
    while (e->done == 0)
        assert_true(sd_event_run(l->event, 60 * 1000 * 1000) > 0);
    assert_int_equal(e->reply.result, REAP_DONE);
}
