#include "tests/unit/broker/daemon/listener.h"

#include "broker/common/files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

struct listener *listen_to(struct world *w, const char *method, json_t *parameters)
{
    struct listener *l = calloc(1, sizeof(*l));
    char qualified[128];
    struct buf b = BUF_INIT;
    struct visitor v = visitor_new();

    assert_non_null(l);
    l->world = w;
    l->fd = visitor_connect(&v, world_path(w, "control"));
    (void)snprintf(qualified, sizeof(qualified), "org.hufu.control.%s", method);
    varlink_write_call_more(&b, qualified, parameters);
    assert_int_equal(send(l->fd, b.data, b.size, 0), b.size);
    json_decref(parameters);
    buf_done(&b);
    visitor_end(&v);
    return l;
}

void listener_end(struct listener *l)
{
    close_fd(l->fd);
    free(l);
}

static bool has_message(struct world *w, void *userdata)
{
    struct listener *l = userdata;
    ssize_t n;

    (void)w;
    if (memchr(l->octets, 0, l->size))
        return true;
    n = recv(l->fd, l->octets + l->size, sizeof(l->octets) - l->size, MSG_DONTWAIT);
    if (n == 0)
        fail_msg("the stream ended");
    l->size += n > 0 ? (size_t)n : 0;
    return memchr(l->octets, 0, l->size) != NULL;
}

struct varlink_reply hear(struct listener *l)
{
    struct varlink_reply reply;
    size_t size;

    world_until(l->world, has_message, l);
    size = strlen(l->octets);
    assert_int_equal(varlink_parse_reply(l->octets, size, &reply), 0);
    l->size -= size + 1;
    memmove(l->octets, l->octets + size + 1, l->size);
    return reply;
}

bool is_hung_up(struct world *w, void *userdata)
{
    struct listener *l = userdata;
    static char octets[65536];
    ssize_t n = recv(l->fd, octets, sizeof(octets), MSG_DONTWAIT);

    (void)w;
    return n == 0 || (n < 0 && errno != EAGAIN);
}
