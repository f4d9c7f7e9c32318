#include "broker/directory/feed.h"

#include "broker/common/files.h"
#include "broker/directory/reader.h"
#include "broker/ipc/listener.h"
#include "broker/ipc/peer.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/*
 * A connection begins in on_accept() and ends in hang_up(), both called by the loop. What a caller of this
 * header brings about only marks it (`ending`), and the loop does the rest, so that no callback comes out of
 * a call. What a callback may do at once is to free the feed: its connection is closed then, and the feed
 * itself goes when the last of its functions is left.
 */

enum {
    FEED_TURN_MESSAGES = 64, /* handed over in one turn of the loop */
    FEED_TURN_READS = 256,
};
#define FEED_TURN_OCTETS ((size_t)256 << 10)
#define FEED_OUT_MAX     ((size_t)256 << 10) /* that wait to be sent */
#define FEED_SOCKET_MODE 0666                /* who is taken is decided by uid, and strangers are recorded */

struct feed {
    struct feed_options options;
    struct listener *listener;
    sd_event_source *end; /* hangs up in a moment */
    unsigned depth;       /* functions of the loop that are under way */
    bool freed;

    /* The connection; its fd is -1: there is none. */
    int fd;
    uid_t uid;
    pid_t pid;
    sd_event_source *io;
    struct feed_reader reader;
    struct buf out;
    size_t sent;        /* of `out` */
    bool deaf;          /* the other end takes nothing any more; what it said before is still read */
    const char *ending; /* it ends in a moment: detail for the trouble */
    unsigned paused;
};

bool feed_is_here(const struct feed *f)
{
    return f && f->fd >= 0 && !f->ending;
}

static void release(struct feed *f)
{
    if (f->depth == 0)
        free(f);
}

static void enter(struct feed *f)
{
    f->depth++;
}

static void leave(struct feed *f)
{
    f->depth--;
    if (f->freed)
        release(f);
}

static void drop_out(struct feed *f)
{
    buf_done(&f->out);
    f->sent = 0;
}

static void close_connection(struct feed *f)
{
    f->io = sd_event_source_disable_unref(f->io);
    f->fd = close_fd(f->fd);
    feed_reader_done(&f->reader);
    drop_out(f);
    f->deaf = false;
    f->ending = NULL;
    f->paused = 0;
}

static void tell_connected(struct feed *f, bool here)
{
    if (!f->freed) /* by the callback before */
        f->options.connected(f->options.userdata, here);
}

static void tell_trouble(struct feed *f, uid_t uid, pid_t pid, const char *detail)
{
    f->options.trouble(f->options.userdata, uid, pid, detail);
}

/* `detail` NULL: without trouble. */
static void hang_up(struct feed *f, const char *detail)
{
    uid_t uid = f->uid;
    pid_t pid = f->pid;

    close_connection(f);
    if (detail)
        tell_trouble(f, uid, pid, detail);
    tell_connected(f, false);
}

/* What the loop has to look at. A source that waits for nothing is off: else a peer that hung up while
 * nothing is read would wake the loop for ever. */
static void watch(struct feed *f)
{
    uint32_t events = 0;

    if (f->fd < 0)
        return;
    if (f->paused == 0)
        events |= EPOLLIN;
    if (f->out.size > f->sent)
        events |= EPOLLOUT;
    if (f->ending)
        events = 0;
    if (events != 0)
        (void)sd_event_source_set_io_events(f->io, events);
    (void)sd_event_source_set_enabled(f->io, events != 0 ? SD_EVENT_ON : SD_EVENT_OFF);
}

static void end_soon(struct feed *f, const char *detail)
{
    f->ending = detail;
    watch(f);
    (void)sd_event_source_set_enabled(f->end, SD_EVENT_ONESHOT);
}

static int on_end(sd_event_source *source, void *userdata)
{
    struct feed *f = userdata;

    (void)source;
    enter(f);
    if (f->ending)
        hang_up(f, f->ending);
    leave(f);
    return 0;
}

static void flush(struct feed *f)
{
    while (f->sent < f->out.size) {
        ssize_t n = send(f->fd, f->out.data + f->sent, f->out.size - f->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            f->deaf = true;
            break;
        }
        f->sent += (size_t)n;
    }
    drop_out(f);
}

/* What waits is moved to the front, so that the buffer holds no more than that. */
static void drop_sent(struct feed *f)
{
    if (f->sent == 0)
        return;
    memmove(f->out.data, f->out.data + f->sent, f->out.size - f->sent);
    f->out.size -= f->sent;
    f->sent = 0;
}

int feed_send(struct feed *f, const struct feed_message *m)
{
    int r;

    if (m->type != FEED_START && m->type != FEED_CLAIM)
        return -EINVAL;
    if (!feed_is_here(f) || f->deaf)
        return -ENOTCONN;
    drop_sent(f);
    r = feed_encode(m, &f->out);
    if (r == -ENOMEM)
        end_soon(f, "no memory for what it is to be sent");
    if (r < 0)
        return r;
    flush(f);
    if (f->out.size - f->sent > FEED_OUT_MAX) {
        drop_out(f);
        end_soon(f, "does not read what it is sent");
        return -ENOBUFS;
    }
    watch(f);
    return f->deaf ? -ENOTCONN : 0;
}

void feed_pause(struct feed *f)
{
    if (f->fd < 0)
        return;
    f->paused++;
    watch(f);
}

void feed_resume(struct feed *f)
{
    if (f->fd < 0 || f->paused == 0)
        return;
    f->paused--;
    watch(f);
}

static const char *trouble_text(int error)
{
    switch (error) {
    case -EPROTONOSUPPORT:
        return "speaks another version of the feed";
    case -ENOMEM:
        return "no memory for its frame";
    case -EBADMSG:
        return "sent what is no frame of the feed's";
    default:
        return NULL; /* the connection broke */
    }
}

/* The body is out of the reader while its message is handed over: the connection may go meanwhile. */
static int hand_over(struct feed *f)
{
    cleanup_free uint8_t *body = steal_pointer(&f->reader.body);
    struct feed_message m;
    int r = feed_decode(f->reader.type, body, f->reader.length, &m);

    if (r < 0)
        return r;
    f->options.message(f->options.userdata, &m);
    if (f->freed)
        return 0;
    f->reader.body = steal_pointer(&body);
    feed_reader_next(&f->reader);
    return 0;
}

/* One turn of the loop. */
static void read_frames(struct feed *f)
{
    unsigned messages = 0, reads = 0;
    size_t octets = 0, n;

    while (feed_is_here(f) && f->paused == 0 && messages < FEED_TURN_MESSAGES && reads++ < FEED_TURN_READS &&
           octets < FEED_TURN_OCTETS) {
        int r = feed_reader_read(&f->reader, f->fd, FEED_TURN_OCTETS - octets, &n);

        octets += n;
        if (r == FEED_READER_FRAME) {
            messages++;
            r = hand_over(f);
        }
        if (r == FEED_READER_NOTHING) {
            feed_reader_rest(&f->reader);
            return;
        }
        if (r < 0 || r == FEED_READER_END) {
            hang_up(f, trouble_text(r));
            return;
        }
    }
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct feed *f = userdata;

    (void)source;
    (void)fd;
    enter(f);
    if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
        flush(f);
        watch(f);
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        read_frames(f);
    leave(f);
    return 0;
}

static bool is_permitted(const struct feed *f, uid_t uid)
{
    return uid == f->options.root || (f->options.uid != (uid_t)-1 && uid == f->options.uid);
}

void feed_set_uid(struct feed *f, uid_t uid)
{
    f->options.uid = uid;
    if (feed_is_here(f) && !is_permitted(f, f->uid))
        end_soon(f, "is not permitted any more");
}

/* Takes over `fd`. */
static void take_connection(struct feed *f, int fd, const struct peer *peer)
{
    f->fd = fd;
    f->uid = peer->uid;
    f->pid = peer->pid;
    if (sd_event_add_io(f->options.event, &f->io, fd, EPOLLIN, on_io, f) < 0) {
        close_connection(f); /* it comes again */
        return;
    }
    tell_connected(f, true);
}

static void on_accept(void *userdata, int accepted)
{
    cleanup_close int fd = accepted;
    cleanup(peer_done) struct peer peer = PEER_INIT;
    struct feed *f = userdata;

    if (peer_of(fd, 0, &peer) < 0)
        return;
    enter(f);
    if (!is_permitted(f, peer.uid)) {
        fd = close_fd(fd);
        tell_trouble(f, peer.uid, peer.pid, "is neither hufu-ldap nor root");
    } else {
        if (f->fd >= 0)
            hang_up(f, f->ending);
        if (!f->freed) {
            take_connection(f, fd, &peer);
            fd = -1;
        }
    }
    leave(f);
}

static int open_feed(struct feed *f)
{
    const struct listener_options options = {
        .event = f->options.event,
        .path = f->options.path,
        .fd_name = "feed",
        .type = SOCK_STREAM,
        .mode = FEED_SOCKET_MODE,
        .accept = on_accept,
        .userdata = f,
    };
    int r = sd_event_add_defer(f->options.event, &f->end, on_end, f);

    if (r >= 0)
        r = sd_event_source_set_enabled(f->end, SD_EVENT_OFF);
    return r < 0 ? r : listener_new(&options, &f->listener);
}

int feed_new(const struct feed_options *o, struct feed **ret)
{
    cleanup(feed_free_p) struct feed *f = calloc(1, sizeof(*f));
    int r;

    if (!f)
        return -ENOMEM;
    f->fd = -1;
    f->options = *o;
    r = open_feed(f);
    f->options.path = NULL; /* the caller's */
    if (r < 0)
        return r;
    *ret = steal_pointer(&f);
    return 0;
}

struct feed *feed_free(struct feed *f)
{
    if (!f || f->freed)
        return NULL;
    close_connection(f);
    f->listener = listener_free(f->listener);
    f->end = sd_event_source_disable_unref(f->end);
    f->freed = true;
    release(f);
    return NULL;
}
