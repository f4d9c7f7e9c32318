#ifndef HUFU_TESTS_UNIT_BROKER_REAPER_RECORDED_SCENE_H
#define HUFU_TESTS_UNIT_BROKER_REAPER_RECORDED_SCENE_H

#include "broker/reaper/recorded.h"
#include "tests/unit/unit.h"

/* A table of processes, and the verdict about each. */
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

struct census_process *add(struct scene *s, uint32_t pid, uint32_t parent, uint32_t uid, const char *name);
struct census_process *get(struct scene *s, uint32_t pid);
void make_recorders(struct census_process *p);
struct scene *recorded_shell(void);
void assert_bare(struct scene *s, const char *expected);
void end(struct scene *s);

#endif
