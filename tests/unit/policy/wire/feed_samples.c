#include "feed_samples.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#define COPY(array, text) memcpy(array, text, sizeof(text))
#define MOST(array)       (memset(array, 'x', sizeof(array) - 1), (array)[sizeof(array) - 1] = 0)
#define OCTETS(text)      ((struct feed_octets){(const uint8_t *)(text), sizeof(text) - 1})

/* Zeroes, for what is as long as it may be. */
static const uint8_t many[FEED_BODY_MAX];

static const uint8_t uuids[2][16] = {
    {0x6f, 0x1a, 0x52, 0x0c, 0x5b, 0x3d, 0x10, 0x3f, 0x8a, 0x71, 0x0b, 0x26, 0xe2, 0x9c, 0x51, 0x01},
    {0x6f, 0x1a, 0x52, 0x0c, 0x5b, 0x3d, 0x10, 0x3f, 0x8a, 0x71, 0x0b, 0x26, 0xe2, 0x9c, 0x51, 0x02},
};

static void fill_start(struct feed_message *m)
{
    m->search = 3;
    COPY(m->host, "db1.finance.example");
    m->n_groups = 2;
    COPY(m->groups[0], "databases");
    COPY(m->groups[1], "hall-2");
    m->cookie = OCTETS("rid=001,csn=20261121");
}

static void fill_start_most(struct feed_message *m)
{
    m->search = UINT32_MAX;
    MOST(m->host);
    m->n_groups = FEED_GROUPS_MAX;
    for (size_t i = 0; i < FEED_GROUPS_MAX; i++)
        MOST(m->groups[i]);
    m->cookie = (struct feed_octets){many, FEED_COOKIE_MAX};
}

static void fill_claim(struct feed_message *m)
{
    m->number = 7;
    m->operation = FEED_TAKE;
    for (uint8_t i = 0; i < IDENT_ID_SIZE; i++)
        m->grant.octets[i] = (uint8_t)(0x10 + i);
    for (uint8_t i = 0; i < FEED_NONCE_SIZE; i++)
        m->nonce[i] = (uint8_t)(0xa0 + i);
}

static void fill_claim_most(struct feed_message *m)
{
    m->number = UINT32_MAX;
    m->operation = FEED_GIVE_BACK;
    memset(m->grant.octets, 0xff, sizeof(m->grant.octets));
    memset(m->nonce, 0xff, sizeof(m->nonce));
}

static void fill_begin(struct feed_message *m)
{
    m->search = 3;
    m->full = true;
}

static void fill_begin_most(struct feed_message *m)
{
    m->search = UINT32_MAX;
    m->full = true;
}

static void fill_entry(struct feed_message *m)
{
    m->search = 3;
    memcpy(m->uuid, uuids[0], sizeof(m->uuid));
    m->kind = FEED_DOCUMENT;
    COPY(m->name, "cn=1a2b.1,ou=grants,ou=hufu,dc=finance,dc=example");
    m->document = OCTETS("hufu-grant: 1\n");
    m->n_approvals = 2;
    m->approvals[0] = OCTETS("hufu-approval: 1\n");
    m->approvals[1] = OCTETS("?");
}

static void fill_entry_most(struct feed_message *m)
{
    const size_t head = 4 + 16 + 1 + 2 + FEED_NAME_MAX + 4 + 2 + 4 * FEED_APPROVALS_MAX;

    m->search = UINT32_MAX;
    memset(m->uuid, 0xff, sizeof(m->uuid));
    m->kind = FEED_HEARTBEAT;
    MOST(m->name);
    m->document = (struct feed_octets){many, FEED_BODY_MAX - head - FEED_APPROVALS_MAX};
    m->n_approvals = FEED_APPROVALS_MAX;
    for (size_t i = 0; i < FEED_APPROVALS_MAX; i++)
        m->approvals[i] = (struct feed_octets){many, 1};
}

static void fill_uuids(struct feed_message *m)
{
    m->search = 3;
    m->n_uuids = ARRAY_SIZE(uuids);
    m->uuids = uuids[0];
}

static void fill_uuids_most(struct feed_message *m)
{
    m->search = UINT32_MAX;
    m->n_uuids = FEED_PRESENT_MAX;
    m->uuids = many;
}

static void fill_end(struct feed_message *m)
{
    m->search = 3;
    m->refresh_deletes = true;
    m->count = 1942;
    m->cookie = OCTETS("rid=001,csn=20261122");
}

static void fill_end_most(struct feed_message *m)
{
    m->search = UINT32_MAX;
    m->refresh_deletes = true;
    m->count = UINT32_MAX;
    m->cookie = (struct feed_octets){many, FEED_COOKIE_MAX};
}

static void fill_cookie(struct feed_message *m)
{
    m->search = 3;
    m->cookie = OCTETS("rid=001,csn=20261123");
}

static void fill_cookie_most(struct feed_message *m)
{
    m->search = UINT32_MAX;
    m->cookie = (struct feed_octets){many, FEED_COOKIE_MAX};
}

static void fill_state(struct feed_message *m)
{
    m->state = FEED_FAILED;
    m->pushes = true;
    COPY(m->server, "ldaps://ldap1.finance.example");
    COPY(m->text, "Can't contact LDAP server");
    m->seconds = 34;
    m->claims_possible = true;
}

static void fill_state_most(struct feed_message *m)
{
    m->state = FEED_FAILED;
    m->pushes = true;
    MOST(m->server);
    MOST(m->text);
    m->seconds = UINT32_MAX;
    m->claims_possible = true;
}

static void fill_claimed(struct feed_message *m)
{
    fill_claim(m);
    m->outcome = FEED_EXHAUSTED;
}

static void fill_claimed_most(struct feed_message *m)
{
    fill_claim_most(m);
    m->outcome = FEED_UNKNOWN;
}

const struct feed_sample feed_samples[] = {
    {"feed-start", FEED_START, fill_start, fill_start_most},
    {"feed-claim", FEED_CLAIM, fill_claim, fill_claim_most},
    {"feed-begin", FEED_BEGIN, fill_begin, fill_begin_most},
    {"feed-entry", FEED_ENTRY, fill_entry, fill_entry_most},
    {"feed-delete", FEED_DELETE, fill_uuids, fill_uuids_most},
    {"feed-present", FEED_PRESENT, fill_uuids, fill_uuids_most},
    {"feed-end", FEED_END, fill_end, fill_end_most},
    {"feed-cookie", FEED_COOKIE, fill_cookie, fill_cookie_most},
    {"feed-state", FEED_STATE, fill_state, fill_state_most},
    {"feed-claimed", FEED_CLAIMED, fill_claimed, fill_claimed_most},
};
const size_t n_feed_samples = ARRAY_SIZE(feed_samples);

void feed_sample_fill(const struct feed_sample *s, void (*fill)(struct feed_message *m),
                      struct feed_message *m)
{
    memset(m, 0, sizeof(*m));
    m->type = s->type;
    fill(m);
}

static void assert_octets(const struct feed_octets *a, const struct feed_octets *b)
{
    assert_int_equal(a->size, b->size);
    if (a->size > 0)
        assert_memory_equal(a->data, b->data, a->size);
}

void feed_assert_equal(const struct feed_message *a, const struct feed_message *b)
{
    struct feed_message x = *a, y = *b;

    assert_octets(&a->cookie, &b->cookie);
    assert_octets(&a->document, &b->document);
    for (size_t i = 0; i < FEED_APPROVALS_MAX; i++)
        assert_octets(&a->approvals[i], &b->approvals[i]);
    assert_int_equal(a->n_uuids, b->n_uuids);
    if (a->n_uuids > 0)
        assert_memory_equal(a->uuids, b->uuids, a->n_uuids * sizeof(a->uuid));
    /* Everything else, without the addresses. */
    x.cookie.data = y.cookie.data = x.document.data = y.document.data = x.uuids = y.uuids = NULL;
    for (size_t i = 0; i < FEED_APPROVALS_MAX; i++)
        x.approvals[i].data = y.approvals[i].data = NULL;
    assert_memory_equal(&x, &y, sizeof(x));
}

static bool is_clear(const void *octets, size_t size)
{
    const uint8_t *at = octets;

    for (size_t i = 0; i < size; i++)
        if (at[i] != 0)
            return false;
    return true;
}

int feed_read_frame(const uint8_t *octets, size_t size, struct feed_message *ret)
{
    enum feed_type type = FEED_STATE;
    uint32_t length = 77;
    int r;

    memset(ret, 0xa5, sizeof(*ret));
    if (size < FRAME_HEADER_SIZE)
        return -EBADMSG;
    r = feed_parse_header(octets, &type, &length);
    if (r < 0) {
        assert_true(type == 0 && length == 0);
        return r;
    }
    if (size - FRAME_HEADER_SIZE != length)
        return -EBADMSG;
    r = feed_decode(type, octets + FRAME_HEADER_SIZE, length, ret);
    if (r < 0)
        assert_true(is_clear(ret, sizeof(*ret)));
    return r;
}
