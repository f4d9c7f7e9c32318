#ifndef HUFU_BASE_WHEN_H
#define HUFU_BASE_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Instants are whole seconds since 1970-01-01T00:00:00Z, UTC, without leap seconds (POSIX time).
 * Intervals are half-open: [from, until). Nothing in here reads a clock.
 */
typedef int64_t when_t;

/* "No end": later than every instant a document can name. */
#define WHEN_NEVER INT64_MAX

/* Length of "2026-11-21T00:00:00Z" with its NUL. */
#define WHEN_TEXT_SIZE 21

struct when_interval {
    when_t from;
    when_t until;
};

static inline bool when_interval_contains(struct when_interval i, when_t t)
{
    return i.from <= t && t < i.until;
}

static inline when_t when_min(when_t a, when_t b)
{
    return a < b ? a : b;
}

/** Strict "YYYY-MM-DDTHH:MM:SSZ", exactly 20 octets, year 1970-9999, real calendar day, second 0-59.
 * Returns 0 or -EINVAL. */
int when_parse(const char *text, size_t length, when_t *ret);

/** Writes the form that when_parse() reads; WHEN_NEVER and what lies outside 1970-9999 is written "never". */
void when_format(when_t t, char text[static WHEN_TEXT_SIZE]);

/** Day of the week of an instant seen at a fixed offset (seconds east of UTC): 0 is Monday. */
unsigned when_weekday(when_t t, int32_t offset_seconds);

#endif
