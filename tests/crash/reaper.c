#include "tests/crash/reaper.h"

#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "policy/wire/reap.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define LEASES_MAX 256

struct lease {
    uint64_t session; /* 0: a free place */
    uint32_t uid, leader;
    uint64_t leader_start;
};

struct reaper {
    struct lane *lane;
    pthread_t thread;
    int listening, fd, stop[2];
    struct lease leases[LEASES_MAX]; /* under the lane's lock */
};

static struct lease *lease_of(struct reaper *r, uint64_t session)
{
    for (size_t i = 0; i < LEASES_MAX; i++)
        if (r->leases[i].session == session)
            return &r->leases[i];
    return NULL;
}

static void keep(struct reaper *r, const struct reap_target *t)
{
    struct lease *x = lease_of(r, t->session);

    if (!x)
        x = lease_of(r, 0);
    must(x != NULL);
    *x = (struct lease){
        .session = t->session, .uid = t->uid, .leader = t->leader, .leader_start = t->leader_start};
}

/* 1 if it lived. */
static uint32_t end_process(struct reaper *r, uint32_t leader, uint64_t start)
{
    struct process *p = process_find(r->lane, leader);

    if (!p || p->start_time != start)
        return 0;
    if (!facts_may_end(r->lane, p))
        lane_violation(r->lane, "the session of process %u is ended, and nobody asked for that", leader);
    return process_kill(p);
}

static uint32_t end(struct reaper *r, const struct reap_target *t)
{
    uint32_t ended = end_process(r, t->leader, t->leader_start);
    struct lease *own = lease_of(r, t->session);

    if (own && t->session != 0)
        own->session = 0;
    for (size_t i = 0; i < LEASES_MAX && t->scope == REAP_PERSON; i++)
        if (r->leases[i].session != 0 && r->leases[i].uid == t->uid) {
            ended += end_process(r, r->leases[i].leader, r->leases[i].leader_start);
            r->leases[i].session = 0;
        }
    return ended;
}

static void say_who(const struct reaper *r, uint32_t pid, struct reap_reply *reply)
{
    static const struct process operator= {.start_time = 1, .person = UINT32_MAX};
    const struct process *p = pid == (uint32_t)getpid() ? &operator: process_find(r->lane, pid);

    if (!p) {
        reply->result = REAP_GONE;
        return;
    }
    reply->n_total = reply->n_processes = 1;
    reply->processes[0] = (struct reap_process){.pid = pid,
                                                .start_time = p->start_time,
                                                .login_uid = p->person,
                                                .audit_session = p->person == UINT32_MAX ? UINT32_MAX : pid,
                                                .name = "sshd"};
}

static struct reap_reply answer(struct reaper *r, const struct reap_request *q)
{
    struct reap_reply reply = {.cookie = q->cookie, .result = REAP_DONE};

    (void)pthread_mutex_lock(&r->lane->lock);
    if (q->type == FRAME_REAP_LEASE) {
        keep(r, &q->target);
        reply.seconds_left = q->seconds;
    } else if (q->type == FRAME_REAP_END) {
        reply.ended = end(r, &q->target);
    } else if (q->type == FRAME_REAP_WHO) {
        say_who(r, q->pid, &reply);
    } else if (q->type == FRAME_REAP_LEASED) {
        reply.result = REAP_GONE; /* of nobody but who is in the books */
    }
    (void)pthread_mutex_unlock(&r->lane->lock);
    return reply;
}

static void take(struct reaper *r)
{
    uint8_t frame[FRAME_MAX];
    struct frame_header header;
    struct reap_request q;
    struct reap_reply reply;
    ssize_t n = recv(r->fd, frame, sizeof(frame), 0);
    int size;

    if (n <= 0) {
        r->fd = close_fd(r->fd);
        return;
    }
    must(frame_parse(frame, (size_t)n, &header) == 0);
    must(reap_decode_request(header.type, frame + FRAME_HEADER_SIZE, header.length, &q) == 0);
    reply = answer(r, &q);
    size = reap_encode_reply(&reply, frame);
    must(size > 0);
    (void)send(r->fd, frame, (size_t)size, MSG_NOSIGNAL);
}

static void *run(void *userdata)
{
    struct reaper *r = userdata;

    for (;;) {
        struct pollfd p[] = {{.fd = r->stop[1], .events = POLLIN},
                             {.fd = r->listening, .events = POLLIN},
                             {.fd = r->fd, .events = POLLIN}};

        must(poll(p, ARRAY_SIZE(p), -1) > 0 || errno == EINTR);
        if (p[0].revents)
            return NULL;
        if (p[2].revents)
            take(r);
        if (p[1].revents) {
            close_fd(r->fd); /* whoever connects anew is the next hufud */
            r->fd = accept4(r->listening, NULL, NULL, SOCK_CLOEXEC);
        }
    }
}

struct reaper *reaper_start(struct lane *l)
{
    struct reaper *r = calloc(1, sizeof(*r));

    must(r != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, r->stop) == 0);
    r->lane = l;
    r->fd = -1;
    r->listening = socket_listen_unix(lane_path(l, "run/reaper"), SOCK_SEQPACKET, 0600, 4);
    must(r->listening >= 0 && pthread_create(&r->thread, NULL, run, r) == 0);
    return r;
}

struct reaper *reaper_stop(struct reaper *r)
{
    close_fd(r->stop[0]);
    must(pthread_join(r->thread, NULL) == 0);
    close_fd(r->stop[1]);
    close_fd(r->listening);
    close_fd(r->fd);
    free(r);
    return NULL;
}

bool reaper_holds(struct reaper *r, const struct process *p)
{
    bool found = false;

    (void)pthread_mutex_lock(&r->lane->lock);
    for (size_t i = 0; i < LEASES_MAX; i++)
        found = found || (r->leases[i].session != 0 && r->leases[i].leader == (uint32_t)p->pid &&
                          r->leases[i].leader_start == p->start_time);
    (void)pthread_mutex_unlock(&r->lane->lock);
    return found;
}
