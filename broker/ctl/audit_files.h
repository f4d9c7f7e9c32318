#ifndef HUFU_CTL_AUDIT_FILES_H
#define HUFU_CTL_AUDIT_FILES_H

#include "broker/audit/filter.h"
#include "broker/ctl/cli.h"
#include "broker/ctl/options.h"

#include <jansson.h>

/* Records out of files that `audit export` wrote, of this host or of others. */

/** The latest filter->limit of those that match in all the files, oldest first, as the member `records` of
 * *ret (new); each has its `host` as well. `host`: only of that one; NULL: of all. They are read strictly,
 * but not verified: `audit verify`. EXIT_DONE, or said. */
enum exit_code audit_files_read(const struct cli *cli, const struct option_list *files,
                                const struct record_filter *filter, const char *host, json_t **ret);

#endif
