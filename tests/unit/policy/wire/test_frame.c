#include "policy/wire/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static uint8_t octets[FRAME_MAX + 1];

static int parse_with(size_t at, uint8_t value)
{
    struct frame_header h = {.type = FRAME_REAP_WHO, .length = 77};
    uint8_t header[FRAME_HEADER_SIZE];
    int r;

    frame_write_header(header, FRAME_GATE_ACCOUNT, 5);
    header[at] = value;
    r = frame_parse_header(header, &h);
    if (r < 0)
        assert_true(h.type == 0 && h.length == 0);
    return r;
}

static void a_header_is_twelve_known_octets(void **state)
{
    static const uint8_t known[FRAME_HEADER_SIZE] = {'H', 'U', 'F', 'U', 0, 1, 1, 0x80, 0, 0, 0x20, 0};
    uint8_t header[FRAME_HEADER_SIZE];
    struct frame_header h;

    (void)state;
    frame_write_header(header, FRAME_REAP_REPLY, FRAME_BODY_MAX);
    assert_memory_equal(header, known, sizeof(known));
    assert_int_equal(frame_parse_header(known, &h), 0);
    assert_int_equal(h.type, FRAME_REAP_REPLY);
    assert_int_equal(h.length, FRAME_BODY_MAX);
}

static void magic_and_version_have_one_value(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        for (size_t at = 0; at < 4; at++)
            assert_int_equal(parse_with(at, (uint8_t)value), value == (uint8_t) "HUFU"[at] ? 0 : -EBADMSG);
        assert_int_equal(parse_with(4, (uint8_t)value), value == 0 ? 0 : -EPROTONOSUPPORT);
        assert_int_equal(parse_with(5, (uint8_t)value), value == FRAME_VERSION ? 0 : -EPROTONOSUPPORT);
    }
}

static void unknown_types_are_refused(void **state)
{
    unsigned known = 0;

    (void)state;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        uint8_t header[FRAME_HEADER_SIZE];
        struct frame_header h;

        frame_write_header(header, (enum frame_type)type, 0);
        if (frame_parse_header(header, &h) == 0) {
            assert_int_equal(h.type, type);
            known++;
        }
    }
    assert_int_equal(known, 17);
}

static void a_body_is_bounded(void **state)
{
    static const uint32_t lengths[] = {FRAME_BODY_MAX + 1, 65536, 0x7fffffff, 0x80000000, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t header[FRAME_HEADER_SIZE];
        struct frame_header h;

        frame_write_header(header, FRAME_GATE_OPEN, lengths[i]);
        assert_int_equal(frame_parse_header(header, &h), -EBADMSG);
    }
}

static void a_datagram_is_one_frame(void **state)
{
    struct frame_header h;

    (void)state;
    for (size_t length = 0; length <= 40; length++) {
        frame_write_header(octets, FRAME_REAP_SCAN, (uint32_t)length);
        for (size_t size = 0; size <= FRAME_HEADER_SIZE + 42; size++) {
            bool whole = size == FRAME_HEADER_SIZE + length;

            assert_int_equal(frame_parse(octets, size, &h), whole ? 0 : -EBADMSG);
            assert_int_equal(h.type, whole ? (int)FRAME_REAP_SCAN : 0);
        }
    }
    frame_write_header(octets, FRAME_REAP_SCAN, FRAME_BODY_MAX);
    assert_int_equal(frame_parse(octets, FRAME_MAX, &h), 0);
    assert_int_equal(frame_parse(octets, FRAME_MAX + 1, &h), -EBADMSG);
}

/* What all sockets have in common: any type and any length behind magic and version, and nothing without
 * them. */
static void all_sockets_have_magic_and_version_in_common(void **state)
{
    uint16_t type = 1;
    uint32_t length = 1;

    (void)state;
    frame_write_header(octets, 999, UINT32_MAX);
    assert_int_equal(frame_read_header(octets, &type, &length), 0);
    assert_int_equal(type, 999);
    assert_true(length == UINT32_MAX);
    octets[5] ^= 1;
    assert_int_equal(frame_read_header(octets, &type, &length), -EPROTONOSUPPORT);
    assert_int_equal(type, 0);
    assert_int_equal(length, 0);
    type = 1;
    length = 1;
    octets[0] ^= 1;
    assert_int_equal(frame_read_header(octets, &type, &length), -EBADMSG);
    assert_int_equal(type, 0);
    assert_int_equal(length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sockets_have_magic_and_version_in_common),
        cmocka_unit_test(a_header_is_twelve_known_octets),
        cmocka_unit_test(magic_and_version_have_one_value),
        cmocka_unit_test(unknown_types_are_refused),
        cmocka_unit_test(a_body_is_bounded),
        cmocka_unit_test(a_datagram_is_one_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
