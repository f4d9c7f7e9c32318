#ifndef HUFU_CHANNEL_TRANSFER_H
#define HUFU_CHANNEL_TRANSFER_H

#include <stdbool.h>

/** Runs sftp-server and tells the broker at the gate `path` of each file, until it has ended; returns its
 * exit status as a shell has it. `required`: what cannot be told ends the transfer. Says on standard error
 * what cannot be started. */
int transfer_run(const char *path, bool required);

#endif
