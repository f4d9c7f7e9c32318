#include "broker/daemon/loading_rows.h"

#include <errno.h>
#include <stdlib.h>

void loading_rows_done(struct loading_rows *rows)
{
    buf_done(&rows->octets);
    free(rows->items);
    *rows = (struct loading_rows){.octets = BUF_INIT};
}

void loading_rows_clear(struct loading_rows *rows)
{
    rows->octets.size = 0;
    rows->n = rows->next = 0;
}

static bool has_room(struct loading_rows *rows)
{
    size_t capacity = rows->capacity > 0 ? 2 * rows->capacity : 4;
    struct loading_row *more;

    if (rows->n < rows->capacity)
        return true;
    more = reallocarray(rows->items, capacity, sizeof(*more));
    if (!more)
        return false;
    rows->items = more;
    rows->capacity = capacity;
    return true;
}

static size_t put(struct loading_rows *rows, const uint8_t *octets, size_t size)
{
    size_t at = rows->octets.size;

    buf_put(&rows->octets, octets, size);
    return at;
}

int loading_rows_add(void *userdata, const struct store_document *d)
{
    struct loading_rows *rows = userdata;
    struct loading_row *x;

    if (!has_room(rows))
        return -ENOMEM;
    x = &rows->items[rows->n];
    *x = (struct loading_row){.row = d->row, .id = d->id, .size = d->size};
    x->document = put(rows, d->octets, d->size);
    x->n_approvals = d->n_approvals < QUORUM_VOTES_MAX ? d->n_approvals : QUORUM_VOTES_MAX;
    for (size_t i = 0; i < x->n_approvals; i++) {
        x->sizes[i] = d->approvals[i].size;
        x->approvals[i] = put(rows, d->approvals[i].data, d->approvals[i].size);
    }
    if (buf_error(&rows->octets) < 0)
        return -ENOMEM;
    rows->n++;
    return 0;
}

struct offer loading_rows_offer(const struct loading_rows *rows, size_t i,
                                struct octets approvals[static QUORUM_VOTES_MAX])
{
    const struct loading_row *x = &rows->items[i];
    const uint8_t *octets = rows->octets.data;

    for (size_t k = 0; k < x->n_approvals; k++)
        approvals[k] = (struct octets){octets + x->approvals[k], x->sizes[k]};
    return (struct offer){{octets + x->document, x->size}, approvals, x->n_approvals};
}
