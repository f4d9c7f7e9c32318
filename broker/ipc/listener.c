#include "broker/ipc/listener.h"

#include "broker/common/files.h"
#include "broker/common/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define LISTENER_BACKLOG  4096
#define LISTENER_PAUSE_US ((uint64_t)100 * 1000)

struct listener {
    sd_event_source *io;
    sd_event_source *pause;
    char *path; /* to be removed, or NULL */
    int fd;
    int reserve;
    unsigned exhausted;
    listener_accept *accept;
    void *userdata;
};

unsigned listener_exhausted(const struct listener *l)
{
    return l->exhausted;
}

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int on_pause_over(sd_event_source *source, uint64_t now, void *userdata)
{
    struct listener *l = userdata;

    (void)source;
    (void)now;
    if (l->reserve < 0)
        l->reserve = open_reserve();
    return sd_event_source_set_enabled(l->io, SD_EVENT_ON);
}

/* Hang up on one who waits, with the descriptor that was kept for it, and let the others wait. */
static void out_of_descriptors(struct listener *l)
{
    int fd;

    l->exhausted++;
    l->reserve = close_fd(l->reserve);
    fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    close_fd(fd);
    l->reserve = open_reserve();
    (void)sd_event_source_set_enabled(l->io, SD_EVENT_OFF);
    (void)sd_event_source_set_time_relative(l->pause, LISTENER_PAUSE_US);
    (void)sd_event_source_set_enabled(l->pause, SD_EVENT_ONESHOT);
}

/* One a turn. Whether there is another is for the loop to ask, which it does anyway: accept4() makes a socket
 * before it finds that nobody is there. And no flood starves the rest of the loop. */
static int on_readable(sd_event_source *source, int listening, uint32_t events, void *userdata)
{
    struct listener *l = userdata;
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)source;
    (void)events;
    if (fd >= 0)
        l->accept(l->userdata, fd);
    else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        out_of_descriptors(l);
    return 0;
}

/* A socket that systemd passed under this name, or -ENOENT. */
static int passed_socket(const char *name, int type)
{
    char **names = NULL;
    int found = -ENOENT, n = sd_listen_fds_with_names(0, &names);

    for (int i = 0; i < n; i++) {
        int fd = SD_LISTEN_FDS_START + i;

        if (found == -ENOENT && strcmp(names[i], name) == 0 && sd_is_socket_unix(fd, type, 1, NULL, 0) > 0)
            found = fd;
        free(names[i]);
    }
    free(names);
    if (found >= 0 && fcntl(found, F_SETFL, fcntl(found, F_GETFL) | O_NONBLOCK) < 0)
        return -errno;
    return found;
}

/* Hands the socket to the service manager, which keeps it over a restart: who knocks meanwhile waits in its
 * queue. */
static bool deposit(int fd, const char *name)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s", name);
    return sd_pid_notify_with_fds(0, 0, text, &fd, 1) > 0;
}

static int listener_open(struct listener *l, const struct listener_options *o)
{
    l->fd = passed_socket(o->fd_name, o->type);
    /* One whose file has gone is heard by nobody. */
    if (l->fd >= 0 && access(o->path, F_OK) == 0)
        return 0;
    if (l->fd < 0 && l->fd != -ENOENT)
        return l->fd;
    l->fd = close_fd(l->fd);
    l->fd = socket_listen_unix(o->path, o->type, o->mode, LISTENER_BACKLOG);
    if (l->fd < 0)
        return l->fd;
    if (deposit(l->fd, o->fd_name))
        return 0;
    l->path = strdup(o->path);
    return l->path ? 0 : -ENOMEM;
}

int listener_new(const struct listener_options *o, struct listener **ret)
{
    cleanup(listener_free_p) struct listener *l = calloc(1, sizeof(*l));
    int r;

    if (!l)
        return -ENOMEM;
    l->fd = -1;
    l->accept = o->accept;
    l->userdata = o->userdata;
    l->reserve = open_reserve();
    if (l->reserve < 0)
        return -errno;
    r = listener_open(l, o);
    if (r < 0)
        return r;
    r = sd_event_add_io(o->event, &l->io, l->fd, EPOLLIN, on_readable, l);
    if (r < 0)
        return r;
    r = sd_event_add_time_relative(o->event, &l->pause, CLOCK_BOOTTIME, LISTENER_PAUSE_US, 0, on_pause_over,
                                   l);
    if (r < 0)
        return r;
    r = sd_event_source_set_enabled(l->pause, SD_EVENT_OFF);
    if (r < 0)
        return r;
    *ret = steal_pointer(&l);
    return 0;
}

struct listener *listener_free(struct listener *l)
{
    if (!l)
        return NULL;
    sd_event_source_disable_unref(l->io);
    sd_event_source_disable_unref(l->pause);
    if (l->path)
        (void)unlink(l->path);
    free(l->path);
    close_fd(l->fd);
    close_fd(l->reserve);
    free(l);
    return NULL;
}
