#include "broker/sessions/reaper_client.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/common/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define RECONNECT_US ((uint64_t)250 * 1000)

struct question {
    struct question *next;
    uint32_t cookie;
    uint64_t until; /* CLOCK_BOOTTIME */
    reaper_done *done;
    void *userdata;
};

struct reaper_client {
    struct reaper_client_options options;
    sd_event_source *io;
    sd_event_source *reconnect;
    sd_event_source *timeout;
    struct question *questions; /* newest first */
    uint32_t last_cookie;
    int fd;
    char *path;
};

bool reaper_client_is_here(const struct reaper_client *c)
{
    return c && c->fd >= 0;
}

static void answer_all(struct reaper_client *c, int result)
{
    struct question *q = c->questions;

    c->questions = NULL;
    while (q) {
        struct question *next = q->next;

        q->done(q->userdata, result, NULL);
        free(q);
        q = next;
    }
}

/* The next time at which somebody has waited too long. */
static void arm_timeout(struct reaper_client *c)
{
    uint64_t first = UINT64_MAX;

    for (const struct question *q = c->questions; q; q = q->next)
        if (q->until < first)
            first = q->until;
    (void)sd_event_source_set_time(c->timeout, first);
    (void)sd_event_source_set_enabled(c->timeout, first == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* Takes out the question with this cookie (0: one whose time is over). */
static struct question *take_question(struct reaper_client *c, uint32_t cookie, uint64_t now)
{
    for (struct question **at = &c->questions; *at; at = &(*at)->next) {
        struct question *q = *at;

        if (cookie != 0 ? q->cookie == cookie : q->until <= now) {
            *at = q->next;
            return q;
        }
    }
    return NULL;
}

static int on_timeout(sd_event_source *source, uint64_t now, void *userdata)
{
    struct reaper_client *c = userdata;
    struct question *q;

    (void)source;
    (void)now;
    while ((q = take_question(c, 0, clock_boot_us()))) {
        q->done(q->userdata, -ETIMEDOUT, NULL);
        free(q);
    }
    arm_timeout(c);
    return 0;
}

static void disconnect(struct reaper_client *c)
{
    if (c->fd < 0)
        return;
    c->io = sd_event_source_disable_unref(c->io);
    c->fd = close_fd(c->fd);
    (void)sd_event_source_set_time_relative(c->reconnect, RECONNECT_US);
    (void)sd_event_source_set_enabled(c->reconnect, SD_EVENT_ONESHOT);
    if (c->options.state)
        c->options.state(c->options.userdata, false);
    answer_all(c, -ECONNRESET);
    arm_timeout(c);
}

static void take_reply(struct reaper_client *c, const struct reap_reply *reply)
{
    struct question *q;

    if (reply->cookie == 0) {
        if (c->options.unasked)
            c->options.unasked(c->options.userdata, reply);
        return;
    }
    q = take_question(c, reply->cookie, 0);
    if (!q)
        return; /* it was given up */
    arm_timeout(c);
    q->done(q->userdata, 0, reply);
    free(q);
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct reaper_client *c = userdata;
    uint8_t frame[FRAME_MAX + 1];
    struct reap_reply reply;
    struct frame_header header;
    ssize_t n = recv(fd, frame, sizeof(frame), 0);

    (void)source;
    (void)events;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < FRAME_HEADER_SIZE || frame_parse_header(frame, &header) < 0 || header.type != FRAME_REAP_REPLY ||
        header.length != (size_t)n - FRAME_HEADER_SIZE ||
        reap_decode_reply(frame + FRAME_HEADER_SIZE, header.length, &reply) < 0)
        disconnect(c); /* gone, or it talks nonsense: which is no better */
    else
        take_reply(c, &reply);
    return 0;
}

static int connect_socket(const char *path, uid_t reaper_uid)
{
    cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uid_t uid;
    int r;

    if (fd < 0)
        return -errno;
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    r = socket_peer(fd, NULL, &uid, NULL);
    if (r < 0)
        return r;
    if (uid != reaper_uid)
        return -EPERM;
    r = fd;
    fd = -1;
    return r;
}

static int try_connect(struct reaper_client *c)
{
    int r;

    c->fd = connect_socket(c->path, c->options.uid);
    if (c->fd >= 0) {
        r = sd_event_add_io(c->options.event, &c->io, c->fd, EPOLLIN, on_readable, c);
        if (r >= 0) {
            if (c->options.state)
                c->options.state(c->options.userdata, true);
            return 0;
        }
        c->fd = close_fd(c->fd);
    }
    c->fd = -1;
    (void)sd_event_source_set_time_relative(c->reconnect, RECONNECT_US);
    return sd_event_source_set_enabled(c->reconnect, SD_EVENT_ONESHOT);
}

static int on_reconnect(sd_event_source *source, uint64_t now, void *userdata)
{
    struct reaper_client *c = userdata;

    (void)source;
    (void)now;
    if (c->fd < 0)
        (void)try_connect(c);
    return 0;
}

int reaper_client_connect(struct reaper_client *c)
{
    return c->fd >= 0 ? 0 : try_connect(c);
}

int reaper_client_new(const struct reaper_client_options *o, struct reaper_client **ret)
{
    cleanup(reaper_client_free_p) struct reaper_client *c = calloc(1, sizeof(*c));
    int r;

    if (!c)
        return -ENOMEM;
    c->fd = -1;
    c->options = *o;
    c->path = strdup(o->path);
    if (!c->path)
        return -ENOMEM;
    r = sd_event_add_time(o->event, &c->timeout, CLOCK_BOOTTIME, UINT64_MAX, 1000, on_timeout, c);
    if (r < 0)
        return r;
    r = sd_event_add_time_relative(o->event, &c->reconnect, CLOCK_BOOTTIME, 0, 1000, on_reconnect, c);
    if (r < 0)
        return r;
    *ret = steal_pointer(&c);
    return 0;
}

void reaper_client_stop(struct reaper_client *c)
{
    if (!c)
        return;
    c->io = sd_event_source_disable_unref(c->io);
    c->fd = close_fd(c->fd);
    c->timeout = sd_event_source_disable_unref(c->timeout);
    c->reconnect = sd_event_source_disable_unref(c->reconnect);
    answer_all(c, -ECANCELED);
}

struct reaper_client *reaper_client_free(struct reaper_client *c)
{
    if (!c)
        return NULL;
    reaper_client_stop(c);
    free(c->path);
    free(c);
    return NULL;
}

/* Only -ENOMEM and a connection that takes no more can go wrong here. */
static int send_request(struct reaper_client *c, struct reap_request *request)
{
    uint8_t frame[FRAME_MAX];
    int size = reap_encode_request(request, frame);

    if (size < 0)
        return size;
    if (send(c->fd, frame, (size_t)size, MSG_NOSIGNAL) == size)
        return 0;
    return errno == EAGAIN ? -ETIMEDOUT : -ECONNRESET;
}

void reaper_client_ask(struct reaper_client *c, const struct reap_request *request, uint64_t timeout_us,
                       reaper_done *done, void *userdata)
{
    struct reap_request numbered = *request;
    struct question *q;
    int r;

    if (!reaper_client_is_here(c)) {
        done(userdata, -ENOTCONN, NULL);
        return;
    }
    q = calloc(1, sizeof(*q));
    if (!q) {
        done(userdata, -ENOMEM, NULL);
        return;
    }
    if (++c->last_cookie == 0)
        c->last_cookie = 1;
    numbered.cookie = c->last_cookie;
    r = send_request(c, &numbered);
    if (r < 0) {
        free(q);
        done(userdata, r, NULL);
        return;
    }
    *q = (struct question){.cookie = numbered.cookie,
                           .until = clock_boot_us() + timeout_us,
                           .done = done,
                           .userdata = userdata,
                           .next = c->questions};
    c->questions = q;
    arm_timeout(c);
}
