#ifndef HUFU_SESSIONS_REAPER_CLIENT_H
#define HUFU_SESSIONS_REAPER_CLIENT_H

#include "policy/base/cleanup.h"
#include "policy/wire/reap.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

/*
 * The one connection to hufu-reaper: requests with cookies out, replies in any order in. It connects again by
 * itself. While the reaper is away every question is answered at once with -ENOTCONN; one that was under way
 * when it went is answered with -ECONNRESET: nobody waits for ever.
 */
struct reaper_client;

/* `result` is 0 and `reply` the reaper's; or -ENOTCONN, -ECONNRESET, -ETIMEDOUT, -ECANCELED (the client is
 * being freed), and `reply` is NULL. */
typedef void reaper_done(void *userdata, int result, const struct reap_reply *reply);

struct reaper_client_options {
    sd_event *event;
    const char *path;
    uid_t uid;                                                       /* whom the reaper must be: 0 */
    void (*state)(void *userdata, bool here);                        /* it came, it went; may be NULL */
    void (*unasked)(void *userdata, const struct reap_reply *reply); /* cookie 0; may be NULL */
    void *userdata;
};

#define REAPER_ASK_US ((uint64_t)1000000)  /* WHO, LEASE, WARN, SCAN */
#define REAPER_END_US ((uint64_t)12000000) /* END: the reaper itself gives up after 10 s */

/** Connects in the first turn of the loop. 0, -ENOMEM, other -errno of the loop. */
int reaper_client_new(const struct reaper_client_options *options, struct reaper_client **ret);
/** Connects now, if it is not connected: `state` is told before this returns. 0, also if there is no reaper;
 * -errno of the loop. */
int reaper_client_connect(struct reaper_client *c);
/** Hangs up for good: what is under way is answered with -ECANCELED, what is asked later with -ENOTCONN. */
void reaper_client_stop(struct reaper_client *c);
/** Stops and frees. NULL is fine. */
struct reaper_client *reaper_client_free(struct reaper_client *c);
DEFINE_CLEANUP(struct reaper_client, reaper_client_free);

bool reaper_client_is_here(const struct reaper_client *c);

/** Sends `request` (its cookie is set here). `done` is called exactly once, possibly before this returns. */
void reaper_client_ask(struct reaper_client *c, const struct reap_request *request, uint64_t timeout_us,
                       reaper_done *done, void *userdata);

#endif
