#ifndef HUFU_DAEMON_LOADING_INTERNAL_H
#define HUFU_DAEMON_LOADING_INTERNAL_H

#include "broker/daemon/grants_waiters.h"
#include "broker/daemon/loading.h"
#include "broker/daemon/loading_known.h"
#include "broker/daemon/loading_rows.h"

/* What loading.c, which has a grant come when somebody asks, shares with loading_steps.c, which has all
 * others come by and by. */

enum loading_phase {
    LOADING_VERDICTS, /* in the order in which they lie there: to look for them one by one takes twice as long
                       */
    LOADING_DOCUMENTS,
    LOADING_BOOKS,     /* of those that did not come at once */
    LOADING_DIRECTORY, /* what the directory says of them */
    LOADING_WHOLE,
};

struct loading {
    struct broker *broker;
    when_t now; /* of the start: by which grants are judged */
    enum loading_phase phase;
    struct loading_known known;
    int64_t row, last;                  /* the documents up to `row` are there; `last`: that there are */
    struct loading_rows rows;           /* read, and on their way */
    struct ident_id books;              /* the books up to this id are there */
    uint8_t verdict[STORE_VERDICT_KEY]; /* and verdicts were looked at up to this key */
    bool any_books, any_verdicts;
    bool verifies;    /* little is verified under this trust: workers go ahead */
    size_t n_pending; /* on the workers */
    sd_event_source *source, *retry;
    int error;
    struct grants_waiters waiters;
    uint64_t told_alive_us;
};

/** A row that was read. 0 or -errno. */
int loading_take_row(struct loading *l, const struct loading_rows *rows, size_t i);
/** Returns `r`. */
int loading_note_damage(struct loading *l, int r);
/** From now on when the loop has nothing else to do. 0 or -errno. */
int loading_arm(struct loading *l);

#endif
