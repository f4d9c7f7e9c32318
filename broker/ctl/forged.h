#ifndef HUFU_CTL_FORGED_H
#define HUFU_CTL_FORGED_H

#include "broker/ctl/cli.h"

#include <jansson.h>

/* What others wrote into journald in hufud's name. */

/** All of them, as objects with time, uid, pid, unit, event and message, new; NULL: the journal cannot be
 * read, *error says why (host_journal_open()). */
json_t *forged_list(int64_t from_us, int64_t until_us, int *error);

/** Prints them as a table under a sentence that says what they are; nothing if there are none. EXIT_DONE or
 * EXIT_REFUSED, said.
 */
enum exit_code forged_print(const struct cli *cli, const json_t *forged, bool utc);

#endif
