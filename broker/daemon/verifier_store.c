#include "broker/daemon/verifier_internal.h"

#include <string.h>

/* What the store has of verdicts, and what it is to have. */

void verifier_load_from(struct verifier *v, struct store *s)
{
    v->store = s;
}

int verifier_load(struct verifier *v, const struct trust_set *t, const struct store_verdict *row)
{
    struct trust_verdict_key key;
    struct trust_verdict x;
    int r;

    memcpy(key.octets, row->key, sizeof(key.octets));
    r = trust_verdict_decode(row->octets, row->size, &key, &x);
    if (r < 0 || !t)
        return r;
    if (memcmp(row->basis, trust_set_basis(t), TRUST_BASIS_SIZE) != 0) {
        v->foreign = true;
        return 0;
    }
    verifier_reserve(v, ++v->n_loaded);
    verdict_cache_put(v->cache, &key, &x);
    return 0;
}

size_t verifier_n_loaded(const struct verifier *v)
{
    return v->n_loaded;
}

void verifier_loaded(struct verifier *v)
{
    v->store = NULL;
    v->noting = false;
    verifier_forget(v);
}

void verifier_note(struct verifier *v, bool noting)
{
    v->noting = noting;
}

size_t verifier_n_made(const struct verifier *v)
{
    return v->made.size / sizeof(struct made);
}

bool verifier_has_foreign(const struct verifier *v)
{
    return v->foreign;
}

bool verifier_write_made(struct verifier *v, const struct trust_set *t, struct store_txn *txn)
{
    bool any = v->made.size > 0;

    for (size_t at = 0; at < v->made.size; at += sizeof(struct made)) {
        struct made m;

        memcpy(&m, v->made.data + at, sizeof(m));
        verifier_write(txn, t, &m.key, &m.verdict);
    }
    buf_done(&v->made);
    v->made = BUF_INIT;
    return any;
}
