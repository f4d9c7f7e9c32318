#include "tests/unit/broker/directory/feed_world.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TURNS_MAX 100000

int feed_world_setup(void **state)
{
    struct feed_world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    (void)snprintf(w->folder, sizeof(w->folder), "/tmp/hufu-feed.XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof(w->path), "%s/socket", w->folder);
    assert_true(sd_event_new(&w->event) >= 0);
    *state = w;
    return 0;
}

int feed_world_teardown(void **state)
{
    struct feed_world *w = *state;

    w->inside = true; /* nothing is told by freeing */
    feed_free(w->feed);
    for (size_t i = 0; i < w->n_clients; i++)
        (void)close(w->clients[i]);
    sd_event_unref(w->event);
    assert_int_equal(rmdir(w->folder), 0); /* the socket's file has gone */
    free(w);
    return 0;
}

static void note(struct feed_world *w, char letter)
{
    assert_false(w->inside);
    if (w->n_told++ < sizeof(w->told) - 1)
        w->told[w->n_told - 1] = letter;
    if (w->when == letter && w->then)
        w->then(w);
}

static void on_connected(void *userdata, bool here)
{
    struct feed_world *w = userdata;

    assert_int_equal(feed_is_here(w->feed), here);
    note(w, here ? '+' : '-');
}

static void on_message(void *userdata, const struct feed_message *m)
{
    struct feed_world *w = userdata;
    uint32_t sum = 0;

    w->n_messages++;
    if (m->type == FEED_ENTRY && m->search != w->last.search + 1)
        w->disorder = true;
    w->last = *m;
    note(w, 'm');
    /* Whatever was done meanwhile, the message lasts as long as the call. */
    for (size_t i = 0; i < m->document.size; i++)
        sum += m->document.data[i];
    w->sum += sum;
}

static void on_trouble(void *userdata, uid_t uid, pid_t pid, const char *detail)
{
    struct feed_world *w = userdata;

    w->uid = uid;
    w->pid = pid;
    (void)snprintf(w->detail, sizeof(w->detail), "%s", detail);
    note(w, 't');
}

void feed_world_open(struct feed_world *w, uid_t uid, uid_t root)
{
    const struct feed_options options = {.event = w->event,
                                         .path = w->path,
                                         .uid = uid,
                                         .root = root,
                                         .connected = on_connected,
                                         .message = on_message,
                                         .trouble = on_trouble,
                                         .userdata = w};

    assert_int_equal(feed_new(&options, &w->feed), 0);
    assert_false(feed_is_here(w->feed));
}

void feed_world_open_mine(struct feed_world *w)
{
    feed_world_open(w, geteuid(), geteuid() + 1);
}

int feed_world_connect(struct feed_world *w)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0 && w->n_clients < FEED_WORLD_CLIENTS);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", w->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    w->clients[w->n_clients++] = fd;
    return fd;
}

void feed_world_put(int fd, const void *octets, size_t size)
{
    assert_int_equal(send(fd, octets, size, MSG_NOSIGNAL | MSG_DONTWAIT), size);
}

void feed_world_say(int fd, const struct feed_message *m)
{
    cleanup_buf struct buf frame = BUF_INIT;

    assert_int_equal(feed_encode(m, &frame), 0);
    feed_world_put(fd, frame.data, frame.size);
}

void feed_world_entry(int fd, uint32_t number, size_t size)
{
    cleanup_free uint8_t *document = malloc(size + 1);
    struct feed_message m = {.type = FEED_ENTRY, .search = number, .kind = FEED_DOCUMENT};

    assert_non_null(document);
    memset(document, 1, size);
    m.document = (struct feed_octets){document, size};
    feed_world_say(fd, &m);
}

void feed_world_turn_once(struct feed_world *w)
{
    assert_true(sd_event_run(w->event, 0) >= 0);
}

unsigned feed_world_turn(struct feed_world *w)
{
    unsigned turns = 0;
    int r;

    while ((r = sd_event_run(w->event, 0)) > 0)
        assert_true(turns++ < TURNS_MAX);
    assert_int_equal(r, 0);
    return turns;
}

int feed_world_send(struct feed_world *w, const struct feed_message *m)
{
    int r;

    w->inside = true;
    r = feed_send(w->feed, m);
    w->inside = false;
    return r;
}

bool feed_world_is_hung_up(int fd)
{
    char octet;
    ssize_t n = recv(fd, &octet, 1, MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void feed_world_assert_told(struct feed_world *w, const char *expected)
{
    assert_string_equal(w->told, expected);
    assert_int_equal(w->n_told, strlen(expected));
    memset(w->told, 0, sizeof(w->told));
    w->n_told = 0;
}

int feed_world_open_and_connect(struct feed_world *w)
{
    int fd;

    feed_world_open_mine(w);
    fd = feed_world_connect(w);
    (void)feed_world_turn(w);
    feed_world_assert_told(w, "+");
    return fd;
}
