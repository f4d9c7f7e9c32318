#ifndef HUFU_TESTS_FUZZ_HOST_H
#define HUFU_TESTS_FUZZ_HOST_H

#include "broker/daemon/broker.h"
#include "broker/ipc/varlink.h"
#include "tests/fuzz/stage/people.h"
#include "tests/fuzz/stage/undertaker.h"
#include "tests/fuzz/stage/virtual_time.h"
#include "tests/unit/support/department.h"

/*
 * A whole broker, its store on a file system in memory, a reaper and people at the doors, in one process and
 * in virtual time: what a stateful fuzz target acts on. A host is made new for each sequence, by copying a
 * store that was made once.
 */
struct host {
    char folder[64];
    sd_event *event;
    struct broker *broker;
    struct undertaker undertaker;
    struct department *department;
};

#define HOST_LOADED 24 /* steps, after which the few grants of a sequence are all there */

/** One for the whole program: department, folder, empty store. */
struct host *host_of_program(void);

/** A new store, and a broker that runs; the wall clock shows `wall`. */
void host_begin(struct host *h, when_t wall);
/** The sequence is over: all is stopped, and nothing is left. */
void host_end(struct host *h);

/** As systemd stops and starts it. After `steps` of having its grants come from the store it goes on with
 * what follows, and by one step with each time that goes by; 0: all are there at once. */
void host_restart(struct host *h, unsigned steps);
/** As SIGKILL ends it: nothing that was not on disk comes back. */
void host_crash(struct host *h, unsigned steps);
/** Whether this grant has come, or there is none. */
bool host_knows(const struct host *h, const struct ident_id *grant);
/** Whether all grants have come, and are judged by the trust in force. */
bool host_is_whole(const struct host *h);
/** All of them have. */
void host_knows_all(struct host *h);

/** Turns the loop until nothing happens any more at this instant: all is committed, answered, verified. */
void host_settle(struct host *h);
/** Time goes by, and all that it brings happens. */
void host_pass(struct host *h, uint64_t us);

/** The gate's answer to this process. */
struct gate_reply host_ask(struct host *h, const struct process *as, enum frame_type type,
                           const struct gate_pam *m);
/** The same in two steps; the reply to what was not answered in between is waited for in virtual time. */
int host_begin_ask(struct host *h, const struct process *as, enum frame_type type, const struct gate_pam *m);
int host_begin_frame(struct host *h, const struct process *as, const uint8_t *frame, int size);
bool host_has_answer(int fd);
struct gate_reply host_take(struct host *h, int fd);

/** A call on the control socket, by root. Waits for it in virtual time, a minute at most. */
int host_begin_call(struct host *h, const char *method, json_t *parameters);
struct varlink_reply host_take_call(struct host *h, int fd);
struct varlink_reply host_call(struct host *h, const char *method, json_t *parameters);

#endif
