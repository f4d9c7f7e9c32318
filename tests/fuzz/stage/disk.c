#include "tests/fuzz/stage/disk.h"

#include "broker/store/store.h"
#include "broker/store/txn.h"
#include "tests/unit/support/issuing.h"

#include <errno.h>
#include <stdlib.h>

/* A transaction that waits, or one whose answer does. */
struct waiting {
    struct waiting *next;
    struct store *store;
    struct store_txn *txn; /* NULL: it was handed over */
    store_done *done;
    void *userdata;
    bool answered;
    int result;
    uint64_t sequence;
};

static enum disk_mood mood;
static struct waiting *first, **end = &first;

int __real_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);
int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata);

void disk_set(enum disk_mood to)
{
    must(!first);
    mood = to;
}

static void on_done(void *userdata, int result, uint64_t sequence)
{
    struct waiting *w = userdata;

    w->answered = true;
    w->result = result;
    w->sequence = sequence;
}

int __wrap_store_submit(struct store *s, struct store_txn *t, store_done *done, void *userdata)
{
    struct waiting *w;

    if (mood == DISK_TAKES || t->error < 0)
        return __real_store_submit(s, t, done, userdata);
    w = calloc(1, sizeof(*w));
    must(w != NULL);
    *w = (struct waiting){.store = s, .txn = t, .done = done, .userdata = userdata};
    *end = w;
    end = &w->next;
    if (mood != DISK_SILENT)
        return 0;
    w->txn = NULL;
    return __real_store_submit(s, t, on_done, w);
}

static void answer(const struct waiting *w, int result, uint64_t sequence)
{
    if (w->done)
        w->done(w->userdata, result, sequence);
}

static void go_on(struct waiting *w, bool refuses)
{
    if (!w->txn) {
        must(w->answered);
        answer(w, w->result, w->sequence);
    } else if (refuses && !w->txn->keep) {
        store_txn_free(w->txn);
        answer(w, -EIO, 0);
    } else {
        must(__real_store_submit(w->store, w->txn, w->done, w->userdata) == 0);
    }
}

void disk_go_on(void)
{
    bool refuses = mood == DISK_REFUSES;
    struct waiting *w = first;

    mood = DISK_TAKES;
    first = NULL;
    end = &first;
    while (w) {
        struct waiting *next = w->next;

        go_on(w, refuses);
        free(w);
        w = next;
    }
}
