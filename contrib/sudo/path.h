#ifndef HUFU_SUDO_PATH_H
#define HUFU_SUDO_PATH_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Where a path leads, and whether anybody but root could make it lead elsewhere between this look and the
 * run. Every folder and every link on the way, and what is at its end, has to belong to root and be writable
 * by nobody else, a sticky folder neither, and to lie neither in /proc nor behind FUSE; then nobody else can
 * change any step, and the answer holds.
 */

#define PATH_REAL_SIZE    2049
#define PATH_CONCERN_SIZE 129

/* What is looked at: the host, or a folder of a test with an owner of its own. */
struct path_place {
    int root;    /* descriptor of the folder that is `/` */
    uid_t owner; /* who counts as root */
};

enum path_result {
    PATH_HOLDS = 1, /* leads to `real`, and nobody but root can change that */
    PATH_ABSENT,    /* as far as there is something the same; only root could make what is missing */
    PATH_CHANGES,   /* leads to `real` now, and somebody else could change it: `concern` */
    PATH_LOST, /* relative, too long, a ring of links, not to be looked at; `real` is the path as given */
};

struct path_found {
    char real[PATH_REAL_SIZE];       /* without links, `.` and `..`; cut with PATH_LOST */
    char concern[PATH_CONCERN_SIZE]; /* the first step that somebody else could change; cut */
    mode_t mode;                     /* of what is at the end; 0: nothing is */
};

enum path_result path_follow(const struct path_place *place, const char *path, struct path_found *ret);

/** Whether a program is a script whose interpreter could be another than it is: relative, changeable, absent,
 * or not to be read. What is no script has none. Interpreters that are scripts are followed, four deep.
 * `real` is a path that path_follow() gave. */
int path_interpreter_is_doubtful(const struct path_place *place, const char *real,
                                 char concern[static PATH_CONCERN_SIZE]);

#endif
