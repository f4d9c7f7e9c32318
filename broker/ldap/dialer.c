#include "broker/ldap/dialer.h"

#include "broker/common/files.h"
#include "broker/common/threads.h"
#include "broker/ldap/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>

#define STACK_SIZE ((size_t)512 * 1024)

/* Of the thread, until `over` is counted up; the last of the two that lets go frees it. */
struct job {
    atomic_int holders;
    int over; /* eventfd */
    const struct ldapd_config *config;
    char *uri;
    struct connection *connection;
    bool offers_sync;
    char error[CONNECTION_ERROR_SIZE];
};

struct dialer {
    sd_event *event;
    const struct ldapd_config *config;
    dialer_done *done;
    void *userdata;
    struct job *job;
    sd_event_source *source;
};

static void let_go(struct job *j)
{
    if (!j || atomic_fetch_sub(&j->holders, 1) > 1)
        return;
    (void)connection_free(j->connection);
    j->over = close_fd(j->over);
    free(j->uri);
    free(j);
}

static void *run(void *userdata)
{
    struct job *j = userdata;

    if (connection_open(j->config, j->uri, j->error, &j->connection) == 0) {
        if (server_offers_sync(j->connection, &j->offers_sync, j->error) == LDAP_SUCCESS)
            connection_set_nonblocking(j->connection);
        else
            j->connection = connection_free(j->connection);
    }
    (void)eventfd_write(j->over, 1);
    let_go(j);
    return NULL;
}

static void forget(struct dialer *d)
{
    d->source = sd_event_source_disable_unref(d->source);
    let_go(steal_pointer(&d->job));
}

static int on_over(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct dialer *d = userdata;
    char error[CONNECTION_ERROR_SIZE];
    struct connection *connection;
    eventfd_t count;
    bool offers_sync;

    (void)source;
    (void)events;
    if (eventfd_read(fd, &count) < 0)
        return 0;
    connection = steal_pointer(&d->job->connection);
    offers_sync = d->job->offers_sync;
    memcpy(error, d->job->error, sizeof(error));
    forget(d); /* before the callback, which may dial again */
    d->done(d->userdata, connection, offers_sync, error);
    return 0;
}

static int start_thread(struct job *j)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int r = pthread_attr_init(&attributes);

    if (r != 0)
        return -r;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    r = thread_start(&thread, &attributes, run, j);
    (void)pthread_attr_destroy(&attributes);
    return r;
}

static int new_job(const struct ldapd_config *config, const char *uri, struct job **ret)
{
    struct job *j = calloc(1, sizeof(*j));

    if (!j)
        return -ENOMEM;
    j->holders = 1;
    j->config = config;
    j->uri = strdup(uri);
    j->over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!j->uri || j->over < 0) {
        int r = j->uri ? -errno : -ENOMEM;

        let_go(j);
        return r;
    }
    *ret = j;
    return 0;
}

int dialer_open(struct dialer *d, const char *uri)
{
    struct job *j = NULL;
    int r;

    if (d->job)
        return -EBUSY;
    r = new_job(d->config, uri, &j);
    if (!j)
        return r;
    d->job = j;
    r = sd_event_add_io(d->event, &d->source, j->over, EPOLLIN, on_over, d);
    if (r >= 0) {
        atomic_fetch_add(&j->holders, 1);
        r = start_thread(j);
        if (r < 0)
            atomic_fetch_sub(&j->holders, 1);
    }
    if (r < 0)
        forget(d);
    return r;
}

bool dialer_is_busy(const struct dialer *d)
{
    return d->job != NULL;
}

int dialer_new(sd_event *event, const struct ldapd_config *config, dialer_done *done, void *userdata,
               struct dialer **ret)
{
    struct dialer *d = calloc(1, sizeof(*d));

    if (!d)
        return -ENOMEM;
    *d = (struct dialer){.event = sd_event_ref(event), .config = config, .done = done, .userdata = userdata};
    *ret = d;
    return 0;
}

struct dialer *dialer_free(struct dialer *d)
{
    if (!d)
        return NULL;
    forget(d);
    (void)sd_event_unref(d->event);
    free(d);
    return NULL;
}
