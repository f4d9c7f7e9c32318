#include "policy/wire/gate.h"

#include "policy/base/cleanup.h"
#include "policy/base/doubt.h"
#include "policy/wire/codec.h"

#include <errno.h>
#include <string.h>

static bool is_channel(uint64_t value)
{
    return value == GATE_CHANNEL_SHELL || value == GATE_CHANNEL_EXEC || value == GATE_CHANNEL_TRANSFER;
}

static bool is_doubts(uint64_t value)
{
    return (value & ~(uint64_t)DOUBT_ALL) == 0;
}

static bool is_outcome(uint64_t value)
{
    return value >= GATE_COMMAND_EXITED && value <= GATE_COMMAND_REFUSED;
}

static bool is_truth(uint64_t value)
{
    return value <= 1;
}

static bool is_transfer(uint64_t value)
{
    return value >= GATE_TRANSFER_FILE && value <= GATE_TRANSFER_ATTRIBUTES;
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

static bool in_range(const struct gate_range *range, uint32_t uid)
{
    return range->first >= 1 && range->first <= range->last && uid >= range->first && uid <= range->last;
}

static bool pam_agrees(const void *structure)
{
    const struct gate_pam *m = structure;

    return in_range(&m->range, m->person_uid);
}

/* Each argument is ended, so that an empty one at the end is not lost. */
static bool command_agrees(const void *structure)
{
    const struct gate_command *m = structure;
    size_t length = strlen(m->arguments);

    return in_range(&m->range, m->person_uid) && (length == 0 || m->arguments[length - 1] == '\n');
}

static bool command_end_agrees(const void *structure)
{
    const struct gate_command_end *m = structure;
    bool none = m->outcome == GATE_COMMAND_FAILED || m->outcome == GATE_COMMAND_REFUSED;

    return in_range(&m->range, m->person_uid) && (m->core == 0 || m->outcome == GATE_COMMAND_SIGNALLED) &&
           (m->outcome != GATE_COMMAND_EXITED || m->status <= UINT8_MAX) && (!none || m->status == 0);
}

/* Only what was open has octets, and only what has another name has a target. */
static bool transfer_agrees(const void *structure)
{
    const struct gate_transfer *m = structure;
    bool file = m->kind == GATE_TRANSFER_FILE || m->kind == GATE_TRANSFER_CUT;
    bool named = m->kind == GATE_TRANSFER_RENAME || m->kind == GATE_TRANSFER_LINK;

    return (file || (m->read == 0 && m->written == 0)) && named == (m->target[0] != '\0');
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

static const struct codec_field command_fields[] = {
    CALLER_FIELDS(struct gate_command),
    CODEC_U32_FIELD(struct gate_command, range.first, NULL),
    CODEC_U32_FIELD(struct gate_command, range.last, NULL),
    CODEC_TEXT_FIELD(struct gate_command, person, true),
    CODEC_U32_FIELD(struct gate_command, person_uid, NULL),
    CODEC_TEXT_FIELD(struct gate_command, target, true),
    CODEC_U32_FIELD(struct gate_command, target_uid, NULL),
    CODEC_U32_FIELD(struct gate_command, doubts, is_doubts),
    CODEC_TEXT_FIELD(struct gate_command, path, true),
    CODEC_TEXT_FIELD(struct gate_command, arguments, false),
    CODEC_TEXT_FIELD(struct gate_command, cwd, false),
    CODEC_TEXT_FIELD(struct gate_command, tty, false),
    CODEC_TEXT_FIELD(struct gate_command, concern, false),
};

static const struct codec_field command_end_fields[] = {
    CALLER_FIELDS(struct gate_command_end),
    CODEC_U32_FIELD(struct gate_command_end, range.first, NULL),
    CODEC_U32_FIELD(struct gate_command_end, range.last, NULL),
    CODEC_TEXT_FIELD(struct gate_command_end, person, true),
    CODEC_U32_FIELD(struct gate_command_end, person_uid, NULL),
    CODEC_TEXT_FIELD(struct gate_command_end, reference, false),
    CODEC_U8_FIELD(struct gate_command_end, outcome, is_outcome),
    CODEC_U8_FIELD(struct gate_command_end, core, is_truth),
    CODEC_U32_FIELD(struct gate_command_end, status, NULL),
    CODEC_TEXT_FIELD(struct gate_command_end, command, false),
    CODEC_TEXT_FIELD(struct gate_command_end, tty, false),
    CODEC_TEXT_FIELD(struct gate_command_end, detail, false),
};

static const struct codec_field transfer_fields[] = {
    CALLER_FIELDS(struct gate_transfer),
    CODEC_U8_FIELD(struct gate_transfer, kind, is_transfer),
    CODEC_U64_FIELD(struct gate_transfer, read, NULL),
    CODEC_U64_FIELD(struct gate_transfer, written, NULL),
    CODEC_TEXT_FIELD(struct gate_transfer, path, true),
    CODEC_TEXT_FIELD(struct gate_transfer, target, false),
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
static const struct codec_message command_message = {command_fields, ARRAY_SIZE(command_fields),
                                                     sizeof(struct gate_command), command_agrees};
static const struct codec_message command_end_message = {command_end_fields, ARRAY_SIZE(command_end_fields),
                                                         sizeof(struct gate_command_end), command_end_agrees};
static const struct codec_message transfer_message = {transfer_fields, ARRAY_SIZE(transfer_fields),
                                                      sizeof(struct gate_transfer), transfer_agrees};
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

int gate_encode_command(const struct gate_command *m, uint8_t out[static FRAME_MAX])
{
    return codec_encode(&command_message, FRAME_GATE_COMMAND, m, out);
}

int gate_encode_command_end(const struct gate_command_end *m, uint8_t out[static FRAME_MAX])
{
    return codec_encode(&command_end_message, FRAME_GATE_COMMAND_END, m, out);
}

int gate_encode_transfer(const struct gate_transfer *m, uint8_t out[static FRAME_MAX])
{
    return codec_encode(&transfer_message, FRAME_GATE_TRANSFER, m, out);
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

int gate_decode_command(const uint8_t *body, size_t size, struct gate_command *ret)
{
    return codec_decode(&command_message, body, size, ret);
}

int gate_decode_command_end(const uint8_t *body, size_t size, struct gate_command_end *ret)
{
    return codec_decode(&command_end_message, body, size, ret);
}

int gate_decode_transfer(const uint8_t *body, size_t size, struct gate_transfer *ret)
{
    return codec_decode(&transfer_message, body, size, ret);
}

int gate_decode_reply(const uint8_t *body, size_t size, struct gate_reply *ret)
{
    return codec_decode(&reply_message, body, size, ret);
}
