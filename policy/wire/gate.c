#include "policy/wire/gate.h"

#include "policy/base/cleanup.h"
#include "policy/wire/codec.h"

#include <errno.h>

static bool is_channel(uint64_t value)
{
    return value == GATE_CHANNEL_SHELL || value == GATE_CHANNEL_EXEC || value == GATE_CHANNEL_TRANSFER;
}

static bool is_verdict(uint64_t value)
{
    return value == VERDICT_ALLOW || value == VERDICT_DENY;
}

static bool is_reason(uint64_t value)
{
    enum reason reason;

    return value <= UINT16_MAX && reason_from_number((uint16_t)value, &reason) == 0;
}

static bool is_instant(uint64_t value)
{
    return value <= (uint64_t)WHEN_NEVER;
}

static bool pam_agrees(const void *structure)
{
    const struct gate_pam *m = structure;

    return m->range.first >= 1 && m->range.first <= m->range.last && m->person_uid >= m->range.first &&
           m->person_uid <= m->range.last;
}

#define CALLER_FIELDS(type)                                                                             \
    CODEC_U32_FIELD(type, caller.pid, NULL), CODEC_U32_FIELD(type, caller.parent, NULL),                \
        CODEC_U64_FIELD(type, caller.start_time, NULL),                                                 \
        CODEC_U64_FIELD(type, caller.parent_start_time, NULL), CODEC_U32_FIELD(type, caller.uid, NULL), \
        CODEC_U32_FIELD(type, caller.login_uid, NULL), CODEC_U32_FIELD(type, caller.audit_session, NULL)

static const struct codec_field pam_fields[] = {
    CALLER_FIELDS(struct gate_pam),
    CODEC_U32_FIELD(struct gate_pam, range.first, NULL),
    CODEC_U32_FIELD(struct gate_pam, range.last, NULL),
    CODEC_TEXT_FIELD(struct gate_pam, user, true),
    CODEC_U32_FIELD(struct gate_pam, user_uid, NULL),
    CODEC_TEXT_FIELD(struct gate_pam, person, true),
    CODEC_U32_FIELD(struct gate_pam, person_uid, NULL),
    CODEC_TEXT_FIELD(struct gate_pam, service, true),
    CODEC_TEXT_FIELD(struct gate_pam, tty, false),
    CODEC_TEXT_FIELD(struct gate_pam, remote_host, false),
    CODEC_TEXT_FIELD(struct gate_pam, remote_user, false),
    CODEC_TEXT_FIELD(struct gate_pam, ssh_connection, false),
    CODEC_TEXT_FIELD(struct gate_pam, auth_info, false),
};

static const struct codec_field keys_fields[] = {
    CODEC_U32_FIELD(struct gate_keys, pid, NULL),
    CODEC_U32_FIELD(struct gate_keys, parent, NULL),
    CODEC_U64_FIELD(struct gate_keys, parent_start_time, NULL),
    CODEC_TEXT_FIELD(struct gate_keys, user, true),
    CODEC_TEXT_FIELD(struct gate_keys, key_type, true),
    CODEC_TEXT_FIELD(struct gate_keys, key, true),
};

static const struct codec_field channel_fields[] = {
    CALLER_FIELDS(struct gate_channel),
    CODEC_U8_FIELD(struct gate_channel, channel, is_channel),
    CODEC_TEXT_FIELD(struct gate_channel, command, false),
    CODEC_TEXT_FIELD(struct gate_channel, tty, false),
    CODEC_TEXT_FIELD(struct gate_channel, ssh_connection, false),
};

static const struct codec_field reply_fields[] = {
    CODEC_U32_FIELD(struct gate_reply, verdict, is_verdict),
    CODEC_U16_FIELD(struct gate_reply, reason, is_reason),
    CODEC_U64_FIELD(struct gate_reply, valid_until, is_instant),
    CODEC_U32_FIELD(struct gate_reply, runtime_max, NULL),
    CODEC_TEXT_FIELD(struct gate_reply, reference, false),
    CODEC_TEXT_FIELD(struct gate_reply, message, false),
    CODEC_TEXT_FIELD(struct gate_reply, options, false),
};

static const struct codec_message pam_message = {pam_fields, ARRAY_SIZE(pam_fields), sizeof(struct gate_pam),
                                                 pam_agrees};
static const struct codec_message keys_message = {keys_fields, ARRAY_SIZE(keys_fields),
                                                  sizeof(struct gate_keys), NULL};
static const struct codec_message channel_message = {channel_fields, ARRAY_SIZE(channel_fields),
                                                     sizeof(struct gate_channel), NULL};
static const struct codec_message reply_message = {reply_fields, ARRAY_SIZE(reply_fields),
                                                   sizeof(struct gate_reply), NULL};

int gate_encode_pam(enum frame_type type, const struct gate_pam *m, uint8_t out[static FRAME_MAX])
{
    if (type != FRAME_GATE_ACCOUNT && type != FRAME_GATE_OPEN && type != FRAME_GATE_CLOSE)
        return -EINVAL;
    return codec_encode(&pam_message, type, m, out);
}

int gate_encode_keys(const struct gate_keys *m, uint8_t out[static FRAME_MAX])
{
    return codec_encode(&keys_message, FRAME_GATE_KEYS, m, out);
}

int gate_encode_channel(const struct gate_channel *m, uint8_t out[static FRAME_MAX])
{
    return codec_encode(&channel_message, FRAME_GATE_CHANNEL, m, out);
}

int gate_encode_reply(const struct gate_reply *m, uint8_t out[static FRAME_MAX])
{
    return codec_encode(&reply_message, FRAME_GATE_REPLY, m, out);
}

int gate_decode_pam(const uint8_t *body, size_t size, struct gate_pam *ret)
{
    return codec_decode(&pam_message, body, size, ret);
}

int gate_decode_keys(const uint8_t *body, size_t size, struct gate_keys *ret)
{
    return codec_decode(&keys_message, body, size, ret);
}

int gate_decode_channel(const uint8_t *body, size_t size, struct gate_channel *ret)
{
    return codec_decode(&channel_message, body, size, ret);
}

int gate_decode_reply(const uint8_t *body, size_t size, struct gate_reply *ret)
{
    return codec_decode(&reply_message, body, size, ret);
}
