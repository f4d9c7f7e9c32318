#include "tests/unit/broker/sessions/reaper_world.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_state(void *userdata, bool here)
{
    struct reaper_world *w = userdata;

    w->here += here;
    w->away += !here;
}

static void on_unasked(void *userdata, const struct reap_reply *reply)
{
    struct reaper_world *w = userdata;

    assert_int_equal(reply->session, 7);
    w->unasked++;
}

void reaper_world_turn(struct reaper_world *w, unsigned milliseconds)
{
    uint64_t until = clock_boot_us() + (uint64_t)milliseconds * 1000;

    while (clock_boot_us() < until)
        assert_true(sd_event_run(w->event, 2000) >= 0);
}

void reaper_world_listen(struct reaper_world *w)
{
    w->listening = socket_listen_unix(w->path, SOCK_SEQPACKET, 0600, 4);
    assert_true(w->listening >= 0);
}

void reaper_world_accept(struct reaper_world *w)
{
    reaper_world_turn(w, 20);
    w->fd = accept4(w->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_true(w->fd >= 0);
}

void reaper_world_start(struct reaper_world *w, uid_t uid)
{
    const struct reaper_client_options options = {.event = w->event,
                                                  .path = w->path,
                                                  .uid = uid,
                                                  .state = on_state,
                                                  .unasked = on_unasked,
                                                  .userdata = w};

    assert_int_equal(reaper_client_new(&options, &w->client), 0);
}

int reaper_world_setup(void **state)
{
    struct reaper_world *w = calloc(1, sizeof(*w));

    (void)snprintf(w->folder, sizeof(w->folder), "/tmp/hufu-reaper.XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof(w->path), "%s/reaper", w->folder);
    assert_true(sd_event_new(&w->event) >= 0);
    w->listening = w->fd = -1;
    *state = w;
    return 0;
}

int reaper_world_teardown(void **state)
{
    struct reaper_world *w = *state;

    reaper_client_stop(w->client);
    endings_free(w->endings);
    registry_free(w->registry);
    reaper_client_free(w->client);
    close_fd(w->fd);
    close_fd(w->listening);
    sd_event_unref(w->event);
    (void)unlink(w->path);
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
    return 0;
}

struct reap_request reaper_world_take_soon(struct reaper_world *w)
{
    uint8_t frame[FRAME_MAX];
    struct frame_header header;
    struct reap_request q;
    ssize_t n = recv(w->fd, frame, sizeof(frame), 0);

    for (int i = 0; n < 0 && i < 1000; i++) {
        assert_true(sd_event_run(w->event, 1000) >= 0);
        n = recv(w->fd, frame, sizeof(frame), 0);
    }
    assert_true(n > FRAME_HEADER_SIZE);
    assert_int_equal(frame_parse_header(frame, &header), 0);
    assert_int_equal(reap_decode_request(header.type, frame + FRAME_HEADER_SIZE, header.length, &q), 0);
    return q;
}

void reaper_world_say_soon(struct reaper_world *w, const struct reap_reply *reply)
{
    uint8_t frame[FRAME_MAX];
    int size = reap_encode_reply(reply, frame);

    assert_true(size > 0);
    assert_int_equal(send(w->fd, frame, (size_t)size, MSG_NOSIGNAL), size);
    assert_true(sd_event_run(w->event, 0) >= 0);
}

struct reap_request reaper_world_take(struct reaper_world *w)
{
    reaper_world_turn(w, 10);
    return reaper_world_take_soon(w);
}

void reaper_world_say(struct reaper_world *w, const struct reap_reply *reply)
{
    reaper_world_say_soon(w, reply);
    reaper_world_turn(w, 10);
}
