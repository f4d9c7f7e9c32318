#include "broker/sessions/keys.h"

#include "broker/common/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key_of_monitor {
    struct keys *keys;
    struct key_of_monitor *next, *previous; /* newest first */
    uint32_t monitor;
    int pidfd;
    char staff[IDENT_ACCOUNT_MAX + 1];
    struct key_accepted key;
    sd_event_source *exit;
    sd_event_source *lifetime;
};

struct keys {
    sd_event *event;
    struct key_of_monitor *first, *last;
    unsigned n;
};

int keys_new(sd_event *event, struct keys **ret)
{
    struct keys *k = calloc(1, sizeof(*k));

    if (!k)
        return -ENOMEM;
    k->event = sd_event_ref(event);
    *ret = k;
    return 0;
}

static struct key_of_monitor *drop(struct key_of_monitor *x)
{
    struct keys *k = x->keys;

    if (x->previous)
        x->previous->next = x->next;
    else if (k->first == x)
        k->first = x->next;
    if (x->next)
        x->next->previous = x->previous;
    else if (k->last == x)
        k->last = x->previous;
    k->n--;
    sd_event_source_disable_unref(x->exit);
    sd_event_source_disable_unref(x->lifetime);
    close_fd(x->pidfd);
    free(x);
    return NULL;
}

struct keys *keys_free(struct keys *k)
{
    if (!k)
        return NULL;
    while (k->first)
        drop(k->first);
    sd_event_unref(k->event);
    free(k);
    return NULL;
}

static int on_monitor_exit(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    (void)source;
    (void)fd;
    (void)events;
    drop(userdata);
    return 0;
}

static int on_lifetime_over(sd_event_source *source, uint64_t now, void *userdata)
{
    (void)source;
    (void)now;
    drop(userdata);
    return 0;
}

static struct key_of_monitor *find(const struct keys *k, uint32_t pid)
{
    for (struct key_of_monitor *x = k->first; x; x = x->next)
        if (x->monitor == pid)
            return x;
    return NULL;
}

static void push(struct keys *k, struct key_of_monitor *x)
{
    x->keys = k;
    x->next = k->first;
    if (k->first)
        k->first->previous = x;
    else
        k->last = x;
    k->first = x;
    k->n++;
}

int keys_remember(struct keys *k, uint32_t monitor, int pidfd, const char *staff,
                  const struct key_accepted *key)
{
    struct key_of_monitor *x = find(k, monitor);
    int r;

    if (x)
        drop(x);
    if (k->n >= KEYS_MAX)
        drop(k->last);
    x = calloc(1, sizeof(*x));
    if (!x) {
        close_fd(pidfd);
        return -ENOMEM;
    }
    x->monitor = monitor;
    x->pidfd = pidfd;
    x->key = *key;
    (void)snprintf(x->staff, sizeof(x->staff), "%s", staff);
    push(k, x);
    r = sd_event_add_io(k->event, &x->exit, pidfd, EPOLLIN, on_monitor_exit, x);
    if (r >= 0)
        r = sd_event_add_time_relative(k->event, &x->lifetime, CLOCK_BOOTTIME, KEYS_LIFETIME_US, 0,
                                       on_lifetime_over, x);
    if (r < 0)
        drop(x);
    return r < 0 ? r : 0;
}

void keys_forget(struct keys *k, uint32_t monitor)
{
    struct key_of_monitor *x = find(k, monitor);

    if (x)
        drop(x);
}

bool keys_find(const struct keys *k, uint32_t pid, const char *staff, struct key_accepted *ret)
{
    const struct key_of_monitor *x = find(k, pid);

    if (!x || strcmp(x->staff, staff) != 0)
        return false;
    *ret = x->key;
    return true;
}
