#include "broker/ctl/output.h"

#include "broker/common/files.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

bool output_is_file(const char *path)
{
    return path && strcmp(path, "-") != 0;
}

static enum exit_code fail(const struct cli *cli, const char *path)
{
    return cli_fail(cli, EXIT_REFUSED, _("cannot write %s: %s"), path, strerror(errno));
}

/* Takes the descriptor over. */
static enum exit_code fill(const struct cli *cli, int fd, const char *path, output_writer *write,
                           void *userdata)
{
    FILE *out = fdopen(fd, "we");
    enum exit_code code;

    if (!out) {
        code = fail(cli, path);
        (void)close_fd(fd);
        return code;
    }
    code = write(cli, out, userdata);
    if (code == EXIT_DONE && (fflush(out) != 0 || ferror(out) || fsync(fd) < 0))
        code = fail(cli, path);
    if (fclose(out) != 0 && code == EXIT_DONE)
        code = fail(cli, path);
    return code;
}

static enum exit_code write_file(const struct cli *cli, const char *path, output_writer *write,
                                 void *userdata)
{
    cleanup_free char *temporary = NULL;
    enum exit_code code;
    int fd;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL; /* undefined after a failure, says asprintf(3) */
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return fail(cli, path);
    code = fill(cli, fd, path, write, userdata);
    if (code == EXIT_DONE && rename(temporary, path) < 0)
        code = fail(cli, path);
    if (code != EXIT_DONE)
        (void)unlink(temporary);
    return code;
}

enum exit_code output_write(const struct cli *cli, const char *path, output_writer *write, void *userdata)
{
    return output_is_file(path) ? write_file(cli, path, write, userdata) : write(cli, cli->out, userdata);
}
