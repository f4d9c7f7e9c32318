/*
 * Addresses and networks, against inet_pton(3) and inet_ntop(3) where they agree with the rules.
 */
#include "policy/base/address.h"
#include "policy/base/cleanup.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static void test_accepted(void **state)
{
    static const struct {
        const char *text;
        const char *canonical;
    } good[] = {
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"10.1.2.3", "10.1.2.3"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:DB8::A", "2001:db8::a"},
        {"2001:0db8:0000:0000:0000:0000:0000:000a", "2001:db8::a"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"1:0:0:0:0:0:0:0", "1::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"::1.2.3.4", "::102:304"},
        {"::ffff:10.1.2.3", "10.1.2.3"},
        {"::FFFF:a01:203", "10.1.2.3"},
        {"0:0:0:0:0:ffff:10.1.2.3", "10.1.2.3"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        char text[ADDRESS_TEXT_SIZE];
        struct address a, again;
        uint8_t octets[16];

        if (address_parse(good[i].text, strlen(good[i].text), &a) != 0)
            fail_msg("refused %s", good[i].text);
        address_format(&a, text);
        assert_string_equal(text, good[i].canonical);
        assert_int_equal(address_parse(text, strlen(text), &again), 0);
        assert_true(address_equal(&a, &again));
        assert_int_equal(inet_pton(a.family == ADDRESS_IPV4 ? AF_INET : AF_INET6, text, octets), 1);
        assert_memory_equal(octets, a.octets, a.family == ADDRESS_IPV4 ? 4 : 16);
    }
}

static const char *const no_addresses[] = {
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.04",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.4 ",
    " 1.2.3.4",
    "0x1.2.3.4",
    "1.2.3.-4",
    "1.2.3.4/8",
    "16909060",
    ":",
    ":::",
    "::1::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "g::",
    "G::",
    "00000000000000000000000000000000000000000000001.2.3.4",
    ":1::2",
    "1::2:",
    "1:2:3:4:5:6:7:",
    ":2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1.2.3",
    "::1.2.3.256",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "fe80::1%eth0",
    "fe80::1%1",
    "fe80::1%",
    "[::1]",
    "localhost",
    "db01.example",
    "::ffff:01.2.3.4",
    "10.1.2.3\n",
    "::ffff:10.1.2.3.4",
};

static void test_refused(void **state)
{
    static const struct address nothing = {.family = ADDRESS_IPV4};
    struct address a;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(no_addresses); i++) {
        memset(&a, 0xff, sizeof(a));
        if (address_parse(no_addresses[i], strlen(no_addresses[i]), &a) != -EINVAL)
            fail_msg("accepted %s", no_addresses[i]);
        /* Nothing of it is left, nor of what was there. */
        assert_memory_equal(&a, &nothing, sizeof(a));
    }
    /* The length counts, not a NUL. */
    assert_int_equal(address_parse("1.2.3.4\0", 8, &a), -EINVAL);
    assert_int_equal(address_parse("1.2.3.45", 7, &a), 0);
    assert_int_equal(a.octets[3], 4);
    assert_int_equal(address_parse("::12", 3, &a), 0);
    assert_int_equal(a.octets[15], 1);
    assert_int_equal(address_parse("::1.2.3.4", 3, &a), 0);
    assert_int_equal(a.octets[15], 1);
    assert_int_equal(address_parse("1:2:3:4:5:6:7::", 14, &a), -EINVAL);
}

/* Short strings over the alphabet of addresses: we accept nothing that inet_pton(3) refuses, and agree on
 * what both accept. */
static void test_against_inet_pton(void **state)
{
    static const char alphabet[] = "01f:.";
    size_t accepted = 0;

    (void)state;
    for (unsigned n = 0; n < 5 * 5 * 5 * 5 * 5 * 5 * 5; n++) {
        char text[8] = {0};
        uint8_t octets[16] = {0};
        struct address a;
        bool libc;

        for (unsigned i = 0, rest = n; i < 7; i++, rest /= 5)
            text[i] = alphabet[rest % 5];
        libc = inet_pton(AF_INET, text, octets) == 1 || inet_pton(AF_INET6, text, octets) == 1;
        if (address_parse(text, strlen(text), &a) != 0) {
            if (libc)
                fail_msg("refused %s", text);
            continue;
        }
        accepted++;
        if (!libc)
            fail_msg("accepted %s", text);
        if (a.family == ADDRESS_IPV6)
            assert_memory_equal(a.octets, octets, 16);
    }
    assert_true(accepted > 1000);
}

static void test_networks(void **state)
{
    static const char *const good[] = {
        "0.0.0.0/0", "10.0.0.0/8",         "10.1.2.3/32",     "10.1.2.2/31",   "128.0.0.0/1",
        "::/0",      "2001:db8::/32",      "2001:db8::1/128", "2001:db8::/33", "8000::/1",
        "fe80::/10", "255.255.255.254/31", "::102:304/128",   "::fffe:0:0/96", "::/96"};
    static const char *const bad[] = {"",
                                      "10.0.0.0",
                                      "10.0.0.0/",
                                      "/8",
                                      "10.0.0.0/33",
                                      "10.0.0.0/08",
                                      "10.0.0.0/+8",
                                      "10.0.0.0/8 ",
                                      "10.0.0.0/8/8",
                                      "10.0.0.0/255.0.0.0",
                                      "10.0.0.1/8",
                                      "10.1.2.3/31",
                                      "2001:db8::/129",
                                      "2001:db8::1/127",
                                      "2001:DB8::/32",
                                      "2001:0db8::/32",
                                      "2001:db8:0::/32",
                                      "::1.2.3.4/128",
                                      "::ffff:10.0.0.0/104",
                                      "::ffff:a00:0/104",
                                      "::ffff:a00:0/8",
                                      "::ffff:0:0/96",
                                      "fe80::%eth0/10",
                                      "example/8",
                                      "10.0.0.0/99999999999999999999"};
    static const struct network nothing = {.address.family = ADDRESS_IPV4};
    struct network n;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        char text[NETWORK_TEXT_SIZE];

        if (network_parse(good[i], strlen(good[i]), &n) != 0)
            fail_msg("refused %s", good[i]);
        network_format(&n, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        memset(&n, 0xff, sizeof(n));
        if (network_parse(bad[i], strlen(bad[i]), &n) != -EINVAL)
            fail_msg("accepted %s", bad[i]);
        assert_memory_equal(&n.address, &nothing.address, sizeof(n.address));
        assert_int_equal(n.prefix, 0);
    }
}

static bool contains(const char *network, const char *address)
{
    struct network n;
    struct address a;

    assert_int_equal(network_parse(network, strlen(network), &n), 0);
    assert_int_equal(address_parse(address, strlen(address), &a), 0);
    return network_contains(&n, &a);
}

static void test_contains(void **state)
{
    struct network odd = {.address.family = ADDRESS_IPV4, .prefix = 33};
    struct address any = {.family = ADDRESS_IPV4};

    (void)state;
    assert_true(contains("10.1.2.0/24", "10.1.2.0"));
    assert_true(contains("10.1.2.0/24", "10.1.2.255"));
    assert_false(contains("10.1.2.0/24", "10.1.3.0"));
    assert_false(contains("10.1.2.0/24", "10.1.1.255"));
    assert_true(contains("10.1.2.128/25", "10.1.2.200"));
    assert_false(contains("10.1.2.128/25", "10.1.2.127"));
    assert_true(contains("10.1.2.3/32", "10.1.2.3"));
    assert_false(contains("10.1.2.3/32", "10.1.2.2"));
    assert_true(contains("10.1.2.0/24", "::ffff:10.1.2.7"));
    assert_true(contains("0.0.0.0/0", "255.255.255.255"));
    assert_false(contains("0.0.0.0/0", "::1"));
    assert_false(contains("::/0", "10.1.2.3"));
    assert_false(contains("::/0", "::ffff:10.1.2.3"));
    assert_true(contains("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(contains("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(contains("::1/128", "::1"));
    assert_false(contains("::1/128", "::2"));
    assert_false(network_contains(&odd, &any));
}

/* The same octets are another address in the other family. */
static void test_equal(void **state)
{
    struct address a, b;

    (void)state;
    assert_int_equal(address_parse("10.1.2.3", 8, &a), 0);
    b = a;
    assert_true(address_equal(&a, &b));
    b.family = ADDRESS_IPV6;
    assert_false(address_equal(&a, &b));
    b = a;
    b.octets[3] ^= 1;
    assert_false(address_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),          cmocka_unit_test(test_refused),
        cmocka_unit_test(test_against_inet_pton), cmocka_unit_test(test_networks),
        cmocka_unit_test(test_contains),          cmocka_unit_test(test_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
