#ifndef HUFU_SUDO_ENVIRONMENT_H
#define HUFU_SUDO_ENVIRONMENT_H

#include "contrib/sudo/path.h"

#include <stdbool.h>

/*
 * Whether the environment that a command will have is one that sudo makes by itself (env_reset), with nothing
 * in it that a loader, a shell or an interpreter may obey. It is a list of what may be there, not of what may
 * not: what loaders and interpreters obey is not written down anywhere, and grows.
 */

struct environment_of {
    /* Of the target account; NULL: not known, and then no value will do. */
    const char *name, *home;
    const char *shell; /* empty is /bin/sh */
    /* Who called sudo, as sudo has it; the same. */
    const char *caller, *caller_uid, *caller_gid;
    const char *path;  /* real path of the command */
    char *const *argv; /* of the run; NULL: whatever SUDO_COMMAND says, as below another command */
};

/** True, or false with the name of the first variable that is not one of those, or has a value that it would
 * not have, in `concern`. NULL: there is no environment, which is safe. */
bool environment_is_plain(const struct path_place *place, char *const envp[], const struct environment_of *of,
                          char concern[static PATH_CONCERN_SIZE]);

#endif
