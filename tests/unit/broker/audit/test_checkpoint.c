#include "broker/audit/checkpoint.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LEDGER "0123456789abcdef0123456789abcdef"
#define HASH   "ab00000000000000000000000000000000000000000000000000000000000000"
#define KEY    "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
#define WHOLE                                                                                      \
    "sequence=4711 hash=" HASH " at=2026-11-21T00:00:00Z host=db01.finance.example ledger=" LEDGER \
    " key=" KEY " alg=ed25519 signature=AQID"

static void test_round_trip(void **state)
{
    cleanup_checkpoint struct checkpoint c = {0};
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    (void)state;
    assert_int_equal(checkpoint_parse(WHOLE, &c), 0);
    assert_int_equal(c.sequence, 4711);
    assert_int_equal(c.hash[0], 0xab);
    assert_int_equal(c.at, 1795219200);
    assert_string_equal(c.host, "db01.finance.example");
    assert_string_equal(c.ledger, LEDGER);
    assert_string_equal(c.key, KEY);
    assert_string_equal(c.alg, "ed25519");
    assert_int_equal(c.signature_size, 3);
    assert_memory_equal(c.signature, "\1\2\3", 3);
    checkpoint_format(&c, &b);
    text = buf_steal_text(&b);
    assert_string_equal(text, WHOLE);
}

/* Whoever verifies with openssl alone puts these lines together by hand. */
static void test_signed_octets(void **state)
{
    cleanup_checkpoint struct checkpoint c = {0};
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    (void)state;
    assert_int_equal(checkpoint_parse(WHOLE, &c), 0);
    checkpoint_signed_octets(&c, &b);
    text = buf_steal_text(&b);
    assert_string_equal(text, "hufu-checkpoint: 1\nhost: db01.finance.example\nledger: " LEDGER
                              "\nsequence: 4711\nhash: " HASH "\nat: 2026-11-21T00:00:00Z\nkey: " KEY
                              "\nalg: ed25519\n");
}

/* `from` of the good text becomes `to`, once. */
static void refuse(const char *from, const char *to)
{
    const char *at = strstr(WHOLE, from);
    struct checkpoint c;
    char text[1000];

    assert_non_null(at);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - WHOLE), WHOLE, to, at + strlen(from));
    if (checkpoint_parse(text, &c) != -EINVAL)
        fail_msg("taken: %s", text);
    assert_null(c.signature);
}

static void test_hostile(void **state)
{
    static const struct {
        const char *from, *to;
    } changes[] = {
        {"sequence=4711", ""},
        {"sequence=4711", "sequence=04711"},
        {"sequence=4711", "sequence=+4711"},
        {"sequence=4711", "sequence=0"},
        {"sequence=4711", "sequence=-1"},
        {"sequence=4711", "sequence="},
        {"sequence=4711", "sequence=18446744073709551616"},
        {"sequence=4711", "sequence=9223372036854775808"},
        {"sequence=4711 ", "sequence=4711  "},
        {"sequence=4711 ", "sequence=4711\t"},
        {"sequence=4711 ", "sequence=4711 sequence=4712 "},
        {"hash=ab", "hash=AB"},
        {"hash=ab", "hash=a"},
        {"hash=ab", "hash=abcd"},
        {"at=2026-11-21", "at=2026-11-31"},
        {"T00:00:00Z", "T00:00:00.0Z"},
        {"at=2026-11-21T00:00:00Z", "at=never"},
        {"host=db01", "host=-db01"},
        {"host=db01", "host=db01\nledger: 00"},
        {"host=db01", "host=01234567890123456789012345678901234567890123456789012345678901234"},
        {"ledger=01", "ledger=0"},
        {"ledger=0123456789abcdef", "ledger=0123456789ABCDEF"},
        {"key=SHA256", "key=sha256"},
        {"hSuFU", "hSuFV"}, /* bits that are not of the 32 octets */
        {"hSuFU", "hSuFU="},
        {"alg=ed25519", "alg=Ed25519"},
        {"alg=ed25519", "alg=ed25519\nalg: none"},
        {"alg=ed25519", "alg=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
        {"signature=AQID", "signature="},
        {"signature=AQID", "signature=AQI"},
        {"signature=AQID", "signature=AQID "},
        {"signature=AQID", "signature=AQID more=1"},
        {"signature=AQID", "signature=AR=="},
        {WHOLE, ""},
        {WHOLE, " " WHOLE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
        refuse(changes[i].from, changes[i].to);
}

static void test_huge(void **state)
{
    static char text[10000];
    struct checkpoint c;
    struct checkpoint_key k;

    (void)state;
    (void)snprintf(text, sizeof(text), "%.*s", (int)strlen(WHOLE) - 4, WHOLE);
    memset(text + strlen(text), 'A', 8000);
    assert_int_equal(checkpoint_parse(text, &c), -EINVAL);
    assert_int_equal(checkpoint_key_parse(text, &k), -EINVAL);
}

static void test_key(void **state)
{
    static const char whole[] = "key=" KEY " alg=sm2-sm3 public=AQID";
    static const char *const bad[] = {"",
                                      "key=" KEY " alg=sm2-sm3",
                                      "key=" KEY " alg=sm2-sm3 public=",
                                      "key=" KEY " alg=sm2-sm3 public=AQID ",
                                      "alg=sm2-sm3 key=" KEY " public=AQID",
                                      "key=" KEY "  alg=sm2-sm3 public=AQID",
                                      "key=SHA256: alg=sm2-sm3 public=AQID"};
    cleanup_checkpoint_key struct checkpoint_key k = {0}, none;
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    (void)state;
    assert_int_equal(checkpoint_key_parse(whole, &k), 0);
    assert_string_equal(k.key, KEY);
    assert_string_equal(k.alg, "sm2-sm3");
    assert_int_equal(k.spki_size, 3);
    checkpoint_key_format(&k, &b);
    text = buf_steal_text(&b);
    assert_string_equal(text, whole);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(checkpoint_key_parse(bad[i], &none), -EINVAL);
    none.spki = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_signed_octets),
        cmocka_unit_test(test_hostile),    cmocka_unit_test(test_huge),
        cmocka_unit_test(test_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
