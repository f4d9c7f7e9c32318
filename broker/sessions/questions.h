#ifndef HUFU_SESSIONS_QUESTIONS_H
#define HUFU_SESSIONS_QUESTIONS_H

#include "broker/sessions/reaper_client.h"

#include <stddef.h>
#include <stdint.h>

/* What the reaper was asked and has not answered: in order, found by cookie, and as many as there are
 * sessions. */

struct question {
    struct question *next, **at;
    struct question *next_of_chain;
    uint32_t cookie;
    uint64_t until; /* CLOCK_BOOTTIME */
    reaper_done *done;
    void *userdata;
    uint8_t *frame; /* owned: what the socket has not taken yet; NULL: it has */
    size_t size;
};

#define QUESTIONS_CHAINS 1024 /* a power of two; cookies follow each other */

struct questions {
    struct question *first, **end;
    struct question *unsent; /* the first: what is behind it waits, too */
    struct question *chains[QUESTIONS_CHAINS];
};

void questions_init(struct questions *l);
void question_free(struct question *q);

/** Takes it over, as the last. */
void questions_put(struct questions *l, struct question *q);

/** Out of the list, the caller's to free; or NULL: of this cookie; the first whose time is over; all, linked
 * by `next`. */
struct question *questions_take(struct questions *l, uint32_t cookie);
struct question *questions_take_late(struct questions *l, uint64_t now);
struct question *questions_take_all(struct questions *l);

/** When the first of them has waited too long; UINT64_MAX if there is none. */
uint64_t questions_first_until(const struct questions *l);

/** The first that the socket has not taken, or NULL; and that it has now. */
struct question *questions_unsent(const struct questions *l);
void questions_set_sent(struct questions *l);

#endif
