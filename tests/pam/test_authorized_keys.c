// LAYERS: test_support
/* hufu-authorized-keys as sshd starts it: arguments in, output and exit status out. */
#include "helper.h"
#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* An ed25519 key's blob of zeros: u32 11, "ssh-ed25519", u32 32, 32 octets. */
#define TYPE "ssh-ed25519"
#define KEY  "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void ask_key(struct helper_result *r, const char *path, const char *user, const char *type,
                    const char *key)
{
    char *argv[] = {getenv("HUFU_TEST_AUTHORIZED_KEYS"),
                    (char *)"-s",
                    (char *)path,
                    (char *)user,
                    (char *)type,
                    (char *)key,
                    NULL};
    char *environment[] = {NULL};

    assert_non_null(argv[0]);
    helper_run(r, argv, environment, "");
}

static void a_granted_key_is_printed_with_its_bounds(void **state)
{
    struct fake_gate *g = helper_gate(VERDICT_ALLOW, "", "restrict,pty,port-forwarding");
    static uint8_t octets[FRAME_MAX];
    static struct gate_keys m;
    struct frame_header h;
    struct helper_result r;

    (void)state;
    ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, KEY);
    assert_string_equal(r.out, "restrict,pty,port-forwarding " TYPE " " KEY "\n");
    assert_string_equal(r.err, "");
    assert_int_equal(r.status, 0);
    assert_int_equal(frame_parse(octets, fake_gate_request(g, octets, sizeof(octets)), &h), 0);
    assert_int_equal(h.type, FRAME_GATE_KEYS);
    assert_int_equal(gate_decode_keys(octets + FRAME_HEADER_SIZE, h.length, &m), 0);
    assert_string_equal(m.user, "zhang.san");
    assert_string_equal(m.key_type, TYPE);
    assert_string_equal(m.key, KEY);
    assert_int_equal(m.parent, getpid());
    assert_true(m.pid > 0 && m.parent_start_time > 0);
    fake_gate_free(g);
}

static void no_key_is_an_answer(void **state)
{
    static const enum fake_gate_manner manners[] = {FAKE_GATE_LEAVES, FAKE_GATE_HANGS_UP, FAKE_GATE_FROZEN};
    struct fake_gate *g = helper_gate(VERDICT_DENY, "No.", "restrict");
    struct helper_result r;

    (void)state;
    ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, KEY);
    assert_string_equal(r.out, "");
    assert_int_equal(r.status, 0);
    fake_gate_free(g);
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        g = fake_gate_new(manners[i], NULL, 0, (uid_t)-1);
        ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, KEY);
        assert_string_equal(r.out, "");
        assert_int_equal(r.status, 0);
        fake_gate_free(g);
    }
    ask_key(&r, "/nonexistent/gate", "zhang.san", TYPE, KEY);
    assert_string_equal(r.out, "");
    assert_int_equal(r.status, 0);
}

/* A line that gives more than was granted, or that is two lines, is never printed. */
static void options_that_do_not_restrict_are_not_printed(void **state)
{
    static const char *const options[] = {
        "",
        "pty",
        "pty,restrict",
        "restricted",
        "restrict pty",
        "restrict,command=\"a b\"",
        "restrict\nssh-rsa AAAA",
        " restrict",
        "restrict,\x80",
        "restrict\t",
        "RESTRICT",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        struct fake_gate *g = helper_gate(VERDICT_ALLOW, "", options[i]);
        struct helper_result r;

        ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, KEY);
        assert_string_equal(r.out, "");
        assert_int_equal(r.status, 0);
        assert_int_equal(fake_gate_accepted(g), 1);
        fake_gate_free(g);
    }
}

static void malformed_arguments_are_not_asked_about(void **state)
{
    static const struct {
        const char *user, *type, *key;
    } rows[] = {
        {"", TYPE, KEY},
        {"Zhang", TYPE, KEY},
        {"-zhang", TYPE, KEY},
        {"zhang san", TYPE, KEY},
        {"zhang\nsan", TYPE, KEY},
        {"zhang.san", "", KEY},
        {"zhang.san", "ssh-ed25519 x", KEY},
        {"zhang.san", "SSH-ED25519", KEY},
        {"zhang.san", "ssh-rsa", KEY}, /* the blob says otherwise */
        {"zhang.san", "ssh-ed2551", KEY},
        {"zhang.san", TYPE, ""},
        {"zhang.san", TYPE, "AAAA"},
        {"zhang.san", TYPE, "AAAAC3NzaC1lZDI1NTE5"}, /* nothing behind the type */
        {"zhang.san", TYPE, KEY "="},
        {"zhang.san", TYPE, KEY " x"},
        {"zhang.san", TYPE, KEY "\n" TYPE},
        {"zhang.san", TYPE, "QQ=="},
        {"zhang.san", TYPE, "QR=="}, /* not canonical */
        {"zhang.san", TYPE, NULL},
    };
    struct fake_gate *g = helper_gate(VERDICT_ALLOW, "", "restrict");

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct helper_result r;

        ask_key(&r, fake_gate_path(g), rows[i].user, rows[i].type, rows[i].key);
        assert_string_equal(r.out, "");
        assert_int_equal(r.status, 2);
        assert_non_null(strstr(r.err, "usage: hufu-authorized-keys"));
    }
    assert_int_equal(fake_gate_accepted(g), 0);
    fake_gate_free(g);
}

static void keys_too_long_for_a_frame_are_not_asked_about(void **state)
{
    struct fake_gate *g = helper_gate(VERDICT_ALLOW, "", "restrict");
    static char key[8001];
    struct helper_result r;

    (void)state;
    memset(key, 'A', sizeof(key) - 1);
    memcpy(key, KEY, 20);
    ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, key);
    assert_int_equal(r.status, 2);
    key[6000] = 0;
    ask_key(&r, fake_gate_path(g), "zhang.san", TYPE, key);
    assert_int_equal(r.status, 0);
    assert_int_equal(strlen(r.out), strlen("restrict " TYPE " \n") + 6000);
    fake_gate_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_granted_key_is_printed_with_its_bounds),
        cmocka_unit_test(no_key_is_an_answer),
        cmocka_unit_test(options_that_do_not_restrict_are_not_printed),
        cmocka_unit_test(malformed_arguments_are_not_asked_about),
        cmocka_unit_test(keys_too_long_for_a_frame_are_not_asked_about),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
