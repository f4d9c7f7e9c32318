#ifndef HUFU_CTL_LISTING_H
#define HUFU_CTL_LISTING_H

#include "broker/ctl/cli.h"
#include "broker/ctl/table.h"

#include <jansson.h>

/* What the broker knows of one kind, as a table. */
struct listing {
    const char *method;
    const char *member; /* of the reply: the array */
    const struct table_column *columns;
    size_t n_columns;
    const char *none; /* msgid: a line for an empty one */
};

/** Asks (`parameters` is taken over) and prints. EXIT_DONE or what went wrong, said. */
enum exit_code listing_ask(const struct cli *cli, const struct listing *l, json_t *parameters);

/** Prints a reply that is there already. */
enum exit_code listing_print(const struct cli *cli, const struct listing *l, const json_t *reply);

#endif
