#ifndef HUFU_TESTS_DAEMON_SHOP_H
#define HUFU_TESTS_DAEMON_SHOP_H

#include "tests/unit/broker/daemon/offices.h"

/* A store with grants of some persons, that a broker is started on again and again as it was at first. */
#define AN_ID(digit) digit digit digit digit digit digit digit digit
#define ID_JOB       AN_ID("1010") /* read before the others */
#define ID_TWO       AN_ID("1111")
#define ID_OTHER     AN_ID("2222")
#define ID_UNSIGNED  AN_ID("3333")
#define ID_CLOSED    AN_ID("4444")
#define ID_LEADERS   AN_ID("5555")
#define ID_NEW       AN_ID("6666")

struct shop {
    struct offices *o;
    char *unsigned_one, *lower, *higher, *new;
    void *store, *anchor;
    size_t store_size, anchor_size;
};

int shop_setup(void **state);
int shop_teardown(void **state);

/** The store as it was at first; no broker may run. */
void shop_put_back(struct shop *s);
/** Signed by two; NULL or the name of the error that it must end with, "" for none. */
void shop_hand_in(struct world *w, const char *text, const char *error);
/** A login that takes a use, and is over. */
void shop_use_one(struct world *w);
/** What is in the broker's memory of grants, and, after it was ended, in its store, with the number of
 * verdicts or only of what they rest on. The caller's to free. */
char *shop_dump(struct world *w, bool verdicts);

#endif
