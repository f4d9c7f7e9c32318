/*
 * No two texts mean the same: whatever is done to a valid document, it is either refused, or it reads as a
 * value whose text is exactly what was read.
 */
#include "policy/base/cleanup.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

/* Returns whether it was accepted. */
static bool judge(const struct sample *s, const char *octets, size_t size)
{
    struct document_error error = {0};
    cleanup_free char *again = NULL;
    int r = s->round(octets, size, &again, &error);

    if (r == -EINVAL) {
        assert_true(error.reason[0] != 0);
        return false;
    }
    assert_int_equal(r, 0);
    if (strlen(again) != size || memcmp(again, octets, size) != 0)
        fail_msg("%s: read as another text:\n%.*s", s->name, (int)size, octets);
    return true;
}

static void test_replaced_octets(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        size_t size = strlen(samples[k].text), accepted = 0;
        cleanup_free char *text = strdup(samples[k].text);

        for (size_t i = 0; i < size; i++) {
            for (unsigned c = 0; c < 256; c++) {
                text[i] = (char)c;
                if (text[i] != samples[k].text[i])
                    accepted += judge(&samples[k], text, size);
            }
            text[i] = samples[k].text[i];
        }
        /* There are such as are other valid documents: or else this test would see nothing. */
        assert_true(accepted > 100);
    }
}

static void test_removed_octets(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        size_t size = strlen(samples[k].text);

        for (size_t i = 0; i < size; i++)
            for (size_t n = 1; n <= 3 && i + n <= size; n++) {
                cleanup_free char *text = malloc(size);

                memcpy(text, samples[k].text, i);
                memcpy(text + i, samples[k].text + i + n, size - i - n);
                (void)judge(&samples[k], text, size - n);
            }
    }
}

static void test_inserted_octets(void **state)
{
    static const char *const inserted[] = {
        " ",           "\n", "0", "1", "-", "+",     ":",   "*",    "/",        ",",
        "=",           "@",  ".", "a", "A", "local", "any", "none", "\xc2\xad", "\xe2\x80\x8f",
        "\xef\xbb\xbf"};

    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        size_t size = strlen(samples[k].text);

        for (size_t i = 0; i <= size; i++)
            for (size_t n = 0; n < ARRAY_SIZE(inserted); n++) {
                size_t more = strlen(inserted[n]);
                cleanup_free char *text = malloc(size + more);

                memcpy(text, samples[k].text, i);
                memcpy(text + i, inserted[n], more);
                memcpy(text + i + more, samples[k].text + i, size - i);
                (void)judge(&samples[k], text, size + more);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaced_octets),
        cmocka_unit_test(test_removed_octets),
        cmocka_unit_test(test_inserted_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
