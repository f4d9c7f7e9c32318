#ifndef HUFU_GOLDEN_TABLE_H
#define HUFU_GOLDEN_TABLE_H

#include <stddef.h>

/*
 * Reader of the golden tables. Their language is described in tests/golden/README.md; in short:
 * sections begin in the first column, what belongs to them is indented by four blanks, and what belongs
 * to a grant of a case by eight. Anything the reader does not know is an error of the table.
 */

enum {
    TABLE_LINES_MAX = 96, /* of a grant, of facts */
    TABLE_GRANTS_MAX = 8,
};

/* `key: value`. Strings live as long as the table. */
struct table_line {
    unsigned number;
    const char *key;
    const char *value;
};

struct table_lines {
    struct table_line items[TABLE_LINES_MAX];
    size_t count;
};

/* A grant that a case puts into the index: what differs from the template, and (keys with `@`) its books. */
struct table_grant {
    unsigned number;
    char name; /* 'A'..'F' */
    struct table_lines lines;
};

struct table_case {
    unsigned number;
    const char *name;
    struct table_grant grants[TABLE_GRANTS_MAX];
    size_t n_grants;
    struct table_lines facts; /* what differs from the table's facts, and `ask`, `expect`, `trace` */
};

struct table;

/** Reads a table. 0, or -1 after saying on stderr what is wrong with it, and where. */
int table_read(const char *path, struct table **ret);
struct table *table_free(struct table *t);

const struct table_lines *table_template(const struct table *t);
const struct table_lines *table_facts(const struct table *t);
size_t table_n_cases(const struct table *t);
const struct table_case *table_case_at(const struct table *t, size_t i);

/** Value of a key, or NULL. */
const char *table_get(const struct table_lines *lines, const char *key);

#endif
