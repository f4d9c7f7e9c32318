#include "tests/fuzz/stage/published.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/provider.h"
#include "tests/fuzz/stage/scene.h"
#include "tests/fuzz/stage/statuses.h"
#include "tests/fuzz/stage/trusts.h"

#include <stdio.h>
#include <string.h>

enum { TRUST_ENTRY = 1, STATUS_ENTRY }; /* first octet of their entryUUID */

static struct feed_octets octets_of(const char *text)
{
    return (struct feed_octets){(const uint8_t *)text, strlen(text)};
}

static struct feed_message entry_of(uint8_t uuid, const char *document)
{
    struct feed_message m = {.type = FEED_ENTRY, .kind = FEED_DOCUMENT, .uuid = {uuid}};

    (void)snprintf(m.name, sizeof(m.name), "cn=%u,ou=test", uuid);
    m.document = octets_of(document);
    return m;
}

static void sign(struct feed_message *m, const char *approval)
{
    m->approvals[m->n_approvals++] = octets_of(approval);
}

static struct feed_message entry_of_trust(const struct trusts_paper *p)
{
    struct feed_message m = entry_of(TRUST_ENTRY, trusts_text(p));

    for (unsigned key = 0; key < KEYS_ALL; key++)
        if ((p->keys & (1U << key)) != 0)
            sign(&m, keys_trust_approval(p->list, p->epoch, key));
    return m;
}

static struct feed_message entry_of_status(const struct model_status *s, unsigned keys)
{
    struct feed_message m = entry_of(STATUS_ENTRY, statuses_text(s->kind, s->trust_epoch, s->epoch));

    for (unsigned key = KEYS_STATUS; key < KEYS_EVERY; key++)
        if ((keys & (1U << key)) != 0)
            sign(&m, statuses_approval(s->kind, s->trust_epoch, s->epoch, key));
    return m;
}

/* Of the epoch in force, the next, or the one before; signed by the first key, the next one, both or none. */
static struct model_status take_status(struct input *in, unsigned trust_epoch, unsigned *keys)
{
    unsigned which = take(in), octet = take(in), of_trust = trust_epoch + (octet >> 3) % 3;

    *keys = (~(octet >> 6) & 3U) << KEYS_STATUS;
    return (struct model_status){.there = true,
                                 .trust_epoch = of_trust > 1 ? of_trust - 1 : 1,
                                 .epoch = 1 + (octet & 7) % (STATUSES_EPOCHS - 1),
                                 .kind = which % STATUSES_KINDS};
}

/* Trust files come first, also if they are told last. */
void published_operate(struct input *in)
{
    struct model *m = &scene.model;
    static struct feed_message entries[2];
    uint8_t what = take(in);
    bool has_trust = (what & 1) != 0, has_status = (what & 2) != 0;
    struct trusts_paper trust = {.epoch = 0};
    struct model_status status = {.there = false};
    unsigned n = 0, keys = 0;

    if (m->trust.epoch + 3 >= KEYS_EPOCHS)
        return;
    if (has_trust)
        trust = trusts_take(in, m->trust.epoch);
    if (has_status)
        status = take_status(in, m->trust.epoch + ((what & 4) != 0), &keys);
    if (has_status)
        entries[n++] = entry_of_status(&status, keys);
    if (has_trust)
        entries[n++] = entry_of_trust(&trust);
    scene_look();
    provider_publish(entries, n);
    scene_look();
    if (has_trust && trusts_may_follow(m, &trust)) {
        model_trust(m, trust.list, trust.epoch);
        model_keep_trust(m);
    }
    if (has_status && model_status_counts(m, &status, keys))
        model_heed_status(m, &status);
}
