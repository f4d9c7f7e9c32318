#include "pam_module/channel/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_command_has_one_kind(void **state)
{
    static const struct {
        const char *command;
        enum gate_channel_kind kind;
    } rows[] = {
        {NULL, GATE_CHANNEL_SHELL},
        {"", GATE_CHANNEL_SHELL},
        {"internal-sftp", GATE_CHANNEL_TRANSFER},
        {"internal-sftp -l INFO", GATE_CHANNEL_TRANSFER},
        {"/usr/lib/openssh/sftp-server", GATE_CHANNEL_TRANSFER},
        {"/usr/lib/openssh/sftp-server -e -l INFO", GATE_CHANNEL_TRANSFER},
        {"/usr/libexec/openssh/sftp-server", GATE_CHANNEL_TRANSFER},
        {"internal-sftp;id", GATE_CHANNEL_EXEC},
        {"internal-sftp\tid", GATE_CHANNEL_EXEC},
        {"internal-sftp\nid", GATE_CHANNEL_EXEC},
        {"internal-sftpd", GATE_CHANNEL_EXEC},
        {" internal-sftp", GATE_CHANNEL_EXEC},
        {"Internal-sftp", GATE_CHANNEL_EXEC},
        {"sftp-server", GATE_CHANNEL_EXEC},
        {"/tmp/sftp-server", GATE_CHANNEL_EXEC},
        {"/usr/lib/openssh/../../bin/sh", GATE_CHANNEL_EXEC},
        {"/usr/lib/openssh/sftp-server/../x", GATE_CHANNEL_EXEC},
        {"/usr/lib/openssh/sftp-server&id", GATE_CHANNEL_EXEC},
        {"scp -t /tmp", GATE_CHANNEL_EXEC},
        {"scp -f /etc/passwd", GATE_CHANNEL_EXEC},
        {"rsync --server -vlogDtpre.iLsfxC . /tmp", GATE_CHANNEL_EXEC},
        {"id", GATE_CHANNEL_EXEC},
        {" ", GATE_CHANNEL_EXEC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(command_classify(rows[i].command), rows[i].kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_command_has_one_kind)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
