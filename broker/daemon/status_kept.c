#include "broker/daemon/status_kept.h"

#include "policy/engine/status.h"

#include <string.h>

void kept_status_forget(struct kept_status *x)
{
    x->document = status_free(x->document);
    x->papers = papers_free_one(x->papers);
    *x = (struct kept_status){.document = NULL};
}

static bool goes_before(const struct status *a, const struct status *b)
{
    return a->trust_epoch != b->trust_epoch ? a->trust_epoch < b->trust_epoch : status_compare(a, b) > 0;
}

static bool is_same(struct octets a, struct octets b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool are_same(const struct grant_papers *a, const struct grant_papers *b)
{
    if (!is_same(a->document, b->document) || a->n_approvals != b->n_approvals)
        return false;
    for (size_t i = 0; i < a->n_approvals; i++)
        if (!is_same(a->approvals[i], b->approvals[i]))
            return false;
    return true;
}

bool status_waiting_has_room(const struct status_waiting *w, const struct status *s)
{
    return w->n < STATUS_WAITING_MAX || goes_before(s, w->items[w->n - 1].document);
}

static uint32_t free_row(const struct status_waiting *w)
{
    for (uint32_t row = STATUS_WAITING_ROW;; row++) {
        bool taken = false;

        for (size_t i = 0; i < w->n; i++)
            taken = taken || w->items[i].row == row;
        if (!taken)
            return row;
    }
}

struct kept_status *status_waiting_put(struct status_waiting *w, struct kept_status *x)
{
    size_t at = 0;

    for (size_t i = 0; i < w->n; i++)
        if (are_same(w->items[i].papers, x->papers)) {
            kept_status_forget(x);
            return &w->items[i];
        }
    if (w->n == STATUS_WAITING_MAX)
        kept_status_forget(&w->items[--w->n]);
    if (x->row == 0)
        x->row = free_row(w);
    while (at < w->n && !goes_before(x->document, w->items[at].document))
        at++;
    memmove(&w->items[at + 1], &w->items[at], (w->n - at) * sizeof(w->items[0]));
    w->items[at] = *x;
    w->n++;
    *x = (struct kept_status){.document = NULL};
    return &w->items[at];
}

struct kept_status status_waiting_take(struct status_waiting *w)
{
    struct kept_status first = w->items[0];

    w->n--;
    memmove(&w->items[0], &w->items[1], w->n * sizeof(w->items[0]));
    w->items[w->n] = (struct kept_status){.document = NULL};
    return first;
}

void status_waiting_free(struct status_waiting *w)
{
    while (w->n > 0)
        kept_status_forget(&w->items[--w->n]);
}
