#include "broker/ctl/call.h"

#include "broker/ctl/text.h"
#include "broker/ipc/varlink_client.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <string.h>

#define INTERFACE "org.hufu.control."

static void varlink_reply_done_p(struct varlink_reply *reply)
{
    varlink_reply_done(reply);
}

static void varlink_stream_done_p(struct varlink_stream *stream)
{
    varlink_stream_done(stream);
}

static enum exit_code explain_transport(const struct cli *cli, int error)
{
    switch (error) {
    case -EACCES:
    case -EPERM:
        return cli_fail(cli, EXIT_NOT_PERMITTED,
                        _("you may not talk to the broker at %s; operators are in the group hufu-operators, "
                          "auditors in hufu-auditors"),
                        cli->socket);
    case -ENOENT:
    case -ECONNREFUSED:
        return cli_fail(cli, EXIT_BROKER_AWAY,
                        _("the broker is not running (nobody listens at %s); start it with `systemctl start "
                          "hufud`, or see why not with `journalctl -u hufud`"),
                        cli->socket);
    case -ETIMEDOUT:
        return cli_fail(cli, EXIT_BROKER_AWAY, _("the broker at %s does not answer"), cli->socket);
    case -ENOMEM:
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    default:
        return cli_fail(cli, EXIT_BROKER_AWAY, _("the broker at %s cannot be asked: %s"), cli->socket,
                        strerror(-error));
    }
}

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* What the broker says in a sentence of its own; the caller's language is the one that counts here. */
static const char *sentence(const json_t *object, const char *name)
{
    const char *text = member(object, name);

    return *text ? _(text) : text;
}

/* Error of the interface, its exit code, and what is said: a format with the text of two members. */
static const struct {
    const char *name;
    enum exit_code code;
    const char *format; /* msgid */
    const char *first, *second;
} errors[] = {
    {INTERFACE "NotPermitted", EXIT_NOT_PERMITTED, N_("%s may not do this: it needs %s"), "caller", "needs"},
    {INTERFACE "Refused", EXIT_REFUSED, N_("refused (%s): %s"), "reason", "message"},
    {INTERFACE "StoreUnavailable", EXIT_REFUSED,
     N_("the store cannot be used, so nothing was recorded: %s%s. What was ordered may hold until the broker "
        "stops, and no longer; order it again when `hufuctl status` finds nothing wrong with the store"),
     "message", ""},
    {INTERFACE "NotSigned", EXIT_REFUSED, N_("the ledger was not signed: %s%s"), "why", ""},
    {"org.varlink.service.InvalidParameter", EXIT_USAGE, N_("the broker does not take this value for %s%s"),
     "parameter", ""},
};

/* `what` is a grant's id, "session" with its number, or "session" alone: the caller's own. */
static enum exit_code explain_not_found(const struct cli *cli, const char *what)
{
    if (strcmp(what, "session") == 0)
        return cli_fail(cli, EXIT_NOT_FOUND, _("you are in no session that a grant let in"));
    if (strncmp(what, "session ", 8) == 0)
        return cli_fail(cli, EXIT_NOT_FOUND,
                        _("no session %s is live here; `hufuctl audit --session %s` shows what is on record"),
                        what + 8, what + 8);
    return cli_fail(cli, EXIT_NOT_FOUND, _("%s is not known here"), what);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static enum exit_code explain_error(const struct cli *cli, const struct varlink_reply *reply)
{
    if (strcmp(reply->error, INTERFACE "Malformed") == 0)
        return cli_fail(cli, EXIT_REFUSED, _("%s, line %d: %s"), member(reply->parameters, "document"),
                        (int)json_integer_value(json_object_get(reply->parameters, "line")),
                        member(reply->parameters, "reason"));
    if (strcmp(reply->error, INTERFACE "NotFound") == 0)
        return explain_not_found(cli, member(reply->parameters, "what"));
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
        if (strcmp(reply->error, errors[i].name) == 0)
            return cli_fail(cli, errors[i].code, _(errors[i].format),
                            sentence(reply->parameters, errors[i].first),
                            sentence(reply->parameters, errors[i].second));
    return cli_fail(cli, EXIT_REFUSED, _("the broker refuses: %s"), reply->error);
}
#pragma GCC diagnostic pop

enum exit_code call_broker(const struct cli *cli, const char *method, json_t *parameters, unsigned timeout_ms,
                           json_t **ret)
{
    cleanup_json json_t *owned = parameters;
    cleanup(varlink_reply_done_p) struct varlink_reply reply = {0};
    char name[100];
    int r;

    *ret = NULL;
    if (!owned)
        return explain_transport(cli, -ENOMEM);
    (void)snprintf(name, sizeof(name), INTERFACE "%s", method);
    r = varlink_call(cli->socket, name, owned, timeout_ms, &reply);
    if (r < 0)
        return explain_transport(cli, r);
    if (reply.error) {
        if (cli->json)
            (void)call_print_json(cli, reply.message);
        return explain_error(cli, &reply);
    }
    *ret = json_incref(reply.parameters);
    return EXIT_DONE;
}

static enum exit_code hear(const struct cli *cli, const struct varlink_reply *reply, call_heard *heard,
                           void *userdata)
{
    enum exit_code code;

    if (reply->error) {
        if (cli->json)
            (void)call_print_json_line(cli, reply->message);
        return explain_error(cli, reply);
    }
    code = heard(cli, reply->parameters, userdata);
    if (fflush(cli->out) != 0 && code == EXIT_DONE)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return code;
}

static enum exit_code hear_all(const struct cli *cli, struct varlink_stream *stream, call_heard *heard,
                               void *userdata)
{
    enum exit_code code = EXIT_DONE;
    unsigned timeout_ms = CALL_TIMEOUT_MS;
    bool continues = true;

    while (continues && code == EXIT_DONE) {
        cleanup(varlink_reply_done_p) struct varlink_reply reply = {0};
        int r = varlink_stream_next(stream, timeout_ms, &reply);

        if (r == -ECONNRESET)
            return cli_fail(cli, EXIT_BROKER_AWAY,
                            _("the broker has hung up: it stopped, or waited too long for this reader; start "
                              "again to go on"));
        if (r < 0)
            return explain_transport(cli, r);
        code = hear(cli, &reply, heard, userdata);
        continues = reply.continues;
        timeout_ms = 0;
    }
    return code;
}

enum exit_code call_stream(const struct cli *cli, const char *method, json_t *parameters, call_heard *heard,
                           void *userdata)
{
    cleanup_json json_t *owned = parameters;
    cleanup(varlink_stream_done_p) struct varlink_stream stream = VARLINK_STREAM_INIT;
    char name[100];
    int r;

    if (!owned)
        return explain_transport(cli, -ENOMEM);
    (void)snprintf(name, sizeof(name), INTERFACE "%s", method);
    r = varlink_stream_open(cli->socket, name, owned, CALL_TIMEOUT_MS, &stream);
    return r < 0 ? explain_transport(cli, r) : hear_all(cli, &stream, heard, userdata);
}

enum exit_code call_print_json_line(const struct cli *cli, const json_t *value)
{
    if (json_dumpf(value, cli->out, JSON_COMPACT) < 0 || fputc('\n', cli->out) == EOF)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}

enum exit_code call_print_json(const struct cli *cli, const json_t *value)
{
    if (json_dumpf(value, cli->out, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0 || fputc('\n', cli->out) == EOF)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}

void call_put_text(json_t *object, const char *name, const char *text)
{
    if (text)
        (void)json_object_set_new(object, name, json_string(text));
}

static bool is_id(const char *text)
{
    size_t length = strspn(text, "0123456789abcdef");

    return text[length] == '\0' && length >= 8 && length < IDENT_ID_TEXT_SIZE;
}

enum exit_code call_check_id(const struct cli *cli, const char *text)
{
    if (is_id(text))
        return EXIT_DONE;
    return cli_fail(cli, EXIT_USAGE, _("%s is no grant's id: 32 hexadecimal digits, or the first 8 or more"),
                    text);
}

enum exit_code call_whole_id(const struct cli *cli, const char *text, char ret[static IDENT_ID_TEXT_SIZE])
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_check_id(cli, text);

    (void)snprintf(ret, IDENT_ID_TEXT_SIZE, "%s", text);
    if (code != EXIT_DONE || strlen(text) == IDENT_ID_TEXT_SIZE - 1)
        return code;
    code = call_broker(cli, "GrantShow", json_pack("{s:s}", "id", text), CALL_TIMEOUT_MS, &reply);
    if (code == EXIT_DONE)
        (void)snprintf(ret, IDENT_ID_TEXT_SIZE, "%s", member(json_object_get(reply, "grant"), "id"));
    return code;
}

enum exit_code call_session_number(const struct cli *cli, const char *text, uint32_t *ret)
{
    if (ident_parse_number(text, strlen(text), ret) < 0)
        return cli_fail(cli, EXIT_USAGE, _("%s is no session's number; `hufuctl session list` shows them"),
                        text);
    return EXIT_DONE;
}
