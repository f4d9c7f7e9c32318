#include "tests/unit/broker/daemon/fake_reaper.h"

#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "tests/unit/support/issuing.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void answer(struct fake_reaper *r, const struct reap_request *q)
{
    struct reap_reply reply = {.cookie = q->cookie, .result = REAP_DONE};
    uint8_t frame[FRAME_MAX];
    int size;

    if (q->type == FRAME_REAP_END) {
        reply.result = r->end_result;
        reply.ended = 2;
        if (reply.result == REAP_SURVIVORS) {
            reply.n_total = reply.n_processes = 1;
            reply.processes[0] = (struct reap_process){.pid = 4711, .name = "sleeper"};
        }
    } else if (q->type == FRAME_REAP_LEASE) {
        reply.result = r->lease_result;
        reply.seconds_left = q->seconds;
    } else if (q->type == FRAME_REAP_RECORDED) {
        reply.result = r->bare > 0 ? REAP_SURVIVORS : REAP_DONE;
        reply.n_total = r->bare;
        reply.n_processes = r->bare > 0;
        reply.processes[0] = (struct reap_process){.pid = 4711, .name = "bash"};
        reply.ended = r->recorders;
        if (r->bare == 0)
            reply.processes[0] = (struct reap_process){0};
    } else if (q->type == FRAME_REAP_LEASED) {
        bool more = q->target.session == 0 && r->leased.session != 0;

        reply.result = more ? REAP_DONE : REAP_GONE;
        reply.session = more ? r->leased.session : 0;
        reply.n_total = reply.n_processes = more;
        if (more)
            reply.processes[0] = (struct reap_process){.pid = r->leased.leader,
                                                       .start_time = r->leased.leader_start,
                                                       .login_uid = r->leased.uid,
                                                       .audit_session = r->leased.audit_session};
    } else if (q->type == FRAME_REAP_WHO && r->gone) {
        reply.result = REAP_GONE;
    } else if (q->type == FRAME_REAP_WHO) {
        reply.n_total = reply.n_processes = 1;
        reply.processes[0] = (struct reap_process){.pid = q->pid,
                                                   .start_time = r->start_time,
                                                   .login_uid = r->login_uid,
                                                   .audit_session = r->audit_session,
                                                   .name = "test"};
    }
    reply.terminals = q->type == FRAME_REAP_WARN ? r->terminals : 0;
    size = reap_encode_reply(&reply, frame);
    must(size > 0);
    must(send(r->fd, frame, (size_t)size, MSG_NOSIGNAL) == size);
}

static void take(struct fake_reaper *r, const struct reap_request *q)
{
    bool hold = false;

    if (q->type == FRAME_REAP_END) {
        r->ends++;
        r->last_end = *q;
        hold = r->hold_ends;
    } else if (q->type == FRAME_REAP_LEASE) {
        r->leases++;
        r->last_lease = *q;
        hold = r->hold_leases;
    } else if (q->type == FRAME_REAP_LEASED) {
        hold = r->hold_leased;
    }
    if (q->type == FRAME_REAP_WARN) {
        r->warns++;
        r->last_warn = *q;
    }
    r->whos += q->type == FRAME_REAP_WHO;
    if (q->type == FRAME_REAP_RECORDED) {
        r->recordeds++;
        r->last_recorded = *q;
    }
    if (hold) {
        r->held = *q;
        r->holding = true;
    } else {
        answer(r, q);
    }
}

void fake_reaper_release(struct fake_reaper *r)
{
    must(r->holding);
    r->holding = false;
    answer(r, &r->held);
}

static int on_request(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct fake_reaper *r = userdata;
    uint8_t frame[FRAME_MAX];
    struct frame_header header;
    struct reap_request q;
    ssize_t n = recv(fd, frame, sizeof(frame), 0);

    (void)source;
    (void)events;
    if (n <= 0) {
        r->io = sd_event_source_disable_unref(r->io);
        r->fd = close_fd(r->fd);
        return 0;
    }
    must(n >= FRAME_HEADER_SIZE && frame_parse_header(frame, &header) == 0);
    must(reap_decode_request(header.type, frame + FRAME_HEADER_SIZE, header.length, &q) == 0);
    take(r, &q);
    return 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct fake_reaper *r = userdata;

    (void)source;
    (void)events;
    must(r->fd < 0);
    r->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    must(r->fd >= 0);
    must(sd_event_add_io(r->event, &r->io, r->fd, EPOLLIN, on_request, r) >= 0);
    return 0;
}

void fake_reaper_start(struct fake_reaper *r, sd_event *event, const char *path)
{
    *r = (struct fake_reaper){.event = event,
                              .fd = -1,
                              .end_result = REAP_DONE,
                              .lease_result = REAP_DONE,
                              .terminals = 1,
                              .login_uid = UINT32_MAX,
                              .audit_session = UINT32_MAX};
    r->listening = socket_listen_unix(path, SOCK_SEQPACKET, 0600, 4);
    must(r->listening >= 0);
    must(sd_event_add_io(event, &r->listen_io, r->listening, EPOLLIN, on_connect, r) >= 0);
}

void fake_reaper_stop(struct fake_reaper *r)
{
    r->io = sd_event_source_disable_unref(r->io);
    r->listen_io = sd_event_source_disable_unref(r->listen_io);
    r->fd = close_fd(r->fd);
    r->listening = close_fd(r->listening);
}
