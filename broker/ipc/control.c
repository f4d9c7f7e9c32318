#include "broker/ipc/control.h"

#include "broker/common/failpoint.h"
#include "broker/common/i18n.h"
#include "broker/ipc/control_connection.h"
#include "broker/ipc/control_room.h"
#include "broker/ipc/listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SERVICE_INTERFACE "org.varlink.service"

static const char service_description[] =
    "# What every varlink service tells about itself.\n"
    "interface org.varlink.service\n"
    "\n"
    "method GetInfo() -> (\n"
    "  vendor: string,\n"
    "  product: string,\n"
    "  version: string,\n"
    "  url: string,\n"
    "  interfaces: []string\n"
    ")\n"
    "\n"
    "method GetInterfaceDescription(interface: string) -> (description: string)\n"
    "\n"
    "error InterfaceNotFound (interface: string)\n"
    "error MethodNotFound (method: string)\n"
    "error MethodNotImplemented (method: string)\n"
    "error InvalidParameter (parameter: string)\n"
    "error PermissionDenied ()\n"
    "error ExpectedMore ()\n";

/* Ends the call: frees it, and says what there is to say if somebody still listens. */
static void call_end(struct control_call *call, const char *error, json_t *parameters)
{
    struct control_connection *x = call->connection;
    bool oneway = call->message.oneway;

    varlink_call_done(&call->message);
    free(call);
    x->call = NULL;
    x->stream = NULL;
    control_room_call_done(x);
    if (!x->control)
        control_connection_free(x);
    else if (oneway)
        control_connection_continue(x);
    else if (!parameters)
        control_connection_hang_up(x);
    else
        control_connection_send(x, error, parameters);
    json_decref(parameters);
}

void control_reply(struct control_call *call, json_t *parameters)
{
    FAILPOINT(CONTROL_REPLYING);
    call_end(call, NULL, parameters);
    FAILPOINT(CONTROL_REPLIED);
}

void control_error(struct control_call *call, const char *name, json_t *parameters)
{
    char qualified[128];
    const struct control *c = call->connection->control;

    if (!strchr(name, '.') && c) {
        (void)snprintf(qualified, sizeof(qualified), "%s.%s", c->options.interface, name);
        name = qualified;
    }
    call_end(call, name, parameters);
}

void control_invalid(struct control_call *call, const char *parameter)
{
    control_error(call, SERVICE_INTERFACE ".InvalidParameter", json_pack("{ss}", "parameter", parameter));
}

bool control_call_is_more(const struct control_call *call)
{
    return call->message.more && !call->message.oneway;
}

void control_stream_begin(struct control_call *call, const struct control_stream_events *events,
                          void *userdata)
{
    control_connection_begin_stream(call->connection, events, userdata);
}

bool control_stream_is_ready(const struct control_call *call)
{
    const struct control_connection *x = call->connection;

    return x->control && x->out.size == 0 && !x->broken;
}

void control_stream_send(struct control_call *call, json_t *parameters)
{
    control_connection_send_more(call->connection, parameters);
    json_decref(parameters);
}

uint32_t control_call_actor(const struct control_call *call)
{
    uint32_t login_uid = call->connection->login_uid;

    return login_uid >= CONTROL_LOGIN_UID_UNKNOWN ? call->connection->peer.uid : login_uid;
}

const struct peer *control_call_peer(const struct control_call *call)
{
    return &call->connection->peer;
}

static void get_info(struct control_call *call)
{
    const struct control_options *o = &call->connection->control->options;

    control_reply(call, json_pack("{ss ss ss ss s[ss]}", "vendor", "Hufu", "product", "hufud", "version",
                                  o->version, "url", "", "interfaces", SERVICE_INTERFACE, o->interface));
}

static void get_interface_description(struct control_call *call, json_t *parameters)
{
    const struct control_options *o = &call->connection->control->options;
    const char *name = NULL, *wrong;
    const struct varlink_field fields[] = {{"interface", VARLINK_STRING, false, &name}};

    if (varlink_read(parameters, fields, 1, &wrong) < 0)
        control_invalid(call, wrong);
    else if (strcmp(name, SERVICE_INTERFACE) == 0)
        control_reply(call, json_pack("{ss}", "description", service_description));
    else if (strcmp(name, o->interface) == 0)
        control_reply(call, json_pack("{ss}", "description", o->description));
    else
        control_error(call, SERVICE_INTERFACE ".InterfaceNotFound", json_pack("{ss}", "interface", name));
}

static void service_dispatch(struct control_call *call, const char *method)
{
    json_t *parameters = call->message.parameters;

    if (strcmp(method, "GetInfo") == 0)
        get_info(call);
    else if (strcmp(method, "GetInterfaceDescription") == 0)
        get_interface_description(call, parameters);
    else
        control_error(call, SERVICE_INTERFACE ".MethodNotFound", json_pack("{ss}", "method", method));
}

static bool is_gated(const struct control_options *o, uint32_t uid)
{
    return o->gated_first <= uid && uid <= o->gated_last;
}

/* The person is the one of login uid and uid that is gated. Both, and different, is nobody's own. */
static uint32_t person_of(const struct control_connection *x)
{
    const struct control_options *o = &x->control->options;

    return is_gated(o, x->login_uid)  ? x->login_uid
           : is_gated(o, x->peer.uid) ? x->peer.uid
                                      : CONTROL_NO_PERSON;
}

bool control_connection_is_gated(const struct control_connection *x)
{
    return person_of(x) != CONTROL_NO_PERSON;
}

static bool is_two_persons(const struct control_connection *x)
{
    const struct control_options *o = &x->control->options;

    return is_gated(o, x->login_uid) && is_gated(o, x->peer.uid) && x->login_uid != x->peer.uid;
}

uint32_t control_call_person(const struct control_call *call)
{
    return call->connection->person;
}

/* The one place that says who may call what. */
static bool may_call(const struct control_connection *x, const struct control_method *m)
{
    const struct control_options *o = &x->control->options;
    bool root = x->peer.uid == o->root, operates = root, auditor = false;

    if (m->needs == CONTROL_ANYONE)
        return true;
    if (x->login_uid == CONTROL_LOGIN_UID_UNKNOWN && (!m->blind || is_gated(o, x->peer.uid)))
        return false;
    if (person_of(x) != CONTROL_NO_PERSON)
        return m->own && !is_two_persons(x);
    if (o->operators != (gid_t)-1)
        operates = operates || peer_in_group(&x->peer, o->operators);
    if (o->auditors != (gid_t)-1)
        auditor = peer_in_group(&x->peer, o->auditors);
    if (m->needs == CONTROL_ROOT)
        return root;
    if (m->needs == CONTROL_AUDIT)
        return root || auditor;
    return operates || (m->needs == CONTROL_READ && auditor);
}

static const char *caller_text(const struct control_connection *x, char text[static 64])
{
    if (x->login_uid == CONTROL_LOGIN_UID_UNKNOWN)
        (void)snprintf(text, 64, "uid %u (login uid unknown)", (unsigned)x->peer.uid);
    else if (x->login_uid == CONTROL_LOGIN_UID_UNSET)
        (void)snprintf(text, 64, "uid %u", (unsigned)x->peer.uid);
    else
        (void)snprintf(text, 64, "uid %u, login uid %u", (unsigned)x->peer.uid, (unsigned)x->login_uid);
    return text;
}

static const char *needs_text(const struct control_connection *x, const struct control_method *m)
{
    if (is_two_persons(x) && m->own)
        return N_("one person: uid and login uid are two gated accounts");
    if (person_of(x) != CONTROL_NO_PERSON && !m->own)
        return N_("an account that is not gated");
    if (x->login_uid == CONTROL_LOGIN_UID_UNKNOWN)
        return N_("hufu-reaper, which is away");
    if (m->needs == CONTROL_ROOT)
        return N_("root");
    if (m->needs == CONTROL_AUDIT)
        return N_("root, or the group hufu-auditors");
    return m->needs == CONTROL_READ ? N_("root, or the group hufu-operators or hufu-auditors")
                                    : N_("root, or the group hufu-operators");
}

static void refuse(struct control_call *call, const struct control_method *m)
{
    struct control_connection *x = call->connection;
    const char *needs = needs_text(x, m);
    char caller[64];

    if (x->control->options.refused)
        x->control->options.refused(x->control->options.userdata, call, m->name, needs);
    control_error(call, "NotPermitted",
                  json_pack("{ss ss}", "caller", caller_text(x, caller), "needs", needs));
}

static void own_dispatch(struct control_call *call, const char *method)
{
    const struct control_options *o = &call->connection->control->options;

    for (size_t i = 0; i < o->n_methods; i++) {
        const struct control_method *m = &o->methods[i];

        if (strcmp(m->name, method) != 0)
            continue;
        call->connection->person = person_of(call->connection);
        if (may_call(call->connection, m))
            m->handle(o->userdata, call, call->message.parameters);
        else
            refuse(call, m);
        return;
    }
    control_error(call, SERVICE_INTERFACE ".MethodNotFound", json_pack("{ss}", "method", method));
}

/* "org.hufu.control.Status" is method Status of interface org.hufu.control. */
static void dispatch_by_interface(struct control_call *call)
{
    const struct control_options *o = &call->connection->control->options;
    const char *method = call->message.method, *dot = strrchr(method, '.');
    size_t length = dot ? (size_t)(dot - method) : strlen(method);

    if (!dot)
        control_error(call, SERVICE_INTERFACE ".InterfaceNotFound", json_pack("{ss}", "interface", method));
    else if (length == strlen(SERVICE_INTERFACE) && strncmp(method, SERVICE_INTERFACE, length) == 0)
        service_dispatch(call, dot + 1);
    else if (length == strlen(o->interface) && strncmp(method, o->interface, length) == 0)
        own_dispatch(call, dot + 1);
    else
        control_error(call, SERVICE_INTERFACE ".InterfaceNotFound",
                      json_pack("{ss%}", "interface", method, length));
}

void control_dispatch(struct control_call *call)
{
    struct control_connection *x = call->connection;
    const struct control_options *o = &x->control->options;

    if (x->identified)
        dispatch_by_interface(call);
    else
        o->identify(o->userdata, x, x->peer.pid);
}

void control_identified(struct control_connection *x, uint32_t login_uid)
{
    x->identified = login_uid != CONTROL_LOGIN_UID_UNKNOWN; /* unknown now may be known at the next call */
    x->login_uid = login_uid;
    if (x->control)
        dispatch_by_interface(x->call);
    else
        call_end(x->call, NULL, NULL);
}

static void on_accept(void *userdata, int fd)
{
    (void)control_connection_new(userdata, fd);
}

int control_new(const struct control_options *o, struct control **ret)
{
    cleanup(control_free_p) struct control *c = calloc(1, sizeof(*c));
    struct listener_options listen = {.event = o->event,
                                      .path = o->path,
                                      .fd_name = "control",
                                      .type = SOCK_STREAM,
                                      .mode = 0666,
                                      .accept = on_accept};
    int r;

    if (!c)
        return -ENOMEM;
    c->options = *o;
    listen.userdata = c;
    r = listener_new(&listen, &c->listener);
    if (r < 0)
        return r;
    *ret = steal_pointer(&c);
    return 0;
}

void control_set_gated(struct control *c, uint32_t first, uint32_t last)
{
    c->options.gated_first = first;
    c->options.gated_last = last;
}

void control_set_groups(struct control *c, gid_t operators, gid_t auditors)
{
    c->options.operators = operators;
    c->options.auditors = auditors;
}

struct control *control_free(struct control *c)
{
    if (!c)
        return NULL;
    listener_free(c->listener);
    while (c->connections)
        control_connection_hang_up(c->connections);
    free(c);
    return NULL;
}
