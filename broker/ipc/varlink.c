#include "broker/ipc/varlink.h"

#include <errno.h>
#include <string.h>

static int dump_to_buf(const char *text, size_t size, void *userdata)
{
    buf_put(userdata, text, size);
    return buf_error(userdata) == 0 ? 0 : -1;
}

static void write_message(struct buf *b, json_t *message)
{
    if (!message || json_dump_callback(message, dump_to_buf, b, JSON_COMPACT) < 0) {
        if (buf_error(b) == 0)
            b->error = -ENOMEM;
        return;
    }
    buf_put_u8(b, 0);
}

/* An object with one text member and `parameters`; *ret is the caller's. */
static json_t *envelope(const char *key, const char *value, json_t *parameters)
{
    cleanup_json json_t *message = json_object();

    if (!message)
        return NULL;
    if (key && json_object_set_new(message, key, json_string(value)) < 0)
        return NULL;
    if (json_object_set_new(message, "parameters", parameters ? json_incref(parameters) : json_object()) < 0)
        return NULL;
    return steal_pointer(&message);
}

void varlink_write_call(struct buf *b, const char *method, json_t *parameters)
{
    cleanup_json json_t *message = envelope("method", method, parameters);

    write_message(b, message);
}

void varlink_write_reply(struct buf *b, const char *error, json_t *parameters)
{
    cleanup_json json_t *message = envelope(error ? "error" : NULL, error, parameters);

    write_message(b, message);
}

static void write_flagged(struct buf *b, json_t *message, const char *flag)
{
    if (message && json_object_set_new(message, flag, json_true()) < 0)
        b->error = -ENOMEM;
    else
        write_message(b, message);
}

void varlink_write_call_more(struct buf *b, const char *method, json_t *parameters)
{
    cleanup_json json_t *message = envelope("method", method, parameters);

    write_flagged(b, message, "more");
}

void varlink_write_reply_continues(struct buf *b, json_t *parameters)
{
    cleanup_json json_t *message = envelope(NULL, NULL, parameters);

    write_flagged(b, message, "continues");
}

ssize_t varlink_message_size(const void *data, size_t size, size_t limit)
{
    size_t looked_at = size <= limit ? size : limit + 1;
    const char *end = looked_at > 0 ? memchr(data, 0, looked_at) : NULL;

    if (end)
        return end - (const char *)data;
    return size > limit ? -EMSGSIZE : -EAGAIN;
}

/* One JSON object and nothing else; its `parameters`, made if absent. */
static int parse_envelope(const char *octets, size_t size, json_t **ret, json_t **parameters)
{
    cleanup_json json_t *message = json_loadb(octets, size, JSON_REJECT_DUPLICATES, NULL);
    json_t *found;

    if (!json_is_object(message))
        return -EBADMSG;
    found = json_object_get(message, "parameters");
    if (!found || json_is_null(found)) {
        if (json_object_set_new(message, "parameters", json_object()) < 0)
            return -ENOMEM;
        found = json_object_get(message, "parameters");
    }
    if (!json_is_object(found))
        return -EBADMSG;
    *parameters = found;
    *ret = steal_pointer(&message);
    return 0;
}

/* Values, or a few more: each but the first has a comma, a colon or a bracket before it. */
static bool has_few_values(const char *octets, size_t size)
{
    static const char before[] = {',', ':', '[', '{'};
    bool in_string = false;
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        if (in_string && octets[i] == '\\')
            i++;
        else if (octets[i] == '"')
            in_string = !in_string;
        else if (!in_string && memchr(before, octets[i], sizeof(before)))
            n++;
    }
    return n <= VARLINK_CALL_VALUES_MAX;
}

/* A flag: absent is false, anything but a boolean is an error. */
static int take_flag(json_t *value, bool *ret)
{
    if (!json_is_boolean(value))
        return -EBADMSG;
    *ret = json_is_true(value);
    return 0;
}

int varlink_parse_call(const char *octets, size_t size, struct varlink_call *ret)
{
    cleanup_json json_t *message = NULL;
    bool upgrade = false;
    const char *key;
    json_t *value;
    int r;

    *ret = (struct varlink_call){0};
    if (!has_few_values(octets, size))
        return -EBADMSG;
    r = parse_envelope(octets, size, &message, &ret->parameters);
    if (r < 0)
        return r;
    json_object_foreach(message, key, value)
    {
        if (strcmp(key, "method") == 0)
            ret->method = json_string_value(value);
        else if (strcmp(key, "oneway") == 0)
            r = take_flag(value, &ret->oneway);
        else if (strcmp(key, "more") == 0)
            r = take_flag(value, &ret->more);
        else if (strcmp(key, "upgrade") == 0)
            r = take_flag(value, &upgrade);
        else if (strcmp(key, "parameters") != 0)
            r = -EBADMSG;
        if (r < 0)
            break;
    }
    if (r < 0 || !ret->method || upgrade) {
        *ret = (struct varlink_call){0};
        return -EBADMSG;
    }
    ret->message = steal_pointer(&message);
    return 0;
}

void varlink_call_done(struct varlink_call *call)
{
    json_decref(call->message);
    *call = (struct varlink_call){0};
}

int varlink_parse_reply(const char *octets, size_t size, struct varlink_reply *ret)
{
    cleanup_json json_t *message = NULL;
    json_t *error, *continues;
    int r;

    *ret = (struct varlink_reply){0};
    r = parse_envelope(octets, size, &message, &ret->parameters);
    if (r < 0)
        return r;
    error = json_object_get(message, "error");
    continues = json_object_get(message, "continues");
    if (continues)
        r = take_flag(continues, &ret->continues);
    if (r < 0 || (error && !json_is_string(error))) {
        *ret = (struct varlink_reply){0};
        return -EBADMSG;
    }
    ret->error = json_string_value(error);
    ret->message = steal_pointer(&message);
    return 0;
}

void varlink_reply_done(struct varlink_reply *reply)
{
    json_decref(reply->message);
    *reply = (struct varlink_reply){0};
}

static bool is_string_array(const json_t *value)
{
    size_t i;
    json_t *item;

    if (!json_is_array(value))
        return false;
    json_array_foreach(value, i,
                       item) if (!json_is_string(item) ||
                                 strlen(json_string_value(item)) != json_string_length(item)) return false;
    return true;
}

static int read_field(json_t *value, const struct varlink_field *f)
{
    switch (f->kind) {
    case VARLINK_STRING:
        /* jansson lets \u0000 through only if asked to; a length that differs would be one. */
        if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
            return -EINVAL;
        *(const char **)f->target = json_string_value(value);
        return 0;
    case VARLINK_INT:
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return -EINVAL;
        *(json_int_t *)f->target = json_integer_value(value);
        return 0;
    case VARLINK_BOOL:
        if (!json_is_boolean(value))
            return -EINVAL;
        *(bool *)f->target = json_is_true(value);
        return 0;
    case VARLINK_STRINGS:
        if (!is_string_array(value))
            return -EINVAL;
        *(json_t **)f->target = value;
        return 0;
    }
    return -EINVAL;
}

static const struct varlink_field *find_field(const struct varlink_field *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

int varlink_read(json_t *parameters, const struct varlink_field *fields, size_t n, const char **wrong)
{
    const char *key;
    json_t *value;

    json_object_foreach(parameters, key, value)
    {
        const struct varlink_field *f = find_field(fields, n, key);

        *wrong = key;
        if (!f)
            return -EINVAL;
        if (f->optional && json_is_null(value))
            continue;
        if (read_field(value, f) < 0)
            return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        *wrong = fields[i].name;
        if (!fields[i].optional && !json_object_get(parameters, fields[i].name))
            return -EINVAL;
    }
    *wrong = NULL;
    return 0;
}
