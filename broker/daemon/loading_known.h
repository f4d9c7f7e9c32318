#ifndef HUFU_DAEMON_LOADING_KNOWN_H
#define HUFU_DAEMON_LOADING_KNOWN_H

#include "policy/base/ident.h"
#include "policy/engine/hash_table.h"
#include "policy/engine/index.h"

/* The grants and persons that came at once, while all others are on their way. */
struct loading_known {
    uint8_t seed[GRANT_INDEX_SEED_SIZE];
    struct hash_table ids, names;
};

/** 0 or -ENOMEM. `k` must not be moved. */
int loading_known_init(struct loading_known *k, const uint8_t seed[static GRANT_INDEX_SEED_SIZE]);
void loading_known_done(struct loading_known *k);

bool loading_known_has_id(const struct loading_known *k, const struct ident_id *id);
bool loading_known_has_name(const struct loading_known *k, const char *name);
/** 0 or -ENOMEM. One that is there already stays. */
int loading_known_put_id(struct loading_known *k, const struct ident_id *id);
int loading_known_put_name(struct loading_known *k, const char *name);

#endif
