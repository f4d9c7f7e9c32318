#include "broker/reaper/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct outbox_piece {
    struct outbox_piece *next;
    size_t size;
    uint8_t frame[];
};

static void drop_first(struct outbox *o)
{
    struct outbox_piece *p = o->first;
    o->first = p->next;
    if (o->first == NULL)
        o->end = &o->first;
    o->size -= p->size;
    free(p);
}

void outbox_clear(struct outbox *o)
{
    while (o->first != NULL)
        drop_first(o);
    o->source = sd_event_source_disable_unref(o->source);
}

static int send_frame(int fd, const uint8_t *frame, size_t size)
{
    ssize_t n = send(fd, frame, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n == (ssize_t)size ? 0 : n < 0 ? -errno : -EIO;
}

/* An error here is seen by whoever reads from the peer, too. */
static int on_room(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct outbox *o = userdata;
    int r = 0;
    (void)source;
    (void)events;
    while (o->first != NULL && (r = send_frame(fd, o->first->frame, o->first->size)) == 0)
        drop_first(o);
    if (o->first == NULL || r != -EAGAIN)
        outbox_clear(o);
    return 0;
}

static int wait_for_room(struct outbox *o, sd_event *event, int fd)
{
    if (o->source != NULL)
        return 0;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return -errno;
    int r = sd_event_add_io(event, &o->source, own, EPOLLOUT, on_room, o);
    if (r >= 0)
        r = sd_event_source_set_io_fd_own(o->source, 1);
    if (r < 0) {
        o->source = sd_event_source_disable_unref(o->source);
        (void)close(own);
    }
    return r < 0 ? r : 0;
}

static int keep(struct outbox *o, sd_event *event, int fd, const uint8_t *frame, size_t size)
{
    if (o->size + size > OUTBOX_MAX)
        return -ENOBUFS;
    struct outbox_piece *p = malloc(sizeof *p + size);
    if (p == NULL)
        return -ENOMEM;
    p->next = NULL;
    p->size = size;
    memcpy(p->frame, frame, size);
    if (o->first == NULL)
        o->end = &o->first;
    *o->end = p;
    o->end = &p->next;
    o->size += size;
    return wait_for_room(o, event, fd);
}

int outbox_send(struct outbox *o, sd_event *event, int fd, const uint8_t *frame, size_t size)
{
    int r = o->first == NULL ? send_frame(fd, frame, size) : -EAGAIN;
    if (r == -EAGAIN)
        r = keep(o, event, fd, frame, size);
    if (r < 0)
        outbox_clear(o);
    return r;
}
