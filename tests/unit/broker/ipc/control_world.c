#include "tests/unit/broker/ipc/control_world.h"

#include "broker/common/files.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void handle(void *userdata, struct control_call *call, json_t *parameters)
{
    struct control_world *w = userdata;

    if (w->hold)
        w->held = call;
    else
        control_reply(call,
                      json_pack("{sI sO}", "actor", (json_int_t)control_call_actor(call), "got", parameters));
}

static void handle_error(void *userdata, struct control_call *call, json_t *parameters)
{
    (void)userdata;
    (void)parameters;
    control_error(call, "NotFound", json_pack("{ss}", "what", "it"));
}

static void handle_large(void *userdata, struct control_call *call, json_t *parameters)
{
    char *text = malloc(4 * 1024 * 1024 + 1);

    (void)userdata;
    (void)parameters;
    memset(text, 'x', 4 * 1024 * 1024);
    text[4 * 1024 * 1024] = '\0';
    control_reply(call, json_pack("{ss}", "text", text));
    free(text);
}

static const struct control_method methods[] = {
    {"Read", CONTROL_READ, false, false, handle},       {"Change", CONTROL_CHANGE, false, false, handle},
    {"Look", CONTROL_READ, true, false, handle},        {"Stop", CONTROL_CHANGE, true, false, handle},
    {"Fail", CONTROL_READ, false, false, handle_error}, {"Large", CONTROL_READ, false, false, handle_large},
    {"Reset", CONTROL_ROOT, false, false, handle},
};

static void identify(void *userdata, struct control_connection *connection, pid_t pid)
{
    struct control_world *w = userdata;

    assert_int_equal(pid, getpid());
    w->identified++;
    control_identified(connection, w->login_uid);
}

static void on_refused(void *userdata, const struct control_call *call, const char *method, const char *needs)
{
    struct control_world *w = userdata;

    (void)call;
    assert_non_null(method);
    assert_non_null(needs);
    w->refused++;
}

void control_world_open(struct control_world *w, uid_t root, gid_t operators, gid_t auditors)
{
    const struct control_options options = {.event = w->client.event,
                                            .path = w->client.path,
                                            .interface = CONTROL_WORLD_INTERFACE,
                                            .description = control_interface_description,
                                            .version = "1",
                                            .methods = methods,
                                            .n_methods = ARRAY_SIZE(methods),
                                            .root = root,
                                            .operators = operators,
                                            .auditors = auditors,
                                            .gated_first = 20000,
                                            .gated_last = 29999,
                                            .identify = identify,
                                            .refused = on_refused,
                                            .userdata = w};

    assert_int_equal(control_new(&options, &w->control), 0);
}

int control_world_setup(void **state)
{
    struct control_world *w = calloc(1, sizeof(*w));

    client_world_new(&w->client);
    w->login_uid = CONTROL_LOGIN_UID_UNSET;
    *state = w;
    return 0;
}

int control_world_teardown(void **state)
{
    struct control_world *w = *state;

    control_free(w->control);
    client_world_done(&w->client);
    free(w);
    return 0;
}

struct varlink_reply control_world_take(struct control_world *w, int fd)
{
    struct buf in = BUF_INIT;
    struct varlink_reply reply;
    char octets[65536];

    while (in.size == 0 || in.data[in.size - 1] != '\0') {
        ssize_t n;

        assert_true(client_wait(&w->client, fd));
        n = recv(fd, octets, 1, MSG_PEEK | MSG_DONTWAIT);
        assert_true(n == 1);
        /* octet by octet up to the NUL, so that a second reply stays where it is */
        n = recv(fd, octets, sizeof(octets), MSG_PEEK | MSG_DONTWAIT);
        char *end = memchr(octets, 0, (size_t)n);
        n = recv(fd, octets, end ? (size_t)(end - octets) + 1 : (size_t)n, 0);
        buf_put(&in, octets, (size_t)n);
    }
    assert_int_equal(varlink_parse_reply((char *)in.data, in.size - 1, &reply), 0);
    buf_done(&in);
    return reply;
}

struct varlink_reply control_world_call(struct control_world *w, int fd, const char *text)
{
    client_send(fd, text, strlen(text) + 1);
    return control_world_take(w, fd);
}

bool control_world_is_error(struct control_world *w, const char *method, const char *error)
{
    char text[256];
    struct varlink_reply reply;
    int fd = client_connect(&w->client);
    bool same;

    (void)snprintf(text, sizeof(text), "{\"method\":\"%s\"}", method);
    reply = control_world_call(w, fd, text);
    same = error ? reply.error && strcmp(reply.error, error) == 0 : !reply.error;
    varlink_reply_done(&reply);
    close_fd(fd);
    return same;
}
