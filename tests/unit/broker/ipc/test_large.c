// LAYERS: wire common base
// LIBRARIES: jansson sd-event

#include "broker/common/files.h"
#include "broker/ipc/control_connection.h"
#include "tests/unit/broker/ipc/client.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Large calls: who may make them, and how many are taken in at the same time. */

#define PART     ((size_t)100 * 1024) /* of a call that is larger than a small one */
#define MEBIBYTE ((size_t)1024 * 1024)

struct large {
    struct client_world client;
    struct control *control;
};

static void handle(void *userdata, struct control_call *call, json_t *parameters)
{
    const char *text = json_string_value(json_object_get(parameters, "text"));

    (void)userdata;
    control_reply(call, json_pack("{sI}", "length", (json_int_t)(text ? strlen(text) : 0)));
}

static const struct control_method methods[] = {{"Read", CONTROL_READ, true, false, handle}};

static void identify(void *userdata, struct control_connection *connection, pid_t pid)
{
    (void)userdata;
    (void)pid;
    control_identified(connection, CONTROL_LOGIN_UID_UNSET);
}

static void open_control(struct large *w, uid_t root, uint32_t gated)
{
    const struct control_options options = {.event = w->client.event,
                                            .path = w->client.path,
                                            .interface = "org.hufu.control",
                                            .description = control_interface_description,
                                            .version = "1",
                                            .methods = methods,
                                            .n_methods = ARRAY_SIZE(methods),
                                            .root = root,
                                            .operators = (gid_t)-1,
                                            .auditors = (gid_t)-1,
                                            .gated_first = gated,
                                            .gated_last = gated,
                                            .identify = identify,
                                            .userdata = w};

    assert_int_equal(control_new(&options, &w->control), 0);
}

static int setup(void **state)
{
    struct large *w = calloc(1, sizeof(*w));

    client_world_new(&w->client);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct large *w = *state;

    control_free(w->control);
    client_world_done(&w->client);
    free(w);
    return 0;
}

/* A call whose text has so many octets; the caller's to free. */
static char *call_of(size_t octets, size_t *size)
{
    cleanup_free char *text = calloc(1, octets + 1);
    char *call;

    assert_non_null(text);
    memset(text, ',', octets);
    assert_true(
        asprintf(&call, "{\"method\":\"org.hufu.control.Read\",\"parameters\":{\"text\":\"%s\"}}", text) > 0);
    *size = strlen(call) + 1;
    return call;
}

/* Sends as much as is taken; how much that is. */
static size_t send_some(struct large *w, int fd, const char *octets, size_t size)
{
    size_t sent = 0;

    for (unsigned idle = 0; sent < size && idle < 20;) {
        ssize_t n = send(fd, octets + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno != EAGAIN)
            break;
        sent += n > 0 ? (size_t)n : 0;
        idle = n > 0 ? 0 : idle + 1;
        client_turn(&w->client, 1);
    }
    return sent;
}

static json_int_t length_answered(struct large *w, int fd)
{
    char octets[4096];
    struct varlink_reply reply;
    json_int_t length;
    ssize_t n;

    assert_true(client_wait(&w->client, fd));
    n = recv(fd, octets, sizeof(octets), 0);
    assert_true(n > 1);
    assert_int_equal(varlink_parse_reply(octets, (size_t)n - 1, &reply), 0);
    assert_null(reply.error);
    length = json_integer_value(json_object_get(reply.parameters, "length"));
    varlink_reply_done(&reply);
    return length;
}

static void test_as_large_as_a_call_may_be(void **state)
{
    struct large *w = *state;
    size_t size, length = VARLINK_CALL_MAX - 100;
    cleanup_free char *call = call_of(length, &size);
    int fd;

    open_control(w, geteuid(), 20000);
    fd = client_connect(&w->client);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(send_some(w, fd, call, size) == size);
        assert_true(length_answered(w, fd) == (json_int_t)length);
        assert_int_equal(w->control->n_large, 0);
        assert_true(w->control->connections->in.capacity == 0); /* nothing is kept of it */
    }
    close_fd(fd);
}

static void assert_kept_small(struct large *w)
{
    size_t size;
    cleanup_free char *call = call_of(MEBIBYTE, &size);
    int fd = client_connect(&w->client);

    assert_true(send_some(w, fd, call, PART / 2) == PART / 2);
    client_turn(&w->client, 20);
    assert_int_equal(w->control->n, 1);
    (void)send_some(w, fd, call + PART / 2, PART);
    assert_true(client_is_hung_up(&w->client, fd));
    assert_int_equal(w->control->n, 0);
    assert_int_equal(w->control->n_large, 0);
    close_fd(fd);
}

static void test_strangers_have_small_ones(void **state)
{
    open_control(*state, geteuid() + 1, 20000);
    assert_kept_small(*state);
}

/* Also in the place of root. */
static void test_gated_persons_have_small_ones(void **state)
{
    open_control(*state, geteuid(), geteuid());
    assert_kept_small(*state);
}

static unsigned waiting(const struct large *w)
{
    unsigned n = 0;

    for (const struct control_connection *x = w->control->connections; x; x = x->next) {
        n += x->waits;
        if (x->waits)
            assert_true(x->in.size <= CONTROL_SMALL_CALL_MAX + 16384);
    }
    return n;
}

static void test_no_more_than_some_at_the_same_time(void **state)
{
    struct large *w = *state;
    size_t size;
    cleanup_free char *call = call_of(MEBIBYTE, &size);
    size_t sent[CONTROL_LARGE_CALLS_MAX + 3];
    int fds[CONTROL_LARGE_CALLS_MAX + 3];

    open_control(w, geteuid(), 20000);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        fds[i] = client_connect(&w->client);
        sent[i] = send_some(w, fds[i], call, PART);
    }
    assert_int_equal(w->control->n_large, CONTROL_LARGE_CALLS_MAX);
    assert_int_equal(waiting(w), 3);
    /* One who gives up and one who is done make room. */
    close_fd(fds[0]);
    client_turn(&w->client, 20);
    assert_int_equal(w->control->n_large, CONTROL_LARGE_CALLS_MAX);
    assert_int_equal(waiting(w), 2);
    for (size_t i = 1; i < ARRAY_SIZE(fds); i++) {
        assert_true(send_some(w, fds[i], call + sent[i], size - sent[i]) == size - sent[i]);
        assert_true(length_answered(w, fds[i]) == (json_int_t)MEBIBYTE);
        close_fd(fds[i]);
    }
    assert_int_equal(w->control->n_large, 0);
}

/* A call that was begun must be whole by then, and not only go on. */
static void test_the_deadline_is_one_for_the_call(void **state)
{
    static const char call[] = "{\"method\":\"org.hufu.control.Read\"}";
    struct large *w = *state;
    uint64_t first, later;
    int fd, enabled = SD_EVENT_OFF;

    open_control(w, geteuid(), 20000);
    fd = client_connect(&w->client);
    client_send(fd, call, 5);
    client_turn(&w->client, 20);
    assert_true(sd_event_source_get_time(w->control->connections->deadline, &first) >= 0);
    client_send(fd, call + 5, 5);
    client_turn(&w->client, 20);
    assert_true(sd_event_source_get_time(w->control->connections->deadline, &later) >= 0);
    assert_true(sd_event_source_get_enabled(w->control->connections->deadline, &enabled) >= 0);
    assert_int_equal(w->control->connections->in.size, 10);
    assert_int_equal(enabled, SD_EVENT_ONESHOT);
    assert_true(first == later);
    /* The next one has its own. */
    client_send(fd, call + 10, sizeof(call) - 10);
    assert_true(length_answered(w, fd) == 0);
    client_send(fd, call, 5);
    client_turn(&w->client, 20);
    assert_true(sd_event_source_get_time(w->control->connections->deadline, &later) >= 0);
    assert_true(first < later);
    close_fd(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_large_as_a_call_may_be, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strangers_have_small_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gated_persons_have_small_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_more_than_some_at_the_same_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_deadline_is_one_for_the_call, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
