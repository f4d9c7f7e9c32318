#include "tests/crash/lane.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SMALL "size=8m,mode=700"

void lane_leave_machine(void)
{
    must(unshare(CLONE_NEWNS) == 0);
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    must(mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") == 0);
    must(mkdir("/run/systemd", 0755) == 0 && mkdir(LANE_JOURNAL, 0755) == 0);
    must(mount("tmpfs", "/var/lib", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") == 0);
    must(mkdir(LANE_ANCHOR, 0700) == 0 && mkdir(LANE_KEY, 0700) == 0);
}

void lane_make_folder(struct lane *l, const char *below)
{
    (void)snprintf(l->folder, sizeof(l->folder), "%s/hufu-crash.XXXXXX", below);
    must(mkdtemp(l->folder) != NULL);
    must(!l->small || mount("tmpfs", l->folder, "tmpfs", MS_NOSUID | MS_NODEV, SMALL) == 0);
    must(unlink(LANE_ANCHOR "/anchor") == 0 || errno == ENOENT);
    must(unlink(LANE_KEY "/ledger.key") == 0 || errno == ENOENT);
    l->life = 0;
}

void lane_violation(struct lane *l, const char *format, ...)
{
    va_list arguments;

    (void)fprintf(stderr, "\nVIOLATED: ");
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr,
                  "\n  in life %u of round %u of lane %u, whose plan was to die at %s:%u\n"
                  "  the folder is kept: %s\n  again: --seed %llu\n",
                  l->life, l->round, l->number, l->plan_name ? l->plan_name : "no failpoint", l->plan_hit,
                  l->folder, (unsigned long long)l->seed);
    _Exit(1);
}

const char *lane_path(const struct lane *l, const char *name)
{
    static _Thread_local char paths[8][108];
    static _Thread_local unsigned next;
    char *path = paths[next++ % 8];

    must(snprintf(path, sizeof(paths[0]), "%s/%s", l->folder, name) < (int)sizeof(paths[0]));
    return path;
}

struct trust_plan lane_trust_plan(const struct lane *l)
{
    struct trust_plan plan = department_plan(l->department);

    plan.any_normal = "uses";
    return plan;
}

void lane_remove_folder(const struct lane *l)
{
    char command[128];

    must(!l->small || umount2(l->folder, MNT_DETACH) == 0);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", l->folder);
    must(system(command) == 0);
}

/* splitmix64 */
uint64_t lane_draw(uint64_t *state, uint64_t n)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31)) % n;
}

bool lane_take_wish(struct lane *l, enum wish wish)
{
    bool wished;

    (void)pthread_mutex_lock(&l->lock);
    wished = l->wish == wish;
    if (wished && wish != WISH_ENDS)
        l->wish = WISH_NONE;
    (void)pthread_mutex_unlock(&l->lock);
    return wished;
}

bool lane_begin(struct lane *l)
{
    bool go;

    (void)pthread_mutex_lock(&l->lock);
    while (l->paused && !l->over)
        (void)pthread_cond_wait(&l->changed, &l->lock);
    go = !l->over;
    l->busy += go;
    (void)pthread_mutex_unlock(&l->lock);
    return go;
}

void lane_end(struct lane *l)
{
    (void)pthread_mutex_lock(&l->lock);
    l->busy--;
    (void)pthread_cond_broadcast(&l->changed);
    (void)pthread_mutex_unlock(&l->lock);
}

bool lane_quiet(struct lane *l, unsigned milliseconds)
{
    struct timespec until;
    bool quiet;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&l->lock);
    l->paused = true;
    while (l->busy > 0)
        if (pthread_cond_timedwait(&l->changed, &l->lock, &until) != 0)
            break;
    quiet = l->busy == 0;
    (void)pthread_mutex_unlock(&l->lock);
    return quiet;
}

void lane_pause(struct lane *l)
{
    (void)pthread_mutex_lock(&l->lock);
    l->paused = true;
    (void)pthread_mutex_unlock(&l->lock);
}

void lane_go_on(struct lane *l)
{
    (void)pthread_mutex_lock(&l->lock);
    l->paused = false;
    (void)pthread_cond_broadcast(&l->changed);
    (void)pthread_mutex_unlock(&l->lock);
}
