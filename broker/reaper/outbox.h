#ifndef HUFU_REAPER_OUTBOX_H
#define HUFU_REAPER_OUTBOX_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * Answers to a peer whose socket takes no more for now: when many endings are over at once they are more than
 * it holds. What is beyond OUTBOX_MAX octets is a peer that does not read.
 */
#define OUTBOX_MAX ((size_t)16 * 1024 * 1024)

struct outbox {
    struct outbox_piece *first, **end;
    size_t size;
    sd_event_source *source; /* on a descriptor of its own, while something waits */
};

/** Sends a frame to the peer's socket, or keeps it until that is possible. 0, or -errno: the peer is gone, or
 * does not read; the outbox is empty then. Before the first call it is all 0. */
int outbox_send(struct outbox *o, sd_event *event, int fd, const uint8_t *frame, size_t size);
/** Forgets what waits. */
void outbox_clear(struct outbox *o);

#endif
