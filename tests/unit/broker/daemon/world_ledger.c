#include "tests/unit/broker/daemon/world.h"

/* ---- the ledger ---- */

struct counting {
    bool done;
    unsigned n;
    enum reason reason;
};

static void on_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct counting *c = userdata;

    must(result == 0);
    c->n = (unsigned)n;
    c->reason = n > 0 ? rows[n - 1].reason : REASON_OK;
    c->done = true;
}

static bool is_counted(struct world *w, void *userdata)
{
    (void)w;
    return ((struct counting *)userdata)->done;
}

unsigned world_records(struct world *w, const char *event, const char *result, enum reason *reason)
{
    const struct record_filter filter = {.event = event, .result = result};
    struct counting c = {0};

    must(store_flush(w->broker->store) == 0);
    must(store_read(w->broker->store, &filter, on_rows, &c) == 0);
    world_until(w, is_counted, &c);
    if (reason)
        *reason = c.reason;
    return c.n;
}
