#include "pam_module/channel/shell.h"

#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SHELL "/bin/sh"

const char *shell_of_account(void)
{
    const struct passwd *row = getpwuid(getuid());

    if (!row)
        return NULL;
    return row->pw_shell && row->pw_shell[0] != '\0' ? row->pw_shell : DEFAULT_SHELL;
}

const char *shell_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}
