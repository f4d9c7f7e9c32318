#ifndef HUFU_CTL_RESTORE_H
#define HUFU_CTL_RESTORE_H

#include "broker/ctl/backup_files.h"

/* `hufuctl restore` after a backup was found to be good. */

struct restore_settings {
    bool check, configuration;
};

struct restore {
    const struct cli *cli;
    const char *given;
    char *path; /* absolute */
    int folder;
    struct manifest manifest;
    json_t *store;  /* what hufud --check-store said */
    char stamp[24]; /* what stood there before is kept under its name and this */
    unsigned n_kept;
};

/** Puts the store in place, and the configuration if asked for. hufud must be stopped. EXIT_DONE;
 * EXIT_REFUSED, said, and what was there is there. */
enum exit_code restore_put_in_place(struct restore *r, const struct restore_settings *s);

void restore_say_next(const struct restore *r);

#endif
