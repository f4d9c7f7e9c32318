#include "tests/unit/broker/daemon/sums.h"

#include "tests/unit/support/issuing.h"

#include <stdlib.h>
#include <string.h>

#define ALL 1000000

struct summing {
    struct sum sum;
    const char *reference;
    bool done;
};

static void keep(struct record **slot, const struct record *r)
{
    record_free_array(*slot, 1);
    must(record_copy(r, slot) == 0);
}

static void on_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct summing *x = userdata;

    must(result == 0);
    for (size_t i = 0; i < n; i++) {
        x->sum.rows++;
        x->sum.stands_for += rows[i].count != 0 ? rows[i].count : 1;
        x->sum.counted += rows[i].count != 0;
        if (rows[i].count != 0)
            keep(&x->sum.last, &rows[i]);
        if (x->reference && strcmp(rows[i].reference, x->reference) == 0)
            keep(&x->sum.found, &rows[i]);
    }
    x->done = true;
}

static bool is_done(struct world *w, void *userdata)
{
    (void)w;
    return ((struct summing *)userdata)->done;
}

struct sum sums_of(struct world *w, const char *event, const char *result, const char *reference)
{
    const struct record_filter filter = {.event = event, .result = result, .limit = ALL};
    struct summing x = {.reference = reference};

    must(store_flush(w->broker->store) == 0);
    must(store_read(w->broker->store, &filter, on_rows, &x) == 0);
    world_until(w, is_done, &x);
    return x.sum;
}

void sums_done(struct sum *s)
{
    record_free_array(s->last, 1);
    record_free_array(s->found, 1);
    *s = (struct sum){.last = NULL};
}

static int on_row(void *userdata, const struct store_repetition *x)
{
    struct sum *s = userdata;

    s->rows++;
    s->stands_for += x->count;
    return 0;
}

struct sum sums_on_disk(struct world *w)
{
    struct sum s = {.last = NULL};

    must(store_flush(w->broker->store) == 0);
    must(store_load_repetitions(w->broker->store, on_row, &s) == 0);
    return s;
}
