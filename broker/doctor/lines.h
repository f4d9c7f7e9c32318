#ifndef HUFU_DOCTOR_LINES_H
#define HUFU_DOCTOR_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Configuration files of others, by line and word, without copies: how passwd(5), login.defs(5),
 * nsswitch.conf(5), sudo.conf(5) and /proc/mounts are read. Nothing here judges what it reads. */

struct span {
    const char *text;
    size_t length;
};

/** The next line of *cursor, without blanks around it; empty ones and those that begin with # are skipped.
 * False at the end. */
bool lines_next(const char **cursor, struct span *line);

/** Cuts the first word off `rest` (blanks and tabs separate). False if there is none. */
bool span_word(struct span *rest, struct span *word);

/** Cuts what stands before `separator` off `rest`; all of it, if there is none. False when nothing is left: a
 * field behind the last separator is given, as an empty one. */
bool span_field(struct span *rest, char separator, struct span *field);

/** Without blanks and tabs around it. */
struct span span_trim(struct span s);

bool span_is(struct span s, const char *text);
/** In upper or lower case. */
bool span_is_any_case(struct span s, const char *text);
bool span_starts(struct span s, const char *text);
/** Whether `text` stands anywhere in it. */
bool span_holds(struct span s, const char *text);

/** Decimal digits alone, 0 to 4294967295. 0 or -EINVAL. */
int span_number(struct span s, uint32_t *ret);

/** A copy, the caller's to free; NULL without memory. */
char *span_copy(struct span s);

/** The value of `key` in a [section] of a file of `key = value`, the last one given; `section` NULL: a file
 * without sections, of `key value`, as login.defs(5). False if there is none. */
bool lines_value(const char *text, const char *section, const char *key, struct span *value);

#endif
