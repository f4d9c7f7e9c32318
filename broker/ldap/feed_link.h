#ifndef HUFU_LDAP_FEED_LINK_H
#define HUFU_LDAP_FEED_LINK_H

#include "policy/base/cleanup.h"
#include "policy/wire/feed.h"

#include <systemd/sd-event.h>

/*
 * The connection to hufud: connects, again and again while hufud is not there; hands up what hufud asks;
 * sends frames from a queue. The queue is bounded by whoever fills it: as long as feed_link_is_full() it
 * stops asking the directory, and `on_room` says when to go on.
 */
struct feed_link;

struct feed_link_calls {
    void (*on_message)(void *userdata, const struct feed_message *m); /* START or CLAIM */
    void (*on_lost)(void *userdata); /* what was asked is void; it connects again by itself */
    void (*on_room)(void *userdata);
};

#define FEED_LINK_FULL ((size_t)1 << 20) /* octets queued */

/** 0 or -errno. `path` is copied. */
int feed_link_new(sd_event *event, const char *path, const struct feed_link_calls *calls, void *userdata,
                  struct feed_link **ret);
struct feed_link *feed_link_free(struct feed_link *l);
DEFINE_CLEANUP(struct feed_link, feed_link_free);

/** Queues a frame; without a connection it is dropped. What the frame cannot hold is the caller's fault, and
 * ends the connection. 0 or -errno. */
int feed_link_send(struct feed_link *l, const struct feed_message *m);
bool feed_link_is_full(const struct feed_link *l);

#endif
