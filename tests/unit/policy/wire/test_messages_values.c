/* What the fields of each message may say, on the side that sends and on the side that reads. */
#include "policy/wire/gate.h"
#include "policy/wire/reap.h"
#include "samples.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t message[SAMPLE_SIZE_MAX], decoded[SAMPLE_SIZE_MAX];
static uint8_t frame[FRAME_MAX], again[FRAME_MAX];

/* Text that fills its array, without a NUL, has to be seen before it is read past its end. */
static void text_without_end_is_not_encoded(void **state)
{
    struct gate_pam *pam = calloc(1, sizeof(*pam));
    struct gate_keys *keys = calloc(1, sizeof(*keys));
    struct gate_channel *channel = calloc(1, sizeof(*channel));
    struct gate_reply *reply = calloc(1, sizeof(*reply));

    (void)state;
    assert_true(pam && keys && channel && reply);
#define REFUSED(m, array, call)                      \
    do {                                             \
        memset((m)->array, 'x', sizeof((m)->array)); \
        assert_int_equal(call, -EMSGSIZE);           \
        memset((m)->array, 'x', 1);                  \
        (m)->array[1] = 0;                           \
    } while (0)
#define REFUSED_PAM(array)     REFUSED(pam, array, gate_encode_pam(FRAME_GATE_OPEN, pam, frame))
#define REFUSED_KEYS(array)    REFUSED(keys, array, gate_encode_keys(keys, frame))
#define REFUSED_CHANNEL(array) REFUSED(channel, array, gate_encode_channel(channel, frame))
#define REFUSED_REPLY(array)   REFUSED(reply, array, gate_encode_reply(reply, frame))
    pam->range = (struct gate_range){20000, 29999};
    pam->person_uid = 20000;
    memcpy(pam->user, "u", 2);
    memcpy(pam->person, "u", 2);
    memcpy(pam->service, "s", 2);
    REFUSED_PAM(user);
    REFUSED_PAM(person);
    REFUSED_PAM(service);
    REFUSED_PAM(tty);
    REFUSED_PAM(remote_host);
    REFUSED_PAM(remote_user);
    REFUSED_PAM(ssh_connection);
    REFUSED_PAM(auth_info);
    assert_true(gate_encode_pam(FRAME_GATE_OPEN, pam, frame) > 0);
    memcpy(keys->user, "u", 2);
    memcpy(keys->key_type, "t", 2);
    memcpy(keys->key, "k", 2);
    REFUSED_KEYS(user);
    REFUSED_KEYS(key_type);
    REFUSED_KEYS(key);
    assert_true(gate_encode_keys(keys, frame) > 0);
    channel->channel = GATE_CHANNEL_SHELL;
    REFUSED_CHANNEL(command);
    REFUSED_CHANNEL(tty);
    REFUSED_CHANNEL(ssh_connection);
    assert_true(gate_encode_channel(channel, frame) > 0);
    reply->verdict = VERDICT_DENY;
    reply->reason = REASON_NO_GRANT;
    REFUSED_REPLY(reference);
    REFUSED_REPLY(message);
    REFUSED_REPLY(options);
    assert_true(gate_encode_reply(reply, frame) > 0);
    free(pam);
    free(keys);
    free(channel);
    free(reply);
}

static void only_the_exact_verdicts_pass(void **state)
{
    struct gate_reply reply = {.verdict = VERDICT_ALLOW, .reason = REASON_OK};
    int size = gate_encode_reply(&reply, frame);
    static const uint32_t others[] = {
        0,          1,          UINT32_MAX, VERDICT_ALLOW + 1, VERDICT_ALLOW ^ 0x80000000u,
        0x0000000a, 0x0ff15a3c, 0x5a3c0000, VERDICT_DENY - 1,  0xf10f3c5a};

    (void)state;
    assert_true(size > 0);
    assert_int_equal(gate_decode_reply(frame + FRAME_HEADER_SIZE, (size_t)size - FRAME_HEADER_SIZE, &reply),
                     0);
    assert_int_equal(reply.verdict, VERDICT_ALLOW);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        for (unsigned k = 0; k < 4; k++)
            frame[FRAME_HEADER_SIZE + k] = (uint8_t)(others[i] >> (24 - 8 * k));
        assert_int_equal(
            gate_decode_reply(frame + FRAME_HEADER_SIZE, (size_t)size - FRAME_HEADER_SIZE, &reply), -EBADMSG);
        assert_int_not_equal(reply.verdict, VERDICT_ALLOW);
    }
}

static void what_is_no_reply_is_not_encoded(void **state)
{
    struct gate_reply reply = {.verdict = VERDICT_ALLOW, .reason = REASON_OK};

    (void)state;
    reply.verdict = (enum verdict)0;
    assert_int_equal(gate_encode_reply(&reply, frame), -EINVAL);
    reply.verdict = VERDICT_DENY;
    reply.reason = (enum reason)0;
    assert_int_equal(gate_encode_reply(&reply, frame), -EINVAL);
    reply.reason = (enum reason)(REASON_OK + 0x10000);
    assert_int_equal(gate_encode_reply(&reply, frame), -EINVAL);
    reply.reason = REASON_NO_GRANT;
    reply.valid_until = -1;
    assert_int_equal(gate_encode_reply(&reply, frame), -EINVAL);
    reply.valid_until = 0;
    assert_true(gate_encode_reply(&reply, frame) > 0);
}

/* The same rule on both sides: not encoded, and refused when somebody else sends it. */
static void range_and_person_have_to_agree(void **state)
{
    static const struct {
        uint32_t first, last, person;
        bool good;
    } rows[] = {
        {20000, 29999, 20000, true},  {20000, 29999, 29999, true},  {1, 1, 1, true},
        {20000, 29999, 19999, false}, {20000, 29999, 30000, false}, {0, 29999, 20000, false},
        {29999, 20000, 25000, false}, {20000, 29999, 0, false},
    };
    struct gate_pam *pam = calloc(1, sizeof(*pam));
    const size_t range_at = FRAME_HEADER_SIZE + 36;

    (void)state;
    assert_non_null(pam);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t size = sample_encode(&samples[0], samples[0].fill, message, frame);
        const uint8_t *uid_at = frame + range_at + 8 + 11 + 4 + 11;
        uint32_t numbers[3] = {rows[i].first, rows[i].last, rows[i].person};
        uint8_t *places[3] = {frame + range_at, frame + range_at + 4, frame + (uid_at - frame)};

        for (unsigned n = 0; n < 3; n++)
            for (unsigned k = 0; k < 4; k++)
                places[n][k] = (uint8_t)(numbers[n] >> (24 - 8 * k));
        assert_int_equal(sample_decode(&samples[0], frame, size, decoded), rows[i].good ? 0 : -EBADMSG);
        samples[0].fill(FRAME_GATE_ACCOUNT, pam);
        pam->range = (struct gate_range){rows[i].first, rows[i].last};
        pam->person_uid = rows[i].person;
        if (rows[i].good)
            assert_true(gate_encode_pam(FRAME_GATE_ACCOUNT, pam, again) > 0);
        else
            assert_int_equal(gate_encode_pam(FRAME_GATE_ACCOUNT, pam, again), -EINVAL);
    }
    free(pam);
}

static void empty_names_are_refused(void **state)
{
    struct gate_pam *pam = calloc(1, sizeof(*pam));
    char *const names[] = {pam->user, pam->person, pam->service};

    (void)state;
    assert_non_null(pam);
    for (size_t i = 0; i < 3; i++) {
        memset(pam, 0, sizeof(*pam));
        samples[0].fill(FRAME_GATE_ACCOUNT, pam);
        assert_true(gate_encode_pam(FRAME_GATE_ACCOUNT, pam, frame) > 0);
        names[i][0] = 0;
        assert_int_equal(gate_encode_pam(FRAME_GATE_ACCOUNT, pam, frame), -EINVAL);
    }
    free(pam);
}

static void other_types_are_not_encoded(void **state)
{
    struct reap_request request = {0};
    struct gate_pam *pam = calloc(1, sizeof(*pam));

    (void)state;
    assert_non_null(pam);
    samples[0].fill(FRAME_GATE_ACCOUNT, pam);
    assert_int_equal(gate_encode_pam(FRAME_GATE_KEYS, pam, frame), -EINVAL);
    assert_int_equal(gate_encode_pam(FRAME_REAP_END, pam, frame), -EINVAL);
    samples[8].fill(FRAME_REAP_LEASE, &request);
    request.type = FRAME_GATE_ACCOUNT;
    assert_int_equal(reap_encode_request(&request, frame), -EINVAL);
    assert_int_equal(reap_decode_request(FRAME_REAP_REPLY, frame, 0, &request), -EBADMSG);
    assert_int_equal(request.cookie, 0);
    free(pam);
}

static void lists_are_bounded(void **state)
{
    struct reap_reply *reply = calloc(1, sizeof(*reply));

    (void)state;
    assert_non_null(reply);
    samples[13].fill(FRAME_REAP_REPLY, reply);
    reply->n_total = 1000;
    reply->n_processes = REAP_SURVIVORS_MAX + 1;
    assert_int_equal(reap_encode_reply(reply, frame), -EMSGSIZE);
    reply->n_processes = 2;
    reply->n_total = 1;
    assert_int_equal(reap_encode_reply(reply, frame), -EINVAL);
    free(reply);
    /* The count of a frame that came in: one more than the array, and a great many more. */
    for (unsigned count = REAP_SURVIVORS_MAX + 1; count <= UINT16_MAX; count += 4099) {
        size_t size = sample_encode(&samples[13], samples[13].fill_most, message, frame);

        frame[FRAME_HEADER_SIZE + 41] = (uint8_t)(count >> 8);
        frame[FRAME_HEADER_SIZE + 42] = (uint8_t)count;
        assert_int_equal(sample_decode(&samples[13], frame, size, decoded), -EBADMSG);
    }
}

/* A list longer than the array, whose elements are all there and in order. */
static void a_whole_list_that_is_too_long_is_refused(void **state)
{
    static uint8_t body[FRAME_BODY_MAX];
    struct reap_reply *reply = malloc(sizeof(*reply)); /* what is written behind it is seen */
    const size_t head = 41, element = 30;              /* an element with an empty name */

    (void)state;
    assert_non_null(reply);
    for (size_t count = REAP_SURVIVORS_MAX - 1; count <= 200; count++) {
        int r;

        memset(body, 0, sizeof(body));
        body[4] = REAP_SURVIVORS;
        body[31] = 1; /* n_total: 256 */
        body[head] = (uint8_t)(count >> 8);
        body[head + 1] = (uint8_t)count;
        r = reap_decode_reply(body, head + 2 + count * element, reply);
        assert_int_equal(r, count <= REAP_SURVIVORS_MAX ? 0 : -EBADMSG);
        assert_int_equal(reply->n_processes, count <= REAP_SURVIVORS_MAX ? count : 0);
    }
    free(reply);
}

static void enumerators_are_known(void **state)
{
    struct reap_request request = {0};
    struct gate_channel *channel = calloc(1, sizeof(*channel));

    (void)state;
    assert_non_null(channel);
    samples[4].fill(FRAME_GATE_CHANNEL, channel);
    for (unsigned value = 0; value < 256; value++) {
        bool good = value == 1 || value == 2 || value == 4;
        int size = (channel->channel = GATE_CHANNEL_EXEC, gate_encode_channel(channel, frame));

        frame[FRAME_HEADER_SIZE + 36] = (uint8_t)value;
        assert_int_equal(sample_decode(&samples[4], frame, (size_t)size, decoded), good ? 0 : -EBADMSG);
        channel->channel = (uint8_t)value;
        assert_true((gate_encode_channel(channel, frame) > 0) == good);
    }
    for (unsigned value = 0; value < 256; value++) {
        samples[8].fill(FRAME_REAP_LEASE, &request);
        request.class = (uint8_t)value;
        assert_true((reap_encode_request(&request, frame) > 0) == (value >= 1 && value <= 3));
        samples[8].fill(FRAME_REAP_LEASE, &request);
        request.target.scope = (enum reap_scope)value;
        assert_true((reap_encode_request(&request, frame) > 0) == (value >= 1 && value <= REAP_LEFTOVERS));
    }
    free(channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_without_end_is_not_encoded),
        cmocka_unit_test(only_the_exact_verdicts_pass),
        cmocka_unit_test(what_is_no_reply_is_not_encoded),
        cmocka_unit_test(range_and_person_have_to_agree),
        cmocka_unit_test(empty_names_are_refused),
        cmocka_unit_test(other_types_are_not_encoded),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(a_whole_list_that_is_too_long_is_refused),
        cmocka_unit_test(enumerators_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
