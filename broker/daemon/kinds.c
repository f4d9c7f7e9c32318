#include "broker/daemon/kinds.h"

#include "broker/common/clock.h"
#include "broker/trust/digest.h"
#include "policy/base/ident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kind *find(const struct kinds *kinds, const char *key)
{
    for (struct kind *k = kinds->first; k; k = k->next)
        if (strcmp(k->key, key) == 0)
            return k;
    return NULL;
}

/* A digest has no blanks. */
static bool is_common(const char *key)
{
    return strchr(key, ' ') != NULL;
}

struct kind *kind_of_key(struct kinds *kinds, const char *key)
{
    struct kind *k = find(kinds, key);

    if (!k)
        k = calloc(1, sizeof(*k));
    if (!k || k->kinds)
        return k;
    (void)snprintf(k->key, sizeof(k->key), "%s", key);
    k->common = is_common(key);
    k->since = k->last = clock_boot_us();
    k->kinds = kinds;
    k->next = kinds->first;
    kinds->first = k;
    kinds->n++;
    kinds->n_special += !k->common;
    return k;
}

static void forget(struct kind *k)
{
    k->kinds->n--;
    k->kinds->n_special -= !k->common;
    tally_free(k->counted);
    tally_free(k->closing);
    free(k);
}

/* There are as many of these as hufud has events and reasons. */
static void common_key(const struct record *r, char key[static KIND_KEY_SIZE])
{
    const char *reason = r->reason != 0 ? reason_name(r->reason) : NULL;

    (void)snprintf(key, KIND_KEY_SIZE, "%.40s %.10s %.40s", r->event, r->result, reason ? reason : "-");
}

static int special_key(const struct record *r, const char *about, char key[static KIND_KEY_SIZE])
{
    cleanup_buf struct buf b = BUF_INIT;
    uint8_t digest[32];
    int e;

    buf_put_string(&b, r->event);
    buf_put_string(&b, r->result);
    buf_put_u16(&b, (uint16_t)r->reason);
    buf_put_u8(&b, about != NULL);
    if (about) {
        buf_put_string(&b, about);
    } else {
        buf_put_string(&b, r->staff);
        buf_put_string(&b, r->account);
        buf_put_string(&b, r->service);
        buf_put_string(&b, r->grant);
        buf_put_u64(&b, r->session);
        buf_put_u32(&b, r->actor);
    }
    e = buf_error(&b) < 0 ? buf_error(&b) : digest_sha256(b.data, b.size, digest);
    if (e == 0)
        ident_format_hex(digest, 16, key);
    return e;
}

struct kind *kind_of(struct kinds *kinds, const struct record *r, const char *about)
{
    char key[KIND_KEY_SIZE];

    if (special_key(r, about, key) < 0 || (!find(kinds, key) && kinds->n_special >= KINDS_SPECIAL))
        common_key(r, key);
    return kind_of_key(kinds, key);
}

void kinds_sweep(struct kinds *kinds, bool (*keep)(struct kind *k, void *userdata), void *userdata)
{
    for (struct kind **at = &kinds->first; *at;) {
        struct kind *k = *at;

        if (keep(k, userdata)) {
            at = &k->next;
        } else {
            *at = k->next;
            forget(k);
        }
    }
}

static bool keep_none(struct kind *k, void *userdata)
{
    (void)k;
    (void)userdata;
    return false;
}

void kinds_done(struct kinds *kinds)
{
    kinds_sweep(kinds, keep_none, NULL);
}
