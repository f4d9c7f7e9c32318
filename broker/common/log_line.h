#ifndef HUFU_COMMON_LOG_LINE_H
#define HUFU_COMMON_LOG_LINE_H

#include "broker/common/conf.h"

/** Writes a line to stderr, cut at LOG_LINE_MAX octets. Where journald reads that (JOURNAL_STREAM in
 * systemd.exec(5) names it), its level stands before it (sd-daemon(3)); a person at a terminal does not see
 * one. `priority`: syslog(3)'s. */
__attribute__((format(printf, 2, 3))) void log_line(int priority, const char *format, ...);

/** What is wrong with a configuration: PROGRAM: PATH, line N: REASON. */
void log_conf_error(const char *program, const char *path, const struct conf_error *error);

#define LOG_LINE_MAX 2048

#endif
