#include "policy/wire/reap.h"

#include "policy/base/cleanup.h"
#include "policy/wire/codec.h"

#include <errno.h>
#include <string.h>

#define REAP_CLASS_LAST 3 /* enum grant_class, which policy/wire does not know */

static bool is_scope(uint64_t value)
{
    return value >= REAP_SESSION && value <= REAP_LEFTOVERS;
}

static bool is_class(uint64_t value)
{
    return value >= 1 && value <= REAP_CLASS_LAST;
}

static bool is_result(uint64_t value)
{
    return value >= REAP_DONE && value <= REAP_FAILED;
}

static bool is_channel_kind(uint64_t value)
{
    return value == REAP_CHANNEL_RECORDED || value == REAP_CHANNEL_TRANSFER;
}

static bool is_truth(uint64_t value)
{
    return value <= 1;
}

static bool recorded_agrees(const void *structure)
{
    const struct reap_request *m = structure;

    for (uint32_t i = 0; i < m->n_channels; i++) {
        const struct reap_channel *c = &m->channels[i];

        if (c->kind == REAP_CHANNEL_RECORDED ? !recorder_is_name(c->name, NULL, NULL) : c->name[0] != '\0')
            return false;
    }
    return true;
}

static bool reply_agrees(const void *structure)
{
    const struct reap_reply *m = structure;

    return m->n_processes <= m->n_total;
}

#define TARGET_FIELDS                                                     \
    CODEC_U32_FIELD(struct reap_request, cookie, NULL),                   \
        CODEC_U8_FIELD(struct reap_request, target.scope, is_scope),      \
        CODEC_U32_FIELD(struct reap_request, target.uid, NULL),           \
        CODEC_U64_FIELD(struct reap_request, target.session, NULL),       \
        CODEC_U32_FIELD(struct reap_request, target.audit_session, NULL), \
        CODEC_U32_FIELD(struct reap_request, target.leader, NULL),        \
        CODEC_U64_FIELD(struct reap_request, target.leader_start, NULL)

static const struct codec_field lease_fields[] = {
    TARGET_FIELDS,
    CODEC_U8_FIELD(struct reap_request, class, is_class),
    CODEC_U64_FIELD(struct reap_request, seconds, NULL),
};

static const struct codec_field warn_fields[] = {
    TARGET_FIELDS,
    CODEC_TEXT_FIELD(struct reap_request, text, true),
};

static const struct codec_field end_fields[] = {
    TARGET_FIELDS,
    CODEC_TEXT_FIELD(struct reap_request, text, false),
};

/* SCAN: whom, and nothing else. */
static const struct codec_field target_fields[] = {TARGET_FIELDS};

static const struct codec_field who_fields[] = {
    CODEC_U32_FIELD(struct reap_request, cookie, NULL),
    CODEC_U32_FIELD(struct reap_request, pid, NULL),
};

static const struct codec_field leased_fields[] = {
    CODEC_U32_FIELD(struct reap_request, cookie, NULL),
    CODEC_U64_FIELD(struct reap_request, target.session, NULL),
};

static const struct codec_field channel_fields[] = {
    CODEC_U32_FIELD(struct reap_channel, pid, NULL),
    CODEC_U64_FIELD(struct reap_channel, start_time, NULL),
    CODEC_U8_FIELD(struct reap_channel, kind, is_channel_kind),
    CODEC_TEXT_FIELD(struct reap_channel, name, false),
};

static const struct codec_message channel_message = {channel_fields, ARRAY_SIZE(channel_fields),
                                                     sizeof(struct reap_channel), NULL};

static const struct codec_field recorded_fields[] = {
    TARGET_FIELDS,
    CODEC_U32_FIELD(struct reap_request, recorder_uid, NULL),
    CODEC_U8_FIELD(struct reap_request, sshd, is_truth),
    CODEC_LIST_FIELD(struct reap_request, channels, n_channels, &channel_message),
};

static const struct codec_field process_fields[] = {
    CODEC_U32_FIELD(struct reap_process, pid, NULL),
    CODEC_U64_FIELD(struct reap_process, start_time, NULL),
    CODEC_U32_FIELD(struct reap_process, parent, NULL),
    CODEC_U32_FIELD(struct reap_process, login_uid, NULL),
    CODEC_U32_FIELD(struct reap_process, audit_session, NULL),
    CODEC_U32_FIELD(struct reap_process, uid, NULL),
    CODEC_TEXT_FIELD(struct reap_process, name, false),
};

static const struct codec_message process_message = {process_fields, ARRAY_SIZE(process_fields),
                                                     sizeof(struct reap_process), NULL};

static const struct codec_field reply_fields[] = {
    CODEC_U32_FIELD(struct reap_reply, cookie, NULL),
    CODEC_U8_FIELD(struct reap_reply, result, is_result),
    CODEC_U64_FIELD(struct reap_reply, took_us, NULL),
    CODEC_U32_FIELD(struct reap_reply, ended, NULL),
    CODEC_U64_FIELD(struct reap_reply, seconds_left, NULL),
    CODEC_U32_FIELD(struct reap_reply, terminals, NULL),
    CODEC_U32_FIELD(struct reap_reply, n_total, NULL),
    CODEC_U64_FIELD(struct reap_reply, session, NULL),
    CODEC_LIST_FIELD(struct reap_reply, processes, n_processes, &process_message),
};

static const struct codec_message reply_message = {reply_fields, ARRAY_SIZE(reply_fields),
                                                   sizeof(struct reap_reply), reply_agrees};

static const struct {
    enum frame_type type;
    struct codec_message message;
} requests[] = {
    {FRAME_REAP_LEASE, {lease_fields, ARRAY_SIZE(lease_fields), sizeof(struct reap_request), NULL}},
    {FRAME_REAP_WARN, {warn_fields, ARRAY_SIZE(warn_fields), sizeof(struct reap_request), NULL}},
    {FRAME_REAP_END, {end_fields, ARRAY_SIZE(end_fields), sizeof(struct reap_request), NULL}},
    {FRAME_REAP_SCAN, {target_fields, ARRAY_SIZE(target_fields), sizeof(struct reap_request), NULL}},
    {FRAME_REAP_RECORDED,
     {recorded_fields, ARRAY_SIZE(recorded_fields), sizeof(struct reap_request), recorded_agrees}},
    {FRAME_REAP_WHO, {who_fields, ARRAY_SIZE(who_fields), sizeof(struct reap_request), NULL}},
    {FRAME_REAP_LEASED, {leased_fields, ARRAY_SIZE(leased_fields), sizeof(struct reap_request), NULL}},
};

static const struct codec_message *find_request(enum frame_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
        if (requests[i].type == type)
            return &requests[i].message;
    return NULL;
}

int reap_encode_request(const struct reap_request *m, uint8_t out[static FRAME_MAX])
{
    const struct codec_message *message = find_request(m->type);

    return message ? codec_encode(message, m->type, m, out) : -EINVAL;
}

int reap_decode_request(enum frame_type type, const uint8_t *body, size_t size, struct reap_request *ret)
{
    const struct codec_message *message = find_request(type);
    int r;

    if (!message) {
        memset(ret, 0, sizeof(*ret));
        return -EBADMSG;
    }
    r = codec_decode(message, body, size, ret);
    if (r == 0)
        ret->type = type;
    return r;
}

int reap_encode_reply(const struct reap_reply *m, uint8_t out[static FRAME_MAX])
{
    return codec_encode(&reply_message, FRAME_REAP_REPLY, m, out);
}

int reap_decode_reply(const uint8_t *body, size_t size, struct reap_reply *ret)
{
    return codec_decode(&reply_message, body, size, ret);
}
