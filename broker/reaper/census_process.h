#ifndef HUFU_REAPER_CENSUS_PROCESS_H
#define HUFU_REAPER_CENSUS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One process, as the kernel describes it in /proc. */

#define CENSUS_UNSET UINT32_MAX /* login uid or audit session that was never set */

struct census_process {
    uint32_t pid;
    uint64_t start_time; /* clock ticks since boot: with pid, names a process for good */
    uint32_t parent;
    uint32_t
        session;  /* setsid(2): a process begins one of its own or stays in its parent's, and joins none */
    uint32_t tty; /* device number of the controlling terminal, 0: none */
    uint32_t login_uid;
    uint32_t audit_session;
    uint32_t uids[4]; /* real, effective, saved, filesystem; CENSUS_UNSET each if they were not read */
    char name[17];
    bool stopped; /* by a signal or a tracer */
    char *cgroup; /* path in the unified hierarchy, owned; NULL: not readable or outside of our namespace */
};

/** Reads /proc/PID/NAME, a file that the kernel hands over in one piece, below the open folder `proc`;
 * NUL-terminated, and cut if it is longer. 0, -ESRCH (a process may go at any moment), other -errno. */
#define CENSUS_FILE_SIZE 8192
int census_read_file(int proc, uint32_t pid, const char *name, char text[static CENSUS_FILE_SIZE]);

/** Reads one process below the open folder `proc`. 0, -ESRCH (gone, or a zombie), other -errno. */
int census_read(int proc, uint32_t pid, struct census_process *ret);
void census_process_done(struct census_process *p);

/** Its login uid alone, which is one small file. 0, -ESRCH, other -errno. */
int census_read_login_uid(int proc, uint32_t pid, uint32_t *ret);

/** Its uids alone, which are in the largest file. 0, -ESRCH, other -errno. */
int census_read_uids(int proc, uint32_t pid, uint32_t ret[static 4]);

/* Uids of persons, ascending. */
struct census_persons {
    const uint32_t *uids;
    size_t count;
    bool whole;    /* the uids are read also of those who are told by their login uid */
    bool unplaced; /* neither audit session nor cgroup are read */
};

/** Reads a process if it is one of these persons', and of any other as little as tells so. 1: it is and `ret`
 * was filled; 0: somebody else's; -ESRCH, other -errno. */
int census_read_of_persons(int proc, uint32_t pid, struct census_persons persons, struct census_process *ret);

/** Whether the process that has this pid now is the one that was seen, and its login uid is the same. */
bool census_is_still(int proc, const struct census_process *seen);

/** The arguments of a process, each with a NUL behind it, as it was started with (what it shows may be cut,
 * and a process that is its person's may show anything). At most `size` octets. How many, or -errno. */
ssize_t census_cmdline(int proc, uint32_t pid, char *text, size_t size);

/** Whether a process is this person's: by login uid, which only root can set; by uid where none was ever set.
 */
bool census_is_of_person(const struct census_process *p, uint32_t uid);

#endif
