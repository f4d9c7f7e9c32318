#ifndef HUFU_CTL_CONFIRM_H
#define HUFU_CTL_CONFIRM_H

#include "broker/ctl/cli.h"
#include "broker/ctl/options.h"

#include <stdbool.h>

/* Orders that start something over, or say that it is well: why, and whether to ask. */
struct confirm_settings {
    const char *why;
    bool yes;
};
#define CONFIRM_ROWS 2
extern const struct option_row confirm_rows[CONFIRM_ROWS];

/** Asks at the terminal, below what was shown there, for this word to be typed. EXIT_DONE; else EXIT_REFUSED,
 * and it has been said that nothing was done. */
enum exit_code confirm_ask(const struct cli *cli, FILE *terminal, const char *word);

/** Opens the terminal to show something at and to ask. NULL: there is none, and that has been said. The
 * caller's to close. */
FILE *confirm_open(const struct cli *cli);

#endif
