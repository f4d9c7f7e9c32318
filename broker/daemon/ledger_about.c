#include "broker/daemon/ledger_about.h"

#include <errno.h>
#include <string.h>

#define META_ID "ledger-id"

int ledger_about_sealed(struct ledger_about *a, const struct sealed_segment *x)
{
    struct sealed_segment *more = reallocarray(a->segments, a->n_segments + 1, sizeof(*more));
    char *text;

    if (!more)
        return -ENOMEM;
    a->segments = more;
    text = strdup(x->sealed);
    if (!text)
        return -ENOMEM;
    more[a->n_segments] = *x;
    more[a->n_segments++].sealed = text;
    return 0;
}

static int on_segment(void *userdata, const struct sealed_segment *x)
{
    return ledger_about_sealed(userdata, x);
}

int ledger_about_load(struct ledger_about *a, struct store *s)
{
    int r = store_load_meta(s, META_ID, a->id, sizeof(a->id));

    return r < 0 ? r : store_load_segments(s, on_segment, a);
}

void ledger_about_done(struct ledger_about *a)
{
    for (size_t i = 0; i < a->n_segments; i++)
        // NOLINTNEXTLINE(performance-no-int-to-ptr): it was allocated here
        free((void *)(uintptr_t)a->segments[i].sealed);
    free(a->segments);
    *a = (struct ledger_about){.n_segments = 0};
}
