#include "broker/ldap/sync_value.h"
#include "policy/base/cleanup.h"
#include "policy/wire/feed.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UUID_A         "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"
#define UUID_B         "bbbbbbbbbbbbbbbb"
#define COOKIE         "rid=000,csn=2026"

#define VALUE(literal) ((struct berval){.bv_len = sizeof(literal) - 1, .bv_val = (char[]){literal}})

/* Add, with a cookie. */
#define STATE "\x30\x27\x0a\x01\x01\x04\x10" UUID_A "\x04\x10" COOKIE
/* refreshDeletes TRUE */
#define DONE "\x30\x15\x04\x10" COOKIE "\x01\x01\xff"
/* refreshDone FALSE */
#define REFRESH_PRESENT "\xa2\x15\x04\x10" COOKIE "\x01\x01\x00"
/* refreshDeletes TRUE, two of them */
#define ID_SET "\xa3\x3b\x04\x10" COOKIE "\x01\x01\xff\x31\x24\x04\x10" UUID_A "\x04\x10" UUID_B

static void assert_cookie(const struct berval *cookie)
{
    assert_int_equal(cookie->bv_len, strlen(COOKIE));
    assert_memory_equal(cookie->bv_val, COOKIE, strlen(COOKIE));
}

static void test_state(void **state)
{
    struct berval value = VALUE(STATE);
    struct sync_state s;

    (void)state;
    assert_int_equal(sync_parse_state(&value, &s), 0);
    assert_int_equal(s.state, SYNC_ADD);
    assert_memory_equal(s.uuid, UUID_A, 16);
    assert_cookie(&s.cookie);
    value = VALUE("\x30\x15\x0a\x01\x03\x04\x10" UUID_B);
    assert_int_equal(sync_parse_state(&value, &s), 0);
    assert_int_equal(s.state, SYNC_DELETE);
    assert_int_equal(s.cookie.bv_len, 0);
}

static void test_done(void **state)
{
    struct berval value = VALUE(DONE);
    struct sync_done d;

    (void)state;
    assert_int_equal(sync_parse_done(&value, &d), 0);
    assert_true(d.refresh_deletes);
    assert_cookie(&d.cookie);
    value = VALUE("\x30\x00");
    assert_int_equal(sync_parse_done(&value, &d), 0);
    assert_false(d.refresh_deletes);
    assert_int_equal(d.cookie.bv_len, 0);
}

static void test_info(void **state)
{
    struct berval value = VALUE("\x80\x10" COOKIE);
    struct sync_info i;

    (void)state;
    assert_int_equal(sync_parse_info(&value, &i), 0);
    assert_int_equal(i.kind, SYNC_NEW_COOKIE);
    assert_cookie(&i.cookie);
    value = VALUE("\xa1\x00");
    assert_int_equal(sync_parse_info(&value, &i), 0);
    assert_int_equal(i.kind, SYNC_REFRESH_DELETE);
    assert_true(i.refresh_done); /* unless it says otherwise */
    value = VALUE(REFRESH_PRESENT);
    assert_int_equal(sync_parse_info(&value, &i), 0);
    assert_int_equal(i.kind, SYNC_REFRESH_PRESENT);
    assert_false(i.refresh_done);
    assert_cookie(&i.cookie);
}

static void test_id_set(void **state)
{
    struct berval value = VALUE(ID_SET);
    struct sync_info i;

    (void)state;
    assert_int_equal(sync_parse_info(&value, &i), 0);
    assert_int_equal(i.kind, SYNC_ID_SET);
    assert_true(i.refresh_deletes);
    assert_int_equal(i.n_uuids, 2);
    assert_memory_equal(i.uuids, UUID_A UUID_B, 32);
    assert_cookie(&i.cookie);
    sync_info_done(&i);
    assert_null(i.uuids);
    value = VALUE("\xa3\x02\x31\x00");
    assert_int_equal(sync_parse_info(&value, &i), 0);
    assert_int_equal(i.n_uuids, 0);
    assert_false(i.refresh_deletes);
    sync_info_done(&i);
}

static int parse(int which, const struct berval *value)
{
    struct sync_state s;
    struct sync_done d;
    struct sync_info i;
    int r;

    if (which == 0)
        return sync_parse_state(value, &s);
    if (which == 1)
        return sync_parse_done(value, &d);
    r = sync_parse_info(value, &i);
    sync_info_done(&i);
    return r;
}

/* Cut short anywhere, or with an octet too many: refused. Copies on the heap, for the sanitizers. */
static void test_truncated(void **state)
{
    static const struct {
        int which;
        const char *octets;
        size_t size;
    } good[] = {
        {0, STATE, sizeof(STATE) - 1},
        {1, DONE, sizeof(DONE) - 1},
        {2, REFRESH_PRESENT, sizeof(REFRESH_PRESENT) - 1},
        {2, ID_SET, sizeof(ID_SET) - 1},
        {2, "\x80\x10" COOKIE, 18},
    };

    (void)state;
    for (size_t g = 0; g < ARRAY_SIZE(good); g++)
        for (size_t size = 0; size <= good[g].size + 1; size++) {
            cleanup_free char *copy = calloc(1, size > 0 ? size : 1);
            struct berval value = {.bv_len = size, .bv_val = copy};
            int r;

            assert_non_null(copy);
            memcpy(copy, good[g].octets, size < good[g].size ? size : good[g].size);
            r = parse(good[g].which, &value);
            if (r != (size == good[g].size ? 0 : -EBADMSG))
                fail_msg("message %zu, %zu octets of %zu: %d", g, size, good[g].size, r);
        }
}

static void test_refused(void **state)
{
    static const struct {
        int which;
        const char *octets;
        size_t size;
    } bad[] = {
#define BAD(which, literal) {which, literal, sizeof(literal) - 1}
        BAD(0, "\x30\x15\x0a\x01\x04\x04\x10" UUID_A),     /* no such state */
        BAD(0, "\x30\x16\x0a\x02\x00\x01\x04\x10" UUID_A), /* in two octets */
        BAD(0, "\x30\x15\x02\x01\x01\x04\x10" UUID_A),     /* an integer */
        BAD(0, "\x31\x15\x0a\x01\x01\x04\x10" UUID_A),     /* a set */
        BAD(0, "\x30\x14\x0a\x01\x01\x04\x0f"
               "aaaaaaaaaaaaaaa"),                                     /* a short uuid */
        BAD(0, "\x30\x16\x0a\x01\x01\x04\x11" UUID_A "a"),             /* a long one */
        BAD(0, "\x30\x18\x0a\x01\x01\x04\x10" UUID_A "\x01\x01\xff"),  /* what is that? */
        BAD(0, "\x30\x80\x0a\x01\x01\x04\x10" UUID_A "\x00\x00"),      /* indefinite length */
        BAD(0, "\x30\x84\xff\xff\xff\xff\x0a\x01\x01\x04\x10" UUID_A), /* longer than there is */
        BAD(1, "\x30\x03\x01\x01\x01"),                                /* TRUE is 0xff */
        BAD(1, "\x30\x04\x01\x02\xff\xff"),                            /* in two octets */
        BAD(1, "\x30\x07\x01\x01\xff\x04\x02"
               "ab"),                              /* in the wrong order */
        BAD(2, "\xa3\x00"),                        /* no set */
        BAD(2, "\xa3\x14\x31\x12\x0c\x10" UUID_A), /* no octet string */
        BAD(2, "\xa3\x13\x31\x11\x04\x0f"
               "aaaaaaaaaaaaaaa"),                            /* a short uuid */
        BAD(2, "\xa3\x16\x31\x12\x04\x10" UUID_A "\x04\x00"), /* something behind the set */
        BAD(2, "\xa4\x00"),                                   /* no such choice */
        BAD(2, "\xa1\x06\x01\x01\xff\x01\x01\xff"),           /* twice */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct berval value = {.bv_len = bad[i].size, .bv_val = (char *)(uintptr_t)bad[i].octets};
        int r = parse(bad[i].which, &value);

        if (r != -EBADMSG)
            fail_msg("bad message %zu: %d", i, r);
    }
}

static void test_request(void **state)
{
    static const char with[] = "\x30\x15\x0a\x01\x03\x04\x10" COOKIE, without[] = "\x30\x03\x0a\x01\x01";
    struct berval *value = NULL;

    (void)state;
    assert_int_equal(sync_write_request(SYNC_REFRESH_AND_PERSIST, (const uint8_t *)COOKIE, 16, &value), 0);
    assert_int_equal(value->bv_len, sizeof(with) - 1);
    assert_memory_equal(value->bv_val, with, sizeof(with) - 1);
    ber_bvfree(value);
    assert_int_equal(sync_write_request(SYNC_REFRESH_ONLY, NULL, 0, &value), 0);
    assert_int_equal(value->bv_len, sizeof(without) - 1);
    assert_memory_equal(value->bv_val, without, sizeof(without) - 1);
    ber_bvfree(value);
}

static bool is_kept(const char *text)
{
    struct berval cookie = {.bv_len = strlen(text), .bv_val = (char *)(uintptr_t)text};

    return sync_cookie_is_kept(&cookie);
}

static void test_cookies(void **state)
{
    static const char *const kept[] = {
        "rid=000,csn=20261122044831.234299Z#000000#001#000000",
        "rid=001,sid=002,csn=20261122044831.234299Z#000000#001#000000;20261122044831.234299Z#000000#002#"
        "000000",
        "csn=20261122044831.234299Z#000000#001#000000,rid=2",
        "ldap.example:389#cn=db01,ou=hosts:dc=example:(objectClass=*)#17",
        "ldap.example:636##0",
    };
    static const char *const lost[] = {
        "",
        "rid=000", /* of a database without a change */
        "csn=20261122044831.234299Z",
        "rid=000,csn=",
        "rid=000,csn=20261122044831.234299Z",
        "rid=000,csn=20261122044831.234299Z#000000#001#00000",
        "rid=000,csn=20261122044831.234299Z#000000#001#00000g",
        "rid=000,csn=20261122044831.234299Z#000000#001#000000;",
        "rid=000,csn=nonsense",
        "rid=x,csn=20261122044831.234299Z#000000#001#000000",
        "rid=,csn=20261122044831.234299Z",
        "grid=000,csn=1",
        "rid=000;csn=1",
        "rid=000,csn=1\n",
        "rid=000,csn=1\x7f",
        "anything",
        "ldap.example#x#17",
        ":389#x#17",
        "ldap.example:389#17",
        "ldap.example:389#x#",
        "ldap.example:389#x#1a",
        "ldap.example:ldap#x#1",
        "ldap.example:389#x#y#1",
    };
    char longest[FEED_COOKIE_MAX + 2];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        if (!is_kept(kept[i]))
            fail_msg("not kept: %s", kept[i]);
    for (size_t i = 0; i < ARRAY_SIZE(lost); i++)
        if (is_kept(lost[i]))
            fail_msg("kept: %s", lost[i]);
    memset(longest, '1', sizeof(longest));
    memcpy(longest, "ldap.example:389#", 17);
    longest[FEED_COOKIE_MAX - 1] = '#';
    longest[FEED_COOKIE_MAX + 1] = '\0';
    assert_false(is_kept(longest));
    longest[FEED_COOKIE_MAX - 2] = '#';
    longest[FEED_COOKIE_MAX - 1] = '1';
    longest[FEED_COOKIE_MAX] = '\0';
    assert_true(is_kept(longest));
}

/* What is kept of a cookie. */
static void assert_kept(const char *cookie, const char *expected)
{
    char text[256];
    size_t size = strlen(cookie);

    memcpy(text, cookie, size);
    size = sync_cookie_drop_server(text, size);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(text, expected, size);
}

static void test_servers_number(void **state)
{
    (void)state;
#define CSN "csn=20261122044831.234299Z#000000#001#000000"
    assert_kept("rid=000,sid=001," CSN, "rid=000," CSN);
    assert_kept("sid=0ff,rid=000," CSN, "rid=000," CSN);
    assert_kept("rid=000," CSN ",sid=001", "rid=000," CSN);
    assert_kept("rid=000," CSN ",sid=", "rid=000," CSN);
    assert_kept("sid=001,rid=000,sid=002," CSN ",sid=003", "rid=000," CSN);
    assert_kept("rid=000," CSN, "rid=000," CSN);
    assert_kept("rid=000,usid=001," CSN, "rid=000,usid=001," CSN);
    assert_kept("h:389#dc=x,sid=001,dc=y#7", "h:389#dc=x,sid=001,dc=y#7");
#undef CSN
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state),          cmocka_unit_test(test_done),
        cmocka_unit_test(test_info),           cmocka_unit_test(test_id_set),
        cmocka_unit_test(test_truncated),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_request),        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_servers_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
