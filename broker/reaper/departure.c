#include "broker/reaper/departure.h"

#include "broker/common/files.h"
#include "broker/common/process.h"

#include <errno.h>
#include <stdlib.h>

struct departure {
    sd_event *event;
    sd_event_source *source; /* of `pidfd`, or of nobody who is left */
    int pidfd;
    uint32_t *pids; /* the first `left` may be there yet */
    size_t left;
    departure_done *done;
    void *userdata;
};

int departure_new(sd_event *event, departure_done *done, void *userdata, struct departure **ret)
{
    struct departure *d = malloc(sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    *d = (struct departure){.event = event, .pidfd = -1, .done = done, .userdata = userdata};
    *ret = d;
    return 0;
}

static void stop(struct departure *d)
{
    d->source = sd_event_source_disable_unref(d->source);
    d->pidfd = close_fd(d->pidfd);
    free(d->pids);
    d->pids = NULL;
    d->left = 0;
}

struct departure *departure_free(struct departure *d)
{
    if (d != NULL)
        stop(d);
    free(d);
    return NULL;
}

/* To the last who is there. They were killed in the order of the list, or nearly: when the last has gone, so
 * have most. 0, or -errno: nobody can be waited for. */
static int find_left(struct departure *d)
{
    d->pidfd = close_fd(d->pidfd);
    for (; d->left > 0; d->left--) {
        d->pidfd = process_pidfd((pid_t)d->pids[d->left - 1]);
        if (d->pidfd < 0 && d->pidfd != -ESRCH)
            return d->pidfd;
        if (d->pidfd >= 0 && process_exited(d->pidfd) == 0)
            return 0;
        d->pidfd = close_fd(d->pidfd);
    }
    return 0;
}

static int on_gone(sd_event_source *source, int fd, uint32_t events, void *userdata);

static int watch(struct departure *d)
{
    if (d->left == 0)
        return 0;
    return sd_event_add_io(d->event, &d->source, d->pidfd, EPOLLIN, on_gone, d);
}

static void tell(struct departure *d)
{
    departure_done *done = d->done;
    void *userdata = d->userdata;
    stop(d);
    done(userdata);
}

static int on_gone(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct departure *d = userdata;
    (void)source;
    (void)fd;
    (void)events;
    d->source = sd_event_source_disable_unref(d->source);
    if (find_left(d) < 0 || watch(d) < 0)
        stop(d);
    else if (d->left == 0)
        tell(d);
    return 0;
}

static int on_nobody(sd_event_source *source, void *userdata)
{
    (void)source;
    tell(userdata);
    return 0;
}

int departure_wait(struct departure *d, const struct look *l)
{
    stop(d);
    d->pids = calloc(l->census.count + 1, sizeof *d->pids);
    if (d->pids == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < l->census.count; i++)
        if (l->marked[i])
            d->pids[d->left++] = l->census.processes[i].pid;
    int r = find_left(d);
    if (r == 0)
        r = d->left > 0 ? watch(d) : sd_event_add_defer(d->event, &d->source, on_nobody, d);
    if (r < 0)
        stop(d);
    return r < 0 ? r : 0;
}
