#ifndef HUFU_CTL_CONFIRM_H
#define HUFU_CTL_CONFIRM_H

#include "broker/ctl/cli.h"
#include "broker/ctl/options.h"

#include <stdbool.h>
#include <stdio.h>

/* Orders that start something over, or say that it is well: why, and whether to ask. */
struct confirm_settings {
    const char *why;
    bool yes;
};
#define CONFIRM_ROWS 2
extern const struct option_row confirm_rows[CONFIRM_ROWS];

typedef void confirm_show(FILE *terminal, void *userdata);

/** Shows at the terminal what it is about, and asks there for this word to be typed. EXIT_DONE; else
 * EXIT_REFUSED (also: there is no terminal), and it has been said that nothing was done. */
enum exit_code confirm_ask(const struct cli *cli, confirm_show *show, void *userdata, const char *word);

#endif
