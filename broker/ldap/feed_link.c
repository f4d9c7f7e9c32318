#include "broker/ldap/feed_link.h"

#include "broker/common/files.h"
#include "broker/common/log_line.h"
#include "policy/base/buf.h"
#include "policy/wire/frame.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#define MS            UINT64_C(1000)
#define DELAY_FIRST   (100 * MS)
#define DELAY_LONGEST (2000 * MS)
#define CHUNK         ((size_t)64 * 1024)
#define READ_BUDGET   16 /* chunks a wake-up */

struct feed_link {
    sd_event *event;
    struct feed_link_calls calls;
    void *userdata;
    struct sockaddr_un address;
    int fd;
    sd_event_source *io, *timer;
    uint64_t delay; /* before the next try, microseconds */
    struct buf in, out;
    size_t sent; /* of `out` */
    bool was_full, broken;
};

static int retry(struct feed_link *l);

static void hang_up(struct feed_link *l)
{
    l->io = sd_event_source_disable_unref(l->io);
    l->fd = close_fd(l->fd);
    buf_done(&l->in);
    buf_done(&l->out);
    l->in = l->out = BUF_INIT;
    l->sent = 0;
    l->was_full = l->broken = false;
}

static void lose(struct feed_link *l)
{
    hang_up(l);
    l->calls.on_lost(l->userdata);
    (void)retry(l);
}

static size_t queued(const struct feed_link *l)
{
    return l->out.size - l->sent;
}

bool feed_link_is_full(const struct feed_link *l)
{
    return queued(l) >= FEED_LINK_FULL;
}

/* --- out */

static void compact(struct feed_link *l)
{
    if (l->sent < l->out.size && l->sent < FEED_LINK_FULL)
        return;
    memmove(l->out.data, l->out.data + l->sent, queued(l));
    l->out.size -= l->sent;
    l->sent = 0;
}

static int flush(struct feed_link *l)
{
    while (queued(l) > 0) {
        ssize_t n = send(l->fd, l->out.data + l->sent, queued(l), MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0)
            return -errno;
        l->sent += (size_t)n;
    }
    if (l->out.data)
        compact(l);
    return sd_event_source_set_io_events(l->io, EPOLLIN | (queued(l) > 0 ? EPOLLOUT : 0U));
}

int feed_link_send(struct feed_link *l, const struct feed_message *m)
{
    int r;

    if (l->fd < 0 || l->broken)
        return -ENOTCONN;
    r = feed_encode(m, &l->out);
    if (r == 0)
        r = flush(l);
    l->was_full = l->was_full || feed_link_is_full(l);
    if (r == 0)
        return 0;
    /* Not lose(): whoever sends is in the middle of something. The loop comes by again at once. */
    l->broken = true;
    (void)sd_event_source_set_io_events(l->io, EPOLLIN | EPOLLOUT);
    return r;
}

/* --- in */

/* 1: took a frame, 0: there is none, -errno. */
static int take_frame(struct feed_link *l, size_t *used)
{
    enum feed_type type;
    uint32_t length;
    struct feed_message m;
    int r;

    if (l->in.size - *used < FRAME_HEADER_SIZE)
        return 0;
    r = feed_parse_header(l->in.data + *used, &type, &length);
    if (r < 0)
        return r;
    if (type != FEED_START && type != FEED_CLAIM)
        return -EBADMSG;
    if (l->in.size - *used - FRAME_HEADER_SIZE < length)
        return 0;
    r = feed_decode(type, l->in.data + *used + FRAME_HEADER_SIZE, length, &m);
    if (r < 0)
        return r;
    *used += FRAME_HEADER_SIZE + length;
    l->calls.on_message(l->userdata, &m);
    return l->broken ? -EPIPE : 1;
}

static int take_frames(struct feed_link *l)
{
    size_t used = 0;
    int r;

    do
        r = take_frame(l, &used);
    while (r > 0);
    if (r == 0 && used > 0) {
        memmove(l->in.data, l->in.data + used, l->in.size - used);
        l->in.size -= used;
    }
    return r;
}

static int receive(struct feed_link *l)
{
    uint8_t chunk[CHUNK];

    for (int i = 0; i < READ_BUDGET; i++) {
        ssize_t n = recv(l->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
        int r;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
        if (n == 0)
            return -ECONNRESET;
        buf_put(&l->in, chunk, (size_t)n);
        r = buf_error(&l->in);
        if (r == 0)
            r = take_frames(l);
        if (r < 0)
            return r;
    }
    return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct feed_link *l = userdata;
    int r = l->broken ? -EPIPE : flush(l);

    (void)source;
    (void)fd;
    if (r == 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        r = receive(l);
    if (r < 0) {
        if (r == -EBADMSG || r == -EPROTONOSUPPORT)
            log_line(LOG_ERR, "hufu-ldapd: hufud said something that is no request");
        lose(l);
        return 0;
    }
    if (l->was_full && queued(l) < FEED_LINK_FULL / 4) {
        l->was_full = false;
        l->calls.on_room(l->userdata);
    }
    return 0;
}

/* --- connecting */

static int try_connect(struct feed_link *l)
{
    int r;

    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return -errno;
    /* On a unix socket this succeeds or fails at once. */
    if (connect(l->fd, (const struct sockaddr *)&l->address, sizeof(l->address)) < 0)
        return -errno;
    r = sd_event_add_io(l->event, &l->io, l->fd, EPOLLIN, on_io, l);
    return r < 0 ? r : 0;
}

static int on_time(sd_event_source *source, uint64_t now, void *userdata)
{
    struct feed_link *l = userdata;

    (void)source;
    (void)now;
    if (try_connect(l) == 0) {
        l->delay = DELAY_FIRST;
        return 0;
    }
    hang_up(l);
    return retry(l);
}

static int retry(struct feed_link *l)
{
    uint64_t delay = l->delay;
    int r;

    l->delay = delay * 2 < DELAY_LONGEST ? delay * 2 : DELAY_LONGEST;
    l->timer = sd_event_source_disable_unref(l->timer);
    r = sd_event_add_time_relative(l->event, &l->timer, CLOCK_BOOTTIME, delay, 0, on_time, l);
    return r < 0 ? r : 0;
}

int feed_link_new(sd_event *event, const char *path, const struct feed_link_calls *calls, void *userdata,
                  struct feed_link **ret)
{
    cleanup(feed_link_free_p) struct feed_link *l = calloc(1, sizeof(*l));
    int r;

    if (!l)
        return -ENOMEM;
    *l = (struct feed_link){.event = sd_event_ref(event), .calls = *calls, .userdata = userdata, .fd = -1};
    l->address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(l->address.sun_path))
        return -ENAMETOOLONG;
    memcpy(l->address.sun_path, path, strlen(path) + 1);
    r = retry(l); /* at once: no delay yet */
    if (r < 0)
        return r;
    l->delay = DELAY_FIRST;
    *ret = steal_pointer(&l);
    return 0;
}

struct feed_link *feed_link_free(struct feed_link *l)
{
    if (!l)
        return NULL;
    hang_up(l);
    l->timer = sd_event_source_disable_unref(l->timer);
    (void)sd_event_unref(l->event);
    free(l);
    return NULL;
}
