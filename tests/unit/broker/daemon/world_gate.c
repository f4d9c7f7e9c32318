#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct gate_pam world_login(const struct visitor *v)
{
    return (struct gate_pam){.caller = {.pid = (uint32_t)v->pid,
                                        .parent = (uint32_t)getpid(),
                                        .start_time = 1000 + (uint64_t)v->pid,
                                        .parent_start_time = 1000,
                                        .uid = geteuid(),
                                        .login_uid = UINT32_MAX,
                                        .audit_session = UINT32_MAX},
                             .range = {20000, 29999},
                             .user = WORLD_STAFF,
                             .user_uid = WORLD_UID,
                             .person = WORLD_STAFF,
                             .person_uid = WORLD_UID,
                             .service = "sshd",
                             .tty = "ssh",
                             .remote_host = "10.1.2.3",
                             .ssh_connection = "10.1.2.3 40000 10.1.2.1 22"};
}

int world_send(struct world *w, const struct visitor *v, enum frame_type type, const struct gate_pam *m)
{
    uint8_t frame[FRAME_MAX];
    int size = gate_encode_pam(type, m, frame), fd = visitor_connect(v, world_path(w, "gate"));

    must(size > 0 && send(fd, frame, (size_t)size, 0) == size);
    return fd;
}

struct gate_reply world_take(struct world *w, int fd)
{
    uint8_t frame[FRAME_MAX];
    struct frame_header header;
    struct gate_reply reply;
    ssize_t n;

    world_until_answer(w, fd);
    n = recv(fd, frame, sizeof(frame), 0);
    if (n < FRAME_HEADER_SIZE)
        fail_msg("the gate hung up without an answer");
    must(frame_parse_header(frame, &header) == 0 && header.type == FRAME_GATE_REPLY);
    must(gate_decode_reply(frame + FRAME_HEADER_SIZE, header.length, &reply) == 0);
    close_fd(fd);
    return reply;
}

struct gate_reply world_ask(struct world *w, const struct visitor *v, enum frame_type type,
                            const struct gate_pam *m)
{
    return world_take(w, world_send(w, v, type, m));
}

void world_tie(struct gate_pam *m)
{
    m->caller.audit_session = m->caller.pid;
    m->caller.login_uid = m->person_uid;
}

struct gate_pam world_opening(const struct visitor *v)
{
    struct gate_pam m = world_login(v);

    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    world_tie(&m);
    return m;
}

uint64_t world_log_in(struct world *w, const struct visitor *v)
{
    struct gate_pam m = world_login(v);
    struct gate_reply reply = world_ask(w, v, FRAME_GATE_ACCOUNT, &m);

    if (reply.verdict != VERDICT_ALLOW)
        fail_msg("account: %s", reason_name(reply.reason));
    m = world_opening(v);
    reply = world_ask(w, v, FRAME_GATE_OPEN, &m);
    if (reply.verdict != VERDICT_ALLOW)
        fail_msg("session: %s", reason_name(reply.reason));
    return w->broker->next_session - 1;
}

enum reason world_login_reason(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);

    visitor_end(&v);
    assert_int_equal(reply.verdict, reply.reason == REASON_OK ? VERDICT_ALLOW : VERDICT_DENY);
    return reply.reason;
}

static bool has_no_reservation(struct world *w, void *userdata)
{
    (void)userdata;
    for (const struct session *s = registry_first(w->broker->registry); s; s = registry_next(s))
        if (s->state == SESSION_RESERVED)
            return false;
    return true;
}

enum reason world_knock(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    m.caller.parent = 1; /* nobody opens a session in its place */
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    visitor_end(&v);
    world_until(w, has_no_reservation, NULL);
    assert_int_equal(reply.verdict, reply.reason == REASON_OK ? VERDICT_ALLOW : VERDICT_DENY);
    return reply.reason;
}

void world_assert_denied(const struct gate_reply *reply, enum reason reason)
{
    assert_int_equal(reply->verdict, VERDICT_DENY);
    assert_string_equal(reason_name(reply->reason), reason_name(reason));
    assert_int_equal(strlen(reply->reference), 8);
    assert_non_null(strstr(reply->message, reply->reference));
    assert_non_null(strstr(reply->message, reason_name(reason)));
}

/* ---- what the broker knows ---- */

struct grant_entry *world_entry(struct world *w)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(PAPERS_ID, 32, &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

bool world_nobody_is_left(struct world *w, void *userdata)
{
    (void)userdata;
    return registry_first(w->broker->registry) == NULL;
}

bool world_is_ending(struct world *w, void *userdata)
{
    const struct session *s = registry_first(w->broker->registry);

    (void)userdata;
    return s && s->state == SESSION_ENDING;
}
