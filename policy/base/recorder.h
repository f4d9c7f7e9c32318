#ifndef HUFU_BASE_RECORDER_H
#define HUFU_BASE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What those who start a recording and those who look whether it runs have to agree about
 * (docs/recording.md).
 *
 * hufu-channel becomes hufu-recorder, which is set-user-id RECORDER_USER and starts tlog-rec-session with
 * settings that nobody but it can give. So a process whose saved uid is that user's came through
 * hufu-recorder, whoever started it, and what it was started with (/proc/PID/cmdline) is what hufu-recorder
 * went by.
 */
#define RECORDER_USER    "hufu-rec"
#define RECORDER_FOLDER  "/var/log/hufu/recordings"
#define RECORDER_PROGRAM "/usr/libexec/hufu/hufu-recorder"
#define RECORDER_TLOG    "/usr/bin/tlog-rec-session"
/* RECORDER_TLOG as the kernel shows its name, which it cuts. */
#define RECORDER_TLOG_NAME "tlog-rec-sessio"

/* Name of one recording, and of its file in RECORDER_FOLDER without `.json`: number of the session, pid of
 * the channel, and 64 bits that nobody can know beforehand, as "17-1301-0123456789abcdef". */
#define RECORDER_NAME_SIZE 49
#define RECORDER_SUFFIX    ".json"

/** Writes a name. */
void recorder_name(uint64_t session, uint32_t channel, uint64_t random, char name[static RECORDER_NAME_SIZE]);

/** Whether `name` is one that recorder_name() gives, to the letter; *session and *channel are what it says
 * (NULL: not asked). A name is no path: digits, small hexadecimal letters and dashes. */
bool recorder_is_name(const char *name, uint64_t *session, uint32_t *channel);

/** Whether the arguments of a process, each with a NUL behind it as /proc/PID/cmdline gives them, name this
 * recording in the first place behind the program's own name. */
bool recorder_cmdline_names(const char *cmdline, size_t size, const char *name);

#endif
