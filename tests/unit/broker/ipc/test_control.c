// LAYERS: wire common base
// LIBRARIES: jansson sd-event

#include "broker/common/files.h"
#include "broker/ipc/control.h"
#include "tests/unit/broker/ipc/client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define OTHER_UID 4242
#define NO_GROUP  ((gid_t)-1)
#define INTERFACE "org.hufu.control"

struct control_world {
    struct client_world client;
    struct control *control;
    uint32_t login_uid;
    bool hold;
    struct control_call *held;
    unsigned refused, identified;
};

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

static void open_control(struct control_world *w, uid_t root, gid_t operators, gid_t auditors)
{
    const struct control_options options = {.event = w->client.event,
                                            .path = w->client.path,
                                            .interface = INTERFACE,
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

static int setup(void **state)
{
    struct control_world *w = calloc(1, sizeof(*w));

    client_world_new(&w->client);
    w->login_uid = CONTROL_LOGIN_UID_UNSET;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct control_world *w = *state;

    control_free(w->control);
    client_world_done(&w->client);
    free(w);
    return 0;
}

/* Sends text with its NUL, and reads one reply. */
static struct varlink_reply take(struct control_world *w, int fd)
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

static struct varlink_reply call_on(struct control_world *w, int fd, const char *text)
{
    client_send(fd, text, strlen(text) + 1);
    return take(w, fd);
}

static bool is_error(struct control_world *w, const char *method, const char *error)
{
    char text[256];
    struct varlink_reply reply;
    int fd = client_connect(&w->client);
    bool same;

    (void)snprintf(text, sizeof(text), "{\"method\":\"%s\"}", method);
    reply = call_on(w, fd, text);
    same = error ? reply.error && strcmp(reply.error, error) == 0 : !reply.error;
    varlink_reply_done(&reply);
    close_fd(fd);
    return same;
}

#define PERMITTED NULL
#define REFUSED   INTERFACE ".NotPermitted"

/* Operators change, auditors read, root does both, nobody else does anything; and a gated peer, by uid or by
 * login uid, is nobody whatever else they are. Every cell. */
static void test_roles(void **state)
{
    struct control_world *w = *state;
    const gid_t mine = getegid();
    const struct {
        uid_t root;
        gid_t operators, auditors;
        uint32_t login_uid;
        bool read, change, look, stop, reset;
    } rows[] = {
        {geteuid(), NO_GROUP, NO_GROUP, CONTROL_LOGIN_UID_UNSET, true, true, true, true, true},
        {geteuid(), NO_GROUP, NO_GROUP, 1000, true, true, true, true, true},
        {geteuid(), NO_GROUP, NO_GROUP, 20000, false, false, false, false, false},
        {geteuid(), NO_GROUP, NO_GROUP, 29999, false, false, false, false, false},
        {geteuid(), NO_GROUP, NO_GROUP, 30000, true, true, true, true, true},
        {geteuid(), mine, mine, 20001, false, false, false, false, false},
        {geteuid(), NO_GROUP, NO_GROUP, CONTROL_LOGIN_UID_UNKNOWN, false, false, true, true, false},
        {OTHER_UID, mine, NO_GROUP, 1000, true, true, true, true, false},
        {OTHER_UID, NO_GROUP, mine, 1000, true, false, true, false, false},
        {OTHER_UID, mine, NO_GROUP, CONTROL_LOGIN_UID_UNKNOWN, false, false, true, true, false},
        {OTHER_UID, NO_GROUP, mine, CONTROL_LOGIN_UID_UNKNOWN, false, false, true, false, false},
        {OTHER_UID, mine, NO_GROUP, 20001, false, false, false, false, false},
        {OTHER_UID, NO_GROUP, NO_GROUP, 1000, false, false, false, false, false},
        {OTHER_UID, NO_GROUP, NO_GROUP, CONTROL_LOGIN_UID_UNKNOWN, false, false, false, false, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        open_control(w, rows[i].root, rows[i].operators, rows[i].auditors);
        w->login_uid = rows[i].login_uid;
        if (!is_error(w, INTERFACE ".Read", rows[i].read ? PERMITTED : REFUSED) ||
            !is_error(w, INTERFACE ".Change", rows[i].change ? PERMITTED : REFUSED) ||
            !is_error(w, INTERFACE ".Look", rows[i].look ? PERMITTED : REFUSED) ||
            !is_error(w, INTERFACE ".Stop", rows[i].stop ? PERMITTED : REFUSED) ||
            !is_error(w, INTERFACE ".Reset", rows[i].reset ? PERMITTED : REFUSED))
            fail_msg("row %zu", i);
        w->control = control_free(w->control);
    }
    assert_true(w->refused > 0);
}

static void test_errors(void **state)
{
    struct control_world *w = *state;

    open_control(w, geteuid(), NO_GROUP, NO_GROUP);
    assert_true(is_error(w, INTERFACE ".Fail", INTERFACE ".NotFound"));
    assert_true(is_error(w, INTERFACE ".Nothing", "org.varlink.service.MethodNotFound"));
    assert_true(is_error(w, INTERFACE ".read", "org.varlink.service.MethodNotFound"));
    assert_true(is_error(w, "org.example.Read", "org.varlink.service.InterfaceNotFound"));
    assert_true(is_error(w, "Read", "org.varlink.service.InterfaceNotFound"));
    assert_true(is_error(w, "org.varlink.service.Nothing", "org.varlink.service.MethodNotFound"));
    assert_true(
        is_error(w, "org.varlink.service.GetInterfaceDescription", "org.varlink.service.InvalidParameter"));
}

/* What introspection serves is the interface file, and it names every method that there is. */
static void test_introspection(void **state)
{
    struct control_world *w = *state;
    struct varlink_reply reply;
    const char *description;
    int fd;

    open_control(w, geteuid(), NO_GROUP, NO_GROUP);
    fd = client_connect(&w->client);
    reply = call_on(w, fd, "{\"method\":\"org.varlink.service.GetInfo\"}");
    assert_null(reply.error);
    assert_string_equal(json_string_value(json_object_get(reply.parameters, "product")), "hufud");
    assert_int_equal(json_array_size(json_object_get(reply.parameters, "interfaces")), 2);
    varlink_reply_done(&reply);
    reply = call_on(w, fd,
                    "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                    "\"parameters\":{\"interface\":\"" INTERFACE "\"}}");
    assert_null(reply.error);
    description = json_string_value(json_object_get(reply.parameters, "description"));
    assert_non_null(strstr(description, "interface " INTERFACE "\n"));
    assert_non_null(strstr(description, "method Revoke(scope: string"));
    varlink_reply_done(&reply);
    reply = call_on(w, fd,
                    "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                    "\"parameters\":{\"interface\":\"org.varlink.service\"}}");
    assert_non_null(strstr(json_string_value(json_object_get(reply.parameters, "description")), "GetInfo"));
    varlink_reply_done(&reply);
    reply = call_on(w, fd,
                    "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                    "\"parameters\":{\"interface\":\"org.example\"}}");
    assert_string_equal(reply.error, "org.varlink.service.InterfaceNotFound");
    varlink_reply_done(&reply);
    close_fd(fd);
}

static void test_many_calls_in_one_packet(void **state)
{
    static const char one[] = "{\"method\":\"" INTERFACE ".Read\"}";
    enum { CALLS = 2000 };
    struct control_world *w = *state;
    char *octets = malloc(CALLS * sizeof(one));
    int fd;

    for (size_t i = 0; i < CALLS; i++)
        memcpy(octets + i * sizeof(one), one, sizeof(one));
    open_control(w, geteuid(), NO_GROUP, NO_GROUP);
    fd = client_connect(&w->client);
    client_send(fd, octets, CALLS * sizeof(one));
    for (size_t i = 0; i < CALLS; i++) {
        struct varlink_reply reply = take(w, fd);

        assert_null(reply.error);
        varlink_reply_done(&reply);
    }
    assert_int_equal(w->identified, 1); /* once a connection */
    close_fd(fd);
    free(octets);
}

static void test_large_reply(void **state)
{
    struct control_world *w = *state;
    struct varlink_reply reply;
    int fd;

    open_control(w, geteuid(), NO_GROUP, NO_GROUP);
    fd = client_connect(&w->client);
    reply = call_on(w, fd, "{\"method\":\"" INTERFACE ".Large\"}");
    assert_int_equal(json_string_length(json_object_get(reply.parameters, "text")), 4 * 1024 * 1024);
    varlink_reply_done(&reply);
    close_fd(fd);
}

static void test_oneway(void **state)
{
    struct control_world *w = *state;
    struct varlink_reply reply;
    static const char both[] =
        "{\"method\":\"" INTERFACE ".Read\",\"oneway\":true}\0{\"method\":\"" INTERFACE ".Fail\"}";
    int fd;

    open_control(w, geteuid(), NO_GROUP, NO_GROUP);
    fd = client_connect(&w->client);
    client_send(fd, both, sizeof(both));
    reply = take(w, fd);
    assert_string_equal(reply.error, INTERFACE ".NotFound");
    varlink_reply_done(&reply);
    close_fd(fd);
}

#define CONTROL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTROL_TEST(test_roles),         CONTROL_TEST(test_errors),
        CONTROL_TEST(test_introspection), CONTROL_TEST(test_many_calls_in_one_packet),
        CONTROL_TEST(test_large_reply),   CONTROL_TEST(test_oneway),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
