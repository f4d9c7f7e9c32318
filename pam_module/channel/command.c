#include "pam_module/channel/command.h"

#include "policy/base/cleanup.h"

#include <stddef.h>
#include <string.h>

static const char *const transfer_commands[] = {
    "internal-sftp",
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
};

enum gate_channel_kind command_classify(const char *command)
{
    if (!command || command[0] == 0)
        return GATE_CHANNEL_SHELL;
    for (size_t i = 0; i < ARRAY_SIZE(transfer_commands); i++) {
        size_t length = strlen(transfer_commands[i]);

        if (strncmp(command, transfer_commands[i], length) == 0 &&
            (command[length] == 0 || command[length] == ' '))
            return GATE_CHANNEL_TRANSFER;
    }
    return GATE_CHANNEL_EXEC;
}
