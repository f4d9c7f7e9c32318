#ifndef HUFU_CTL_TABLE_H
#define HUFU_CTL_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A list of JSON objects as a table on a terminal. */

struct table_column {
    const char *title;                     /* msgid */
    const char *member;                    /* of each object */
    bool right;                            /* numbers */
    char *(*format)(const json_t *object); /* or NULL: the member as it is; result is the table's to free */
    unsigned
        spare;  /* 0: always there; else its turn to be left out where a terminal is too narrow, 1 first */
    bool below; /* the last one alone: on a terminal a line of its own below the object's, if it says
                   something */
    unsigned width; /* for table_print_line(), which cannot know what is still to come: at least so many */
};

/** Prints a line of titles and one line an object. On a terminal that is too narrow for that, columns that
 * can be spared are left out, and named below the table. 0 or -ENOMEM. */
int table_print(FILE *out, const struct table_column *columns, size_t n, const json_t *objects);

/** One line of a table that grows: the titles for `object` NULL, else its cells, each filled up to its
 * column's width. On a terminal that is too narrow for these widths, columns that can be spared are left out,
 * and named above the titles. 0 or -ENOMEM. */
int table_print_line(FILE *out, const struct table_column *columns, size_t n, const json_t *object);

/** How a value stands in a table: text, number, yes or no, "-" for none, members of an array with commas.
 * Never NULL but without memory; the caller's to free. */
char *table_cell(const json_t *value);

/** A member as a word of a sentence: as table_cell(). The object keeps it, in place of the member. "?" is
 * without memory. */
const char *table_text(json_t *object, const char *member);

/** For columns: the first digits of the ids in the members `id` and `grant`. */
char *table_short_id(const json_t *object);
char *table_short_grant(const json_t *object);

/** "Title: value" lines for one object, titles padded to one width. 0 or -ENOMEM. */
int table_print_object(FILE *out, const struct table_column *columns, size_t n, const json_t *object);

#endif
