/* What holds for every message of the feed: it comes back as it was, and nothing that is cut, longer or
 * changed is taken for it. */
#include "feed_samples.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static struct feed_message message, decoded;

static void encode(const struct feed_sample *s, void (*fill)(struct feed_message *m), struct buf *frame)
{
    frame->size = 0;
    feed_sample_fill(s, fill, &message);
    assert_int_equal(feed_encode(&message, frame), 0);
    assert_true(frame->size >= FRAME_HEADER_SIZE && frame->size <= FRAME_HEADER_SIZE + FEED_BODY_MAX);
}

static void round_trip(const struct feed_sample *s, void (*fill)(struct feed_message *m))
{
    cleanup_buf struct buf frame = BUF_INIT, again = BUF_INIT;

    encode(s, fill, &frame);
    assert_int_equal(feed_read_frame(frame.data, frame.size, &decoded), 0);
    assert_int_equal(decoded.type, s->type);
    feed_assert_equal(&message, &decoded);
    assert_int_equal(feed_encode(&decoded, &again), 0);
    assert_int_equal(again.size, frame.size);
    assert_memory_equal(again.data, frame.data, frame.size);
}

static void every_message_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_feed_samples; i++)
        round_trip(&feed_samples[i], feed_samples[i].fill);
}

static void every_field_at_its_maximum_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_feed_samples; i++)
        round_trip(&feed_samples[i], feed_samples[i].fill_most);
}

static void nothing_is_an_address(void **state)
{
    static const uint8_t entry[] = {0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                    1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    static const uint8_t none[] = {0, 0, 0, 1, 0, 0};

    (void)state;
    assert_int_equal(feed_decode(FEED_ENTRY, entry, sizeof(entry), &decoded), 0);
    assert_true(decoded.document.size == 0 && !decoded.document.data);
    assert_true(decoded.n_approvals == 1 && decoded.approvals[0].size == 0 && !decoded.approvals[0].data);
    assert_int_equal(feed_decode(FEED_COOKIE, none, sizeof(none), &decoded), 0);
    assert_true(decoded.cookie.size == 0 && !decoded.cookie.data);
    assert_int_equal(feed_decode(FEED_PRESENT, none, sizeof(none), &decoded), 0);
    assert_true(decoded.n_uuids == 0 && !decoded.uuids);
}

/* A frame cut anywhere is refused, also when the header tells the truth about the cut body. What is cut lies
 * in memory of its own, so that a read beyond its end is seen. */
static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_feed_samples; i++) {
        cleanup_buf struct buf frame = BUF_INIT;

        encode(&feed_samples[i], feed_samples[i].fill, &frame);
        for (size_t cut = 0; cut < frame.size; cut++) {
            cleanup_free uint8_t *copy = malloc(cut > 0 ? cut : 1);

            assert_non_null(copy);
            memcpy(copy, frame.data, cut);
            assert_int_equal(feed_read_frame(copy, cut, &decoded), -EBADMSG);
            if (cut < FRAME_HEADER_SIZE)
                continue;
            frame_write_header(copy, feed_samples[i].type, (uint32_t)(cut - FRAME_HEADER_SIZE));
            assert_int_equal(feed_read_frame(copy, cut, &decoded), -EBADMSG);
        }
    }
}

static void each_extra_octet_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_feed_samples; i++) {
        cleanup_buf struct buf frame = BUF_INIT;

        encode(&feed_samples[i], feed_samples[i].fill, &frame);
        buf_put_u8(&frame, 0);
        assert_int_equal(buf_error(&frame), 0);
        for (unsigned octet = 0; octet < 256; octet++) {
            frame_write_header(frame.data, feed_samples[i].type,
                               (uint32_t)(frame.size - 1 - FRAME_HEADER_SIZE));
            frame.data[frame.size - 1] = (uint8_t)octet;
            assert_int_equal(feed_read_frame(frame.data, frame.size, &decoded), -EBADMSG);
            frame_write_header(frame.data, feed_samples[i].type, (uint32_t)(frame.size - FRAME_HEADER_SIZE));
            assert_int_equal(feed_read_frame(frame.data, frame.size, &decoded), -EBADMSG);
        }
    }
}

/* Whatever another octet makes of a frame: it is refused, or it is another message's only encoding. */
static void any_other_octet_is_refused_or_another_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_feed_samples; i++) {
        cleanup_buf struct buf frame = BUF_INIT, again = BUF_INIT;
        size_t refused = 0;

        encode(&feed_samples[i], feed_samples[i].fill, &frame);
        for (size_t at = 0; at < frame.size; at++) {
            uint8_t was = frame.data[at];

            for (unsigned change = 1; change < 256; change++) {
                frame.data[at] = (uint8_t)(was ^ change);
                if (feed_read_frame(frame.data, frame.size, &decoded) < 0) {
                    refused++;
                    continue;
                }
                again.size = 0;
                assert_int_equal(feed_encode(&decoded, &again), 0);
                assert_int_equal(again.size, frame.size);
                assert_memory_equal(again.data, frame.data, frame.size);
            }
            frame.data[at] = was;
        }
        /* Magic, version and length never survive. */
        assert_true(refused >= 10 * 255);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_comes_back),
        cmocka_unit_test(every_field_at_its_maximum_comes_back),
        cmocka_unit_test(nothing_is_an_address),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(each_extra_octet_is_refused),
        cmocka_unit_test(any_other_octet_is_refused_or_another_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
