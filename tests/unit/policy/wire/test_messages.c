/* What holds for every message: it comes back as it was, and nothing that is cut, longer or changed is taken
 * for it. */
#include "samples.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static uint8_t message[SAMPLE_SIZE_MAX], decoded[SAMPLE_SIZE_MAX];
static uint8_t frame[FRAME_MAX], again[FRAME_MAX];

static const struct sample *sample_of(enum frame_type type)
{
    for (size_t i = 0; i < n_samples; i++)
        if (samples[i].type == type)
            return &samples[i];
    fail_msg("no sample of frame type %#x", (unsigned)type);
    return NULL;
}

static void round_trip(const struct sample *s, void (*fill)(enum frame_type, void *))
{
    size_t size = sample_encode(s, fill, message, frame);
    struct frame_header h;

    assert_int_equal(frame_parse(frame, size, &h), 0);
    assert_int_equal(h.type, s->type);
    assert_int_equal(sample_decode(s, frame, size, decoded), 0);
    assert_memory_equal(decoded, message, s->size);
}

static void every_message_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++)
        round_trip(&samples[i], samples[i].fill);
}

static void every_field_at_its_maximum_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++)
        round_trip(&samples[i], samples[i].fill_most);
}

/* A frame cut anywhere is refused, also when the header tells the truth about the cut body. */
static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        size_t size = sample_encode(&samples[i], samples[i].fill, message, frame);

        for (size_t cut = 0; cut < size; cut++) {
            assert_int_equal(sample_decode(&samples[i], frame, cut, decoded), -EBADMSG);
            if (cut < FRAME_HEADER_SIZE)
                continue;
            memcpy(again, frame, cut);
            frame_write_header(again, samples[i].type, (uint32_t)(cut - FRAME_HEADER_SIZE));
            assert_int_equal(sample_decode(&samples[i], again, cut, decoded), -EBADMSG);
        }
    }
}

static void each_extra_octet_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        size_t size = sample_encode(&samples[i], samples[i].fill, message, frame);

        for (unsigned octet = 0; octet < 256; octet++) {
            frame_write_header(frame, samples[i].type, (uint32_t)(size - FRAME_HEADER_SIZE));
            frame[size] = (uint8_t)octet;
            assert_int_equal(sample_decode(&samples[i], frame, size + 1, decoded), -EBADMSG);
            frame_write_header(frame, samples[i].type, (uint32_t)(size + 1 - FRAME_HEADER_SIZE));
            assert_int_equal(sample_decode(&samples[i], frame, size + 1, decoded), -EBADMSG);
        }
    }
}

/* Whatever a flipped bit makes of a frame: it is refused, or it is another frame's only encoding. */
static void a_flipped_bit_is_refused_or_another_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        size_t size = sample_encode(&samples[i], samples[i].fill, message, frame), refused = 0;

        for (size_t bit = 0; bit < size * 8; bit++) {
            struct frame_header h;

            frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (frame_parse(frame, size, &h) < 0) {
                refused++;
            } else {
                const struct sample *s = sample_of(h.type);

                if (sample_decode(s, frame, size, decoded) == 0) {
                    assert_int_equal(s->encode(h.type, decoded, again), size);
                    assert_memory_equal(again, frame, size);
                }
            }
            frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        /* Magic, version and length never survive, of the type most bits. */
        assert_true(refused >= 80);
    }
}

static void nul_inside_text_is_refused(void **state)
{
    static const char text[] = "zhang.san";

    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        size_t size = sample_encode(&samples[i], samples[i].fill, message, frame);
        uint8_t *at = memmem(frame, size, text, strlen(text));

        if (!at)
            continue;
        for (size_t k = 0; k < strlen(text); k++) {
            uint8_t octet = at[k];

            at[k] = 0;
            assert_int_equal(sample_decode(&samples[i], frame, size, decoded), -EBADMSG);
            at[k] = octet;
        }
        assert_int_equal(sample_decode(&samples[i], frame, size, decoded), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_comes_back),
        cmocka_unit_test(every_field_at_its_maximum_comes_back),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(each_extra_octet_is_refused),
        cmocka_unit_test(a_flipped_bit_is_refused_or_another_message),
        cmocka_unit_test(nul_inside_text_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
