#ifndef HUFU_REAPER_CGROUPS_H
#define HUFU_REAPER_CGROUPS_H

#include "broker/reaper/census.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Ending by cgroup: one write kills every member, forks in flight included. It is used only where it
 * cannot hit anyone else: `session-*.scope`, `user@UID.service` of the person, or a leaf this program
 * made, and only if the kernel says of every member that it is the person's. With pam_systemd missing
 * a session's leader sits in ssh.service with everybody else: no such cgroup is ever written to.
 */
struct cgroups {
    int mount; /* the unified hierarchy, O_PATH; -1: there is none */
    int proc;
};

/** Finds the cgroup2 mount by /proc/self/mountinfo. Always succeeds; without one mount is -1. */
void cgroups_open(struct cgroups *g, int proc);
void cgroups_close(struct cgroups *g);

/** Whether the last component of `path` is a cgroup that may be killed for `uid`, by its name. */
bool cgroups_may_kill(const char *path, uint32_t uid);

enum cgroups_result {
    CGROUPS_KILLED = 1,
    CGROUPS_NOT_OURS, /* by its name, or since a member cannot be told to be the person's */
    CGROUPS_SHARED,   /* a member has somebody else's login uid: root rewrote it, or moved someone in */
};
/** Kills `path` if that hits nobody but the person. A result, or -errno. */
int cgroups_kill(const struct cgroups *g, const char *path, uint32_t uid);

/** The leaf of a session, made if need be ("/hufu.reaper/<session>"); moves `pid` into it. 0 or -errno. */
int cgroups_adopt(const struct cgroups *g, uint64_t session, uint32_t pid);
/** Removes the leaf once it is empty. */
void cgroups_drop_leaf(const struct cgroups *g, uint64_t session);
void cgroups_leaf_path(uint64_t session, char path[static 64]);

/** Called with each pid that a cgroup holds and the cgroup's path; false: no more of them. Whoever can write
 * there says so: the kernel is to be asked about each. */
typedef bool cgroups_member(void *userdata, uint32_t pid, const char *path);

/** The members of the person's user manager itself, which systemd keeps in a cgroup of their own: itself and
 * its helper, without what they started. Nobody, where there is none or it is kept elsewhere. */
void cgroups_manager(const struct cgroups *g, uint32_t uid, cgroups_member *member, void *userdata);

#define CGROUPS_FOLDERS_MAX 256
/** The members of the person's slice, where systemd keeps all sessions and the user manager; of so many
 * cgroups, since the person may make as many as they like. */
void cgroups_slice(const struct cgroups *g, uint32_t uid, cgroups_member *member, void *userdata);

/** Whether logind runs, which gives each session a scope of its own. */
bool cgroups_logind_runs(void);

#endif
