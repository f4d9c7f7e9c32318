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
    const char *home;  /* of the target account; NULL: not known, and then no HOME will do */
    const char *shell; /* the same; empty is /bin/sh */
};

/** True, or false with the name of the first variable that is not one of those, or has a value that it would
 * not have, in `concern`. NULL: there is no environment, which is safe. */
bool environment_is_plain(const struct path_place *place, char *const envp[],
                          const struct environment_of *target, char concern[static PATH_CONCERN_SIZE]);

#endif
