#include "tests/unit/broker/daemon/held_up.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

static pthread_t owner;
static atomic_uint begun, verified, verified_by_owner;
static atomic_bool held;
static sem_t gate;

int __real_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *s, size_t size, const unsigned char *tbs,
                            size_t tbs_size)
{
    bool mine = pthread_equal(pthread_self(), owner) != 0;

    (void)atomic_fetch_add(&begun, 1);
    if (mine)
        (void)atomic_fetch_add(&verified_by_owner, 1);
    while (!mine && atomic_load(&held))
        if (sem_wait(&gate) == 0)
            break;
    (void)atomic_fetch_add(&verified, 1);
    return __real_EVP_DigestVerify(ctx, s, size, tbs, tbs_size);
}

void held_up_hold(void)
{
    atomic_store(&held, true);
}

void held_up_let_go(void)
{
    atomic_store(&held, false);
    for (int i = 0; i < 64; i++)
        (void)sem_post(&gate);
}

unsigned held_up_n_begun(void)
{
    return atomic_load(&begun);
}

unsigned held_up_n_verified(void)
{
    return atomic_load(&verified);
}

unsigned held_up_n_verified_by_loop(void)
{
    return atomic_load(&verified_by_owner);
}

#define ORDER_PATIENCE_US 10500000 /* orders.c */

static bool no_patience; /* an order is no longer waited for at all */

int __real_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t call, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t call, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t us,
                                      uint64_t accuracy, sd_event_time_handler_t call, void *userdata)
{
    if (no_patience && us >= ORDER_PATIENCE_US)
        us = 0;
    return __real_sd_event_add_time_relative(event, ret, clock, us, accuracy, call, userdata);
}

int held_up_setup(void **state)
{
    owner = pthread_self();
    atomic_store(&held, false);
    no_patience = false;
    must(sem_init(&gate, 0, 0) == 0);
    if (world_setup(state) < 0)
        return -1;
    atomic_store(&begun, 0);
    atomic_store(&verified, 0);
    atomic_store(&verified_by_owner, 0);
    return 0;
}

int held_up_teardown(void **state)
{
    held_up_let_go();
    return world_teardown(state);
}

void held_up_be_impatient(bool impatient)
{
    no_patience = impatient;
}

static bool has_begun(struct world *w, void *userdata)
{
    (void)w;
    return atomic_load(&begun) >= *(unsigned *)userdata;
}

void held_up_until_begun(struct world *w, unsigned n)
{
    world_until(w, has_begun, &n);
}
