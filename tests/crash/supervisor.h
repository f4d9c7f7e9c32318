#ifndef HUFU_TESTS_CRASH_SUPERVISOR_H
#define HUFU_TESTS_CRASH_SUPERVISOR_H

#include "tests/crash/lane.h"

/*
 * What systemd is to hufud: makes the folders, starts the program, hears when it is ready, keeps its sockets
 * over a crash (FDSTORE) and starts it again with them.
 */
#define SUPERVISOR_KEPT 8

struct supervisor {
    struct lane *lane;
    pid_t pid; /* 0: it does not run */
    int pidfd, notify;
    bool ready;
    int kept[SUPERVISOR_KEPT];
    char names[SUPERVISOR_KEPT][32];
    int n_kept;
};

/** Folder, configuration, trust file, and with `store` a store by hufud --create-store. */
void supervisor_prepare(struct supervisor *s, struct lane *l, bool store);
void supervisor_done(struct supervisor *s);

/** Runs `hufud --create-store`, with this setting of HUFU_FAILPOINT unless NULL. Its wait status. */
int supervisor_create_store(struct lane *l, const char *failpoint);

/** Starts hufud and waits until it is ready, or dead. True: it is ready. */
bool supervisor_start(struct supervisor *s, const char *failpoint);
/** Waits until it is dead, at most so long; true: it is. */
bool supervisor_await_death(struct supervisor *s, unsigned milliseconds);
/** Sends the signal, and does not wait. */
void supervisor_signal(struct supervisor *s, int signal);
/** Takes its wait status; it is dead. */
int supervisor_reap(struct supervisor *s);

#endif
