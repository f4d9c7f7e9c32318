// LAYERS: test_support
// LIBRARIES: libcrypto

#include "broker/trust/digest.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Digests against libcrypto's default context, which is not the one that they are made with. */

#define CHUNK 65536

static void test_sm3(void **state)
{
    /* GB/T 32905-2016, appendix A.1. */
    static const uint8_t of_abc[32] = {0x66, 0xc7, 0xf0, 0xf4, 0x62, 0xee, 0xed, 0xd9, 0xd1, 0xf2, 0xd4,
                                       0x6b, 0xdc, 0x10, 0xe4, 0xe2, 0x41, 0x67, 0xc4, 0x87, 0x5c, 0xf2,
                                       0xf7, 0xa2, 0x29, 0x7d, 0xa0, 0x2b, 0x8f, 0x4b, 0xa8, 0xe0};
    uint8_t digest[32];

    (void)state;
    assert_int_equal(digest_sm3("abc", 3, digest), 0);
    assert_memory_equal(digest, of_abc, sizeof(of_abc));
}

static void assert_file(size_t size)
{
    cleanup_free uint8_t *octets = calloc(1, size + 1);
    FILE *f = tmpfile();
    uint8_t digest[32];
    char expected[65], text[65];
    uint64_t found = 1;

    must(octets && f);
    for (size_t i = 0; i < size; i++)
        octets[i] = (uint8_t)(i * 7 + i / CHUNK);
    must(fwrite(octets, 1, size, f) == size && fflush(f) == 0);
    assert_int_equal(digest_file(fileno(f), digest, &found), 0);
    assert_int_equal(found, size);
    issue_sha256(octets, size, expected);
    ident_format_hex(digest, sizeof(digest), text);
    assert_string_equal(text, expected);
    (void)fclose(f);
}

static void test_files(void **state)
{
    (void)state;
    assert_file(0);
    assert_file(1);
    assert_file(CHUNK);
    assert_file(CHUNK + 1);
    assert_file(3 * CHUNK + 17);
}

/* Wherever the descriptor stands; and one that cannot be read has no digest. */
static void test_descriptors(void **state)
{
    FILE *f = tmpfile();
    uint8_t first[32], second[32];
    uint64_t size;
    int ends[2];

    (void)state;
    must(f && fputs("octets", f) >= 0 && fflush(f) == 0);
    assert_int_equal(digest_file(fileno(f), first, &size), 0);
    must(lseek(fileno(f), 0, SEEK_SET) == 0);
    assert_int_equal(digest_file(fileno(f), second, &size), 0);
    assert_int_equal(size, 6);
    assert_memory_equal(first, second, sizeof(first));
    assert_int_equal(lseek(fileno(f), 0, SEEK_CUR), 0);
    (void)fclose(f);
    assert_int_equal(digest_file(-1, first, &size), -EBADF);
    assert_int_equal(size, 0);
    must(pipe(ends) == 0);
    assert_int_equal(digest_file(ends[0], first, &size), -ESPIPE);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sm3),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
