/* What the fields of each message of the feed may say, on the side that sends and on the side that reads. */
#include "feed_samples.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static struct feed_message message, decoded;

static void fill(enum feed_type type)
{
    for (size_t i = 0; i < n_feed_samples; i++)
        if (feed_samples[i].type == type)
            feed_sample_fill(&feed_samples[i], feed_samples[i].fill, &message);
}

/* Encodes behind octets that are there already; they stay, and nothing is added if it fails. */
static int encode(void)
{
    cleanup_buf struct buf out = BUF_INIT;
    int r;

    buf_puts(&out, "before");
    r = feed_encode(&message, &out);
    assert_int_equal(buf_error(&out), 0);
    assert_memory_equal(out.data, "before", 6);
    assert_true((out.size > 6) == (r == 0));
    return r;
}

static void header_of(uint8_t header[static FRAME_HEADER_SIZE], unsigned type, uint32_t length, int expected)
{
    enum feed_type got_type = FEED_STATE;
    uint32_t got_length = 77;

    frame_write_header(header, type, length);
    assert_int_equal(feed_parse_header(header, &got_type, &got_length), expected);
    assert_int_equal(got_type, expected == 0 ? type : 0);
    assert_int_equal(got_length, expected == 0 ? length : 0);
}

static void a_header_has_a_known_type_and_a_bound(void **state)
{
    uint8_t header[FRAME_HEADER_SIZE];
    enum feed_type type;
    uint32_t length;
    unsigned known = 0;

    (void)state;
    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        frame_write_header(header, number, 0);
        known += feed_parse_header(header, &type, &length) == 0;
    }
    assert_int_equal(known, n_feed_samples);
    header_of(header, FEED_ENTRY, FEED_BODY_MAX, 0);
    header_of(header, FEED_ENTRY, FEED_BODY_MAX + 1, -EBADMSG);
    header_of(header, FEED_ENTRY, UINT32_MAX, -EBADMSG);
    header_of(header, FRAME_GATE_OPEN, 5, -EBADMSG);
    header_of(header, FEED_ENTRY, 5, 0);
    header[0] = 'h';
    assert_int_equal(feed_parse_header(header, &type, &length), -EBADMSG);
    header[0] = 'H';
    header[5] = 2;
    assert_int_equal(feed_parse_header(header, &type, &length), -EPROTONOSUPPORT);
}

static void text_without_end_is_not_encoded(void **state)
{
    (void)state;
#define REFUSED(kind, array)                               \
    do {                                                   \
        fill(kind);                                        \
        memset(message.array, 'x', sizeof(message.array)); \
        assert_int_equal(encode(), -EMSGSIZE);             \
        message.array[sizeof(message.array) - 1] = 0;      \
        assert_int_equal(encode(), 0);                     \
    } while (0)
    REFUSED(FEED_START, host);
    REFUSED(FEED_START, groups[1]);
    REFUSED(FEED_ENTRY, name);
    REFUSED(FEED_STATE, server);
    REFUSED(FEED_STATE, text);
}

static void host_and_groups_are_names(void **state)
{
    static const char *const others[] = {"", "@databases", "db 1", ".db1", "*", "db1)(cn=*", "d\xc3\xa9-1"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        cleanup_buf struct buf frame = BUF_INIT;
        size_t length = strlen(others[i]);
        uint8_t *at;

        fill(FEED_START);
        memcpy(message.groups[1], others[i], length + 1);
        assert_int_equal(encode(), -EINVAL);
        fill(FEED_START);
        memcpy(message.host, others[i], length + 1);
        assert_int_equal(encode(), -EINVAL);
        /* The same, from somebody else's encoder: a name of that length, and its octets changed. */
        memset(message.host, 'n', length);
        if (length == 0)
            continue;
        assert_int_equal(feed_encode(&message, &frame), 0);
        assert_int_equal(feed_read_frame(frame.data, frame.size, &decoded), 0);
        at = frame.data + FRAME_HEADER_SIZE + 6;
        memcpy(at, others[i], length);
        assert_int_equal(feed_read_frame(frame.data, frame.size, &decoded), -EBADMSG);
    }
}

static void an_empty_name_is_refused(void **state)
{
    static const uint8_t body[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    static const uint8_t with_name[] = {0, 0, 0, 1, 0, 1, 'a', 0, 0, 0, 0};

    (void)state;
    assert_int_equal(feed_decode(FEED_START, with_name, sizeof(with_name), &decoded), 0);
    assert_int_equal(feed_decode(FEED_START, body, sizeof(body), &decoded), -EBADMSG);
}

static void lists_are_bounded(void **state)
{
    (void)state;
    fill(FEED_START);
    message.n_groups = FEED_GROUPS_MAX + 1;
    assert_int_equal(encode(), -EMSGSIZE);
    fill(FEED_START);
    message.cookie.size = FEED_COOKIE_MAX + 1;
    assert_int_equal(encode(), -EMSGSIZE);
    fill(FEED_ENTRY);
    message.n_approvals = FEED_APPROVALS_MAX + 1;
    assert_int_equal(encode(), -EMSGSIZE);
    fill(FEED_PRESENT);
    message.n_uuids = FEED_PRESENT_MAX + 1;
    assert_int_equal(encode(), -EMSGSIZE);
    message.n_uuids = SIZE_MAX / 8;
    assert_int_equal(encode(), -EMSGSIZE);
}

/* The count that came in is one too many, and all elements are there: the list is as long as it says. */
static void a_whole_list_that_is_too_long_is_refused(void **state)
{
    static uint8_t body[4 + 2 + (FEED_PRESENT_MAX + 1) * 16];
    struct feed_message *m = malloc(sizeof(*m)); /* what is written behind it is seen */
    size_t head;

    (void)state;
    assert_non_null(m);
    for (size_t n = FEED_PRESENT_MAX; n <= FEED_PRESENT_MAX + 1; n++) {
        body[4] = (uint8_t)(n >> 8);
        body[5] = (uint8_t)n;
        assert_int_equal(feed_decode(FEED_PRESENT, body, 6 + n * 16, m),
                         n <= FEED_PRESENT_MAX ? 0 : -EBADMSG);
    }
    memset(body, 0, sizeof(body));
    for (size_t n = FEED_COOKIE_MAX; n <= FEED_COOKIE_MAX + 1; n++) {
        body[4] = (uint8_t)(n >> 8);
        body[5] = (uint8_t)n;
        assert_int_equal(feed_decode(FEED_COOKIE, body, 6 + n, m), n <= FEED_COOKIE_MAX ? 0 : -EBADMSG);
    }
    memset(body, 0, sizeof(body));
    body[20] = FEED_DOCUMENT;
    head = 4 + 16 + 1 + 2 + 4;
    for (size_t n = FEED_APPROVALS_MAX; n <= 300; n++) {
        body[head] = (uint8_t)(n >> 8);
        body[head + 1] = (uint8_t)n;
        assert_int_equal(feed_decode(FEED_ENTRY, body, head + 2 + n * 4, m),
                         n <= FEED_APPROVALS_MAX ? 0 : -EBADMSG);
    }
    memset(body, 0, sizeof(body));
    memcpy(body + 4, "\0\1a", 3);
    for (size_t n = FEED_GROUPS_MAX; n <= 300; n++) {
        body[7] = (uint8_t)(n >> 8);
        body[8] = (uint8_t)n;
        for (size_t i = 0; i < n; i++)
            memcpy(body + 9 + 3 * i, "\0\1a", 3);
        memset(body + 9 + 3 * n, 0, 2);
        assert_int_equal(feed_decode(FEED_START, body, 9 + 3 * n + 2, m),
                         n <= FEED_GROUPS_MAX ? 0 : -EBADMSG);
    }
    free(m);
}

static void a_body_is_bounded(void **state)
{
    static uint8_t octets[FEED_BODY_MAX + 64];
    const size_t head = 4 + 16 + 1 + 2 + 4 + 2;

    (void)state;
    memset(&message, 0, sizeof(message));
    message.type = FEED_ENTRY;
    message.kind = FEED_DOCUMENT;
    message.document = (struct feed_octets){octets, FEED_BODY_MAX - head};
    assert_int_equal(encode(), 0);
    message.document.size++;
    assert_int_equal(encode(), -EMSGSIZE);
    message.document.size = SIZE_MAX - 100;
    assert_int_equal(encode(), -EMSGSIZE);
    message.document.size = FEED_BODY_MAX / 2;
    message.n_approvals = 2;
    message.approvals[0] = message.approvals[1] = message.document;
    assert_int_equal(encode(), -EMSGSIZE);
    /* What somebody else wrote: the lengths are right, and it is too long. */
    octets[20] = FEED_DOCUMENT;
    for (size_t size = FEED_BODY_MAX - head; size <= FEED_BODY_MAX - head + 1; size++) {
        for (unsigned k = 0; k < 4; k++)
            octets[23 + k] = (uint8_t)(size >> (24 - 8 * k));
        assert_int_equal(feed_decode(FEED_ENTRY, octets, head + size, &decoded),
                         head + size <= FEED_BODY_MAX ? 0 : -EBADMSG);
    }
}

/* Each octet that holds an enumerator or a truth: `first` to `last` pass, on both sides. */
static void enumerators_are_known(void **state)
{
    static const struct {
        enum feed_type type;
        size_t at; /* in the example's body */
        unsigned first, last;
    } rows[] = {
        {FEED_CLAIM, 4, FEED_TAKE, FEED_GIVE_BACK},      {FEED_BEGIN, 4, 0, 1},
        {FEED_ENTRY, 20, FEED_DOCUMENT, FEED_HEARTBEAT}, {FEED_END, 4, 0, 1},
        {FEED_STATE, 0, FEED_CONNECTING, FEED_FAILED},   {FEED_STATE, 1, 0, 1},
        {FEED_STATE, 2 + 2 + 29 + 2 + 25 + 4, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_buf struct buf frame = BUF_INIT;

        fill(rows[i].type);
        assert_int_equal(feed_encode(&message, &frame), 0);
        for (unsigned value = 0; value < 256; value++) {
            bool good = value >= rows[i].first && value <= rows[i].last;

            frame.data[FRAME_HEADER_SIZE + rows[i].at] = (uint8_t)value;
            assert_int_equal(feed_read_frame(frame.data, frame.size, &decoded), good ? 0 : -EBADMSG);
        }
    }
    for (unsigned value = 0; value <= 257; value++) {
        fill(FEED_CLAIM);
        message.operation = (enum feed_operation)value;
        assert_int_equal(encode(), value >= FEED_TAKE && value <= FEED_GIVE_BACK ? 0 : -EINVAL);
        fill(FEED_ENTRY);
        message.kind = (enum feed_kind)value;
        assert_int_equal(encode(), value >= FEED_DOCUMENT && value <= FEED_HEARTBEAT ? 0 : -EINVAL);
        fill(FEED_STATE);
        message.state = (enum feed_state)value;
        assert_int_equal(encode(), value >= FEED_CONNECTING && value <= FEED_FAILED ? 0 : -EINVAL);
        message.type = (enum feed_type)value;
        assert_int_equal(encode(), -EINVAL);
    }
}

static void an_outcome_is_one_of_its_operation(void **state)
{
    static const bool good[FEED_GIVE_BACK + 1][FEED_UNKNOWN + 1] = {
        [FEED_TAKE] =
            {[FEED_HELD] = true, [FEED_EXHAUSTED] = true, [FEED_UNAVAILABLE] = true, [FEED_UNKNOWN] = true},
        [FEED_LOOK] =
            {[FEED_HELD] = true, [FEED_NOT_HELD] = true, [FEED_UNAVAILABLE] = true, [FEED_UNKNOWN] = true},
        [FEED_GIVE_BACK] = {[FEED_NOT_HELD] = true, [FEED_UNAVAILABLE] = true, [FEED_UNKNOWN] = true},
    };
    cleanup_buf struct buf frame = BUF_INIT;

    (void)state;
    fill(FEED_CLAIMED);
    assert_int_equal(feed_encode(&message, &frame), 0);
    for (unsigned operation = 0; operation <= FEED_GIVE_BACK + 1; operation++)
        for (unsigned outcome = 0; outcome <= FEED_UNKNOWN + 1; outcome++) {
            bool known = operation <= FEED_GIVE_BACK && outcome <= FEED_UNKNOWN && good[operation][outcome];

            message.operation = (enum feed_operation)operation;
            message.outcome = (enum feed_outcome)outcome;
            assert_int_equal(encode(), known ? 0 : -EINVAL);
            frame.data[FRAME_HEADER_SIZE + 4] = (uint8_t)operation;
            frame.data[frame.size - 1] = (uint8_t)outcome;
            assert_int_equal(feed_read_frame(frame.data, frame.size, &decoded), known ? 0 : -EBADMSG);
        }
}

static void an_encoder_without_room_says_so(void **state)
{
    cleanup_buf struct buf out = {.limit = 20};

    (void)state;
    fill(FEED_CLAIM);
    assert_int_equal(feed_encode(&message, &out), -EMSGSIZE);
    assert_int_equal(out.size, 0);
    assert_int_equal(buf_error(&out), 0);
    out.limit = 0;
    buf_put(&out, "x", BUF_DEFAULT_LIMIT + 1); /* it failed before */
    assert_int_equal(feed_encode(&message, &out), -EMSGSIZE);
    assert_int_equal(buf_error(&out), -EMSGSIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_has_a_known_type_and_a_bound),
        cmocka_unit_test(text_without_end_is_not_encoded),
        cmocka_unit_test(host_and_groups_are_names),
        cmocka_unit_test(an_empty_name_is_refused),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(a_whole_list_that_is_too_long_is_refused),
        cmocka_unit_test(a_body_is_bounded),
        cmocka_unit_test(enumerators_are_known),
        cmocka_unit_test(an_outcome_is_one_of_its_operation),
        cmocka_unit_test(an_encoder_without_room_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
