/* Which texts of a message must be there, and which may be empty; one character is enough for each. */
#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"
#include "policy/wire/reap.h"
#include "samples.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint8_t message[SAMPLE_SIZE_MAX], decoded[SAMPLE_SIZE_MAX];
static uint8_t frame[FRAME_MAX];

#define TEXT(frame_type, type, member, must)     \
    {                                            \
        frame_type, offsetof(type, member), must \
    }

static const struct {
    enum frame_type type;
    size_t offset;
    bool must; /* be there */
} texts[] = {
    TEXT(FRAME_GATE_OPEN, struct gate_pam, user, true),
    TEXT(FRAME_GATE_OPEN, struct gate_pam, person, true),
    TEXT(FRAME_GATE_OPEN, struct gate_pam, service, true),
    TEXT(FRAME_GATE_OPEN, struct gate_pam, tty, false),
    TEXT(FRAME_GATE_OPEN, struct gate_pam, remote_host, false),
    TEXT(FRAME_GATE_OPEN, struct gate_pam, remote_user, false),
    TEXT(FRAME_GATE_OPEN, struct gate_pam, ssh_connection, false),
    TEXT(FRAME_GATE_OPEN, struct gate_pam, auth_info, false),
    TEXT(FRAME_GATE_KEYS, struct gate_keys, user, true),
    TEXT(FRAME_GATE_KEYS, struct gate_keys, key_type, true),
    TEXT(FRAME_GATE_KEYS, struct gate_keys, key, true),
    TEXT(FRAME_GATE_CHANNEL, struct gate_channel, command, false),
    TEXT(FRAME_GATE_CHANNEL, struct gate_channel, tty, false),
    TEXT(FRAME_GATE_CHANNEL, struct gate_channel, ssh_connection, false),
    TEXT(FRAME_GATE_COMMAND, struct gate_command, person, true),
    TEXT(FRAME_GATE_COMMAND, struct gate_command, target, true),
    TEXT(FRAME_GATE_COMMAND, struct gate_command, path, true),
    TEXT(FRAME_GATE_COMMAND, struct gate_command, cwd, false),
    TEXT(FRAME_GATE_COMMAND, struct gate_command, tty, false),
    TEXT(FRAME_GATE_COMMAND, struct gate_command, concern, false),
    TEXT(FRAME_GATE_COMMAND_END, struct gate_command_end, person, true),
    TEXT(FRAME_GATE_COMMAND_END, struct gate_command_end, reference, false),
    TEXT(FRAME_GATE_COMMAND_END, struct gate_command_end, command, false),
    TEXT(FRAME_GATE_COMMAND_END, struct gate_command_end, tty, false),
    TEXT(FRAME_GATE_COMMAND_END, struct gate_command_end, detail, false),
    TEXT(FRAME_GATE_TRANSFER, struct gate_transfer, path, true),
    TEXT(FRAME_GATE_REPLY, struct gate_reply, reference, false),
    TEXT(FRAME_GATE_REPLY, struct gate_reply, message, false),
    TEXT(FRAME_GATE_REPLY, struct gate_reply, options, false),
    TEXT(FRAME_REAP_WARN, struct reap_request, text, true),
    TEXT(FRAME_REAP_END, struct reap_request, text, false),
    TEXT(FRAME_REAP_REPLY, struct reap_reply, processes[0].name, false),
};

static const struct sample *sample_of(enum frame_type type)
{
    for (size_t i = 0; i < n_samples; i++)
        if (samples[i].type == type)
            return &samples[i];
    fail();
    return NULL;
}

static void what_may_be_empty_and_what_may_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const struct sample *s = sample_of(texts[i].type);
        int size;

        memset(message, 0, sizeof(message));
        s->fill(s->type, message);
        message[texts[i].offset] = '\0';
        size = s->encode(s->type, message, frame);
        if ((size == -EINVAL) != texts[i].must || (!texts[i].must && size <= 0))
            fail_msg("%s, text at %zu: %d", s->name, texts[i].offset, size);
        if (!texts[i].must)
            assert_int_equal(sample_decode(s, frame, (size_t)size, decoded), 0);
        memcpy(message + texts[i].offset, "x", 2);
        size = s->encode(s->type, message, frame);
        assert_true(size > 0);
        assert_int_equal(sample_decode(s, frame, (size_t)size, decoded), 0);
        assert_string_equal((const char *)decoded + texts[i].offset, "x");
    }
}

/* --- channels of a session, as the reaper is told of them --- */

static struct reap_request request;

static int encode(unsigned kind, const char *name)
{
    struct reap_channel *c = &request.channels[1];

    c->kind = (uint8_t)kind;
    memset(c->name, 0, sizeof(c->name));
    memcpy(c->name, name, strlen(name));
    return reap_encode_request(&request, frame);
}

/* Two of them, of which the second may be made anything. */
static void fill_two(void)
{
    const struct sample *s = sample_of(FRAME_REAP_RECORDED);

    memset(&request, 0, sizeof(request));
    s->fill(s->type, &request);
    request.channels[1] = request.channels[0];
    request.n_channels = 2;
}

static void only_recorded_channels_have_names(void **state)
{
    static const char good[] = "17-3-0123456789abcdef";

    (void)state;
    fill_two();
    for (unsigned kind = 0; kind < 256; kind++) {
        assert_int_equal(encode(kind, good) > 0, kind == REAP_CHANNEL_RECORDED);
        assert_int_equal(encode(kind, "") > 0, kind == REAP_CHANNEL_TRANSFER);
        assert_int_equal(encode(kind, "x"), -EINVAL);
        assert_int_equal(encode(kind, "../17-3-0123456789abcdef"), -EINVAL);
    }
    /* The first is looked at as the second is. */
    assert_true(encode(REAP_CHANNEL_RECORDED, good) > 0);
    memcpy(request.channels[0].name, "x", 2);
    assert_int_equal(encode(REAP_CHANNEL_RECORDED, good), -EINVAL);
    request.n_channels = 0;
    assert_true(encode(REAP_CHANNEL_RECORDED, good) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_empty_and_what_may_not),
        cmocka_unit_test(only_recorded_channels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
