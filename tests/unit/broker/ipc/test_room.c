// LAYERS: wire common base
// LIBRARIES: jansson sd-event

#include "broker/common/files.h"
#include "broker/ipc/control_connection.h"
#include "tests/unit/broker/ipc/client.h"
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

/* Who fills the control socket keeps out others of their kind alone. Runs as root: it connects as several
 * uids. */

#define OPERATORS 4100
#define OPERATOR  4101
#define STRANGER  4200

struct room {
    struct client_world client;
    struct control *control;
    int fds[CONTROL_CONNECTIONS_MAX * 2];
    size_t n;
};

static void open_control(struct room *w)
{
    const struct control_options options = {.event = w->client.event,
                                            .path = w->client.path,
                                            .interface = "org.hufu.control",
                                            .description = control_interface_description,
                                            .version = "1",
                                            .operators = OPERATORS,
                                            .auditors = (gid_t)-1,
                                            .gated_first = 20000,
                                            .gated_last = 29999};

    assert_int_equal(control_new(&options, &w->control), 0);
    assert_int_equal(chmod(w->client.folder, 0755), 0);
}

static int setup(void **state)
{
    struct room *w = calloc(1, sizeof(*w));

    client_world_new(&w->client);
    if (geteuid() == 0)
        open_control(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct room *w = *state;

    for (size_t i = 0; i < w->n; i++)
        close_fd(w->fds[i]);
    control_free(w->control);
    client_world_done(&w->client);
    free(w);
    return 0;
}

static int connect_as(struct room *w, uid_t uid, gid_t gid)
{
    int fd;

    assert_int_equal(setegid(gid), 0);
    assert_int_equal(seteuid(uid), 0);
    fd = client_connect(&w->client);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    assert_true(w->n < sizeof(w->fds) / sizeof(w->fds[0]));
    w->fds[w->n++] = fd;
    client_turn(&w->client, 1);
    return fd;
}

static bool is_in(struct room *w, uid_t uid, gid_t gid)
{
    unsigned before = w->control->n;

    (void)connect_as(w, uid, gid);
    return w->control->n == before + 1;
}

static void test_strangers_leave_room_for_those_who_may_call(void **state)
{
    struct room *w = *state;

    if (geteuid() != 0)
        skip();
    for (unsigned i = 0; i < CONTROL_STRANGERS_MAX; i++)
        assert_true(is_in(w, STRANGER + i / CONTROL_CONNECTIONS_PER_UID_MAX, STRANGER));
    assert_false(is_in(w, STRANGER + 100, STRANGER));
    for (unsigned i = 0; i < CONTROL_CONNECTIONS_PER_UID_MAX; i++)
        assert_true(is_in(w, OPERATOR, OPERATORS));
    assert_false(is_in(w, OPERATOR, OPERATORS));
    assert_true(is_in(w, OPERATOR + 1, OPERATORS));
}

static void test_root_comes_in_when_the_house_is_full(void **state)
{
    struct room *w = *state;

    if (geteuid() != 0)
        skip();
    for (unsigned i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
        assert_true(is_in(w, OPERATOR + i / CONTROL_CONNECTIONS_PER_UID_MAX, OPERATORS));
    assert_false(is_in(w, OPERATOR + 100, OPERATORS));
    assert_true(is_in(w, 0, 0));
}

static bool is_watched_for_silence(const struct room *w)
{
    int enabled = SD_EVENT_OFF;

    assert_true(sd_event_source_get_enabled(w->control->connections->deadline, &enabled) >= 0);
    return enabled != SD_EVENT_OFF;
}

static void test_only_a_strangers_silence_has_an_end(void **state)
{
    static const char call[] = "{\"method\":\"org.varlink.service.GetInfo\"}";
    struct room *w = *state;
    int fd;

    if (geteuid() != 0)
        skip();
    assert_true(is_in(w, OPERATOR, OPERATORS));
    assert_false(is_watched_for_silence(w));
    assert_true(is_in(w, STRANGER, STRANGER));
    assert_true(is_watched_for_silence(w));
    /* Nor does one call buy a place for ever. */
    control_connection_hang_up(w->control->connections);
    fd = connect_as(w, STRANGER, STRANGER);
    w->control->connections->identified = true;
    client_send(fd, call, sizeof(call));
    assert_true(client_wait(&w->client, fd));
    client_turn(&w->client, 10);
    assert_true(is_watched_for_silence(w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_strangers_leave_room_for_those_who_may_call, setup, teardown),
        cmocka_unit_test_setup_teardown(test_root_comes_in_when_the_house_is_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_a_strangers_silence_has_an_end, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
