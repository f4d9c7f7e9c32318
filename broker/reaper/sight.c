#include "broker/reaper/sight.h"

#include <errno.h>
#include <stdlib.h>

struct sight {
    sd_event *event;
    sd_event_source *turn;
    int proc;
    const struct leases *leases;
    struct sight_wish *wishes;
};

/* A process in the census of a person that was wished for. Who has set no login uid may be several's. */
struct mine {
    uint32_t uid;
    uint32_t at;
};

static int compare_uids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int compare_mine(const void *a, const void *b)
{
    const struct mine *x = a, *y = b;
    if (x->uid != y->uid)
        return x->uid < y->uid ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static size_t count(const struct sight_wish *wishes)
{
    size_t n = 0;
    for (; wishes != NULL; wishes = wishes->next)
        n++;
    return n;
}

/* Ascending, each once. */
static int list_uids(const struct sight_wish *wishes, uint32_t **ret, size_t *n)
{
    uint32_t *uids = calloc(count(wishes) + 1, sizeof *uids);
    size_t all = 0;
    *n = 0;
    if (uids == NULL)
        return -ENOMEM;
    for (; wishes != NULL; wishes = wishes->next)
        uids[all++] = wishes->target->uid;
    qsort(uids, all, sizeof *uids, compare_uids);
    for (size_t i = 0; i < all; i++)
        if (i == 0 || uids[i] != uids[i - 1])
            uids[(*n)++] = uids[i];
    *ret = uids;
    return 0;
}

/* The uids of a process, each once: the login uid alone, if it was set. */
static size_t owners(const struct census_process *p, uint32_t uids[static 4])
{
    size_t n = 0;
    if (p->login_uid != CENSUS_UNSET) {
        uids[0] = p->login_uid;
        return 1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(p->uids); i++) {
        bool there = false;
        for (size_t k = 0; k < n; k++)
            there = there || uids[k] == p->uids[i];
        if (!there)
            uids[n++] = p->uids[i];
    }
    return n;
}

static struct mine *sort(const struct census *c, size_t *n)
{
    struct mine *all = calloc(c->count * 4 + 1, sizeof *all);
    *n = 0;
    if (all == NULL)
        return NULL;
    for (size_t i = 0; i < c->count; i++) {
        uint32_t uids[4];
        size_t k = owners(&c->processes[i], uids);
        while (k > 0)
            all[(*n)++] = (struct mine){.uid = uids[--k], .at = (uint32_t)i};
    }
    qsort(all, *n, sizeof *all, compare_mine);
    return all;
}

static size_t first_of(const struct mine *all, size_t n, uint32_t uid)
{
    size_t low = 0;
    while (n > 0) {
        size_t half = n / 2;
        if (all[low + half].uid < uid) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

static int look(const struct sight *s, const struct census *c, const struct mine *all, size_t n,
                const struct reap_target *target, struct look *ret)
{
    struct census person cleanup_census = {0};
    for (size_t i = first_of(all, n, target->uid); i < n && all[i].uid == target->uid; i++) {
        int r = census_add_copy(&person, &c->processes[all[i].at]);
        if (r < 0)
            return r;
    }
    person.cut = c->cut;
    return look_at(s->proc, &person, s->leases, target, ret);
}

void sight_forget(struct sight_wish *w)
{
    if (w->at == NULL)
        return;
    *w->at = w->next;
    if (w->next != NULL)
        w->next->at = w->at;
    w->at = NULL;
}

/* Whoever is told may wish again, or forget what others wished for: what is open stands in a list of its own
 * meanwhile. */
static void tell(const struct sight *s, struct sight_wish **open, int r, const struct census *c)
{
    size_t n = 0;
    struct mine *all cleanup_free = r == 0 ? sort(c, &n) : NULL;
    if (r == 0 && all == NULL)
        r = -ENOMEM;
    while (*open != NULL) {
        struct sight_wish *w = *open;
        struct look l cleanup_look = {0};
        int q = r == 0 ? look(s, c, all, n, w->target, &l) : r;
        sight_forget(w);
        w->seen(w->userdata, q, &l);
    }
}

static int on_turn(sd_event_source *source, void *userdata)
{
    struct sight *s = userdata;
    struct sight_wish *open = s->wishes;
    struct census c cleanup_census = {0};
    uint32_t *uids cleanup_free = NULL;
    size_t n = 0;
    (void)source;
    s->wishes = NULL;
    if (open == NULL)
        return 0;
    open->at = &open;
    int r = list_uids(open, &uids, &n);
    if (r == 0)
        r = census_take(s->proc, (struct census_persons){uids, n, .whole = false}, &c);
    tell(s, &open, r, &c);
    return 0;
}

int sight_wish(struct sight *s, struct sight_wish *w)
{
    if (w->at != NULL)
        return 0;
    int r = sd_event_source_set_enabled(s->turn, SD_EVENT_ONESHOT);
    if (r < 0)
        return r;
    w->next = s->wishes;
    if (w->next != NULL)
        w->next->at = &w->next;
    w->at = &s->wishes;
    s->wishes = w;
    return 0;
}

int sight_judge(const struct sight *s, struct census *some, const struct reap_target *target,
                struct look *ret)
{
    return look_at(s->proc, some, s->leases, target, ret);
}

sd_event *sight_event(const struct sight *s)
{
    return s->event;
}

int sight_new(sd_event *event, int proc, const struct leases *leases, struct sight **ret)
{
    struct sight *s cleanup(sight_free_p) = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->event = event;
    s->proc = proc;
    s->leases = leases;
    int r = sd_event_add_defer(event, &s->turn, on_turn, s);
    if (r >= 0)
        r = sd_event_source_set_enabled(s->turn, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(s->turn, SD_EVENT_PRIORITY_NORMAL + 1);
    if (r < 0)
        return r;
    *ret = steal_pointer(&s);
    return 0;
}

struct sight *sight_free(struct sight *s)
{
    if (s != NULL)
        (void)sd_event_source_disable_unref(s->turn);
    free(s);
    return NULL;
}
