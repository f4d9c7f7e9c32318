#ifndef HUFU_TESTS_UNIT_BROKER_REAPER_LOOKOUT_H
#define HUFU_TESTS_UNIT_BROKER_REAPER_LOOKOUT_H

#include "broker/reaper/ending.h"

/* What endings look with: a loop, the real /proc, and leases in a folder of their own. */
struct lookout {
    sd_event *event;
    struct leases *leases;
    struct sight *sight;
    struct cgroups cgroups; /* without a hierarchy */
    char folder[32];
    int fd; /* of the folder */
};

void lookout_open(struct lookout *l);
void lookout_close(struct lookout *l);

/* The folder stands for the hierarchy from now on: puts a pid into a cgroup ("user.slice/x"), which is made
 * with all above it if need be. */
void lookout_put(struct lookout *l, const char *path, pid_t pid);

/* A process of this uid, which waits until it is killed, at the latest when the test ends. */
pid_t lookout_start(uint32_t uid);
/* One that has a session of its own and this terminal. */
pid_t lookout_start_at(uint32_t uid, const char *tty);
void lookout_finish(pid_t pid);
bool lookout_is_running(pid_t pid);
/* Until it has died of itself. */
void lookout_wait(pid_t pid);

/* A terminal of this uid: the end that a relay has, and the path of the other. */
#define LOOKOUT_TTY_SIZE 64
int lookout_terminal(uint32_t uid, char tty[static LOOKOUT_TTY_SIZE]);
/* Makes it this process's, in a session of its own. */
bool lookout_take_terminal(const char *tty);

/* An ending of these that was begun, until it is done. */
struct lookout_ended {
    struct reap_reply reply;
    unsigned done;
};
void lookout_end(struct lookout *l, const struct reap_target *target, const char *text,
                 struct lookout_ended *ret);
void lookout_run_until_done(struct lookout *l, const struct lookout_ended *e);

/* For tests whose setup() left no scene, which only root can make. */
#define NEEDS_ROOT(state) \
    do {                  \
        if (!*(state))    \
            skip();       \
    } while (0)

#endif
