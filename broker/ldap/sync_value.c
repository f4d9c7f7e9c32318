#include "broker/ldap/sync_value.h"

#include "policy/base/cleanup.h"
#include "policy/wire/feed.h"

#include <errno.h>
#include <string.h>

#define TAG_SEQUENCE        0x30U
#define TAG_SET             0x31U
#define TAG_OCTETS          0x04U
#define TAG_BOOLEAN         0x01U
#define TAG_ENUMERATED      0x0aU
#define TAG_NEW_COOKIE      0x80U
#define TAG_REFRESH_DELETE  0xa1U
#define TAG_REFRESH_PRESENT 0xa2U
#define TAG_ID_SET          0xa3U

/* Reads `value` by way of liblber's copy; what it finds is told as a place in `value` itself. */
struct reader {
    BerElement *ber;
    const struct berval *value;
};

static void free_reader(struct reader *r)
{
    if (r->ber)
        ber_free(r->ber, 1);
}

static int open_reader(const struct berval *value, struct reader *r)
{
    struct berval copy = *value;

    *r = (struct reader){.value = value};
    if (value->bv_len == 0 || !value->bv_val)
        return -EBADMSG;
    r->ber = ber_init(&copy);
    return r->ber ? 0 : -ENOMEM;
}

static size_t octets_left(const struct reader *r)
{
    ber_len_t left = 0;

    return ber_get_option(r->ber, LBER_OPT_BER_REMAINING_BYTES, &left) == LBER_OPT_SUCCESS ? left : 0;
}

static bool is_next(const struct reader *r, ber_tag_t tag)
{
    ber_len_t length;

    return octets_left(r) > 0 && ber_peek_tag(r->ber, &length) == tag;
}

/* Steps into a constructed element that must be all that is left. */
static bool enter(struct reader *r, ber_tag_t tag)
{
    ber_len_t length = 0;

    return octets_left(r) > 0 && ber_skip_tag(r->ber, &length) == tag && length == octets_left(r);
}

static bool take(struct reader *r, ber_tag_t tag, struct berval *ret)
{
    struct berval content;

    if (octets_left(r) == 0 || ber_skip_element(r->ber, &content) != tag)
        return false;
    ret->bv_len = content.bv_len;
    ret->bv_val = r->value->bv_val + (r->value->bv_len - octets_left(r) - content.bv_len);
    return true;
}

static bool take_cookie(struct reader *r, struct berval *cookie)
{
    *cookie = (struct berval){0};
    return !is_next(r, TAG_OCTETS) || take(r, TAG_OCTETS, cookie);
}

/* RFC 4511, 5.1: TRUE is 0xff. */
static bool take_boolean(struct reader *r, bool otherwise, bool *ret)
{
    struct berval content;

    *ret = otherwise;
    if (!is_next(r, TAG_BOOLEAN))
        return true;
    if (!take(r, TAG_BOOLEAN, &content) || content.bv_len != 1)
        return false;
    *ret = content.bv_val[0] != 0;
    return content.bv_val[0] == 0 || (uint8_t)content.bv_val[0] == 0xff;
}

static bool take_uuid(struct reader *r, const uint8_t **uuid)
{
    struct berval content;

    if (!take(r, TAG_OCTETS, &content) || content.bv_len != SYNC_UUID_SIZE)
        return false;
    *uuid = (const uint8_t *)content.bv_val;
    return true;
}

int sync_write_request(enum sync_mode mode, const uint8_t *cookie, size_t size, struct berval **ret)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    struct berval octets = {.bv_len = size, .bv_val = (char *)cookie};
    int r;

    *ret = NULL;
    if (!ber)
        return -ENOMEM;
    r = size > 0 ? ber_printf(ber, "{eO}", (ber_int_t)mode, &octets)
                 : ber_printf(ber, "{e}", (ber_int_t)mode);
    if (r != -1)
        r = ber_flatten(ber, ret);
    ber_free(ber, 1);
    return r != -1 && *ret ? 0 : -ENOMEM;
}

static bool read_state(struct reader *r, struct sync_state *ret)
{
    struct berval state;

    if (!enter(r, TAG_SEQUENCE) || !take(r, TAG_ENUMERATED, &state) || state.bv_len != 1 ||
        (uint8_t)state.bv_val[0] > SYNC_DELETE)
        return false;
    ret->state = (enum sync_entry_state)state.bv_val[0];
    return take_uuid(r, &ret->uuid) && take_cookie(r, &ret->cookie) && octets_left(r) == 0;
}

int sync_parse_state(const struct berval *value, struct sync_state *ret)
{
    cleanup(free_reader) struct reader reader;
    int r = open_reader(value, &reader);

    *ret = (struct sync_state){0};
    if (r == 0 && !read_state(&reader, ret))
        r = -EBADMSG;
    if (r < 0)
        *ret = (struct sync_state){0};
    return r;
}

int sync_parse_done(const struct berval *value, struct sync_done *ret)
{
    cleanup(free_reader) struct reader reader;
    int r = open_reader(value, &reader);

    *ret = (struct sync_done){0};
    if (r == 0 && !(enter(&reader, TAG_SEQUENCE) && take_cookie(&reader, &ret->cookie) &&
                    take_boolean(&reader, false, &ret->refresh_deletes) && octets_left(&reader) == 0))
        r = -EBADMSG;
    if (r < 0)
        *ret = (struct sync_done){0};
    return r;
}

static int read_id_set(struct reader *r, struct sync_info *ret)
{
    size_t room;

    if (!enter(r, TAG_ID_SET) || !take_cookie(r, &ret->cookie) ||
        !take_boolean(r, false, &ret->refresh_deletes) || !enter(r, TAG_SET))
        return -EBADMSG;
    room = octets_left(r) / (SYNC_UUID_SIZE + 2);
    ret->uuids = malloc((room + 1) * SYNC_UUID_SIZE);
    if (!ret->uuids)
        return -ENOMEM;
    while (octets_left(r) > 0) {
        const uint8_t *uuid;

        if (ret->n_uuids == room || !take_uuid(r, &uuid))
            return -EBADMSG;
        memcpy(ret->uuids + SYNC_UUID_SIZE * ret->n_uuids++, uuid, SYNC_UUID_SIZE);
    }
    return 0;
}

static int read_phase(struct reader *r, ber_tag_t tag, enum sync_info_kind kind, struct sync_info *ret)
{
    ret->kind = kind;
    return enter(r, tag) && take_cookie(r, &ret->cookie) && take_boolean(r, true, &ret->refresh_done) &&
                   octets_left(r) == 0
               ? 0
               : -EBADMSG;
}

static int read_info(struct reader *r, struct sync_info *ret)
{
    if (is_next(r, TAG_REFRESH_DELETE))
        return read_phase(r, TAG_REFRESH_DELETE, SYNC_REFRESH_DELETE, ret);
    if (is_next(r, TAG_REFRESH_PRESENT))
        return read_phase(r, TAG_REFRESH_PRESENT, SYNC_REFRESH_PRESENT, ret);
    if (is_next(r, TAG_ID_SET)) {
        ret->kind = SYNC_ID_SET;
        return read_id_set(r, ret);
    }
    ret->kind = SYNC_NEW_COOKIE;
    return take(r, TAG_NEW_COOKIE, &ret->cookie) && octets_left(r) == 0 ? 0 : -EBADMSG;
}

int sync_parse_info(const struct berval *value, struct sync_info *ret)
{
    cleanup(free_reader) struct reader reader;
    int r = open_reader(value, &reader);

    *ret = (struct sync_info){0};
    if (r == 0)
        r = read_info(&reader, ret);
    if (r < 0)
        sync_info_done(ret);
    return r;
}

void sync_info_done(struct sync_info *info)
{
    free(info->uuids);
    *info = (struct sync_info){0};
}

/* --- cookies */

/* What stands behind `word` up to the next comma, or NULL. */
static const char *find_field(const char *text, size_t size, const char *word, size_t *ret)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= size; i++) {
        const char *field = text + i + length, *comma;

        if ((i > 0 && text[i - 1] != ',') || memcmp(text + i, word, length) != 0)
            continue;
        comma = memchr(field, ',', size - i - length);
        *ret = comma ? (size_t)(comma - field) : size - i - length;
        return field;
    }
    return NULL;
}

static bool are_digits(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return size > 0;
}

/* 20261122044831.234299Z#000000#001#000000, as OpenLDAP writes them. */
static bool is_change_number(const char *text, size_t size)
{
    static const char pattern[] = "dddddddddddddd.ddddddZ#hhhhhh#hhh#hhhhhh";

    if (size != strlen(pattern))
        return false;
    for (size_t i = 0; i < size; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9', letter = text[i] >= 'a' && text[i] <= 'f';

        if (pattern[i] == 'd' ? !digit : pattern[i] == 'h' ? !digit && !letter : text[i] != pattern[i])
            return false;
    }
    return true;
}

/* One for each server that was ever written to. */
static bool are_change_numbers(const char *text, size_t size)
{
    for (;;) {
        const char *semicolon = memchr(text, ';', size);
        size_t length = semicolon ? (size_t)(semicolon - text) : size;

        if (!is_change_number(text, length))
            return false;
        if (!semicolon)
            return true;
        size -= length + 1;
        text = semicolon + 1;
    }
}

static bool is_of_openldap(const char *text, size_t size)
{
    size_t rid_size = 0, csn_size = 0;
    const char *rid = find_field(text, size, "rid=", &rid_size);
    const char *csn = find_field(text, size, "csn=", &csn_size);

    return rid && are_digits(rid, rid_size) && csn && are_change_numbers(csn, csn_size);
}

/* host:port#what was asked#number */
static bool is_of_389(const char *text, size_t size)
{
    const char *first = memchr(text, '#', size), *last = memrchr(text, '#', size), *colon;

    if (!first || first == last || memchr(first + 1, '#', (size_t)(last - first) - 1))
        return false;
    colon = memrchr(text, ':', (size_t)(first - text));
    return colon && colon > text && are_digits(colon + 1, (size_t)(first - colon) - 1) &&
           are_digits(last + 1, size - (size_t)(last - text) - 1);
}

bool sync_cookie_is_kept(const struct berval *cookie)
{
    if (cookie->bv_len == 0 || cookie->bv_len > FEED_COOKIE_MAX)
        return false;
    for (size_t i = 0; i < cookie->bv_len; i++)
        if ((uint8_t)cookie->bv_val[i] < 0x20 || cookie->bv_val[i] == 0x7f)
            return false;
    return is_of_openldap(cookie->bv_val, cookie->bv_len) || is_of_389(cookie->bv_val, cookie->bv_len);
}

static size_t drop_one_server(char *cookie, size_t size)
{
    size_t length = 0;
    const char *sid = is_of_openldap(cookie, size) ? find_field(cookie, size, "sid=", &length) : NULL;
    size_t at, gone;

    if (!sid)
        return size;
    /* With the comma behind it, or, if it is the last one, before it. */
    at = (size_t)(sid - cookie) - strlen("sid=");
    gone = strlen("sid=") + length + 1;
    if (at + gone > size)
        at--;
    memmove(cookie + at, cookie + at + gone, size - at - gone);
    return size - gone;
}

size_t sync_cookie_drop_server(char *cookie, size_t size)
{
    size_t before;

    /* A server may have written more than one. */
    do {
        before = size;
        size = drop_one_server(cookie, size);
    } while (size < before);
    return size;
}
