#ifndef HUFU_TESTS_UNIT_BROKER_STORE_SEEN_H
#define HUFU_TESTS_UNIT_BROKER_STORE_SEEN_H

#include "broker/store/store.h"

/* Fixture: what the visitors of store_load_*() saw, in order. Each test's visitors fill the array of their
 * kind. */

struct seen {
    struct store_document documents[8];
    char octets[8][64];
    char approvals[8][3][64];
    struct store_books books[8];
    struct store_session sessions[8];
    struct store_taken taken[8];
    size_t n;   /* of them all */
    int result; /* what a visitor answers */
};

extern struct seen seen;

void seen_forget(void);

#endif
