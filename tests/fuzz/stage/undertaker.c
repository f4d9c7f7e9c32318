#include "tests/fuzz/stage/undertaker.h"

#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "tests/fuzz/stage/people.h"
#include "tests/unit/support/issuing.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void survivor(struct reap_reply *reply, uint32_t pid, const char *name)
{
    reply->n_total = reply->n_processes = 1;
    reply->processes[0] = (struct reap_process){
        .pid = pid, .start_time = 1, .login_uid = UINT32_MAX, .audit_session = UINT32_MAX};
    (void)snprintf(reply->processes[0].name, sizeof(reply->processes[0].name), "%s", name);
}

static void end(struct undertaker *u, const struct reap_request *q, struct reap_reply *reply)
{
    struct process *leader = people_find((pid_t)q->target.leader);

    u->ends++;
    if (u->on_end)
        u->on_end(u->userdata, &q->target);
    if (u->mood == UNDERTAKER_CANNOT) {
        reply->result = REAP_SURVIVORS;
        survivor(reply, 4711, "sleeper");
        return;
    }
    reply->ended = 1;
    if (leader && leader->alive)
        people_exit(leader);
}

static void who(const struct reap_request *q, struct reap_reply *reply)
{
    const struct process *p = people_find((pid_t)q->pid);

    if (!p && q->pid != (uint32_t)getpid()) {
        reply->result = REAP_GONE;
        return;
    }
    if (p && !p->alive) {
        reply->result = REAP_GONE;
        return;
    }
    survivor(reply, q->pid, "test");
    reply->processes[0].start_time = p ? p->start_time : 1;
}

static void answer(struct undertaker *u, const struct reap_request *q)
{
    struct reap_reply reply = {.cookie = q->cookie, .result = REAP_DONE};
    uint8_t frame[FRAME_MAX];
    int size;

    if (q->type == FRAME_REAP_END)
        end(u, q, &reply);
    else if (q->type == FRAME_REAP_WHO)
        who(q, &reply);
    else if (q->type == FRAME_REAP_LEASE)
        reply.seconds_left = q->seconds;
    else if (q->type == FRAME_REAP_LEASED)
        reply.result = REAP_GONE; /* of nobody but who is in the books */
    u->leases += q->type == FRAME_REAP_LEASE;
    size = reap_encode_reply(&reply, frame);
    must(size > 0 && send(u->fd, frame, (size_t)size, MSG_NOSIGNAL) == size);
}

static int on_request(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct undertaker *u = userdata;
    uint8_t frame[FRAME_MAX];
    struct frame_header header;
    struct reap_request q;
    ssize_t n = recv(fd, frame, sizeof(frame), 0);

    (void)source;
    (void)events;
    if (n <= 0) {
        undertaker_hang_up(u);
        return 0;
    }
    must(n >= FRAME_HEADER_SIZE && frame_parse_header(frame, &header) == 0);
    must(reap_decode_request(header.type, frame + FRAME_HEADER_SIZE, header.length, &q) == 0);
    answer(u, &q);
    return 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct undertaker *u = userdata;

    (void)source;
    (void)events;
    must(u->fd < 0);
    u->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    must(u->fd >= 0);
    must(sd_event_add_io(u->event, &u->io, u->fd, EPOLLIN, on_request, u) >= 0);
    return 0;
}

static void listen_now(struct undertaker *u)
{
    u->listening = socket_listen_unix(u->path, SOCK_SEQPACKET, 0600, 4);
    must(u->listening >= 0);
    must(sd_event_add_io(u->event, &u->listen_io, u->listening, EPOLLIN, on_connect, u) >= 0);
}

static void listen_no_more(struct undertaker *u)
{
    u->listen_io = sd_event_source_disable_unref(u->listen_io);
    u->listening = close_fd(u->listening);
    (void)unlink(u->path);
}

void undertaker_start(struct undertaker *u, sd_event *event, const char *path)
{
    *u = (struct undertaker){.event = event, .listening = -1, .fd = -1};
    (void)snprintf(u->path, sizeof(u->path), "%s", path);
    listen_now(u);
}

void undertaker_hang_up(struct undertaker *u)
{
    u->io = sd_event_source_disable_unref(u->io);
    u->fd = close_fd(u->fd);
}

void undertaker_set_mood(struct undertaker *u, enum undertaker_mood mood)
{
    u->mood = mood;
    if (mood == UNDERTAKER_AWAY) {
        undertaker_hang_up(u);
        if (u->listening >= 0)
            listen_no_more(u);
    } else if (u->listening < 0) {
        listen_now(u);
    }
}

void undertaker_stop(struct undertaker *u)
{
    undertaker_hang_up(u);
    if (u->listening >= 0)
        listen_no_more(u);
}
