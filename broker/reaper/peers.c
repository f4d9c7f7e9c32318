#include "broker/reaper/peers.h"

#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "broker/reaper/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define PEERS_MAX 8
/* Orders that are taken together: many endings look at /proc once then, and not each for itself. */
#define FRAMES_AT_A_TIME 256

struct peer {
    struct peers *peers;
    sd_event_source *source;
    int fd;
    struct outbox outbox;
    uint64_t serial; /* an ending answers the peer that asked, not whoever has its place by then */
};

struct peers {
    struct peers_options options;
    sd_event_source *listener;
    struct peer items[PEERS_MAX];
    uint64_t serials;
};

static void peer_close(struct peer *p)
{
    p->source = sd_event_source_disable_unref(p->source);
    outbox_clear(&p->outbox);
    p->fd = close_fd(p->fd);
    p->serial = 0;
}

/* A peer that does not take its answers is gone. */
static void peer_send(struct peer *p, const struct reap_reply *reply)
{
    uint8_t frame[FRAME_MAX];
    int size = reap_encode_reply(reply, frame);
    if (size < 0 || outbox_send(&p->outbox, p->peers->options.event, p->fd, frame, (size_t)size) < 0)
        peer_close(p);
}

void peers_tell(struct peers *p, uint64_t serial, const struct reap_reply *reply)
{
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (p->items[i].fd >= 0 && (serial == 0 || p->items[i].serial == serial))
            peer_send(&p->items[i], reply);
}

/* True: there may be more. */
static bool receive(struct peer *p)
{
    uint8_t frame[FRAME_MAX + 1];
    uint64_t serial = p->serial;
    const struct peers_options *o = &p->peers->options;
    ssize_t n = recv(p->fd, frame, sizeof frame, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n > 0 && o->frame(o->userdata, serial, frame, (size_t)n))
        return p->serial == serial; /* its answer may have been too much for it */
    if (p->serial == serial)
        peer_close(p);
    return false;
}

static int on_peer(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    (void)source;
    (void)fd;
    (void)events;
    for (unsigned i = 0; i < FRAMES_AT_A_TIME && receive(userdata); i++)
        ;
    return 0;
}

static struct peer *free_place(struct peers *p)
{
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (p->items[i].fd < 0)
            return &p->items[i];
    return NULL;
}

static bool may_connect(const struct peers *p, int fd)
{
    uid_t uid = 0;
    return socket_peer(fd, NULL, &uid, NULL) == 0 && uid == p->options.uid;
}

static int on_listener(sd_event_source *source, int listener, uint32_t events, void *userdata)
{
    (void)source;
    (void)events;
    struct peers *all = userdata;
    int fd cleanup_close = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct peer *p = free_place(all);
    if (fd < 0 || p == NULL || !may_connect(all, fd))
        return 0;
    if (sd_event_add_io(all->options.event, &p->source, fd, EPOLLIN, on_peer, p) < 0)
        return 0;
    p->peers = all;
    p->fd = fd;
    p->serial = ++all->serials;
    fd = -1;
    return 0;
}

int peers_new(const struct peers_options *options, struct peers **ret)
{
    struct peers *p cleanup(peers_free_p) = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    p->options = *options;
    for (size_t i = 0; i < PEERS_MAX; i++)
        p->items[i].fd = -1;
    int r = sd_event_add_io(options->event, &p->listener, options->listener, EPOLLIN, on_listener, p);
    if (r < 0)
        return r;
    *ret = steal_pointer(&p);
    return 0;
}

struct peers *peers_free(struct peers *p)
{
    if (p == NULL)
        return NULL;
    for (size_t i = 0; i < PEERS_MAX; i++)
        peer_close(&p->items[i]);
    (void)sd_event_source_disable_unref(p->listener);
    free(p);
    return NULL;
}
