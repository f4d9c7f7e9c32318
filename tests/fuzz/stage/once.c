#include "tests/fuzz/stage/once.h"

#include "broker/store/schema.h"
#include "broker/trust/ledger_key.h"
#include "broker/trust/trust_set.h"
#include "tests/unit/support/issuing.h"

#include <stdlib.h>
#include <string.h>

#define TRUSTS_MAX 512

static struct made {
    char *octets;
    size_t size;
    void *of_them;
} trusts[TRUSTS_MAX], key;
static size_t n_trusts;
static bool are_copies;

int __real_trust_set_new(const void *octets, size_t size, struct trust_set **ret,
                         struct document_error *error);
int __wrap_trust_set_new(const void *octets, size_t size, struct trust_set **ret,
                         struct document_error *error);
int __real_ledger_key_parse(const char *pem, size_t size, struct ledger_key **ret);
int __wrap_ledger_key_parse(const char *pem, size_t size, struct ledger_key **ret);
struct ledger_key *__real_ledger_key_free(struct ledger_key *k);
struct ledger_key *__wrap_ledger_key_free(struct ledger_key *k);
int __real_schema_verify(sqlite3 *db, const char *const *steps, size_t n_steps);
int __wrap_schema_verify(sqlite3 *db, const char *const *steps, size_t n_steps);

static bool is_of(const struct made *m, const void *octets, size_t size)
{
    return m->of_them && m->size == size && memcmp(m->octets, octets, size) == 0;
}

static void remember(struct made *m, const void *octets, size_t size, void *of_them)
{
    *m = (struct made){.octets = malloc(size), .size = size, .of_them = of_them};
    must(m->octets != NULL);
    memcpy(m->octets, octets, size);
}

int __wrap_trust_set_new(const void *octets, size_t size, struct trust_set **ret,
                         struct document_error *error)
{
    int r;

    for (size_t i = 0; i < n_trusts; i++)
        if (is_of(&trusts[i], octets, size)) {
            *ret = trust_set_ref(trusts[i].of_them);
            return 0;
        }
    r = __real_trust_set_new(octets, size, ret, error);
    if (r == 0 && n_trusts < TRUSTS_MAX)
        remember(&trusts[n_trusts++], octets, size, trust_set_ref(*ret));
    return r;
}

int __wrap_ledger_key_parse(const char *pem, size_t size, struct ledger_key **ret)
{
    int r = 0;

    if (!is_of(&key, pem, size))
        r = __real_ledger_key_parse(pem, size, ret);
    else
        *ret = key.of_them;
    if (r == 0 && !key.of_them)
        remember(&key, pem, size, *ret);
    return r;
}

struct ledger_key *__wrap_ledger_key_free(struct ledger_key *k)
{
    return k == key.of_them ? NULL : __real_ledger_key_free(k);
}

void once_stores_are_copies(void)
{
    are_copies = true;
}

int __wrap_schema_verify(sqlite3 *db, const char *const *steps, size_t n_steps)
{
    return are_copies ? 0 : __real_schema_verify(db, steps, n_steps);
}
