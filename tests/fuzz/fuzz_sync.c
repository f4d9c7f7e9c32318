// LAYERS: ldap wire base
// COVERS: broker/ldap/sync_value.c
// OPTIONS: -max_len=4096
/*
 * Any octets as the value of each control and message of RFC 4533. Whatever is accepted must point into what
 * was read and have the lengths that the frames to hufud count on, and whatever is refused must leave a clear
 * struct: else the process ends.
 */
#include "broker/ldap/sync_value.h"
#include "policy/base/cleanup.h"
#include "policy/wire/feed.h"
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_inside(const void *at, size_t size, const struct berval *value)
{
    const char *from = at;

    return size == 0 || (from >= value->bv_val && size <= value->bv_len &&
                         (size_t)(from - value->bv_val) <= value->bv_len - size);
}

static void judge_cookie(const struct berval *cookie, const struct berval *value)
{
    demand(is_inside(cookie->bv_val, cookie->bv_len, value), "a cookie lies elsewhere");
    if (!sync_cookie_is_kept(cookie))
        return;
    demand(cookie->bv_len > 0 && cookie->bv_len <= FEED_COOKIE_MAX, "a cookie that no frame holds is kept");
    demand(!memchr(cookie->bv_val, 0, cookie->bv_len), "a cookie with a NUL is kept");
}

static void try_state(const struct berval *value)
{
    static const struct sync_state clear;
    struct sync_state s;

    memset(&s, 0xa5, sizeof(s));
    if (sync_parse_state(value, &s) < 0) {
        demand(s.uuid == clear.uuid && s.state == clear.state && !s.cookie.bv_val,
               "refused, and something is left");
        return;
    }
    demand(s.state <= SYNC_DELETE, "no such state");
    demand(is_inside(s.uuid, SYNC_UUID_SIZE, value), "a uuid lies elsewhere");
    judge_cookie(&s.cookie, value);
}

static void try_done(const struct berval *value)
{
    struct sync_done d;

    memset(&d, 0xa5, sizeof(d));
    if (sync_parse_done(value, &d) < 0)
        demand(!d.cookie.bv_val && d.cookie.bv_len == 0 && !d.refresh_deletes,
               "refused, and something is left");
    else
        judge_cookie(&d.cookie, value);
}

static void try_info(const struct berval *value)
{
    struct sync_info i;

    memset(&i, 0xa5, sizeof(i));
    if (sync_parse_info(value, &i) < 0) {
        demand(!i.uuids && i.n_uuids == 0 && !i.cookie.bv_val && i.kind == 0,
               "refused, and something is left");
        return;
    }
    demand(i.kind >= SYNC_NEW_COOKIE && i.kind <= SYNC_ID_SET, "no such message");
    demand(i.n_uuids * (SYNC_UUID_SIZE + 2) <= value->bv_len, "more uuids than there were octets");
    for (size_t n = 0; n < i.n_uuids; n++)
        demand(memmem(value->bv_val, value->bv_len, i.uuids + SYNC_UUID_SIZE * n, SYNC_UUID_SIZE) != NULL,
               "a uuid that was not there");
    judge_cookie(&i.cookie, value);
    sync_info_done(&i);
}

/* A cookie without its server is what it was without a piece, and has no server. */
static void try_without_server(const uint8_t *data, size_t size)
{
    cleanup_free char *cookie = fuzz_text(data, size);
    size_t left = sync_cookie_drop_server(cookie, size);

    demand(left <= size, "a cookie grows");
    demand(left != size || size == 0 || memcmp(cookie, data, size) == 0, "nothing is gone, and it differs");
    demand(left == size || sync_cookie_drop_server(cookie, left) == left, "a server is left");
}

static void try_request(const uint8_t *data, size_t size)
{
    struct berval *request = NULL;

    demand(sync_write_request(SYNC_REFRESH_AND_PERSIST, data, size, &request) == 0 && request, "a request");
    demand(request->bv_len >= size, "a request has its cookie");
    ber_bvfree(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct berval value = {.bv_len = size, .bv_val = (char *)(uintptr_t)data};

    try_state(&value);
    try_done(&value);
    try_info(&value);
    judge_cookie(&value, &value);
    try_without_server(data, size);
    try_request(data, size);
    return 0;
}
