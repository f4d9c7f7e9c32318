// LAYERS: engine document wire common base

#include "broker/sessions/auth_info.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- SSH_AUTH_INFO_0 ---- */

struct auth_case {
    const char *text;
    int result;
    const char *blob; /* NULL: no key */
};

static void test_keys(void **state)
{
    static const struct auth_case cases[] = {
        {"", 0, NULL},
        {"password\n", 0, NULL},
        {"keyboard-interactive/pam\n", 0, NULL},
        {"publickey ssh-ed25519 YQ==\n", 0, "a"},
        {"publickey ssh-ed25519 YQ==", 0, "a"},
        {"publickey ssh-ed25519 YQ==\nkeyboard-interactive/pam\n", 0, "a"},
        {"password\npublickey ssh-ed25519 YQ==\n", 0, "a"},
        /* two keys are two factors: the last one is what the session is under */
        {"publickey ssh-ed25519 YQ==\npublickey ssh-ed25519 Yg==\n", 0, "b"},
        {"publickey ssh-ed25519 YQ== comment\n", 0, "a"},
        /* a key that cannot be read is not "no key" */
        {"publickey\n", -EBADMSG, NULL},
        {"publickey \n", -EBADMSG, NULL},
        {"publickey ssh-ed25519\n", -EBADMSG, NULL},
        {"publickey ssh-ed25519 \n", -EBADMSG, NULL},
        {"publickey ssh-ed25519 YQ=\n", -EBADMSG, NULL},
        {"publickey ssh-ed25519 YR==\n", -EBADMSG, NULL},
        {"publickey ssh-ed25519 SHA256:abc\n", -EBADMSG, NULL},
        {"publickey ssh-ed25519 YQ==\npublickey ssh-ed25519 !\n", -EBADMSG, NULL},
        {"publickey-x ssh-ed25519 YQ==\n", -EBADMSG, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct auth_case *c = &cases[i];
        uint8_t *blob = (uint8_t *)"x";
        size_t size = 1;
        int r = auth_info_key(c->text, &blob, &size);

        if (r != c->result || (c->blob == NULL) != (blob == NULL))
            fail_msg("\"%s\": %d", c->text, r);
        if (c->blob) {
            assert_int_equal(size, strlen(c->blob));
            assert_memory_equal(blob, c->blob, size);
        }
        free(blob);
    }
}

/* ---- source ---- */

struct source_case {
    const char *service, *tty, *remote_host, *ssh_connection;
    enum source_kind kind;
    const char *address;
};

static const struct source_case source_cases[] = {
    {"sshd", "ssh", "10.1.2.3", "10.1.2.3 4000 10.1.2.1 22", SOURCE_ADDRESS, "10.1.2.3"},
    /* UseDNS: the name plays no part */
    {"sshd", "ssh", "good.example", "10.1.2.3 4000 10.1.2.1 22", SOURCE_ADDRESS, "10.1.2.3"},
    {"sshd", "ssh", "10.9.9.9", "10.1.2.3 4000 10.1.2.1 22", SOURCE_ADDRESS, "10.1.2.3"},
    {"sshd", "ssh", "", "2001:db8::1 4000 2001:db8::2 22", SOURCE_ADDRESS, "2001:db8::1"},
    {"sshd", "ssh", "", "::ffff:10.1.2.3 4000 ::1 22", SOURCE_ADDRESS, "10.1.2.3"},
    {"sshd", "ssh", "", "fe80::1%eth0 4000 fe80::2%eth0 22", SOURCE_NOT_ADDRESS, NULL},
    {"sshd", "ssh", "", "UNKNOWN 65535 UNKNOWN 65535", SOURCE_NOT_ADDRESS, NULL},
    {"sshd", "ssh", "good.example", "", SOURCE_NOT_ADDRESS, NULL},
    {"sshd", "ssh", "10.1.2.3", "", SOURCE_ADDRESS, "10.1.2.3"},
    {"sshd", "ssh", "", "", SOURCE_NONE, NULL},
    {"sshd", "tty1", "", "", SOURCE_NONE, NULL},
    {"login", "tty1", "", "", SOURCE_LOCAL, NULL},
    {"login", "/dev/tty63", "", "", SOURCE_LOCAL, NULL},
    {"login", "console", "", "", SOURCE_LOCAL, NULL},
    {"login", "tty0", "", "", SOURCE_NONE, NULL},
    {"login", "tty64", "", "", SOURCE_NONE, NULL},
    {"login", "tty1x", "", "", SOURCE_NONE, NULL},
    {"login", "tty", "", "", SOURCE_NONE, NULL},
    {"login", "pts/1", "", "", SOURCE_NONE, NULL},
    {"login", "/dev/pts/1", "", "", SOURCE_NONE, NULL},
    {"login", "ttyS0", "", "", SOURCE_LOCAL, NULL}, /* configured below */
    {"login", "ttyS1", "", "", SOURCE_NONE, NULL},
    {"login", "tty1", "10.1.2.3", "", SOURCE_ADDRESS, "10.1.2.3"},
    {"login", "tty1", "host.example", "", SOURCE_NOT_ADDRESS, NULL},
    /* what only claims to come through ssh does not: the text is sshd's alone */
    {"login", "tty1", "", "10.1.2.3 1 10.1.2.1 22", SOURCE_LOCAL, NULL},
    {"gdm-password", ":0", "", "", SOURCE_LOCAL, NULL},
    {"gdm-password", ":0", "10.1.2.3", "", SOURCE_ADDRESS, "10.1.2.3"},
    {"unheard-of", "tty1", "", "", SOURCE_NONE, NULL},
};

static void test_source(void **state)
{
    static const char *const serial[] = {"ttyS0"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(source_cases); i++) {
        const struct source_case *c = &source_cases[i];
        const struct source_claim claim = {SERVICE_LOGIN,     c->service, c->tty, c->remote_host,
                                           c->ssh_connection, serial,     1};
        struct address address;
        char text[ADDRESS_TEXT_SIZE];
        enum source_kind kind = source_of(&claim, &address);

        if (kind != c->kind)
            fail_msg("case %zu: %s on %s from \"%s\": %d", i, c->service, c->tty, c->remote_host, (int)kind);
        if (c->address) {
            address_format(&address, text);
            assert_string_equal(text, c->address);
        }
    }
}

static void test_source_of_jobs_and_switches(void **state)
{
    static const enum service_kind kinds[] = {SERVICE_JOB, SERVICE_SWITCH, SERVICE_LOCKER,
                                              SERVICE_USER_MANAGER, SERVICE_OTHER};
    struct address address;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const struct source_claim claim = {kinds[i], "cron", "tty1", "10.1.2.3", "", NULL, 0};

        assert_int_equal(source_of(&claim, &address), SOURCE_IGNORED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_source_of_jobs_and_switches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
