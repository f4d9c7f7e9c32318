// LINK: -Wl,--wrap=arena_alloc -Wl,--wrap=arena_copy_text -Wl,--wrap=arena_new
/*
 * Each piece of a document's memory is refused once, wherever the arena's blocks end: no document comes of it
 * that is less than its text.
 */
#include "policy/base/arena.h"
#include "policy/base/buf.h"
#include "policy/document/approval.h"
#include "policy/document/revocation.h"
#include "policy/document/status.h"
#include "policy/document/trust.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static unsigned pieces_left = UINT_MAX;
static bool failed;

static bool has_memory(void)
{
    if (failed || pieces_left == UINT_MAX || pieces_left-- > 0)
        return true;
    failed = true;
    return false;
}

static void fail_after(unsigned n)
{
    pieces_left = n;
    failed = false;
}

struct arena *__real_arena_new(size_t first_size);
void *__real_arena_alloc(struct arena *arena, size_t count, size_t size, size_t alignment);
const char *__real_arena_copy_text(struct arena *arena, const char *text, size_t length);
struct arena *__wrap_arena_new(size_t first_size);
void *__wrap_arena_alloc(struct arena *arena, size_t count, size_t size, size_t alignment);
const char *__wrap_arena_copy_text(struct arena *arena, const char *text, size_t length);

struct arena *__wrap_arena_new(size_t first_size)
{
    return has_memory() ? __real_arena_new(first_size) : NULL;
}

void *__wrap_arena_alloc(struct arena *arena, size_t count, size_t size, size_t alignment)
{
    return has_memory() ? __real_arena_alloc(arena, count, size, alignment) : NULL;
}

const char *__wrap_arena_copy_text(struct arena *arena, const char *text, size_t length)
{
    return has_memory() ? __real_arena_copy_text(arena, text, length) : NULL;
}

static void test_every_piece_of_a_document(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_samples; k++) {
        unsigned n = 0;

        do {
            cleanup_free char *again = NULL;
            struct document_error error = {0};
            int r;

            fail_after(n++);
            r = samples[k].round(samples[k].text, strlen(samples[k].text), &again, &error);
            pieces_left = UINT_MAX;
            if (r != (failed ? -ENOMEM : 0))
                fail_msg("%s: piece %u: %d", samples[k].name, n - 1, r);
            assert_string_equal(error.reason, ""); /* the document is not at fault */
        } while (failed);
        assert_true(n > 4);
    }
}

static void test_every_piece_of_a_copy(void **state)
{
    cleanup(grant_free_p) struct grant *g = sample_parse_grant(sample_grant_full);
    unsigned n = 0;

    (void)state;
    do {
        struct grant *copy = g;
        int r;

        fail_after(n++);
        r = grant_common_copy(g, &copy);
        pieces_left = UINT_MAX;
        assert_int_equal(r, failed ? -ENOMEM : 0);
        assert_true((r == 0) == (copy != NULL));
        grant_free(copy);
    } while (failed);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_piece_of_a_document),
        cmocka_unit_test(test_every_piece_of_a_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
