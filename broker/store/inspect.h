#ifndef HUFU_STORE_INSPECT_H
#define HUFU_STORE_INSPECT_H

#include "broker/store/store.h"

/* What is in a copy of a store that nobody uses. */
struct store_inspection {
    char host[65];
    char machine_id[33];
    char ledger[33]; /* its id */
    uint64_t first, last;
    uint8_t hash[RECORD_HASH_SIZE]; /* of the last record */
    int64_t first_us, last_us;      /* 0: there is none */
    uint64_t grants, uses, tombstones, locks, sessions_open;
};

/** Checks all of it: pages, tables, and the hash of each record. Reads the file alone and changes nothing;
 * what lies beside it is not looked at. `opened` (may be NULL) is called once the file is open and before
 * anything in it is believed: whoever has rights gives them up there; below zero ends it. 0; -EBADMSG
 * (damaged); -EPROTO (of another version); -errno; `error` says what. */
int store_inspect(const struct store_options *options, int (*opened)(void *userdata), void *userdata,
                  struct store_inspection *ret, char error[static 200]);

#endif
