#ifndef HUFU_COMMON_WRAP_H
#define HUFU_COMMON_WRAP_H

#include <stddef.h>
#include <stdio.h>

/*
 * Words in lines, for people at terminals. Chinese counts double, and its lines may end between any two
 * characters, but not before a mark that closes nor behind one that opens. Widths are those of the process's
 * LC_CTYPE.
 */

#define WRAP_COLUMNS 79 /* of a line at most; a longer word stays whole */

/** Columns of the first `length` octets of a text: those of its characters, or its octets if the locale
 * cannot tell. */
size_t wrap_columns(const char *text, size_t length);

/** Prints one line of `length` octets in lines that begin with `indent` blanks, and an LF; the first one is
 * already at `column`. */
void wrap_line(FILE *out, const char *line, size_t length, size_t indent, size_t column);

/** Prints a text, each of its lines in lines of at most WRAP_COLUMNS. A line that begins with a blank stands
 * as it is. The last one gets its LF, if it has none. */
void wrap_print(FILE *out, const char *text);

#endif
