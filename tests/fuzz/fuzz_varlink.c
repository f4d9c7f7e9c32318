// LAYERS: ipc base
// LIBRARIES: jansson
// COVERS: broker/ipc/varlink.c
// OPTIONS: -max_len=4096
/*
 * Any octets as what comes over the control socket: the messages in them one after the other, each as a call
 * and as a reply, its parameters read by a table of each kind. What is accepted is written and read again as
 * the same; what is refused leaves nothing behind.
 */
#include "broker/ipc/varlink.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define LIMIT 3000 /* of a message here, so that one may be too long */

static void demand_same(const struct buf *b, const char *method, json_t *parameters, bool more)
{
    struct varlink_call again;

    demand(buf_error(b) == 0 && b->size > 0 && b->data[b->size - 1] == 0, "a call is written");
    demand(!memchr(b->data, 0, b->size - 1), "a message has one NUL, at its end");
    demand(varlink_parse_call((const char *)b->data, b->size - 1, &again) == 0,
           "a call that was written is read");
    demand(strcmp(again.method, method) == 0 && again.more == more && !again.oneway &&
               json_equal(again.parameters, parameters),
           "a call comes back");
    varlink_call_done(&again);
}

static void read_fields(json_t *parameters)
{
    const char *text = "kept", *other = NULL, *wrong = NULL;
    json_int_t number = 7;
    json_t *list = NULL;
    bool flag = false;
    const struct varlink_field fields[] = {
        {"text", VARLINK_STRING, true, &text},     {"number", VARLINK_INT, true, &number},
        {"flag", VARLINK_BOOL, true, &flag},       {"list", VARLINK_STRINGS, true, &list},
        {"wanted", VARLINK_STRING, false, &other},
    };
    size_t i;
    json_t *item;

    if (varlink_read(parameters, fields, sizeof(fields) / sizeof(fields[0]), &wrong) < 0) {
        demand(wrong != NULL, "refused, and nothing is named");
        return;
    }
    demand(other != NULL && text != NULL && number >= 0, "what was wanted is there");
    demand(strlen(other) == json_string_length(json_object_get(parameters, "wanted")), "text has no NUL");
    json_array_foreach(list, i, item) demand(json_is_string(item), "texts only");
}

static void try_call(const char *octets, size_t size)
{
    cleanup_buf struct buf once = BUF_INIT, more = BUF_INIT;
    struct varlink_call call;

    memset(&call, 0xa5, sizeof(call));
    if (varlink_parse_call(octets, size, &call) < 0) {
        demand(is_clear(&call, sizeof(call)), "no call, and something is left");
        return;
    }
    demand(call.method && json_is_object(call.parameters), "a call has a method and parameters");
    /* Each value has an octet before it: what has fewer of them may get another member and stay within
     * bounds. */
    if (size < VARLINK_CALL_VALUES_MAX - 8) {
        varlink_write_call(&once, call.method, call.parameters);
        demand_same(&once, call.method, call.parameters, false);
        varlink_write_call_more(&more, call.method, call.parameters);
        demand_same(&more, call.method, call.parameters, true);
    }
    read_fields(call.parameters);
    varlink_call_done(&call);
}

static void try_reply(const char *octets, size_t size)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct varlink_reply reply, again;

    memset(&reply, 0xa5, sizeof(reply));
    if (varlink_parse_reply(octets, size, &reply) < 0) {
        demand(is_clear(&reply, sizeof(reply)), "no reply, and something is left");
        return;
    }
    if (reply.continues && !reply.error)
        varlink_write_reply_continues(&b, reply.parameters);
    else
        varlink_write_reply(&b, reply.error, reply.parameters);
    demand(buf_error(&b) == 0 && varlink_parse_reply((const char *)b.data, b.size - 1, &again) == 0,
           "a reply that was written is read");
    demand(json_equal(again.parameters, reply.parameters) && !again.error == !reply.error &&
               (!reply.error || strcmp(again.error, reply.error) == 0),
           "a reply comes back");
    varlink_reply_done(&again);
    varlink_reply_done(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data;
    ssize_t n;

    while ((n = varlink_message_size(at, size, LIMIT)) >= 0) {
        demand((size_t)n < size && n <= LIMIT, "a message within what came");
        try_call(at, (size_t)n);
        try_reply(at, (size_t)n);
        at += n + 1;
        size -= (size_t)n + 1;
    }
    /* What has not ended yet is looked at as it is. */
    try_call(at, size);
    try_reply(at, size);
    return 0;
}
