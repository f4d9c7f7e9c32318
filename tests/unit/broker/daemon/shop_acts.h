#ifndef HUFU_TESTS_DAEMON_SHOP_ACTS_H
#define HUFU_TESTS_DAEMON_SHOP_ACTS_H

#include "tests/unit/broker/daemon/shop.h"

/* What is done to a shop while its grants are on their way, each to come out as if all had been there. */
struct shop_act {
    const char *what;
    void (*act)(struct shop *s);
};
extern const struct shop_act shop_acts[];
extern const size_t shop_n_acts;

/** Fails, and says where they differ, unless both dumps are the same. */
void shop_compare(const char *what, unsigned steps, const char *is, const char *expected);

#endif
