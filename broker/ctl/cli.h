#ifndef HUFU_CTL_CLI_H
#define HUFU_CTL_CLI_H

#include "broker/common/i18n.h"
#include "policy/base/when.h"

#include <stdbool.h>
#include <stdio.h>

/* What hufuctl(1) documents. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1, /* or not so; the message says why */
    EXIT_USAGE = 2,   /* nothing was done */
    EXIT_NOT_FOUND = 3,
    EXIT_NOT_PROVEN = 4,  /* revoke, session end: something may be left */
    EXIT_BROKER_AWAY = 5, /* or the directory */
    EXIT_NOT_PERMITTED = 6,
};

#define CLI_SOCKET "/run/hufu/control"
#define CLI_TRUST  "/etc/hufu/trust"
#define CLI_LDAPD  HUFU_LIBEXECDIR "/hufu-ldapd"

struct doctor_host;

/* What every verb works with; main() fills it, and tests do. */
struct cli {
    FILE *out;
    FILE *error;
    const char *socket;
    const char *ldapd;              /* where hufu-ldapd is */
    const struct doctor_host *host; /* what doctor looks at: its root, and how programs are run */
    bool json;
    when_t now;
};

/** "hufuctl: " and the message, to cli->error. Returns `code`. */
__attribute__((format(printf, 3, 4))) enum exit_code cli_fail(const struct cli *cli, enum exit_code code,
                                                              const char *format, ...);

/** Runs a whole command line (without the program's name). Returns an exit code. */
enum exit_code cli_run(struct cli *cli, int argc, char **argv);

#endif
