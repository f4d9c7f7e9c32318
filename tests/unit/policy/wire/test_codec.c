/* The codec itself, with a message of this test's own: what fits a frame to the octet, and what does not. */
#include "policy/base/cleanup.h"
#include "policy/wire/codec.h"
#include "policy/wire/gate.h"
#include "policy/wire/reap.h"
#include "tests/unit/policy/wire/samples.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define TEXT_MAX 3000

struct wide {
    char first[TEXT_MAX], second[TEXT_MAX], third[TEXT_MAX];
    uint8_t last;
};

static const struct codec_field wide_fields[] = {
    CODEC_TEXT_FIELD(struct wide, first, false),
    CODEC_TEXT_FIELD(struct wide, second, false),
    CODEC_TEXT_FIELD(struct wide, third, false),
    CODEC_U8_FIELD(struct wide, last, NULL),
};
static const struct codec_message wide_message = {wide_fields, ARRAY_SIZE(wide_fields), sizeof(struct wide),
                                                  NULL};

static struct wide wide, back;
/* What is written behind a frame would be seen. */
static uint8_t frame[FRAME_MAX + 64];

/* Three texts, each with a length of two octets, and one octet. */
static int encode_wide(size_t body)
{
    size_t left = body - 7;

    memset(&wide, 0, sizeof(wide));
    wide.last = 9;
    for (size_t i = 0; i < 3; i++) {
        char *text = i == 0 ? wide.first : i == 1 ? wide.second : wide.third;
        size_t length = left < TEXT_MAX - 1 ? left : TEXT_MAX - 1;

        memset(text, 'a' + (int)i, length);
        left -= length;
    }
    assert_int_equal(left, 0);
    memset(frame, 0x5a, sizeof(frame));
    return codec_encode(&wide_message, FRAME_GATE_REPLY, &wide, frame);
}

static void a_frame_is_filled_to_its_last_octet(void **state)
{
    (void)state;
    for (size_t body = FRAME_BODY_MAX - 2; body <= FRAME_BODY_MAX; body++) {
        assert_int_equal(encode_wide(body), FRAME_HEADER_SIZE + body);
        assert_int_equal(codec_decode(&wide_message, frame + FRAME_HEADER_SIZE, body, &back), 0);
        assert_memory_equal(&wide, &back, sizeof(wide));
    }
}

static void nothing_is_written_behind_a_frame(void **state)
{
    (void)state;
    for (size_t body = FRAME_BODY_MAX + 1; body < FRAME_BODY_MAX + 12; body++) {
        assert_int_equal(encode_wide(body), -EMSGSIZE);
        for (size_t i = FRAME_MAX; i < sizeof(frame); i++)
            assert_int_equal(frame[i], 0x5a);
    }
}

struct narrow {
    uint16_t word;
    uint32_t number; /* on the wire an octet, and nobody says what it accepts */
    uint8_t last;
};

static const struct codec_field narrow_fields[] = {
    CODEC_U16_FIELD(struct narrow, word, NULL),
    CODEC_U8_FIELD(struct narrow, number, NULL),
    CODEC_U8_FIELD(struct narrow, last, NULL),
};
static const struct codec_message narrow_message = {narrow_fields, ARRAY_SIZE(narrow_fields),
                                                    sizeof(struct narrow), NULL};

static void a_number_that_does_not_fit_is_not_cut(void **state)
{
    static const uint32_t others[] = {0x100, 0x1ff, 0x200, 0x10000, 0x100000ff, UINT32_MAX};
    struct narrow n = {0xfedc, 0xff, 7}, decoded;

    (void)state;
    assert_int_equal(codec_encode(&narrow_message, FRAME_GATE_REPLY, &n, frame), FRAME_HEADER_SIZE + 4);
    assert_int_equal(codec_decode(&narrow_message, frame + FRAME_HEADER_SIZE, 4, &decoded), 0);
    assert_int_equal(decoded.word, 0xfedc);
    assert_int_equal(decoded.number, 0xff);
    assert_int_equal(decoded.last, 7);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        n.number = others[i];
        assert_int_equal(codec_encode(&narrow_message, FRAME_GATE_REPLY, &n, frame), -EINVAL);
    }
}

static void each_result_of_the_reaper_is_told(void **state)
{
    static struct reap_reply reply, decoded;

    (void)state;
    for (unsigned result = 0; result < 256; result++) {
        bool known = result >= REAP_DONE && result <= REAP_FAILED;
        int size;

        memset(&reply, 0, sizeof(reply));
        reply.result = (uint8_t)result;
        size = reap_encode_reply(&reply, frame);
        if (!known) {
            assert_int_equal(size, -EINVAL);
            continue;
        }
        assert_true(size > 0);
        assert_int_equal(
            reap_decode_reply(frame + FRAME_HEADER_SIZE, (size_t)size - FRAME_HEADER_SIZE, &decoded), 0);
        assert_int_equal(decoded.result, result);
    }
}

/* A shell has no command, and no channel need have a terminal. */
static void a_channel_without_a_command(void **state)
{
    static struct gate_channel channel, decoded;
    int size;

    (void)state;
    samples[4].fill(FRAME_GATE_CHANNEL, &channel);
    channel.command[0] = channel.tty[0] = channel.ssh_connection[0] = '\0';
    size = gate_encode_channel(&channel, frame);
    assert_true(size > 0);
    assert_int_equal(
        gate_decode_channel(frame + FRAME_HEADER_SIZE, (size_t)size - FRAME_HEADER_SIZE, &decoded), 0);
    assert_string_equal(decoded.command, "");
    assert_string_equal(decoded.tty, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_filled_to_its_last_octet),
        cmocka_unit_test(nothing_is_written_behind_a_frame),
        cmocka_unit_test(a_number_that_does_not_fit_is_not_cut),
        cmocka_unit_test(each_result_of_the_reaper_is_told),
        cmocka_unit_test(a_channel_without_a_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
