#include "broker/audit/checkpoint.h"

#include "policy/base/ident.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096

void checkpoint_done(struct checkpoint *c)
{
    free(c->signature);
    c->signature = NULL;
}

void checkpoint_key_done(struct checkpoint_key *k)
{
    free(k->spki);
    k->spki = NULL;
}

static void put_base64(struct buf *b, const uint8_t *octets, size_t size)
{
    cleanup_free char *text = ident_base64_encode(octets, size);

    if (text)
        buf_puts(b, text);
    else
        b->error = b->error < 0 ? b->error : -ENOMEM;
}

void checkpoint_format(const struct checkpoint *c, struct buf *b)
{
    char hash[2 * RECORD_HASH_SIZE + 1], at[WHEN_TEXT_SIZE];

    ident_format_hex(c->hash, sizeof(c->hash), hash);
    when_format(c->at, at);
    buf_printf(b,
               "sequence=%" PRIu64 " hash=%s at=%s host=%s ledger=%s key=%s alg=%s signature=", c->sequence,
               hash, at, c->host, c->ledger, c->key, c->alg);
    put_base64(b, c->signature, c->signature_size);
}

void checkpoint_signed_octets(const struct checkpoint *c, struct buf *b)
{
    char hash[2 * RECORD_HASH_SIZE + 1], at[WHEN_TEXT_SIZE];

    ident_format_hex(c->hash, sizeof(c->hash), hash);
    when_format(c->at, at);
    buf_printf(b,
               "hufu-checkpoint: 1\nhost: %s\nledger: %s\nsequence: %" PRIu64
               "\nhash: %s\nat: %s\nkey: %s\nalg: %s\n",
               c->host, c->ledger, c->sequence, hash, at, c->key, c->alg);
}

void checkpoint_key_format(const struct checkpoint_key *k, struct buf *b)
{
    buf_printf(b, "key=%s alg=%s public=", k->key, k->alg);
    put_base64(b, k->spki, k->spki_size);
}

/* ---- reading ---- */

struct word {
    const char *text;
    size_t length;
};

/* "NAME=VALUE" and a blank behind it, or the end. */
static int take(const char **at, const char *name, struct word *ret)
{
    size_t length = strlen(name);

    if (strncmp(*at, name, length) != 0 || (*at)[length] != '=')
        return -EINVAL;
    ret->text = *at + length + 1;
    ret->length = strcspn(ret->text, " ");
    *at = ret->text + ret->length;
    if (**at == ' ')
        ++*at;
    return ret->length > 0 ? 0 : -EINVAL;
}

static int take_text(const char **at, const char *name, char *ret, size_t size)
{
    struct word w;

    if (take(at, name, &w) < 0 || w.length >= size)
        return -EINVAL;
    memcpy(ret, w.text, w.length);
    ret[w.length] = '\0';
    return 0;
}

static int take_sequence(const char **at, uint64_t *ret)
{
    char text[24], *end;

    if (take_text(at, "sequence", text, sizeof(text)) < 0 || text[0] < '1' || text[0] > '9')
        return -EINVAL;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *ret <= INT64_MAX ? 0 : -EINVAL;
}

static int take_hash(const char **at, uint8_t hash[static RECORD_HASH_SIZE])
{
    struct word w;

    return take(at, "hash", &w) < 0 ? -EINVAL : ident_parse_hex(w.text, w.length, hash, RECORD_HASH_SIZE);
}

static int take_time(const char **at, when_t *ret)
{
    struct word w;

    return take(at, "at", &w) < 0 ? -EINVAL : when_parse(w.text, w.length, ret);
}

static int take_ledger(const char **at, char ret[static CHECKPOINT_LEDGER_SIZE])
{
    uint8_t id[(CHECKPOINT_LEDGER_SIZE - 1) / 2];

    if (take_text(at, "ledger", ret, CHECKPOINT_LEDGER_SIZE) < 0)
        return -EINVAL;
    return ident_parse_hex(ret, strlen(ret), id, sizeof(id));
}

static int take_host(const char **at, char ret[static CHECKPOINT_HOST_SIZE])
{
    if (take_text(at, "host", ret, CHECKPOINT_HOST_SIZE) < 0)
        return -EINVAL;
    return ident_is_name(ret, strlen(ret)) ? 0 : -EINVAL;
}

static int take_key(const char **at, char ret[static CHECKPOINT_KEY_SIZE])
{
    struct ident_fingerprint fingerprint;

    if (take_text(at, "key", ret, CHECKPOINT_KEY_SIZE) < 0)
        return -EINVAL;
    return ident_parse_fingerprint(ret, strlen(ret), &fingerprint);
}

/* The rest belongs to whoever knows algorithms. */
static int take_alg(const char **at, char ret[static CHECKPOINT_ALG_SIZE])
{
    if (take_text(at, "alg", ret, CHECKPOINT_ALG_SIZE) < 0)
        return -EINVAL;
    return ret[strspn(ret, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' ? 0 : -EINVAL;
}

static int take_base64(const char **at, const char *name, uint8_t **ret, size_t *ret_size)
{
    struct word w;

    return take(at, name, &w) < 0 ? -EINVAL : ident_base64_decode(w.text, w.length, ret, ret_size);
}

/* What is read must write itself again: so there is one text for each, and nothing between or behind. */
static int settle(struct buf *again, const char *text)
{
    if (buf_error(again) < 0)
        return buf_error(again);
    return again->size == strlen(text) && memcmp(again->data, text, again->size) == 0 ? 0 : -EINVAL;
}

int checkpoint_parse(const char *text, struct checkpoint *ret)
{
    cleanup_checkpoint struct checkpoint c = {0};
    cleanup_buf struct buf again = BUF_INIT;
    const char *at = text;
    int r;

    *ret = (struct checkpoint){0};
    if (strlen(text) > TEXT_MAX || take_sequence(&at, &c.sequence) < 0 || take_hash(&at, c.hash) < 0 ||
        take_time(&at, &c.at) < 0 || take_host(&at, c.host) < 0 || take_ledger(&at, c.ledger) < 0 ||
        take_key(&at, c.key) < 0 || take_alg(&at, c.alg) < 0)
        return -EINVAL;
    r = take_base64(&at, "signature", &c.signature, &c.signature_size);
    if (r < 0)
        return r;
    checkpoint_format(&c, &again);
    r = settle(&again, text);
    if (r < 0)
        return r;
    *ret = c;
    c.signature = NULL;
    return 0;
}

int checkpoint_key_parse(const char *text, struct checkpoint_key *ret)
{
    cleanup_checkpoint_key struct checkpoint_key k = {0};
    cleanup_buf struct buf again = BUF_INIT;
    const char *at = text;
    int r;

    *ret = (struct checkpoint_key){0};
    if (strlen(text) > TEXT_MAX || take_key(&at, k.key) < 0 || take_alg(&at, k.alg) < 0)
        return -EINVAL;
    r = take_base64(&at, "public", &k.spki, &k.spki_size);
    if (r < 0)
        return r;
    checkpoint_key_format(&k, &again);
    r = settle(&again, text);
    if (r < 0)
        return r;
    *ret = k;
    k.spki = NULL;
    return 0;
}
