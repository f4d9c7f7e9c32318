#ifndef HUFU_CTL_SETUP_H
#define HUFU_CTL_SETUP_H

#include "broker/ctl/cli.h"
#include "broker/trust/trust_set.h"

/* What setup is asked for on the command line. */
struct setup {
    const char *host, *groups, *trust, *status_max_age, *gated_uid, *language;
    bool standalone;
};

/** Judges the options by themselves. EXIT_DONE or EXIT_USAGE, said. */
enum exit_code setup_check_options(const struct cli *cli, const struct setup *s);

/** Text of hufud.conf and reaper.conf, the caller's; NULL without memory. The reaper's longest sessions are
 * those of the trust file's classes. */
char *setup_write_broker_conf(const struct setup *s);
char *setup_write_reaper_conf(const struct setup *s, const struct trust *trust);

#endif
