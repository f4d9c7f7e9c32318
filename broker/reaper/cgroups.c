#include "broker/reaper/cgroups.h"

#include "broker/common/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LEAF_FOLDER "hufu.reaper"
#define DEPTH_MAX   16

static void close_file_p(FILE **f)
{
    if (*f != NULL)
        (void)fclose(*f);
}
#define cleanup_file cleanup(close_file_p)

static void close_dir_p(DIR **d)
{
    if (*d != NULL)
        (void)closedir(*d);
}
#define cleanup_dir cleanup(close_dir_p)

/* "36 35 0:30 / /sys/fs/cgroup rw,... - cgroup2 cgroup2 rw": the fifth field is where it is mounted. */
static int mount_of_line(const char *line)
{
    char root[256];
    char target[256];
    if (strstr(line, " - cgroup2 ") == NULL || sscanf(line, "%*s %*s %*s %255s %255s", root, target) != 2)
        return -1;
    /* A bind mount of a part shows other paths than /proc/PID/cgroup does. */
    if (strcmp(root, "/") != 0)
        return -1;
    int fd cleanup_close = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct statfs what;
    /* Another file system may have been mounted over it. */
    if (fd < 0 || fstatfs(fd, &what) < 0 || what.f_type != CGROUP2_SUPER_MAGIC)
        return -1;
    int found = fd;
    fd = -1;
    return found;
}

void cgroups_open(struct cgroups *g, int proc)
{
    *g = (struct cgroups){.mount = -1, .proc = proc};
    FILE *f cleanup_file = fopen("/proc/self/mountinfo", "re");
    char line[4096];
    while (f != NULL && g->mount < 0 && fgets(line, sizeof line, f) != NULL)
        g->mount = mount_of_line(line);
}

void cgroups_close(struct cgroups *g)
{
    g->mount = close_fd(g->mount);
}

static bool is_leaf_number(const char *name)
{
    size_t length = strspn(name, "0123456789");
    return length > 0 && length <= 20 && name[length] == '\0';
}

bool cgroups_may_kill(const char *path, uint32_t uid)
{
    char manager[64];
    const char *name = strrchr(path, '/');
    if (name == NULL || strstr(path, "/../") != NULL)
        return false;
    if (strncmp(path, "/" LEAF_FOLDER "/", sizeof "/" LEAF_FOLDER "/" - 1) == 0)
        return is_leaf_number(path + sizeof "/" LEAF_FOLDER "/" - 1);
    (void)snprintf(manager, sizeof manager, "user@%" PRIu32 ".service", uid);
    return fnmatch("session-*.scope", name + 1, 0) == 0 || strcmp(name + 1, manager) == 0;
}

static int open_cgroup(const struct cgroups *g, const char *path)
{
    int fd =
        openat(g->mount, path[1] == '\0' ? "." : path + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

static int write_in(int folder, const char *file, const char *text)
{
    int fd cleanup_close = openat(folder, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, text, strlen(text));
    return n == (ssize_t)strlen(text) ? 0 : n < 0 ? -errno : -EIO;
}

/* "123\n"; 0 is a process outside of our pid namespace. False: no such line. */
static bool parse_member(const char *line, uint32_t *ret)
{
    size_t digits = strspn(line, "0123456789");
    unsigned long pid = strtoul(line, NULL, 10);
    *ret = (uint32_t)pid;
    return digits > 0 && strcmp(line + digits, "\n") == 0 && pid <= UINT32_MAX;
}

static FILE *open_members(int folder, const char *path)
{
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "re");
    if (f == NULL)
        (void)close_fd(fd);
    return f;
}

/* A member may be killed with the cgroup if the kernel holds it for the person: by its login uid; where none
 * was ever set by its uid, and in the person's own user manager by being there. */
static enum cgroups_result judge_member(int proc, uint32_t pid, uint32_t uid, bool manager)
{
    struct census_process p;
    uint32_t login_uid = CENSUS_UNSET;
    /* Most are the person's: one file tells. */
    if (pid != 0 && census_read_login_uid(proc, pid, &login_uid) == 0 && login_uid == uid)
        return CGROUPS_KILLED;
    int r = pid == 0 ? -EXDEV : census_read(proc, pid, &p); /* 0: outside of our pid namespace */
    if (r == -ESRCH)
        return CGROUPS_KILLED;
    if (r < 0)
        return CGROUPS_NOT_OURS;
    bool ours = manager ? p.login_uid == CENSUS_UNSET : census_is_of_person(&p, uid);
    ours = ours || p.login_uid == uid;
    enum cgroups_result otherwise = p.login_uid == CENSUS_UNSET ? CGROUPS_NOT_OURS : CGROUPS_SHARED;
    census_process_done(&p);
    return ours ? CGROUPS_KILLED : otherwise;
}

static enum cgroups_result judge_members(int proc, int folder, uint32_t uid, bool manager)
{
    FILE *f cleanup_file = open_members(folder, "cgroup.procs");
    if (f == NULL)
        return CGROUPS_NOT_OURS;
    char line[32];
    enum cgroups_result result = CGROUPS_KILLED;
    while (result == CGROUPS_KILLED && fgets(line, sizeof line, f) != NULL) {
        uint32_t pid;
        result = parse_member(line, &pid) ? judge_member(proc, pid, uid, manager) : CGROUPS_NOT_OURS;
    }
    return result == CGROUPS_KILLED && ferror(f) ? CGROUPS_NOT_OURS : result;
}

static bool is_child_cgroup(const struct dirent *e)
{
    return e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* cgroup.kill reaches every cgroup below, so every one below is asked. Takes `folder` over. */
static enum cgroups_result judge_subtree(int proc, int folder, uint32_t uid, bool manager, unsigned depth)
{
    enum cgroups_result result = judge_members(proc, folder, uid, manager);
    DIR *dir = fdopendir(folder);
    if (dir == NULL || depth > DEPTH_MAX) {
        (void)(dir == NULL ? close(folder) : closedir(dir));
        return CGROUPS_NOT_OURS;
    }
    for (struct dirent *e = readdir(dir); result == CGROUPS_KILLED && e != NULL; e = readdir(dir)) {
        if (!is_child_cgroup(e))
            continue;
        int child = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (child >= 0)
            result = judge_subtree(proc, child, uid, manager, depth + 1);
        else if (errno != ENOENT)
            result = CGROUPS_NOT_OURS;
    }
    (void)closedir(dir);
    return result;
}

int cgroups_kill(const struct cgroups *g, const char *path, uint32_t uid)
{
    if (g->mount < 0 || !cgroups_may_kill(path, uid))
        return CGROUPS_NOT_OURS;
    int folder cleanup_close = open_cgroup(g, path);
    if (folder < 0)
        return folder;
    int walk = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    if (walk < 0)
        return -errno;
    bool manager = strncmp(strrchr(path, '/'), "/user@", 6) == 0;
    enum cgroups_result result = judge_subtree(g->proc, walk, uid, manager, 0);
    if (result != CGROUPS_KILLED)
        return (int)result;
    int r = write_in(folder, "cgroup.kill", "1");
    return r < 0 ? r : CGROUPS_KILLED;
}

/* Who of the walk through cgroups wants the members, and how far it may go. */
struct visit {
    const struct cgroups *cgroups;
    cgroups_member *member;
    void *userdata;
    unsigned folders; /* that may be gone through yet */
};

/* False: no more of them. */
static bool visit_members(const struct visit *v, const char *path)
{
    char members[PATH_MAX];
    char line[32];
    uint32_t pid;
    bool more = true;
    (void)snprintf(members, sizeof members, "%s/cgroup.procs", path + 1);
    FILE *f cleanup_file = open_members(v->cgroups->mount, members);
    while (more && f != NULL && fgets(line, sizeof line, f) != NULL)
        if (parse_member(line, &pid) && pid != 0)
            more = v->member(v->userdata, pid, path);
    return more;
}

static bool visit_below(struct visit *v, const char *path, unsigned depth)
{
    char below[PATH_MAX];
    int folder = open_cgroup(v->cgroups, path);
    DIR *dir cleanup_dir = folder < 0 ? NULL : fdopendir(folder);
    if (dir == NULL)
        (void)close_fd(folder);
    if (dir == NULL || depth > DEPTH_MAX || v->folders == 0)
        return true;
    v->folders--;
    bool more = visit_members(v, path);
    for (struct dirent *e = readdir(dir); more && e != NULL; e = readdir(dir)) {
        int n = snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        if (is_child_cgroup(e) && n > 0 && (size_t)n < sizeof below - sizeof "/cgroup.procs")
            more = visit_below(v, below, depth + 1);
    }
    return more;
}

void cgroups_manager(const struct cgroups *g, uint32_t uid, cgroups_member *member, void *userdata)
{
    const struct visit v = {.cgroups = g, .member = member, .userdata = userdata};
    char path[128];
    (void)snprintf(path, sizeof path,
                   "/user.slice/user-%" PRIu32 ".slice/user@%" PRIu32 ".service/init.scope", uid, uid);
    if (g->mount >= 0)
        (void)visit_members(&v, path);
}

void cgroups_slice(const struct cgroups *g, uint32_t uid, cgroups_member *member, void *userdata)
{
    struct visit v = {.cgroups = g, .member = member, .userdata = userdata, .folders = CGROUPS_FOLDERS_MAX};
    char path[64];
    (void)snprintf(path, sizeof path, "/user.slice/user-%" PRIu32 ".slice", uid);
    if (g->mount >= 0)
        (void)visit_below(&v, path, 0);
}

void cgroups_leaf_path(uint64_t session, char path[static 64])
{
    (void)snprintf(path, 64, "/" LEAF_FOLDER "/%" PRIu64, session);
}

int cgroups_adopt(const struct cgroups *g, uint64_t session, uint32_t pid)
{
    char path[64];
    char text[16];
    if (g->mount < 0)
        return -ENOENT;
    if (mkdirat(g->mount, LEAF_FOLDER, 0755) < 0 && errno != EEXIST)
        return -errno;
    cgroups_leaf_path(session, path);
    if (mkdirat(g->mount, path + 1, 0755) < 0 && errno != EEXIST)
        return -errno;
    int folder cleanup_close = open_cgroup(g, path);
    if (folder < 0)
        return folder;
    (void)snprintf(text, sizeof text, "%" PRIu32, pid);
    return write_in(folder, "cgroup.procs", text);
}

void cgroups_drop_leaf(const struct cgroups *g, uint64_t session)
{
    char path[64];
    if (g->mount < 0)
        return;
    cgroups_leaf_path(session, path);
    (void)unlinkat(g->mount, path + 1, AT_REMOVEDIR);
    /* Goes when the last leaf went; refused by the kernel while there is another. */
    (void)unlinkat(g->mount, LEAF_FOLDER, AT_REMOVEDIR);
}

bool cgroups_logind_runs(void)
{
    return access("/run/systemd/seats/", F_OK) == 0;
}
