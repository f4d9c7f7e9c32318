/*
 * Words: names, accounts, numbers, hexadecimal, base64.
 */
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define N16 "aaaaaaaaaaaaaaaa"

/* Which octets may stand first and which later, each of all 256. */
static void test_octets_of_words(void **state)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz", upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char digits[] = "0123456789", joiners[] = "._-";

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char first[] = {(char)c, 'a'}, later[] = {'a', (char)c};
        bool is_lower = c && strchr(lower, (int)c), is_upper = c && strchr(upper, (int)c);
        bool is_digit = c && strchr(digits, (int)c), is_joiner = c && strchr(joiners, (int)c);

        assert_int_equal(ident_is_account(first, 2), is_lower || c == '_');
        assert_int_equal(ident_is_account(later, 2), is_lower || is_digit || is_joiner);
        assert_int_equal(ident_is_name(first, 2), is_lower || is_upper || is_digit);
        assert_int_equal(ident_is_name(later, 2), is_lower || is_upper || is_digit || is_joiner);
    }
}

static void test_lengths_of_words(void **state)
{
    (void)state;
    assert_false(ident_is_account("", 0));
    assert_true(ident_is_account("a", 1));
    assert_true(ident_is_account(N16 N16, 32));
    assert_false(ident_is_account(N16 N16 "a", 33));
    assert_false(ident_is_name("", 0));
    assert_true(ident_is_name(N16 N16 N16 N16, 64));
    assert_false(ident_is_name(N16 N16 N16 N16 "a", 65));
}

static void test_numbers(void **state)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "00",
                                      "01",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "1e",
                                      "0x",
                                      "a",
                                      "/",
                                      "2147483648",
                                      "2147483650",
                                      "4294967297",
                                      "9999999999",
                                      "10000000000",
                                      "99999999999999999999"};
    uint32_t n;

    (void)state;
    assert_int_equal(ident_parse_number("1", 1, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(ident_parse_number("2147483647", 10, &n), 0);
    assert_int_equal(n, 2147483647);
    assert_int_equal(ident_parse_number("2147483639", 10, &n), 0);
    assert_int_equal(ident_parse_number("123", 2, &n), 0);
    assert_int_equal(n, 12);
    assert_int_equal(ident_parse_number("1\0", 2, &n), -EINVAL);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        n = 7;
        if (ident_parse_number(bad[i], strlen(bad[i]), &n) != -EINVAL)
            fail_msg("accepted %s", bad[i]);
        assert_int_equal(n, 0);
    }
}

static void test_id(void **state)
{
    static const char text[] = "00ff12abcdef34567890aabbccddeeff";
    char again[IDENT_ID_TEXT_SIZE];
    struct ident_id id, other;

    (void)state;
    assert_int_equal(ident_parse_id(text, 32, &id), 0);
    assert_int_equal(id.octets[1], 0xff);
    ident_format_id(&id, again);
    assert_string_equal(again, text);
    other = id;
    assert_true(ident_id_equal(&id, &other));
    other.octets[15] ^= 1;
    assert_false(ident_id_equal(&id, &other));
    assert_int_equal(ident_parse_id(text, 31, &id), -EINVAL);
    assert_int_equal(ident_parse_id(text, 30, &id), -EINVAL);
    assert_int_equal(ident_parse_id("00ff12abcdef34567890aabbccddeefF", 32, &id), -EINVAL);
    assert_int_equal(ident_parse_id("00ff12abcdef34567890aabbccddeef/", 32, &id), -EINVAL);
    assert_int_equal(ident_parse_id("00ff12abcdef34567890aabbccddeef", 33, &id), -EINVAL);
    /* What was refused leaves nothing behind. */
    for (size_t i = 0; i < sizeof(id.octets); i++)
        assert_int_equal(id.octets[i], 0);
}

static void test_hex(void **state)
{
    uint8_t octets[2] = {1, 1};
    char text[5];

    (void)state;
    assert_int_equal(ident_parse_hex("0aF0", 4, octets, 2), -EINVAL);
    assert_int_equal(octets[0], 0);
    octets[0] = octets[1] = 1;
    assert_int_equal(ident_parse_hex("0af", 3, octets, 2), -EINVAL);
    assert_true(octets[0] == 0 && octets[1] == 0);
    assert_int_equal(ident_parse_hex("0af00", 5, octets, 2), -EINVAL);
    assert_int_equal(ident_parse_hex("0af000", 6, octets, 2), -EINVAL);
    assert_int_equal(ident_parse_hex("0af0", 4, octets, 2), 0);
    ident_format_hex(octets, 2, text);
    assert_string_equal(text, "0af0");
    assert_int_equal(ident_parse_hex("", 0, octets, 0), 0);
}

static void test_fingerprint(void **state)
{
    /* Of the octets 0 to 31. */
    static const char text[] = "SHA256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    char again[IDENT_FINGERPRINT_TEXT_SIZE];
    static const struct ident_fingerprint nothing;
    struct ident_fingerprint f, other;

    (void)state;
    assert_int_equal(ident_parse_fingerprint(text, strlen(text), &f), 0);
    for (unsigned i = 0; i < sizeof(f.octets); i++)
        assert_int_equal(f.octets[i], i);
    ident_format_fingerprint(&f, again);
    assert_string_equal(again, text);
    other = f;
    assert_true(ident_fingerprint_equal(&f, &other));
    other.octets[0] ^= 128;
    assert_false(ident_fingerprint_equal(&f, &other));
    assert_int_equal(ident_parse_fingerprint(text, strlen(text) - 1, &f), -EINVAL);
    assert_memory_equal(&f, &nothing, sizeof(f));
    f = other;
    assert_int_equal(ident_parse_fingerprint(text, strlen(text) + 1, &f), -EINVAL);
    assert_memory_equal(&f, &nothing, sizeof(f));
    /* The last character has two bits that belong to no octet. */
    for (const char *c = "9+/-g= "; *c; c++) {
        char changed[sizeof(text)];

        memcpy(changed, text, sizeof(text));
        changed[strlen(text) - 1] = *c;
        f = other;
        assert_int_equal(ident_parse_fingerprint(changed, strlen(text), &f), *c == 'g' ? 0 : -EINVAL);
        if (*c != 'g')
            assert_memory_equal(&f, &nothing, sizeof(f));
    }
}

/* --- base64 ------------------------------------------------------------------------------------------ */

static void assert_base64(const char *octets, const char *text)
{
    cleanup_free char *encoded = ident_base64_encode((const uint8_t *)octets, strlen(octets));
    cleanup_free uint8_t *decoded = NULL;
    size_t size;

    assert_string_equal(encoded, text);
    assert_int_equal(ident_base64_decode(text, strlen(text), &decoded, &size), 0);
    assert_int_equal(size, strlen(octets));
    assert_memory_equal(decoded, octets, size);
}

/* RFC 4648, section 10. */
static void test_base64_vectors(void **state)
{
    cleanup_free char *nothing = ident_base64_encode(NULL, 0);

    (void)state;
    assert_string_equal(nothing, "");
    assert_base64("f", "Zg==");
    assert_base64("fo", "Zm8=");
    assert_base64("foo", "Zm9v");
    assert_base64("foob", "Zm9vYg==");
    assert_base64("fooba", "Zm9vYmE=");
    assert_base64("foobar", "Zm9vYmFy");
    assert_base64("\xfb\xff\xbf", "+/+/");
}

static void test_base64_refused(void **state)
{
    static const char *const bad[] = {
        "",     "Z",    "Zg",   "Zg=",      "Zg===",    "Zh==",    "Zm9=",   "Zm9vYg=",
        "====", "=Zg=", "Z=g=", "Zg==Zg==", "Zm9vYh==", "Zm9v\n",  "Zm 9v",  "Zm9v ",
        "Zm-_", "Zm9.", "Z===", "A===",     "Zm8==",    "Zm9vYmE", "Zg==\n", "Zg=A"};
    uint8_t *octets;
    size_t size;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        octets = (uint8_t *)&size;
        size = 1;
        if (ident_base64_decode(bad[i], strlen(bad[i]), &octets, &size) != -EINVAL)
            fail_msg("accepted %s", bad[i]);
        assert_null(octets);
        assert_int_equal(size, 0);
    }
    assert_int_equal(ident_base64_decode("Zm9v\0\0\0\0", 8, &octets, &size), -EINVAL);
    for (int i = 0; i < 4 * 256; i++) {
        const int at = i / 256, c = i % 256;
        char text[] = {'A', 'A', 'A', 'A'};
        bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        int r;

        text[at] = (char)c;
        r = ident_base64_decode(text, 4, &octets, &size);
        assert_int_equal(r, alphanumeric || c == '+' || c == '/' || (c == '=' && at == 3) ? 0 : -EINVAL);
        free(octets);
    }
}

/* Every text of one group that is accepted is what its octets encode to, and there are as many as octets. */
static void test_base64_is_canonical(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    size_t accepted = 0;

    (void)state;
    for (size_t i = 0; i < 65 * 65; i++)
        for (size_t k = 0; k < 65; k++) {
            const char text[] = {alphabet[i / 65], alphabet[i % 65], alphabet[k], '=', 0};
            cleanup_free uint8_t *octets = NULL;
            cleanup_free char *again = NULL;
            size_t size;

            if (ident_base64_decode(text, 4, &octets, &size) != 0)
                continue;
            accepted++;
            again = ident_base64_encode(octets, size);
            assert_string_equal(again, text);
        }
    assert_int_equal(accepted, 65536 + 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octets_of_words),
        cmocka_unit_test(test_lengths_of_words),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_id),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_base64_vectors),
        cmocka_unit_test(test_base64_refused),
        cmocka_unit_test(test_base64_is_canonical),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
