#include "broker/ipc/control_connection.h"

#include "broker/common/files.h"
#include "broker/ipc/control_room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONTROL_IN_LIMIT (VARLINK_CALL_MAX + 65536)

static void connection_unlink(struct control_connection *x)
{
    if (!x->control)
        return;
    x->waits = false;
    control_room_call_done(x);
    if (x->previous)
        x->previous->next = x->next;
    else
        x->control->connections = x->next;
    if (x->next)
        x->next->previous = x->previous;
    x->control->n--;
    x->control = NULL;
}

struct control_connection *control_connection_free(struct control_connection *x)
{
    if (!x)
        return NULL;
    connection_unlink(x);
    sd_event_source_disable_unref(x->io);
    sd_event_source_disable_unref(x->deadline);
    sd_event_source_disable_unref(x->again);
    peer_done(&x->peer);
    close_fd(x->fd);
    buf_done(&x->in);
    buf_done(&x->out);
    free(x);
    return NULL;
}
DEFINE_CLEANUP(struct control_connection, control_connection_free);

void control_connection_hang_up(struct control_connection *x)
{
    const struct control_stream_events *stream = x->stream;

    if (!x->call) {
        control_connection_free(x);
        return;
    }
    connection_unlink(x);
    x->io = sd_event_source_disable_unref(x->io);
    x->deadline = sd_event_source_disable_unref(x->deadline);
    x->again = sd_event_source_disable_unref(x->again);
    x->fd = close_fd(x->fd);
    x->stream = NULL;
    if (stream)
        stream->gone(x->stream_userdata); /* may free x */
}

static void set_deadline(struct control_connection *x, uint64_t us)
{
    if (us == 0) {
        (void)sd_event_source_set_enabled(x->deadline, SD_EVENT_OFF);
        return;
    }
    (void)sd_event_source_set_time_relative(x->deadline, us);
    (void)sd_event_source_set_enabled(x->deadline, SD_EVENT_ONESHOT);
}

static size_t call_max(const struct control_connection *x)
{
    return x->stranger || control_connection_is_gated(x) ? CONTROL_SMALL_CALL_MAX : VARLINK_CALL_MAX;
}

/* Takes the first message off what came in. 1 if there was one, 0 if there is none yet. */
static int take_message(struct control_connection *x)
{
    ssize_t size = varlink_message_size(x->in.data, x->in.size, call_max(x));
    struct control_call *call;
    int r;

    if (size == -EAGAIN)
        return 0;
    if (size < 0)
        return (int)size;
    call = calloc(1, sizeof(*call));
    if (!call)
        return -ENOMEM;
    r = varlink_parse_call((const char *)x->in.data, (size_t)size, &call->message);
    if (r < 0) {
        free(call);
        return r;
    }
    x->in.size -= (size_t)size + 1;
    memmove(x->in.data, x->in.data + size + 1, x->in.size);
    if (x->in.size == 0) {
        buf_done(&x->in); /* a large one is not kept room for */
        x->in.limit = CONTROL_IN_LIMIT;
    }
    call->connection = x;
    x->call = call;
    return 1;
}

/* The deadline is one for the whole call, whatever comes of it in between. */
static void wait_for_octets(struct control_connection *x)
{
    bool begun = x->in.size > 0;

    x->waits = !control_room_may_grow(x);
    (void)sd_event_source_set_io_events(x->io, EPOLLIN);
    (void)sd_event_source_set_enabled(x->io, x->waits ? SD_EVENT_OFF : SD_EVENT_ON);
    if (x->waits) {
        x->begun = false; /* nor is it held against them that others are in front */
        set_deadline(x, 0);
        return;
    }
    /* Who may call may also be silent: not so a stranger. */
    if (!begun || !x->begun)
        set_deadline(x, begun || x->stranger ? CONTROL_MESSAGE_DEADLINE_US : 0);
    x->begun = begun;
}

/* Has the next whole message dispatched, or waits for octets. */
static void connection_next(struct control_connection *x)
{
    int r = take_message(x);

    if (r < 0) {
        control_connection_hang_up(x);
    } else if (r == 0) {
        wait_for_octets(x);
    } else {
        x->begun = false;
        set_deadline(x, 0);
        (void)sd_event_source_set_enabled(x->io, SD_EVENT_OFF);
        control_dispatch(x->call);
    }
}

static void on_octets(struct control_connection *x)
{
    uint8_t octets[16384];
    ssize_t n = recv(x->fd, octets, sizeof(octets), 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        control_connection_hang_up(x);
        return;
    }
    buf_put(&x->in, octets, (size_t)n);
    if (buf_error(&x->in) < 0)
        control_connection_hang_up(x);
    else
        connection_next(x);
}

void control_connection_continue(struct control_connection *x)
{
    (void)sd_event_source_set_enabled(x->io, SD_EVENT_OFF);
    (void)sd_event_source_set_enabled(x->again, SD_EVENT_ONESHOT);
}

static int on_again(sd_event_source *source, void *userdata)
{
    struct control_connection *x = userdata;

    (void)source;
    if (x->broken)
        control_connection_hang_up(x);
    else if (x->stream)
        x->stream->ready(x->stream_userdata);
    else
        connection_next(x);
    return 0;
}

/* What the loop waits for while a stream lives: that the caller hangs up, and, with something left to send,
 * that they take it. There is no deadline for that: what is kept for a slow caller is one reply. */
static void watch_stream(struct control_connection *x, uint32_t also)
{
    set_deadline(x, 0);
    (void)sd_event_source_set_io_events(x->io, EPOLLIN | also);
    (void)sd_event_source_set_enabled(x->io, SD_EVENT_ON);
}

static void stream_broken(struct control_connection *x)
{
    x->broken = true;
    (void)sd_event_source_set_enabled(x->again, SD_EVENT_ONESHOT);
}

/* Sends what there is; when all of it is gone, the next call may come: in a turn of the loop of its own, so
 * that a thousand calls in one packet neither nest nor keep others waiting. */
static void flush(struct control_connection *x)
{
    while (x->sent < x->out.size) {
        ssize_t n = send(x->fd, x->out.data + x->sent, x->out.size - x->sent, MSG_NOSIGNAL);

        if (n >= 0) {
            x->sent += (size_t)n;
        } else if (errno == EAGAIN && x->stream) {
            watch_stream(x, EPOLLOUT);
            return;
        } else if (errno == EAGAIN) {
            set_deadline(x, CONTROL_DRAIN_DEADLINE_US);
            (void)sd_event_source_set_io_events(x->io, EPOLLOUT);
            (void)sd_event_source_set_enabled(x->io, SD_EVENT_ON);
            return;
        } else if (errno != EINTR && x->stream) {
            stream_broken(x);
            return;
        } else if (errno != EINTR) {
            control_connection_hang_up(x);
            return;
        }
    }
    buf_done(&x->out);
    x->out.limit = VARLINK_REPLY_MAX;
    x->sent = 0;
    if (x->stream) {
        watch_stream(x, 0);
        (void)sd_event_source_set_enabled(x->again, SD_EVENT_ONESHOT);
    } else {
        control_connection_continue(x);
    }
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct control_connection *x = userdata;

    (void)source;
    (void)fd;
    /* Who has a stream only listens. */
    if (x->stream && (events & ~(uint32_t)EPOLLOUT) != 0)
        control_connection_hang_up(x);
    else if (x->out.size > 0)
        flush(x);
    else
        on_octets(x);
    return 0;
}

static int on_deadline(sd_event_source *source, uint64_t now, void *userdata)
{
    (void)source;
    (void)now;
    control_connection_hang_up(userdata);
    return 0;
}

void control_connection_send(struct control_connection *x, const char *error, json_t *parameters)
{
    varlink_write_reply(&x->out, error, parameters);
    if (buf_error(&x->out) < 0)
        control_connection_hang_up(x);
    else
        flush(x);
}

void control_connection_begin_stream(struct control_connection *x, const struct control_stream_events *events,
                                     void *userdata)
{
    x->stream = events;
    x->stream_userdata = userdata;
    if (x->control)
        watch_stream(x, 0);
}

void control_connection_send_more(struct control_connection *x, json_t *parameters)
{
    if (!x->control)
        return;
    if (parameters)
        varlink_write_reply_continues(&x->out, parameters);
    if (!parameters || buf_error(&x->out) < 0)
        stream_broken(x);
    else
        flush(x);
}

static int connection_watch(struct control_connection *x, sd_event *event)
{
    int r = sd_event_add_io(event, &x->io, x->fd, EPOLLIN, on_io, x);

    if (r < 0)
        return r;
    r = sd_event_add_time_relative(event, &x->deadline, CLOCK_BOOTTIME, CONTROL_MESSAGE_DEADLINE_US, 0,
                                   on_deadline, x);
    if (r < 0)
        return r;
    r = sd_event_add_defer(event, &x->again, on_again, x);
    if (r < 0)
        return r;
    r = sd_event_source_set_enabled(x->again, SD_EVENT_OFF);
    return r < 0 || x->stranger ? r : sd_event_source_set_enabled(x->deadline, SD_EVENT_OFF);
}

int control_connection_new(struct control *c, int fd)
{
    cleanup(control_connection_free_p) struct control_connection *x = calloc(1, sizeof(*x));
    int r;

    if (!x) {
        close_fd(fd);
        return -ENOMEM;
    }
    x->fd = fd;
    x->login_uid = CONTROL_LOGIN_UID_UNKNOWN;
    x->person = CONTROL_NO_PERSON;
    x->in.limit = CONTROL_IN_LIMIT;
    x->out.limit = VARLINK_REPLY_MAX;
    r = peer_of(fd, PEER_GROUPS, &x->peer);
    if (r < 0)
        return r;
    x->stranger = control_room_is_stranger(&c->options, &x->peer);
    if (!control_room_has(c, x->peer.uid, x->stranger))
        return -EBUSY;
    r = connection_watch(x, c->options.event);
    if (r < 0)
        return r;
    x->control = c;
    x->next = c->connections;
    if (c->connections)
        c->connections->previous = x;
    c->connections = x;
    c->n++;
    (void)steal_pointer(&x);
    return 0;
}
