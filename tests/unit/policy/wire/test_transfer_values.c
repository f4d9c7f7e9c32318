/* What the fields of a transfer's frame may say together, on the side that sends and on the side that reads.
 */
#include "policy/wire/frame.h"
#include "policy/wire/gate.h"
#include "samples_recording.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static struct gate_transfer transfer, again;
static uint8_t frame[FRAME_MAX];

static bool has_octets(unsigned kind)
{
    return kind == GATE_TRANSFER_FILE || kind == GATE_TRANSFER_CUT;
}

static bool has_target(unsigned kind)
{
    return kind == GATE_TRANSFER_RENAME || kind == GATE_TRANSFER_LINK;
}

static void fill(unsigned kind, uint64_t read, uint64_t written, const char *target)
{
    memset(&transfer, 0, sizeof(transfer));
    sample_fill_transfer(FRAME_GATE_TRANSFER, &transfer);
    transfer.kind = (uint8_t)kind;
    transfer.read = read;
    transfer.written = written;
    (void)strcpy(transfer.target, target);
}

static bool is_sent(void)
{
    return gate_encode_transfer(&transfer, frame) > 0;
}

/* Where the kind stands in a frame: two that differ in nothing else. */
static size_t place_of_kind(void)
{
    uint8_t other[FRAME_MAX];
    size_t at = FRAME_HEADER_SIZE;

    fill(GATE_TRANSFER_FILE, 0, 0, "");
    assert_true(is_sent());
    memcpy(other, frame, sizeof(other));
    transfer.kind = GATE_TRANSFER_CUT;
    assert_true(is_sent());
    while (at < FRAME_MAX && frame[at] == other[at])
        at++;
    assert_true(at < FRAME_MAX);
    return at;
}

static void only_a_file_has_octets(void **state)
{
    (void)state;
    for (unsigned kind = GATE_TRANSFER_FILE; kind <= GATE_TRANSFER_ATTRIBUTES; kind++) {
        const char *target = has_target(kind) ? "/srv/drop/other" : "";

        fill(kind, 0, 0, target);
        assert_true(is_sent());
        fill(kind, 1, 0, target);
        assert_int_equal(is_sent(), has_octets(kind));
        fill(kind, 0, 1, target);
        assert_int_equal(is_sent(), has_octets(kind));
    }
}

static void only_two_names_have_a_target(void **state)
{
    (void)state;
    for (unsigned kind = GATE_TRANSFER_FILE; kind <= GATE_TRANSFER_ATTRIBUTES; kind++) {
        fill(kind, 0, 0, "");
        assert_int_equal(is_sent(), !has_target(kind));
        fill(kind, 0, 0, "/srv/drop/other");
        assert_int_equal(is_sent(), has_target(kind));
        fill(kind, 0, 0, "b");
        assert_int_equal(is_sent(), has_target(kind));
    }
}

/* A frame of one kind with another kind's number on it. */
static bool is_read(unsigned kind, unsigned as, uint64_t read, uint64_t written, const char *target)
{
    size_t at = place_of_kind();
    int size;

    fill(kind, read, written, target);
    size = gate_encode_transfer(&transfer, frame);
    assert_true(size > 0);
    frame[at] = (uint8_t)as;
    return gate_decode_transfer(frame + FRAME_HEADER_SIZE, (size_t)size - FRAME_HEADER_SIZE, &again) == 0;
}

static void the_reader_asks_the_same(void **state)
{
    (void)state;
    for (unsigned as = 0; as <= GATE_TRANSFER_ATTRIBUTES + 1; as++) {
        bool known = as >= GATE_TRANSFER_FILE && as <= GATE_TRANSFER_ATTRIBUTES;

        assert_int_equal(is_read(GATE_TRANSFER_FILE, as, 0, 0, ""), known && !has_target(as));
        assert_int_equal(is_read(GATE_TRANSFER_FILE, as, 1, 0, ""), has_octets(as));
        assert_int_equal(is_read(GATE_TRANSFER_CUT, as, 0, 1, ""), has_octets(as));
        assert_int_equal(is_read(GATE_TRANSFER_LINK, as, 0, 0, "/srv/drop/other"), has_target(as));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_file_has_octets),
        cmocka_unit_test(only_two_names_have_a_target),
        cmocka_unit_test(the_reader_asks_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
