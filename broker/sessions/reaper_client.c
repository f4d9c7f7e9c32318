#include "broker/sessions/reaper_client.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "broker/sessions/questions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define RECONNECT_US ((uint64_t)250 * 1000)

struct reaper_client {
    struct reaper_client_options options;
    sd_event_source *io;
    sd_event_source *reconnect;
    sd_event_source *timeout;
    struct questions questions;
    uint64_t armed_until; /* UINT64_MAX: nobody waits, or nobody's time is over before the timer comes */
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
    struct question *q = questions_take_all(&c->questions);

    while (q) {
        struct question *next = q->next;

        q->done(q->userdata, result, NULL);
        question_free(q);
        q = next;
    }
}

static void arm_timeout(struct reaper_client *c, uint64_t until)
{
    c->armed_until = until;
    (void)sd_event_source_set_time(c->timeout, until);
    (void)sd_event_source_set_enabled(c->timeout, until == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* Those who were answered leave the timer as it is: it comes for nobody then, and looks who is next. */
static void arm_timeout_again(struct reaper_client *c)
{
    arm_timeout(c, questions_first_until(&c->questions));
}

static int on_timeout(sd_event_source *source, uint64_t now, void *userdata)
{
    struct reaper_client *c = userdata;
    struct question *q;

    (void)source;
    (void)now;
    while ((q = questions_take_late(&c->questions, clock_boot_us()))) {
        q->done(q->userdata, -ETIMEDOUT, NULL);
        question_free(q);
    }
    arm_timeout_again(c);
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
    arm_timeout_again(c);
}

static void take_reply(struct reaper_client *c, const struct reap_reply *reply)
{
    struct question *q;

    if (reply->cookie == 0) {
        if (c->options.unasked)
            c->options.unasked(c->options.userdata, reply);
        return;
    }
    q = questions_take(&c->questions, reply->cookie);
    if (!q)
        return; /* it was given up */
    q->done(q->userdata, 0, reply);
    question_free(q);
}

/* 0, or -errno: the connection is good for nothing any more. */
static int receive(struct reaper_client *c)
{
    uint8_t frame[FRAME_MAX + 1];
    struct reap_reply reply;
    struct frame_header header;
    ssize_t n = recv(c->fd, frame, sizeof(frame), 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < FRAME_HEADER_SIZE || frame_parse_header(frame, &header) < 0 || header.type != FRAME_REAP_REPLY ||
        header.length != (size_t)n - FRAME_HEADER_SIZE ||
        reap_decode_reply(frame + FRAME_HEADER_SIZE, header.length, &reply) < 0)
        return -EBADMSG; /* gone, or it talks nonsense: which is no better */
    take_reply(c, &reply);
    return 0;
}

/* 0, -EAGAIN: the socket is full; other -errno. */
static int send_frame(struct reaper_client *c, const uint8_t *frame, size_t size)
{
    if (send(c->fd, frame, size, MSG_NOSIGNAL) == (ssize_t)size)
        return 0;
    return errno == EAGAIN ? -EAGAIN : -ECONNRESET;
}

/* Many endings at once are more than a socket takes: they wait here, and not for an answer that nobody was
 * asked for. */
static int send_waiting(struct reaper_client *c)
{
    struct question *q;
    int r = 0;

    while (r == 0 && (q = questions_unsent(&c->questions))) {
        r = send_frame(c, q->frame, q->size);
        if (r == 0)
            questions_set_sent(&c->questions);
    }
    if (r == 0)
        (void)sd_event_source_set_io_events(c->io, EPOLLIN);
    return r == -EAGAIN ? 0 : r;
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct reaper_client *c = userdata;
    int r = events & EPOLLOUT ? send_waiting(c) : 0;

    (void)source;
    if (r == 0 && events & ~(uint32_t)EPOLLOUT)
        r = receive(c);
    if (r < 0 && c->fd == fd)
        disconnect(c);
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
        r = sd_event_add_io(c->options.event, &c->io, c->fd, EPOLLIN, on_ready, c);
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
    questions_init(&c->questions);
    c->armed_until = UINT64_MAX;
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

static int keep_frame(struct reaper_client *c, struct question *q, const uint8_t *frame, size_t size)
{
    int r;

    q->frame = malloc(size);
    if (!q->frame)
        return -ENOMEM;
    memcpy(q->frame, frame, size);
    q->size = size;
    r = sd_event_source_set_io_events(c->io, EPOLLIN | EPOLLOUT);
    return r < 0 ? r : 0;
}

/* Behind those that wait already. */
static int send_request(struct reaper_client *c, struct question *q, const struct reap_request *request)
{
    uint8_t frame[FRAME_MAX];
    int size = reap_encode_request(request, frame), r = -EAGAIN;

    if (size < 0)
        return size;
    if (!questions_unsent(&c->questions))
        r = send_frame(c, frame, (size_t)size);
    return r == -EAGAIN ? keep_frame(c, q, frame, (size_t)size) : r;
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
    *q = (struct question){
        .cookie = numbered.cookie, .until = clock_boot_us() + timeout_us, .done = done, .userdata = userdata};
    r = send_request(c, q, &numbered);
    if (r < 0) {
        question_free(q);
        done(userdata, r, NULL);
        return;
    }
    questions_put(&c->questions, q);
    if (q->until < c->armed_until)
        arm_timeout(c, q->until);
}
