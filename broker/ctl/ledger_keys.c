#include "broker/ctl/ledger_keys.h"

#include "broker/common/files.h"
#include "broker/trust/digest.h"

#include <errno.h>
#include <string.h>

#define KEY_FILE_MAX ((size_t)64 * 1024)

void ledger_keys_done(struct ledger_keys *k)
{
    for (size_t i = 0; i < k->n; i++)
        ledger_public_free(k->keys[i]);
    k->n = k->n_pinned = 0;
}

static struct ledger_public *find(const struct ledger_keys *k, const char *fingerprint)
{
    for (size_t i = 0; i < k->n; i++)
        if (strcmp(k->fingerprints[i], fingerprint) == 0)
            return k->keys[i];
    return NULL;
}

/* Takes `key` over. 0; -EBADMSG: there are too many. */
static int add(struct ledger_keys *k, struct ledger_public *key)
{
    cleanup(ledger_public_free_p) struct ledger_public *owned = key;

    if (find(k, ledger_public_fingerprint(key)))
        return 0;
    if (k->n == LEDGER_KEYS_MAX)
        return -EBADMSG;
    k->fingerprints[k->n] = ledger_public_fingerprint(key);
    k->keys[k->n] = steal_pointer(&owned);
    k->n++;
    return 0;
}

static enum exit_code pin(const struct cli *cli, struct ledger_keys *k, const char *path)
{
    cleanup_free char *pem = NULL;
    struct ledger_public *key;
    const char *fault;
    size_t size;
    int r = files_read(path, (uid_t)-1, KEY_FILE_MAX, &pem, &size);

    if (r < 0)
        return cli_fail(cli, r == -ENOENT ? EXIT_NOT_FOUND : EXIT_REFUSED, _("%s cannot be read: %s"), path,
                        strerror(-r));
    r = ledger_public_from_pem(pem, size, &key, &fault);
    if (r == -EINVAL)
        return cli_fail(cli, EXIT_USAGE, _("%s: %s; `hufuctl audit key` on the host writes it"), path,
                        _(fault));
    if (r == 0)
        r = add(k, key);
    return r < 0 ? cli_fail(cli, EXIT_REFUSED, _("out of memory")) : EXIT_DONE;
}

enum exit_code ledger_keys_pin(const struct cli *cli, struct ledger_keys *k, const struct option_list *paths)
{
    enum exit_code code = EXIT_DONE;

    for (size_t i = 0; i < paths->count && code == EXIT_DONE; i++)
        code = pin(cli, k, paths->items[i]);
    k->n_pinned = k->n;
    return code;
}

int ledger_keys_name(struct ledger_keys *k, const char *pem)
{
    struct ledger_public *key;
    const char *fault;
    int r = pem ? ledger_public_from_pem(pem, strlen(pem), &key, &fault) : -EINVAL;

    if (r == 0)
        r = add(k, key);
    return r == -ENOMEM ? r : 0;
}

/* ---- for the chain ---- */

static int hash(void *userdata, uint8_t format, const void *octets, size_t size,
                uint8_t out[static RECORD_HASH_SIZE])
{
    (void)userdata;
    return format == RECORD_FORMAT_2_SM3 ? digest_sm3(octets, size, out) : digest_sha256(octets, size, out);
}

static int learn(void *userdata, const struct checkpoint_key *k)
{
    struct ledger_keys *keys = userdata;
    struct ledger_public *key;
    const char *fault;
    int r = ledger_public_from_der(k->spki, k->spki_size, &key, &fault);

    if (r < 0)
        return r == -EINVAL ? -EBADMSG : r;
    if (strcmp(ledger_public_fingerprint(key), k->key) != 0) {
        ledger_public_free(key);
        return -EBADMSG;
    }
    return add(keys, key);
}

/* Where keys were given, one that a ledger names by itself is nobody's. */
static const struct ledger_public *find_counting(const struct ledger_keys *k, const char *fingerprint)
{
    for (size_t i = 0; i < (k->n_pinned > 0 ? k->n_pinned : k->n); i++)
        if (strcmp(k->fingerprints[i], fingerprint) == 0)
            return k->keys[i];
    return NULL;
}

int ledger_keys_verify(const struct ledger_keys *k, const struct checkpoint *c)
{
    const struct ledger_public *key = find_counting(k, c->key);
    cleanup_buf struct buf octets = BUF_INIT;

    if (!key)
        return -ENOKEY;
    checkpoint_signed_octets(c, &octets);
    if (buf_error(&octets) < 0)
        return buf_error(&octets);
    return ledger_public_verify(key, c->alg, octets.data, octets.size, c->signature, c->signature_size);
}

static int verify(void *userdata, const struct checkpoint *c)
{
    return ledger_keys_verify(userdata, c);
}

void ledger_keys_bind(struct ledger_keys *k, struct chain_options *options)
{
    options->means = (struct chain_means){.hash = hash, .learn = learn, .verify = verify, .userdata = k};
    options->pinned = k->fingerprints;
    options->n_pinned = k->n_pinned;
    options->named = k->n > k->n_pinned ? k->fingerprints + k->n_pinned : NULL;
    options->n_named = k->n - k->n_pinned;
}
