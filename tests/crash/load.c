#include "tests/crash/load.h"

#include <stdio.h>

void load_token(struct lane *l, char token[static TOKEN_SIZE])
{
    static atomic_uint last;

    (void)snprintf(token, TOKEN_SIZE, "t%u.%u.%u", l->number, l->round, atomic_fetch_add(&last, 1));
}

static void *log_in(void *userdata)
{
    struct client *c = userdata;

    while (lane_begin(c->lane)) {
        logins_step(c);
        lane_end(c->lane);
    }
    return NULL;
}

static void *give_orders(void *userdata)
{
    struct client *c = userdata;

    while (lane_begin(c->lane)) {
        orders_step(c);
        lane_end(c->lane);
    }
    return NULL;
}

void load_start(struct lane *l, struct client clients[static LOAD_CLIENTS])
{
    for (unsigned i = 0; i < LOAD_CLIENTS; i++) {
        struct client *c = &clients[i];

        *c = (struct client){.lane = l,
                             .random = l->seed ^ ((uint64_t)l->round << 40 | (uint64_t)(i + 1) << 32)};
        must(pthread_create(&c->thread, NULL, i == 0 ? give_orders : log_in, c) == 0);
    }
}

void load_stop(struct lane *l, struct client clients[static LOAD_CLIENTS])
{
    (void)pthread_mutex_lock(&l->lock);
    l->over = true;
    (void)pthread_cond_broadcast(&l->changed);
    (void)pthread_mutex_unlock(&l->lock);
    for (unsigned i = 0; i < LOAD_CLIENTS; i++)
        must(pthread_join(clients[i].thread, NULL) == 0);
}
