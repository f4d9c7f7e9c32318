#ifndef HUFU_REVIEW_HTML_TABLE_H
#define HUFU_REVIEW_HTML_TABLE_H

#include "broker/review/html_page.h"

/* Tables of a review: a row for each object of an array, as many as people read. */

#define HTML_TABLE_ROWS 100 /* of one table; the others are counted below it */
#define HTML_LIST_ITEMS 12  /* of one cell; likewise */

enum html_cell {
    HTML_CELL_TEXT = 1,
    HTML_CELL_CODE,  /* breaks anywhere */
    HTML_CELL_COUNT, /* to the right */
    HTML_CELL_TIME,
    HTML_CELL_SECONDS,
    HTML_CELL_MICROSECONDS,
    HTML_CELL_LIST, /* an array of texts */
    HTML_CELL_OWN,  /* by `write` */
};

struct html_column {
    const char *title;  /* msgid */
    const char *member; /* of the row; NULL with HTML_CELL_OWN */
    enum html_cell cell;
    void (*write)(struct html_page *, const json_t *row);
};

struct html_table {
    const char *caption; /* msgid */
    const char *none;    /* msgid: what is said if there is no row */
    const char *member;  /* where the rows are in the JSON, for people who want the others */
    const struct html_column *columns;
    size_t n_columns;
    bool (*first)(
        const json_t *row); /* which rows are shown before others if not all are; NULL: as they stand */
};

void html_table(struct html_page *p, const struct html_table *table, const json_t *rows);

/** The first ones of an array of texts, and how many more there are. */
void html_list(struct html_page *p, const json_t *texts);

/** A mark with words: said by shape, by colour, and by the words. */
enum html_mark {
    HTML_MARK_GOOD = 1, /* tick */
    HTML_MARK_BAD,      /* cross */
    HTML_MARK_LOOK,     /* triangle */
    HTML_MARK_PLAIN,    /* circle */
};
void html_mark(struct html_page *p, enum html_mark mark, const char *words);

/** "proven", "not proven", or "not over": of true, false and null. */
void html_proven(struct html_page *p, const json_t *proven);

#endif
