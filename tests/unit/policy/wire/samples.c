#include "samples.h"

#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"
#include "policy/wire/reap.h"
#include "samples_command.h"
#include "samples_fill.h"
#include "samples_recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static const struct gate_caller caller = {
    .pid = 1234,
    .parent = 1200,
    .start_time = 567890,
    .parent_start_time = 567800,
    .uid = 0,
    .login_uid = UINT32_MAX,
    .audit_session = UINT32_MAX,
};

static void fill_pam(enum frame_type type, void *p)
{
    struct gate_pam *m = p;

    m->caller = caller;
    m->range = (struct gate_range){20000, 29999};
    COPY(m->user, "zhang.san");
    m->user_uid = 20001;
    COPY(m->person, "zhang.san");
    m->person_uid = 20001;
    COPY(m->service, "sshd");
    COPY(m->tty, "ssh");
    COPY(m->remote_host, "10.1.2.3");
    COPY(m->ssh_connection, "10.1.2.3 50022 10.9.0.1 22");
    if (type != FRAME_GATE_ACCOUNT)
        COPY(m->auth_info, "publickey ssh-ed25519 AAAAC3Nz\n");
    if (type == FRAME_GATE_CLOSE)
        COPY(m->remote_user, "root");
}

static void fill_pam_most(enum frame_type type, void *p)
{
    struct gate_pam *m = p;

    (void)type;
    m->caller = sample_caller_most;
    m->range = (struct gate_range){UINT32_MAX, UINT32_MAX};
    MOST(m->user);
    m->user_uid = UINT32_MAX;
    MOST(m->person);
    m->person_uid = UINT32_MAX;
    MOST(m->service);
    MOST(m->tty);
    MOST(m->remote_host);
    MOST(m->remote_user);
    MOST(m->ssh_connection);
    MOST(m->auth_info);
}

static int encode_pam(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX])
{
    return gate_encode_pam(type, m, out);
}

static int decode_pam(enum frame_type type, const uint8_t *body, size_t size, void *ret)
{
    (void)type;
    return gate_decode_pam(body, size, ret);
}

static void fill_keys(enum frame_type type, void *p)
{
    struct gate_keys *m = p;

    (void)type;
    m->pid = 1300;
    m->parent = 1200;
    m->parent_start_time = 567800;
    COPY(m->user, "zhang.san");
    COPY(m->key_type, "ssh-ed25519");
    COPY(m->key, "AAAAC3Nz");
}

static void fill_keys_most(enum frame_type type, void *p)
{
    struct gate_keys *m = p;

    (void)type;
    m->pid = UINT32_MAX;
    m->parent = UINT32_MAX;
    m->parent_start_time = UINT64_MAX;
    MOST(m->user);
    MOST(m->key_type);
    MOST(m->key);
}

static int encode_keys(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX])
{
    (void)type;
    return gate_encode_keys(m, out);
}

static int decode_keys(enum frame_type type, const uint8_t *body, size_t size, void *ret)
{
    (void)type;
    return gate_decode_keys(body, size, ret);
}

static void fill_channel(enum frame_type type, void *p)
{
    struct gate_channel *m = p;

    (void)type;
    m->caller = (struct gate_caller){1301, 1290, 567950, 567940, 20001, 20001, 7};
    m->channel = GATE_CHANNEL_EXEC;
    COPY(m->command, "uptime -p");
    COPY(m->tty, "/dev/pts/3");
    COPY(m->ssh_connection, "10.1.2.3 50022 10.9.0.1 22");
}

static void fill_channel_most(enum frame_type type, void *p)
{
    struct gate_channel *m = p;

    (void)type;
    m->caller = sample_caller_most;
    m->channel = GATE_CHANNEL_TRANSFER;
    MOST(m->command);
    MOST(m->tty);
    MOST(m->ssh_connection);
}

static int encode_channel(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX])
{
    (void)type;
    return gate_encode_channel(m, out);
}

static int decode_channel(enum frame_type type, const uint8_t *body, size_t size, void *ret)
{
    (void)type;
    return gate_decode_channel(body, size, ret);
}

static void fill_gate_reply(enum frame_type type, void *p)
{
    struct gate_reply *m = p;

    (void)type;
    m->verdict = VERDICT_DENY;
    m->reason = REASON_EXPIRED;
    m->valid_until = 1795478400;
    m->runtime_max = 28800;
    COPY(m->reference, "A1-0042");
    COPY(m->message, "The grant has ended.\nQuote A1-0042.");
    COPY(m->options, "restrict");
}

static void fill_gate_reply_most(enum frame_type type, void *p)
{
    struct gate_reply *m = p;

    (void)type;
    m->verdict = VERDICT_ALLOW;
    m->reason = REASON_RECORDER_GONE;
    m->valid_until = WHEN_NEVER;
    m->runtime_max = UINT32_MAX;
    MOST(m->reference);
    MOST(m->message);
    MOST(m->options);
}

static int encode_gate_reply(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX])
{
    (void)type;
    return gate_encode_reply(m, out);
}

static int decode_gate_reply(enum frame_type type, const uint8_t *body, size_t size, void *ret)
{
    (void)type;
    return gate_decode_reply(body, size, ret);
}

static void fill_request(enum frame_type type, void *p)
{
    struct reap_request *m = p;

    m->type = type;
    m->cookie = 99;
    if (type == FRAME_REAP_WHO) {
        m->pid = 1234;
        return;
    }
    if (type == FRAME_REAP_LEASED) {
        m->target.session = 17;
        return;
    }
    m->target = (struct reap_target){
        .scope = REAP_SESSION,
        .uid = 20001,
        .session = 17,
        .audit_session = 7,
        .leader = 1234,
        .leader_start = 567890,
    };
    if (type == FRAME_REAP_LEASE) {
        m->class = 1;
        m->seconds = 28800;
    }
    if (type == FRAME_REAP_RECORDED)
        sample_fill_recorded(m);
    if (type == FRAME_REAP_WARN || type == FRAME_REAP_END)
        COPY(m->text, "Ends in 5 minutes.");
}

static void fill_request_most(enum frame_type type, void *p)
{
    struct reap_request *m = p;

    m->type = type;
    m->cookie = UINT32_MAX;
    if (type == FRAME_REAP_WHO) {
        m->pid = UINT32_MAX;
        return;
    }
    if (type == FRAME_REAP_LEASED) {
        m->target.session = UINT64_MAX;
        return;
    }
    m->target = (struct reap_target){
        .scope = REAP_LEFTOVERS,
        .uid = UINT32_MAX,
        .session = UINT64_MAX,
        .audit_session = UINT32_MAX,
        .leader = UINT32_MAX,
        .leader_start = UINT64_MAX,
    };
    if (type == FRAME_REAP_LEASE) {
        m->class = 3;
        m->seconds = UINT64_MAX;
    }
    if (type == FRAME_REAP_RECORDED)
        sample_fill_recorded_most(m);
    if (type == FRAME_REAP_WARN || type == FRAME_REAP_END)
        MOST(m->text);
}

static int encode_request(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX])
{
    (void)type;
    return reap_encode_request(m, out);
}

static int decode_request(enum frame_type type, const uint8_t *body, size_t size, void *ret)
{
    return reap_decode_request(type, body, size, ret);
}

static void fill_reap_reply(enum frame_type type, void *p)
{
    struct reap_reply *m = p;

    (void)type;
    m->cookie = 99;
    m->result = REAP_SURVIVORS;
    m->took_us = 10000000;
    m->ended = 3;
    m->seconds_left = 0;
    m->terminals = 1;
    m->n_total = 2;
    m->session = 17;
    m->n_processes = 1;
    m->processes[0] = (struct reap_process){1240, 567900, 1, 20001, 7, 20001, "dd"};
}

static void fill_reap_reply_most(enum frame_type type, void *p)
{
    struct reap_reply *m = p;

    (void)type;
    m->cookie = UINT32_MAX;
    m->result = REAP_FAILED;
    m->took_us = UINT64_MAX;
    m->ended = UINT32_MAX;
    m->seconds_left = UINT64_MAX;
    m->terminals = UINT32_MAX;
    m->n_total = UINT32_MAX;
    m->session = UINT64_MAX;
    m->n_processes = REAP_SURVIVORS_MAX;
    for (size_t i = 0; i < REAP_SURVIVORS_MAX; i++) {
        m->processes[i].pid = UINT32_MAX;
        m->processes[i].start_time = UINT64_MAX;
        m->processes[i].parent = UINT32_MAX;
        m->processes[i].login_uid = UINT32_MAX;
        m->processes[i].audit_session = UINT32_MAX;
        m->processes[i].uid = UINT32_MAX;
        MOST(m->processes[i].name);
    }
}

static int encode_reap_reply(enum frame_type type, const void *m, uint8_t out[static FRAME_MAX])
{
    (void)type;
    return reap_encode_reply(m, out);
}

static int decode_reap_reply(enum frame_type type, const uint8_t *body, size_t size, void *ret)
{
    (void)type;
    return reap_decode_reply(body, size, ret);
}

#define PAM_ROW(text, type)                                                                  \
    {                                                                                        \
        text, type, sizeof(struct gate_pam), encode_pam, decode_pam, fill_pam, fill_pam_most \
    }
#define REQUEST_ROW(text, type)                                                                \
    {                                                                                          \
        text, type, sizeof(struct reap_request), encode_request, decode_request, fill_request, \
            fill_request_most                                                                  \
    }

const struct sample samples[] = {
    PAM_ROW("gate-account", FRAME_GATE_ACCOUNT),
    PAM_ROW("gate-open", FRAME_GATE_OPEN),
    PAM_ROW("gate-close", FRAME_GATE_CLOSE),
    {"gate-keys", FRAME_GATE_KEYS, sizeof(struct gate_keys), encode_keys, decode_keys, fill_keys,
     fill_keys_most},
    {"gate-channel", FRAME_GATE_CHANNEL, sizeof(struct gate_channel), encode_channel, decode_channel,
     fill_channel, fill_channel_most},
    {"gate-command", FRAME_GATE_COMMAND, sizeof(struct gate_command), sample_encode_command,
     sample_decode_command, sample_fill_command, sample_fill_command_most},
    {"gate-command-end", FRAME_GATE_COMMAND_END, sizeof(struct gate_command_end), sample_encode_command_end,
     sample_decode_command_end, sample_fill_command_end, sample_fill_command_end_most},
    {"gate-reply", FRAME_GATE_REPLY, sizeof(struct gate_reply), encode_gate_reply, decode_gate_reply,
     fill_gate_reply, fill_gate_reply_most},
    REQUEST_ROW("reap-lease", FRAME_REAP_LEASE),
    REQUEST_ROW("reap-warn", FRAME_REAP_WARN),
    REQUEST_ROW("reap-end", FRAME_REAP_END),
    REQUEST_ROW("reap-scan", FRAME_REAP_SCAN),
    REQUEST_ROW("reap-who", FRAME_REAP_WHO),
    {"reap-reply", FRAME_REAP_REPLY, sizeof(struct reap_reply), encode_reap_reply, decode_reap_reply,
     fill_reap_reply, fill_reap_reply_most},
    {"gate-transfer", FRAME_GATE_TRANSFER, sizeof(struct gate_transfer), sample_encode_transfer,
     sample_decode_transfer, sample_fill_transfer, sample_fill_transfer_most},
    REQUEST_ROW("reap-recorded", FRAME_REAP_RECORDED),
    REQUEST_ROW("reap-leased", FRAME_REAP_LEASED),
};
const size_t n_samples = ARRAY_SIZE(samples);

size_t sample_encode(const struct sample *s, void (*fill)(enum frame_type, void *), void *message,
                     uint8_t frame[static FRAME_MAX])
{
    int r;

    assert_true(s->size <= SAMPLE_SIZE_MAX);
    memset(message, 0, SAMPLE_SIZE_MAX);
    fill(s->type, message);
    r = s->encode(s->type, message, frame);
    assert_true(r >= FRAME_HEADER_SIZE && r <= FRAME_MAX);
    return (size_t)r;
}

static bool is_clear(const uint8_t *octets, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (octets[i] != 0)
            return false;
    return true;
}

int sample_decode(const struct sample *s, const uint8_t *octets, size_t size, void *decoded)
{
    struct frame_header h;
    int r;

    memset(decoded, 0xa5, SAMPLE_SIZE_MAX);
    r = frame_parse(octets, size, &h);
    if (r < 0)
        return r;
    r = s->decode(h.type, octets + FRAME_HEADER_SIZE, h.length, decoded);
    if (r < 0)
        assert_true(is_clear(decoded, s->size));
    return r;
}
