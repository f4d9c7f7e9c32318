#ifndef HUFU_CHANNEL_SFTP_LOG_H
#define HUFU_CHANNEL_SFTP_LOG_H

#include "policy/wire/gate.h"

#include <stdbool.h>

/** What a line of sftp-server's log at level INFO (OpenSSH 7 to 10) says of a file: kind, octets, path and
 * target of *ret, the caller apart; a path too long is cut. False: nothing (a file is told of when it is
 * closed, not when it is opened; a refusal changes nothing), or it is no line of it. Names stand between
 * quotation marks which are not escaped in them: where a line can be read in several ways the last mark that
 * fits ends the first name. */
bool sftp_log_parse(const char *line, struct gate_transfer *ret);

#endif
