#ifndef HUFU_CTL_DRAFT_H
#define HUFU_CTL_DRAFT_H

#include "broker/ctl/cli.h"
#include "broker/ctl/options.h"
#include "policy/base/ident.h"

/* A grant as it is asked for on the command line. */
struct draft {
    const char *site, *vendor, *employer, *contract, *staff;
    struct option_list keys, hosts, services, channels, run_as, commands, sources;
    const char *from, *until, *duration;
    struct option_list hours;
    const char *uses, *sessions, *max_session, *recording, *requester, *ticket, *purpose;
    const char *class, *incident_level, *id, *version;
    const char *output;
};

/** Writes the canonical document into *ret (the caller's) and its id into `id`, reading it back: what a
 * host would refuse is refused here, naming the option. EXIT_DONE, EXIT_USAGE or EXIT_REFUSED, said. */
enum exit_code draft_write(const struct cli *cli, const struct draft *draft, char **ret,
                           char id[static IDENT_ID_TEXT_SIZE]);

/** Fingerprint of the one key in text of an OpenSSH .pub file: "SHA256:...". 0, -EINVAL, -ENOMEM. */
int draft_fingerprint(const char *text, char ret[static IDENT_FINGERPRINT_TEXT_SIZE]);

#endif
