#ifndef HUFU_CTL_OUTPUT_H
#define HUFU_CTL_OUTPUT_H

#include "broker/ctl/cli.h"

/* What a verb writes: to its output, or into a file that appears under its name once it is whole. */

/** Writes to `out`. EXIT_DONE, or said. */
typedef enum exit_code output_writer(const struct cli *cli, FILE *out, void *userdata);

/** Whether `path`, of an option, is a file: not NULL and not "-". */
bool output_is_file(const char *path);

/** Has it written to `path`, or to cli->out if that is no file. A file of that name is there afterwards as a
 * whole, on disk, or as it was before. EXIT_DONE, or said. */
enum exit_code output_write(const struct cli *cli, const char *path, output_writer *write, void *userdata);

#endif
