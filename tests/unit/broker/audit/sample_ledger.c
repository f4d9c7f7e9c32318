#include "tests/unit/broker/audit/sample_ledger.h"

#include "broker/audit/event.h"
#include "tests/unit/broker/audit/samples.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define CHECKPOINT_EVERY 10

static int hash(void *userdata, uint8_t format, const void *octets, size_t size,
                uint8_t out[static RECORD_HASH_SIZE])
{
    const EVP_MD *md = format == RECORD_FORMAT_2_SM3 ? EVP_sm3() : EVP_sha256();

    (void)userdata;
    return EVP_Digest(octets, size, out, NULL, md, NULL) == 1 ? 0 : -ENOMEM;
}

/* ---- keys ---- */

static void key_make(struct sample_key *k)
{
    uint8_t digest[IDENT_FINGERPRINT_SIZE], *at = k->spki;
    struct ident_fingerprint f;
    int size;

    k->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(k->key);
    size = i2d_PUBKEY(k->key, &at);
    assert_in_range(size, 1, sizeof(k->spki));
    k->spki_size = (size_t)size;
    assert_int_equal(hash(NULL, RECORD_FORMAT_1, k->spki, k->spki_size, digest), 0);
    memcpy(f.octets, digest, sizeof(digest));
    ident_format_fingerprint(&f, k->fingerprint);
}

static void sign(struct checkpoint *c, EVP_PKEY *key)
{
    cleanup_buf struct buf octets = BUF_INIT;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    checkpoint_signed_octets(c, &octets);
    c->signature_size = 64;
    c->signature = malloc(c->signature_size);
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, c->signature, &c->signature_size, octets.data, octets.size), 1);
    EVP_MD_CTX_free(context);
}

static int verify(void *userdata, const struct checkpoint *c)
{
    struct sample_ledger *l = userdata;
    const struct sample_key *k = strcmp(c->key, l->key.fingerprint) == 0     ? &l->key
                                 : strcmp(c->key, l->other.fingerprint) == 0 ? &l->other
                                                                             : NULL;
    cleanup_buf struct buf octets = BUF_INIT;
    EVP_MD_CTX *context;
    int good;

    if (!k)
        return -ENOKEY;
    context = EVP_MD_CTX_new();
    checkpoint_signed_octets(c, &octets);
    assert_int_equal(EVP_DigestVerifyInit(context, NULL, NULL, NULL, k->key), 1);
    good = EVP_DigestVerify(context, c->signature, c->signature_size, octets.data, octets.size) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static int learn(void *userdata, const struct checkpoint_key *key)
{
    struct sample_ledger *l = userdata;

    return strcmp(key->key, l->key.fingerprint) == 0 || strcmp(key->key, l->other.fingerprint) == 0
               ? 0
               : -EBADMSG;
}

void sample_ledger_means(struct sample_ledger *l, struct chain_options *options)
{
    options->means = (struct chain_means){.hash = hash, .learn = learn, .verify = verify, .userdata = l};
}

/* ---- rows ---- */

static void put_detail(struct sample_ledger *l, size_t i, const char *event, struct buf *detail)
{
    struct record bare = sample_bare_record();

    bare.format = l->rows[i].format;
    bare.sequence = i + 1;
    bare.at_us += (int64_t)i * 1000000;
    bare.event = event;
    (void)snprintf(l->details[i], sizeof(l->details[i]), "%.*s", (int)detail->size, (char *)detail->data);
    bare.detail = l->details[i];
    l->rows[i] = bare;
}

void sample_ledger_checkpoint(struct sample_ledger *l, size_t i, size_t about, const struct sample_key *key)
{
    cleanup_buf struct buf detail = BUF_INIT;
    struct checkpoint c = {.sequence = l->rows[about].sequence,
                           .at = 1795219200,
                           .host = "db01",
                           .ledger = SAMPLE_LEDGER_ID,
                           .alg = "ed25519"};

    memcpy(c.hash, l->rows[about].hash, sizeof(c.hash));
    memcpy(c.key, key->fingerprint, sizeof(c.key));
    sign(&c, key->key);
    checkpoint_format(&c, &detail);
    put_detail(l, i, EVENT_CHECKPOINT, &detail);
    checkpoint_done(&c);
}

void sample_ledger_name_key(struct sample_ledger *l, size_t i, const struct sample_key *key)
{
    cleanup_buf struct buf detail = BUF_INIT;
    struct checkpoint_key k = {.alg = "ed25519", .spki = (uint8_t *)key->spki, .spki_size = key->spki_size};

    memcpy(k.key, key->fingerprint, sizeof(k.key));
    checkpoint_key_format(&k, &detail);
    put_detail(l, i, EVENT_LEDGER_KEY, &detail);
}

static void rehash_row(struct sample_ledger *l, size_t i)
{
    cleanup_buf struct buf octets = BUF_INIT;
    struct record *r = &l->rows[i];

    r->sequence = i + 1;
    memset(r->previous, 0, sizeof(r->previous));
    if (i > 0)
        memcpy(r->previous, l->rows[i - 1].hash, sizeof(r->previous));
    buf_put(&octets, r->previous, sizeof(r->previous));
    record_encode(r, &octets);
    assert_int_equal(buf_error(&octets), 0);
    assert_int_equal(hash(NULL, r->format, octets.data, octets.size, r->hash), 0);
}

void sample_ledger_rehash(struct sample_ledger *l, size_t i)
{
    for (; i < l->n; i++)
        rehash_row(l, i);
}

void sample_ledger_resign(struct sample_ledger *l, size_t i, const struct sample_key *key)
{
    for (; i < l->n; i++) {
        if (strcmp(l->rows[i].event, EVENT_CHECKPOINT) == 0)
            sample_ledger_checkpoint(l, i, i - 1, key);
        rehash_row(l, i);
    }
}

void sample_ledger_remove(struct sample_ledger *l, size_t i)
{
    memmove(&l->rows[i], &l->rows[i + 1], (l->n - i - 1) * sizeof(l->rows[0]));
    l->n--;
}

void sample_ledger_insert(struct sample_ledger *l, size_t i, const struct record *r)
{
    const struct record copy = *r;

    assert_true(l->n < SAMPLE_ROWS_MAX);
    memmove(&l->rows[i + 1], &l->rows[i], (l->n - i) * sizeof(l->rows[0]));
    l->rows[i] = copy;
    l->n++;
}

void sample_ledger_make(struct sample_ledger *l, uint8_t format, size_t n)
{
    *l = (struct sample_ledger){.n = n};
    key_make(&l->key);
    key_make(&l->other);
    for (size_t i = 0; i < n; i++) {
        l->rows[i] = i == 0 ? sample_bare_record() : sample_record();
        l->rows[i].at_us += (int64_t)i * 1000000;
        l->rows[i].format = format;
        if (i == 1)
            sample_ledger_name_key(l, i, &l->key);
        else if (i > 1 && (i % CHECKPOINT_EVERY == 0 || i == n - 1))
            sample_ledger_checkpoint(l, i, i - 1, &l->key);
        rehash_row(l, i);
    }
}

void sample_ledger_done(struct sample_ledger *l)
{
    EVP_PKEY_free(l->key.key);
    EVP_PKEY_free(l->other.key);
}

/* ---- judging ---- */

/* The segments are gone when the first record comes, as they are for whoever reads a stream. */
static int begin(const struct chain_options *options, struct chain **ret)
{
    struct sealed_segment *lent = calloc(options->n_segments + 1, sizeof(*lent));
    struct chain_options o = *options;
    int r;

    assert_non_null(lent);
    if (o.n_segments > 0)
        memcpy(lent, o.segments, o.n_segments * sizeof(*lent));
    o.segments = lent;
    r = chain_new(&o, ret);
    memset(lent, 0, (o.n_segments + 1) * sizeof(*lent));
    free(lent);
    return r;
}

struct chain_report sample_ledger_judge(struct sample_ledger *l, const struct chain_options *options)
{
    cleanup(chain_free_p) struct chain *c = NULL;
    int r = begin(options, &c);

    for (size_t i = 0; i < l->n && r == 0; i++)
        r = chain_take(c, &l->rows[i]);
    if (r == 0)
        r = chain_end(c);
    assert_true(r == 0 || r == -EBADMSG);
    assert_int_equal(r == 0, chain_report(c)->fault.what == CHAIN_SOUND);
    return *chain_report(c);
}

struct chain_report sample_ledger_judge_pinned(struct sample_ledger *l)
{
    const char *const pinned[] = {l->key.fingerprint};
    struct chain_options options = {.ledger = SAMPLE_LEDGER_ID, .pinned = pinned, .n_pinned = 1};

    sample_ledger_means(l, &options);
    return sample_ledger_judge(l, &options);
}

struct chain_witness sample_ledger_witness(const struct sample_ledger *l, size_t i,
                                           enum chain_witness_kind kind)
{
    struct chain_witness w = {.sequence = l->rows[i].sequence, .kind = kind};

    memcpy(w.hash, l->rows[i].hash, sizeof(w.hash));
    return w;
}
