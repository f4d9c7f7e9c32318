#include "broker/daemon/room_look.h"

#include "broker/common/files.h"
#include "broker/common/threads.h"
#include "broker/daemon/room_guard.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

struct room_look {
    struct reserve *reserve;
    void (*found)(void *userdata, const struct room_found *f);
    void *userdata;
    int event_fd;
    sd_event_source *io;
    atomic_bool no_room; /* a commit found none */

    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t work;
    bool asked, stopping, seen;
    uint64_t growth;
    struct room_found last;
};

void room_look_now(struct reserve *reserve, uint64_t growth, struct room_found *ret)
{
    int r = reserve_grow(reserve, growth);
    int q = reserve_free_beside(reserve, &ret->beside);

    ret->error = q < 0 ? q : r;
    ret->held = reserve_held(reserve);
    ret->no_room = false;
}

/* With `lock` held, but for the look itself. */
static void look(struct room_look *l)
{
    uint64_t growth = l->growth;
    struct room_found found;

    l->asked = false;
    l->growth = 0;
    (void)pthread_mutex_unlock(&l->lock);
    room_look_now(l->reserve, growth, &found);
    (void)pthread_mutex_lock(&l->lock);
    l->last = found;
    l->seen = true;
    (void)eventfd_write(l->event_fd, 1);
}

static void *run(void *userdata)
{
    struct room_look *l = userdata;

    (void)pthread_mutex_lock(&l->lock);
    while (!l->stopping) {
        if (l->asked)
            look(l);
        else
            (void)pthread_cond_wait(&l->work, &l->lock);
    }
    (void)pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* What a commit did is told with the next look, which it asks for: the numbers from before mean nothing now.
 */
static int on_event(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct room_look *l = userdata;
    struct room_found found;
    eventfd_t n;
    bool seen;

    (void)source;
    (void)events;
    (void)eventfd_read(fd, &n);
    (void)pthread_mutex_lock(&l->lock);
    found = l->last;
    seen = l->seen;
    l->seen = false;
    (void)pthread_mutex_unlock(&l->lock);
    if (!seen) {
        room_look_ask(l, 0);
        return 0;
    }
    found.no_room = atomic_exchange(&l->no_room, false);
    l->found(l->userdata, &found);
    return 0;
}

void room_look_ask(struct room_look *l, uint64_t growth)
{
    (void)pthread_mutex_lock(&l->lock);
    l->asked = true;
    if (growth > l->growth)
        l->growth = growth;
    (void)pthread_cond_signal(&l->work);
    (void)pthread_mutex_unlock(&l->lock);
}

bool room_look_make_room(void *userdata, unsigned attempt)
{
    struct room_look *l = userdata;
    uint64_t piece = room_guard_piece(reserve_wanted(l->reserve), attempt);
    bool made = piece > 0 && reserve_give(l->reserve, piece);

    atomic_store(&l->no_room, true);
    (void)eventfd_write(l->event_fd, 1);
    return made;
}

static int start(struct room_look *l)
{
    int r = thread_start(&l->thread, NULL, run, l);

    l->started = r == 0;
    return r;
}

int room_look_new(sd_event *event, struct reserve *reserve,
                  void (*found)(void *userdata, const struct room_found *f), void *userdata,
                  struct room_look **ret)
{
    cleanup(room_look_free_p) struct room_look *l = calloc(1, sizeof(*l));
    int r;

    if (!l)
        return -ENOMEM;
    l->reserve = reserve;
    l->found = found;
    l->userdata = userdata;
    /* With default attributes these cannot fail. */
    (void)pthread_mutex_init(&l->lock, NULL);
    (void)pthread_cond_init(&l->work, NULL);
    l->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->event_fd < 0)
        return -errno;
    r = sd_event_add_io(event, &l->io, l->event_fd, EPOLLIN, on_event, l);
    if (r >= 0)
        r = start(l);
    if (r < 0)
        return r;
    *ret = steal_pointer(&l);
    return 0;
}

struct room_look *room_look_free(struct room_look *l)
{
    if (!l)
        return NULL;
    if (l->started) {
        (void)pthread_mutex_lock(&l->lock);
        l->stopping = true;
        (void)pthread_cond_signal(&l->work);
        (void)pthread_mutex_unlock(&l->lock);
        (void)pthread_join(l->thread, NULL);
    }
    l->io = sd_event_source_disable_unref(l->io);
    l->event_fd = close_fd(l->event_fd);
    (void)pthread_cond_destroy(&l->work);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
    return NULL;
}
