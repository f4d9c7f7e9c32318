#ifndef HUFU_DIRECTORY_FEED_H
#define HUFU_DIRECTORY_FEED_H

#include "policy/base/cleanup.h"
#include "policy/wire/feed.h"

#include <sys/types.h>
#include <systemd/sd-event.h>

/*
 * hufud's end of the feed: listens, takes one connection at a time, of the user hufu-ldap (or root), and
 * hands over what comes, message by message. Whoever is at the other end may be an attacker: a frame that
 * does not decode ends the connection; nothing is read while paused, so that what waits is bounded by the
 * socket; at most one frame is held in memory; and one turn of the loop reads so much and no more.
 *
 * The latest connection is the one: that before it may be half dead, and hufu-ldapd has no other way to say
 * so.
 *
 * Callbacks come from the event loop only, never out of a call of this header. Each of them may call
 * everything here, feed_free() too.
 */
struct feed;

struct feed_options {
    sd_event *event;
    const char *path; /* not looked at after feed_new() */
    uid_t uid;        /* of hufu-ldapd; (uid_t)-1: there is no such user, and nobody is taken but root */
    uid_t root;
    /* It is here (START should follow) or gone; also before another takes its place. Not when the feed is
     * freed. */
    void (*connected)(void *userdata, bool here);
    /* Only types of hufu-ldapd. `m` and what it points to lasts as long as the call. */
    void (*message)(void *userdata, const struct feed_message *m);
    /* Somebody was hung up on: not permitted, malformed, or does not read. `detail` is English, for a record.
     * Anybody on this host can make this happen as often as they like. */
    void (*trouble)(void *userdata, uid_t uid, pid_t pid, const char *detail);
    void *userdata;
};

/** Listens. 0 or -errno (-EADDRINUSE: somebody listens there). */
int feed_new(const struct feed_options *options, struct feed **ret);
struct feed *feed_free(struct feed *f);
DEFINE_CLEANUP(struct feed, feed_free);

bool feed_is_here(const struct feed *f);
/** Whom to take from now on; who is here and not permitted any more is hung up on. */
void feed_set_uid(struct feed *f, uid_t uid);
/** Sends START or CLAIM; what the socket does not take now waits. 0; -ENOTCONN; -ENOBUFS (the other end does
 * not read), -ENOMEM: the connection ends, and `connected` tells of it later; -EINVAL, -EMSGSIZE (as
 * feed_encode()): nothing was sent, and the connection goes on. */
int feed_send(struct feed *f, const struct feed_message *m);
/** Stops and goes on reading. Counted: as many resumes as pauses. Does not outlive a connection: who pauses
 * resumes only what is still the same one (`connected` was not called), else a pause of the next is undone.
 */
void feed_pause(struct feed *f);
void feed_resume(struct feed *f);

#endif
