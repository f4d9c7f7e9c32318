/* What the fields of the two frames of sudo's plugin may say, on the side that sends and on the side that
 * reads. */
#include "policy/base/doubt.h"
#include "policy/wire/gate.h"
#include "samples_command.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct gate_command command, read_command;
static struct gate_command_end end, read_end;
static uint8_t frame[FRAME_MAX];

static void fill(void)
{
    memset(&command, 0, sizeof(command));
    memset(&end, 0, sizeof(end));
    sample_fill_command(FRAME_GATE_COMMAND, &command);
    sample_fill_command_end(FRAME_GATE_COMMAND_END, &end);
}

static bool command_passes(void)
{
    return gate_encode_command(&command, frame) > 0;
}

static bool end_passes(void)
{
    return gate_encode_command_end(&end, frame) > 0;
}

static void text_without_end_is_not_encoded(void **state)
{
    (void)state;
#define REFUSED(structure, array, call)                            \
    do {                                                           \
        fill();                                                    \
        memset((structure).array, 'x', sizeof((structure).array)); \
        assert_int_equal(call, -EMSGSIZE);                         \
    } while (0)
#define REFUSED_COMMAND(array) REFUSED(command, array, gate_encode_command(&command, frame))
#define REFUSED_END(array)     REFUSED(end, array, gate_encode_command_end(&end, frame))
    REFUSED_COMMAND(person);
    REFUSED_COMMAND(target);
    REFUSED_COMMAND(path);
    REFUSED_COMMAND(arguments);
    REFUSED_COMMAND(cwd);
    REFUSED_COMMAND(tty);
    REFUSED_COMMAND(concern);
    REFUSED_END(person);
    REFUSED_END(reference);
    REFUSED_END(command);
    REFUSED_END(tty);
    REFUSED_END(detail);
}

static void the_person_lies_in_the_range(void **state)
{
    (void)state;
    for (uint32_t uid = 19999; uid <= 30000; uid++) {
        bool good = uid >= 20000 && uid <= 29999;

        fill();
        command.person_uid = uid;
        end.person_uid = uid;
        assert_true(command_passes() == good);
        assert_true(end_passes() == good);
    }
    fill();
    command.range.first = 0;
    assert_false(command_passes());
}

static void names_are_there(void **state)
{
    (void)state;
    fill();
    command.person[0] = 0;
    assert_false(command_passes());
    fill();
    command.target[0] = 0;
    assert_false(command_passes());
    fill();
    command.path[0] = 0;
    assert_false(command_passes());
    fill();
    end.person[0] = 0;
    assert_false(end_passes());
}

static void each_argument_is_ended(void **state)
{
    static const struct {
        const char *arguments;
        bool good;
    } rows[] = {{"", true},      {"\n", true}, {"a\n", true}, {"a\n\n", true},
                {"a\nb", false}, {"a", false}, {" ", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int size;

        fill();
        strcpy(command.arguments, rows[i].arguments);
        size = gate_encode_command(&command, frame);
        assert_true((size > 0) == rows[i].good);
        if (size < 0)
            continue;
        assert_int_equal(
            gate_decode_command(frame + FRAME_HEADER_SIZE, (size_t)size - FRAME_HEADER_SIZE, &read_command),
            0);
        assert_string_equal(read_command.arguments, rows[i].arguments);
    }
}

static void unknown_doubts_are_refused(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        bool known = doubt_name((enum doubt)(1U << bit)) != NULL;

        fill();
        command.doubts = 1U << bit;
        assert_true(command_passes() == known);
        assert_true(((DOUBT_ALL >> bit) & 1) == known);
    }
    assert_null(doubt_name((enum doubt)3));
}

static void outcomes_say_what_they_may(void **state)
{
    (void)state;
    for (unsigned outcome = 0; outcome < 256; outcome++)
        for (unsigned core = 0; core < 3; core++) {
            bool good = outcome >= GATE_COMMAND_EXITED && outcome <= GATE_COMMAND_REFUSED &&
                        (core == 0 || (core == 1 && outcome == GATE_COMMAND_SIGNALLED));
            int size;

            fill();
            end.outcome = (uint8_t)outcome;
            end.core = (uint8_t)core;
            end.status = 0;
            size = gate_encode_command_end(&end, frame);
            assert_true((size > 0) == good);
            if (size < 0)
                continue;
            assert_int_equal(gate_decode_command_end(frame + FRAME_HEADER_SIZE,
                                                     (size_t)size - FRAME_HEADER_SIZE, &read_end),
                             0);
            assert_int_equal(read_end.outcome, outcome);
        }
    fill();
    end.core = 0;
    end.outcome = GATE_COMMAND_EXITED;
    end.status = 256;
    assert_false(end_passes());
    end.status = 255;
    assert_true(end_passes());
    end.outcome = GATE_COMMAND_REFUSED;
    assert_false(end_passes());
    end.outcome = GATE_COMMAND_FAILED;
    assert_false(end_passes());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_without_end_is_not_encoded),
        cmocka_unit_test(the_person_lies_in_the_range),
        cmocka_unit_test(names_are_there),
        cmocka_unit_test(each_argument_is_ended),
        cmocka_unit_test(unknown_doubts_are_refused),
        cmocka_unit_test(outcomes_say_what_they_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
