#include "broker/common/log_line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* Whoever is given the variable by a parent may have another stderr. */
static bool journald_reads_stderr(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    char own[64];

    if (!stream || fstat(STDERR_FILENO, &st) < 0)
        return false;
    (void)snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, own) == 0;
}

void log_line(int priority, const char *format, ...)
{
    char text[LOG_LINE_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (journald_reads_stderr())
        (void)fprintf(stderr, "<%d>%s\n", priority, text);
    else
        (void)fprintf(stderr, "%s\n", text);
}

void log_conf_error(const char *program, const char *path, const struct conf_error *error)
{
    if (error->line > 0)
        log_line(LOG_ERR, "%s: %s, line %u: %s", program, path, error->line, error->reason);
    else
        log_line(LOG_ERR, "%s: %s: %s", program, path, error->reason);
}
