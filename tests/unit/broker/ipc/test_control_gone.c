// LAYERS: wire common base
// LIBRARIES: jansson sd-event

#include "broker/common/files.h"
#include "tests/unit/broker/ipc/control_world.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections that end too early, on either side. */

/* Nonsense, or more than a call may have: that connection ends, another goes on. */
static void test_garbage(void **state)
{
    struct control_world *w = *state;
    char *much = calloc(1, VARLINK_CALL_MAX + 65536);
    int fd, other;

    memset(much, ' ', VARLINK_CALL_MAX + 65536);
    control_world_open(w, geteuid(), CONTROL_WORLD_NO_GROUP, CONTROL_WORLD_NO_GROUP);
    other = client_connect(&w->client);
    fd = client_connect(&w->client);
    client_send(fd, "nonsense", 9);
    assert_true(client_is_hung_up(&w->client, fd));
    close_fd(fd);
    fd = client_connect(&w->client);
    for (size_t sent = 0; sent < VARLINK_CALL_MAX + 65536;) {
        ssize_t n = send(fd, much + sent, 65536, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EPIPE)
            break;
        sent += n > 0 ? (size_t)n : 0;
        client_turn(&w->client, 2);
    }
    assert_true(client_is_hung_up(&w->client, fd));
    close_fd(fd);
    struct varlink_reply reply =
        control_world_call(w, other, "{\"method\":\"" CONTROL_WORLD_INTERFACE ".Read\"}");
    assert_null(reply.error);
    varlink_reply_done(&reply);
    close_fd(other);
    free(much);
}

static void test_reply_after_the_caller_has_gone(void **state)
{
    struct control_world *w = *state;
    static const char one[] = "{\"method\":\"" CONTROL_WORLD_INTERFACE ".Read\"}";
    int fd;

    w->hold = true;
    control_world_open(w, geteuid(), CONTROL_WORLD_NO_GROUP, CONTROL_WORLD_NO_GROUP);
    fd = client_connect(&w->client);
    client_send(fd, one, sizeof(one));
    client_turn(&w->client, 20);
    assert_non_null(w->held);
    close_fd(fd);
    client_turn(&w->client, 20);
    control_reply(w->held, json_object());
    client_turn(&w->client, 20);
    assert_true(
        control_world_is_error(w, "org.varlink.service.Nothing", "org.varlink.service.MethodNotFound"));
}

static void test_reply_after_the_control_has_gone(void **state)
{
    struct control_world *w = *state;
    static const char one[] = "{\"method\":\"" CONTROL_WORLD_INTERFACE ".Read\"}";
    int fd;

    w->hold = true;
    control_world_open(w, geteuid(), CONTROL_WORLD_NO_GROUP, CONTROL_WORLD_NO_GROUP);
    fd = client_connect(&w->client);
    client_send(fd, one, sizeof(one));
    client_turn(&w->client, 20);
    w->control = control_free(w->control);
    control_error(w->held, "NotFound", json_object());
    close_fd(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTROL_WORLD_TEST(test_garbage),
        CONTROL_WORLD_TEST(test_reply_after_the_caller_has_gone),
        CONTROL_WORLD_TEST(test_reply_after_the_control_has_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
