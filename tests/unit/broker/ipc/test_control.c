// LAYERS: wire common base
// LIBRARIES: jansson sd-event

#include "broker/common/files.h"
#include "tests/unit/broker/ipc/control_world.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OTHER_UID 4242 /* not who runs the test */
#define NO_GROUP  CONTROL_WORLD_NO_GROUP
#define PERMITTED NULL
#define REFUSED   CONTROL_WORLD_INTERFACE ".NotPermitted"

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
        control_world_open(w, rows[i].root, rows[i].operators, rows[i].auditors);
        w->login_uid = rows[i].login_uid;
        if (!control_world_is_error(w, CONTROL_WORLD_INTERFACE ".Read", rows[i].read ? PERMITTED : REFUSED) ||
            !control_world_is_error(w, CONTROL_WORLD_INTERFACE ".Change",
                                    rows[i].change ? PERMITTED : REFUSED) ||
            !control_world_is_error(w, CONTROL_WORLD_INTERFACE ".Look", rows[i].look ? PERMITTED : REFUSED) ||
            !control_world_is_error(w, CONTROL_WORLD_INTERFACE ".Stop", rows[i].stop ? PERMITTED : REFUSED) ||
            !control_world_is_error(w, CONTROL_WORLD_INTERFACE ".Reset", rows[i].reset ? PERMITTED : REFUSED))
            fail_msg("row %zu", i);
        w->control = control_free(w->control);
    }
    assert_true(w->refused > 0);
}

static void test_errors(void **state)
{
    struct control_world *w = *state;

    control_world_open(w, geteuid(), NO_GROUP, NO_GROUP);
    assert_true(
        control_world_is_error(w, CONTROL_WORLD_INTERFACE ".Fail", CONTROL_WORLD_INTERFACE ".NotFound"));
    assert_true(
        control_world_is_error(w, CONTROL_WORLD_INTERFACE ".Nothing", "org.varlink.service.MethodNotFound"));
    assert_true(
        control_world_is_error(w, CONTROL_WORLD_INTERFACE ".read", "org.varlink.service.MethodNotFound"));
    assert_true(control_world_is_error(w, "org.example.Read", "org.varlink.service.InterfaceNotFound"));
    assert_true(control_world_is_error(w, "Read", "org.varlink.service.InterfaceNotFound"));
    assert_true(
        control_world_is_error(w, "org.varlink.service.Nothing", "org.varlink.service.MethodNotFound"));
    assert_true(control_world_is_error(w, "org.varlink.service.GetInterfaceDescription",
                                       "org.varlink.service.InvalidParameter"));
}

/* What introspection serves is the interface file, and it names every method that there is. */
static void test_introspection(void **state)
{
    struct control_world *w = *state;
    struct varlink_reply reply;
    const char *description;
    int fd;

    control_world_open(w, geteuid(), NO_GROUP, NO_GROUP);
    fd = client_connect(&w->client);
    reply = control_world_call(w, fd, "{\"method\":\"org.varlink.service.GetInfo\"}");
    assert_null(reply.error);
    assert_string_equal(json_string_value(json_object_get(reply.parameters, "product")), "hufud");
    assert_int_equal(json_array_size(json_object_get(reply.parameters, "interfaces")), 2);
    varlink_reply_done(&reply);
    reply = control_world_call(w, fd,
                               "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                               "\"parameters\":{\"interface\":\"" CONTROL_WORLD_INTERFACE "\"}}");
    assert_null(reply.error);
    description = json_string_value(json_object_get(reply.parameters, "description"));
    assert_non_null(strstr(description, "interface " CONTROL_WORLD_INTERFACE "\n"));
    assert_non_null(strstr(description, "method Revoke(scope: string"));
    varlink_reply_done(&reply);
    reply = control_world_call(w, fd,
                               "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                               "\"parameters\":{\"interface\":\"org.varlink.service\"}}");
    assert_non_null(strstr(json_string_value(json_object_get(reply.parameters, "description")), "GetInfo"));
    varlink_reply_done(&reply);
    reply = control_world_call(w, fd,
                               "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                               "\"parameters\":{\"interface\":\"org.example\"}}");
    assert_string_equal(reply.error, "org.varlink.service.InterfaceNotFound");
    varlink_reply_done(&reply);
    close_fd(fd);
}

static void test_many_calls_in_one_packet(void **state)
{
    static const char one[] = "{\"method\":\"" CONTROL_WORLD_INTERFACE ".Read\"}";
    enum { CALLS = 2000 };
    struct control_world *w = *state;
    char *octets = malloc(CALLS * sizeof(one));
    int fd;

    for (size_t i = 0; i < CALLS; i++)
        memcpy(octets + i * sizeof(one), one, sizeof(one));
    control_world_open(w, geteuid(), NO_GROUP, NO_GROUP);
    fd = client_connect(&w->client);
    client_send(fd, octets, CALLS * sizeof(one));
    for (size_t i = 0; i < CALLS; i++) {
        struct varlink_reply reply = control_world_take(w, fd);

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

    control_world_open(w, geteuid(), NO_GROUP, NO_GROUP);
    fd = client_connect(&w->client);
    reply = control_world_call(w, fd, "{\"method\":\"" CONTROL_WORLD_INTERFACE ".Large\"}");
    assert_int_equal(json_string_length(json_object_get(reply.parameters, "text")), 4 * 1024 * 1024);
    varlink_reply_done(&reply);
    close_fd(fd);
}

static void test_oneway(void **state)
{
    struct control_world *w = *state;
    struct varlink_reply reply;
    static const char both[] = "{\"method\":\"" CONTROL_WORLD_INTERFACE
                               ".Read\",\"oneway\":true}\0{\"method\":\"" CONTROL_WORLD_INTERFACE ".Fail\"}";
    int fd;

    control_world_open(w, geteuid(), NO_GROUP, NO_GROUP);
    fd = client_connect(&w->client);
    client_send(fd, both, sizeof(both));
    reply = control_world_take(w, fd);
    assert_string_equal(reply.error, CONTROL_WORLD_INTERFACE ".NotFound");
    varlink_reply_done(&reply);
    close_fd(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTROL_WORLD_TEST(test_roles),         CONTROL_WORLD_TEST(test_errors),
        CONTROL_WORLD_TEST(test_introspection), CONTROL_WORLD_TEST(test_many_calls_in_one_packet),
        CONTROL_WORLD_TEST(test_large_reply),   CONTROL_WORLD_TEST(test_oneway),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
