#ifndef HUFU_REVIEW_HTML_PAGE_H
#define HUFU_REVIEW_HTML_PAGE_H

#include "broker/review/html.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The page while it is written. There are two ways in: html_raw() for markup, which is ours and stands in the
 * source, and html_text() for everything else. What came from the review has only the second.
 */
struct html_page {
    struct buf *out;
    const json_t *review;
    const struct html_options *options;
    int64_t offset;   /* seconds east of UTC in which times are shown */
    unsigned figures; /* pictures so far; their number makes their ids */
    unsigned sections;
};

/* Markup. Formatted, it takes numbers, and names that stand in the source. */
void html_raw(struct html_page *p, const char *markup);
__attribute__((format(printf, 2, 3))) void html_rawf(struct html_page *p, const char *format, ...);

/* Text of ours, escaped all the same. */
void html_text(struct html_page *p, const char *text);
__attribute__((format(printf, 2, 3))) void html_textf(struct html_page *p, const char *format, ...);

/** Text of the review, with a reading direction of its own, so that it does not turn its neighbours round.
 * Empty: a dash. */
void html_foreign(struct html_page *p, const char *text);
/** The same with room to break lines where a word is longer than the column: paths, commands, digests. */
void html_code(struct html_page *p, const char *text);

/** <p> with a text of ours. `class` is NULL or a name of html_style.c. */
void html_paragraph(struct html_page *p, const char *class, const char *text);

/** Begins a section, with its heading in both places where it is looked for: the contents, and here. */
void html_section_begin(struct html_page *p, const char *id, const char *title);
void html_section_end(struct html_page *p);
void html_heading(struct html_page *p, const char *title); /* a part of a section */

/** A number with its thousands apart. */
void html_number(struct html_page *p, int64_t number);
/** An instant of the review ("2026-11-21T00:00:00Z", with or without a fraction): local, and UTC beside it.
 */
void html_time(struct html_page *p, const char *time);

/** "12 s", "12 min", "3 h 05 min", "2 d 04 h". */
void html_seconds_text(int64_t seconds, struct buf *out);
/** "850 µs", "350 ms", "2.41 s". */
void html_microseconds_text(int64_t us, struct buf *out);
/** "10,000". */
void html_number_text(int64_t number, struct buf *out);

/** Seconds since 1970 of an instant of the review; false if it is none. */
bool html_instant(const char *time, int64_t *ret);
/** Local time in the form `YYYY-MM-DD HH:MM:SS`, cut to `length`. */
void html_local_text(const struct html_page *p, int64_t t, size_t length, struct buf *out);

/* Members of the review's objects. What is missing, or of another type, is empty: a review that lacks
 * something is shown as far as it goes. */
static inline const char *html_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static inline int64_t html_count(const json_t *object, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(object, name));
}

/* NULL, which jansson takes for an empty array, if it is none. */
static inline const json_t *html_rows(const json_t *object, const char *name)
{
    const json_t *rows = json_object_get(object, name);

    return json_is_array(rows) ? rows : NULL;
}

#define html_foreach(rows, index, row) \
    for ((index) = 0; (index) < json_array_size(rows) && ((row) = json_array_get((rows), (index))); (index)++)

#endif
