#ifndef HUFU_STORE_ROWS_H
#define HUFU_STORE_ROWS_H

#include "broker/store/store.h"

#include <sqlite3.h>

/* Records first <= sequence <= last, at most `limit` of them. */
struct row_window {
    uint64_t first, last;
    size_t limit;
};

struct record_rows {
    struct record *rows; /* freed by record_free_array() */
    size_t n, capacity;
};

/** Appends what fits the filter within the window (the filter's own bounds of sequence and limit are not
 * looked at), in the filter's order. 0; -EINVAL (no such reason); -errno. */
int rows_read(sqlite3 *db, const struct row_window *window, const struct record_filter *f,
              struct record_rows *rows);

#endif
