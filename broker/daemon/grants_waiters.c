#include "broker/daemon/grants_waiters.h"

#include <errno.h>
#include <stdlib.h>

struct grants_waiter {
    struct grants_waiter *next;
    void (*done)(void *userdata, int result);
    void *userdata;
};

void grants_waiters_init(struct grants_waiters *w)
{
    w->first = NULL;
    w->end = &w->first;
}

int grants_waiters_add(struct grants_waiters *w, void (*done)(void *userdata, int result), void *userdata)
{
    struct grants_waiter *x = calloc(1, sizeof(*x));

    if (!x)
        return -ENOMEM;
    *x = (struct grants_waiter){.done = done, .userdata = userdata};
    *w->end = x;
    w->end = &x->next;
    return 0;
}

void grants_waiters_tell(struct grants_waiters *w, int result)
{
    struct grants_waiter *next;
    struct grants_waiter *x = w->first;

    grants_waiters_init(w);
    for (; x; x = next) {
        next = x->next;
        x->done(x->userdata, result);
        free(x);
    }
}
