#include "tests/unit/broker/store/whole.h"

#include "broker/store/load_grants.h"

#include <limits.h>

int whole_documents(struct store *s, int (*visit)(void *u, const struct store_document *d), void *u)
{
    int r = store_load_few(s, visit, u);

    return r < 0 ? r : store_load_grants(s, 0, UINT_MAX, visit, u);
}

int whole_books(struct store *s, int (*visit)(void *u, const struct store_books *b), void *u)
{
    return store_load_some_books(s, NULL, UINT_MAX, visit, u);
}

int whole_verdicts(struct store *s, int (*visit)(void *u, const struct store_verdict *v), void *u)
{
    return store_load_some_verdicts(s, NULL, UINT_MAX, visit, u);
}
