#ifndef HUFU_CTL_ENDING_H
#define HUFU_CTL_ENDING_H

#include "broker/ctl/cli.h"

#include <jansson.h>

/** Prints what an order to end things came to (type Ending of the interface). EXIT_DONE, or EXIT_NOT_PROVEN
 * with the survivors. */
enum exit_code ending_report(const struct cli *cli, const json_t *ending);

/** The same for a script: prints the reply, whose member `ending` it is. */
enum exit_code ending_print_json(const struct cli *cli, const json_t *reply);

/** Says so if `staff` is no account of this host: an order that names one wrongly ends nothing, and looks
 * well. NULL: nobody was named. */
void ending_warn_unknown(const struct cli *cli, const char *staff);

/** "12.3 ms", "1.250 s" */
void ending_format_duration(json_int_t microseconds, char *text, size_t size);

#endif
