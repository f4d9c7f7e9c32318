#include "tests/fuzz/stage/people.h"

#include "broker/common/files.h"
#include "tests/unit/support/issuing.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FIRST_PID 100000

static struct process people[PEOPLE_MAX];
static unsigned n_people;
static const struct process *speaker;

int __real_socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid);
int __wrap_socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid);
int __real_socket_peer_pidfd(int fd);
int __wrap_socket_peer_pidfd(int fd);
int __real_process_pidfd(pid_t pid);
int __wrap_process_pidfd(pid_t pid);

void people_reset(void)
{
    for (unsigned i = 0; i < n_people; i++) {
        people_exit(&people[i]);
        people[i].life[0] = close_fd(people[i].life[0]);
    }
    n_people = 0;
    speaker = NULL;
}

struct process *people_begin(void)
{
    struct process *p = &people[n_people];

    if (n_people == PEOPLE_MAX)
        return NULL;
    *p = (struct process){.pid = FIRST_PID + (pid_t)n_people, .start_time = 5000 + n_people, .alive = true};
    must(pipe2(p->life, O_CLOEXEC) == 0);
    n_people++;
    return p;
}

void people_exit(struct process *p)
{
    p->alive = false;
    p->life[1] = close_fd(p->life[1]);
}

struct process *people_find(pid_t pid)
{
    if (pid < FIRST_PID || pid >= FIRST_PID + (pid_t)n_people)
        return NULL;
    return &people[pid - FIRST_PID];
}

void people_speak_as(const struct process *p)
{
    speaker = p;
}

int __wrap_socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid)
{
    int r = __real_socket_peer(fd, pid, uid, gid);

    if (r == 0 && speaker && pid)
        *pid = speaker->pid;
    return r;
}

static int copy(const struct process *p)
{
    int fd = fcntl(p->life[0], F_DUPFD_CLOEXEC, 0);

    return fd < 0 ? -errno : fd;
}

int __wrap_socket_peer_pidfd(int fd)
{
    return speaker ? copy(speaker) : __real_socket_peer_pidfd(fd);
}

int __wrap_process_pidfd(pid_t pid)
{
    const struct process *p = people_find(pid);

    if (!p)
        return __real_process_pidfd(pid);
    return p->alive ? copy(p) : -ESRCH;
}
