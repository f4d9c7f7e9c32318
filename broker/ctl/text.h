#ifndef HUFU_CTL_TEXT_H
#define HUFU_CTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Text for a terminal. Whatever comes from a document or from the broker goes through here: what would
 * steer the terminal, or be invisible, is shown as \xNN. */

/** A copy with every octet that is not part of visible text as \xNN (the backslash stays as it is); with
 * `ascii`, everything but ASCII too. The caller's to free; NULL without memory. */
char *text_escape(const char *octets, size_t size, bool ascii);

/** Prints a document: lines stay lines, all else as text_escape(). Returns true, or false if something
 * was shown otherwise than it is. */
bool text_print_document(FILE *out, const char *octets, size_t size, bool ascii);

/** Prints text_escape() of a string. */
void text_print(FILE *out, const char *text);

/** Columns that a text takes on a terminal. */
size_t text_width(const char *text);

/** Whether the locale shows UTF-8. */
bool text_locale_is_utf8(void);

/** Prints words in lines of at most 79 columns. A line of the text that begins with a blank stands as it
 * is. */
void text_print_wrapped(FILE *out, const char *text);

/** One line of a list: what, and beside or below it what about it. */
void text_print_item(FILE *out, const char *what, const char *about);

#endif
