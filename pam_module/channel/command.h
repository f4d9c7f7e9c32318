#ifndef HUFU_CHANNEL_COMMAND_H
#define HUFU_CHANNEL_COMMAND_H

#include "policy/wire/gate.h"

/** What SSH_ORIGINAL_COMMAND asks for. NULL or empty: a shell. The command of sshd's sftp subsystem
 * (`internal-sftp`, or sftp-server by its full path, with or without arguments after a blank): transfer.
 * Everything else is exec, and so are scp -t, scp -f and rsync --server: they are commands that a shell is
 * given, and cannot be held to moving files. */
enum gate_channel_kind command_classify(const char *command);

#endif
