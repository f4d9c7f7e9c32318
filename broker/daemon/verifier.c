#include "broker/daemon/verifier_internal.h"
#include "broker/store/load_grants.h"
#include "broker/trust/verdict_cache.h"
#include "broker/trust/workers.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <string.h>

/* What is remembered beside what the grants of this host keep themselves: some 60 octets each. */
#define REMEMBERED_LEAST 4096
/* Jobs at a time: enough to keep the workers busy between two turns of the loop. */
#define JOBS_MAX 64

static void remember_made(struct verifier *v, const struct trust_verdict_key *key,
                          const struct trust_verdict *x, bool noted)
{
    const struct made m = {*key, *x};

    verdict_cache_put(v->cache, key, x);
    if (noted)
        buf_put(&v->made, &m, sizeof(m));
}

/* 1; 0: it is not known; -EBADMSG (what the store has is no verdict), -errno. */
static int find_known(struct verifier *v, const struct trust_verdict_key *key, struct trust_verdict *ret)
{
    struct store_verdict row;
    int r;

    if (verdict_cache_find(v->cache, key, ret))
        return 1;
    r = v->store ? store_find_verdict(v->store, key->octets, &row) : 0;
    if (r <= 0)
        return r;
    r = trust_verdict_decode(row.octets, row.size, key, ret);
    return r < 0 ? r : 1;
}

/* ---- judging ---- */

int verifier_verdicts(struct verifier *v, const struct trust_set *t, const struct subject *subject,
                      const struct octets *approvals, size_t n_approvals,
                      struct trust_verdict ret[static QUORUM_VOTES_MAX])
{
    for (size_t i = 0; i < n_approvals && i < QUORUM_VOTES_MAX; i++) {
        struct trust_verdict_key key;
        int r = trust_verdict_key_of(t, subject, approvals[i], &key);

        if (r == 0)
            r = find_known(v, &key, &ret[i]);
        if (r == 0) {
            r = trust_verdict_make(t, subject, approvals[i], &ret[i]);
            if (r == 0)
                remember_made(v, &key, &ret[i], v->noting);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

void verifier_remember(struct verifier *v, const struct trust_verdict_key *key, const struct trust_verdict *x)
{
    verdict_cache_put(v->cache, key, x);
}

void verifier_reserve(struct verifier *v, size_t n)
{
    /* A cache may hold no more than half of its bound. */
    verdict_cache_reserve(v->cache, 2 * n + REMEMBERED_LEAST);
}

bool verifier_let_go(struct verifier *v)
{
    return verdict_cache_let_go(v->cache);
}

void verifier_forget(struct verifier *v)
{
    verdict_cache_forget(v->cache, REMEMBERED_LEAST);
}

/* ---- preparing ---- */

static void preparation_free(struct preparation *p)
{
    trust_set_free(p->trust);
    free(p);
}

static void finish(struct preparation *p, int result)
{
    verifier_done *done = p->done;
    void *userdata = p->userdata;

    p->verifier->n_pending--;
    preparation_free(p);
    done(userdata, result);
}

/* Drops what has come to be remembered meanwhile. */
static void look_up(struct preparation *p)
{
    struct trust_verdict known;
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (verdict_cache_find(p->verifier->cache, &p->keys[i], &known))
            continue;
        p->approvals[n] = p->approvals[i];
        p->keys[n++] = p->keys[i];
    }
    p->n = n;
}

static bool shares_key(const struct preparation *a, const struct preparation *b)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++)
            if (memcmp(&a->keys[i], &b->keys[j], sizeof(a->keys[i])) == 0)
                return true;
    return false;
}

static bool is_running(const struct preparation *p)
{
    for (const struct preparation *x = p->verifier->running; x; x = x->next)
        if (shares_key(p, x))
            return true;
    return false;
}

static void park(struct preparation *p)
{
    p->next = NULL;
    *p->verifier->parked_end = p;
    p->verifier->parked_end = &p->next;
}

static void run(void *job)
{
    struct preparation *p = job;

    for (size_t i = 0; i < p->n && p->result == 0; i++)
        p->result = trust_verdict_make(p->trust, &p->subject, p->approvals[i], &p->verdicts[i]);
}

static void on_ran(void *job, int result);

static void begin(struct preparation *p)
{
    struct verifier *v = p->verifier;
    int r;

    look_up(p);
    if (p->n == 0 && !p->yields) {
        finish(p, 0);
        return;
    }
    r = is_running(p) ? -EAGAIN : workers_submit(v->workers, run, on_ran, p);
    if (r == -EAGAIN) {
        park(p);
    } else if (r < 0) {
        finish(p, r);
    } else {
        p->next = v->running;
        v->running = p;
    }
}

static struct preparation *take_parked(struct verifier *v)
{
    struct preparation *p = v->parked;

    v->parked = NULL;
    v->parked_end = &v->parked;
    return p;
}

static void on_ran(void *job, int result)
{
    struct preparation *p = job, *next;
    struct verifier *v = p->verifier;
    struct preparation **at = &v->running;

    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    if (result == 0)
        result = p->result;
    for (size_t i = 0; i < p->n && result == 0; i++)
        remember_made(v, &p->keys[i], &p->verdicts[i], p->noted);
    finish(p, v->stopping ? -ECANCELED : result);
    if (v->stopping)
        return;
    for (p = take_parked(v); p; p = next) {
        next = p->next;
        begin(p);
    }
}

static uint8_t *copy_octets(uint8_t *to, struct octets *x)
{
    if (x->size > 0)
        memcpy(to, x->data, x->size);
    x->data = to;
    return to + x->size;
}

static int preparation_new(struct verifier *v, struct trust_set *t, const struct subject *subject,
                           const struct octets *approvals, size_t n_approvals, struct preparation **ret)
{
    size_t n = n_approvals < QUORUM_VOTES_MAX ? n_approvals : QUORUM_VOTES_MAX;
    size_t size = subject->octets.size;
    struct preparation *p;
    uint8_t *at;
    int r = 0;

    for (size_t i = 0; i < n; i++)
        size += approvals[i].size;
    p = calloc(1, sizeof(*p) + size);
    if (!p)
        return -ENOMEM;
    p->verifier = v;
    p->trust = trust_set_ref(t);
    p->subject = *subject;
    p->subject.grant = NULL; /* is not looked at, and may be gone */
    p->n = n;
    at = copy_octets((uint8_t *)(p + 1), &p->subject.octets);
    for (size_t i = 0; i < n && r == 0; i++) {
        p->approvals[i] = approvals[i];
        at = copy_octets(at, &p->approvals[i]);
        r = trust_verdict_key_of(t, subject, approvals[i], &p->keys[i]);
    }
    if (r < 0) {
        preparation_free(p);
        return r;
    }
    *ret = p;
    return 0;
}

static void enter(struct preparation *p, verifier_done *done, void *userdata)
{
    p->done = done;
    p->userdata = userdata;
    p->verifier->n_pending++;
    begin(p);
}

void verifier_prepare(struct verifier *v, struct trust_set *t, const struct subject *subject,
                      const struct octets *approvals, size_t n_approvals, verifier_done *done, void *userdata)
{
    struct preparation *p = NULL;
    int r = v->stopping ? -ECANCELED : preparation_new(v, t, subject, approvals, n_approvals, &p);

    if (r < 0) {
        done(userdata, r);
        return;
    }
    p->noted = v->noting;
    enter(p, done, userdata);
}

/* Nothing to verify, by a worker: told in another turn, and at a stop as all that are under way. */
void verifier_yield(struct verifier *v, verifier_done *done, void *userdata)
{
    struct preparation *p = v->stopping ? NULL : calloc(1, sizeof(*p));

    if (!p) {
        done(userdata, v->stopping ? -ECANCELED : -ENOMEM);
        return;
    }
    *p = (struct preparation){.verifier = v, .yields = true};
    enter(p, done, userdata);
}

void verifier_settle(struct verifier *v, size_t at_most)
{
    while (v->n_pending > at_most && v->running)
        (void)workers_wait(v->workers);
}

/* ---- start and stop ---- */

static int on_workers(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct verifier *v = userdata;

    (void)source;
    (void)fd;
    (void)events;
    workers_dispatch(v->workers);
    return 0;
}

int verifier_new(sd_event *event, struct verifier **ret)
{
    cleanup(verifier_free_p) struct verifier *v = calloc(1, sizeof(*v));
    int r;

    *ret = NULL;
    if (!v)
        return -ENOMEM;
    v->parked_end = &v->parked;
    r = verdict_cache_new(REMEMBERED_LEAST, &v->cache);
    if (r == 0)
        r = workers_new(0, JOBS_MAX, &v->workers);
    if (r == 0)
        r = sd_event_add_io(event, &v->io, workers_fd(v->workers), EPOLLIN, on_workers, v);
    if (r < 0)
        return r;
    *ret = steal_pointer(&v);
    return 0;
}

void verifier_stop(struct verifier *v)
{
    struct preparation *next;

    if (!v)
        return;
    v->stopping = true;
    v->io = sd_event_source_disable_unref(v->io);
    v->workers = workers_free(v->workers);
    for (struct preparation *p = take_parked(v); p; p = next) {
        next = p->next;
        finish(p, -ECANCELED);
    }
}

struct verifier *verifier_free(struct verifier *v)
{
    if (!v)
        return NULL;
    verifier_stop(v);
    verdict_cache_free(v->cache);
    buf_done(&v->made);
    free(v);
    return NULL;
}
