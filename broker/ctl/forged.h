#ifndef HUFU_CTL_FORGED_H
#define HUFU_CTL_FORGED_H

#include "broker/audit/journal_read.h"
#include "broker/ctl/cli.h"

#include <jansson.h>

/* What others wrote into journald in hufud's name. */

/** Opens the journal that verbs look at (cli->journal), for [from_us, until_us) as journald received it; 0:
 * no bound. 0; -EACCES: the caller may not read it; -ENODATA: there is none; -ESRCH: there is no user hufu;
 * other -errno. */
int forged_open_journal(const struct cli *cli, enum journal_wanted wanted, int64_t from_us, int64_t until_us,
                        struct journal_reader **ret);

/** All of them, as objects with time, uid, pid, unit, event and message, new; NULL: the journal cannot be
 * read, *error says why (as above). */
json_t *forged_list(const struct cli *cli, int64_t from_us, int64_t until_us, int *error);

/** Prints them as a table under a sentence that says what they are; nothing if there are none. EXIT_DONE or
 * EXIT_REFUSED, said.
 */
enum exit_code forged_print(const struct cli *cli, const json_t *forged, bool utc);

#endif
