#include "tests/unit/broker/ipc/client.h"

#include "broker/common/clock.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

void client_world_new(struct client_world *w)
{
    (void)snprintf(w->folder, sizeof(w->folder), "/tmp/hufu-ipc.XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof(w->path), "%s/socket", w->folder);
    assert_true(sd_event_new(&w->event) >= 0);
}

void client_world_done(struct client_world *w)
{
    sd_event_unref(w->event);
    (void)unlink(w->path);
    assert_int_equal(rmdir(w->folder), 0);
}

int client_connect(const struct client_world *w)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", w->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

void client_send(int fd, const void *octets, size_t size)
{
    assert_int_equal(send(fd, octets, size, MSG_NOSIGNAL), size);
}

void client_turn(struct client_world *w, unsigned milliseconds)
{
    uint64_t until = clock_boot_us() + (uint64_t)milliseconds * 1000;

    /* So many turns at least: on a machine with much else to do one may take all of that time. */
    for (unsigned turns = 0; turns < 10 || clock_boot_us() < until; turns++)
        assert_true(sd_event_run(w->event, 2000) >= 0);
}

bool client_wait(struct client_world *w, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t until = clock_boot_us() + 30000000;

    while (poll(&p, 1, 0) == 0 && clock_boot_us() < until)
        assert_true(sd_event_run(w->event, 2000) >= 0);
    return p.revents != 0;
}

bool client_is_hung_up(struct client_world *w, int fd)
{
    char octet;

    client_turn(w, 30);
    return recv(fd, &octet, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EINTR);
}
