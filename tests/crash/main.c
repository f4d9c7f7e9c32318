#include "tests/crash/plans.h"

#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* tests/crash/README.md */

static const char usage[] =
    "Usage: crash [OPTION]... HUFUD\n"
    "Kills a hufud that was built with failpoints, again and again, and looks at what is left.\n"
    "\n"
    "  --kills=N   at least so many (1000)\n"
    "  --lanes=N   hosts side by side (4)\n"
    "  --seed=N    what is drawn (the time)\n";

struct arguments {
    unsigned kills, lanes;
    uint64_t seed;
    const char *hufud;
};

static int parse_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {{"kills", required_argument, NULL, 'k'},
                                            {"lanes", required_argument, NULL, 'l'},
                                            {"seed", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    int c;

    *a = (struct arguments){.kills = 1000, .lanes = 4, .seed = (uint64_t)time(NULL)};
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'k')
            a->kills = (unsigned)strtoul(optarg, NULL, 10);
        else if (c == 'l')
            a->lanes = (unsigned)strtoul(optarg, NULL, 10);
        else if (c == 's')
            a->seed = strtoull(optarg, NULL, 10);
        else
            return -1;
    }
    if (optind + 1 != argc || a->kills == 0 || a->lanes == 0)
        return -1;
    a->hufud = argv[optind];
    return 0;
}

static struct lane *lane_new(const struct arguments *a, unsigned number, struct totals *totals)
{
    struct lane *l = calloc(1, sizeof(*l));

    must(l != NULL);
    l->totals = totals;
    l->hufud = a->hufud;
    l->number = number;
    l->seed = a->seed;
    l->department = department_new();
    must(pthread_mutex_init(&l->lock, NULL) == 0 && pthread_cond_init(&l->changed, NULL) == 0);
    return l;
}

static pid_t start_lane(const struct arguments *a, unsigned number, struct totals *totals)
{
    pid_t pid = fork();

    must(pid >= 0);
    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    lane_leave_machine();
    lane_run(lane_new(a, number, totals), (a->kills + a->lanes - 1) / a->lanes);
    _exit(0);
}

/* Ends the other lanes when one has found something. */
static bool await_lanes(pid_t *pids, unsigned n)
{
    bool good = true;
    int status;

    for (unsigned left = n; left > 0; left--) {
        pid_t pid = wait(&status);
        bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;

        for (unsigned i = 0; i < n; i++) {
            if (pids[i] == pid)
                pids[i] = 0;
            else if (failed && good && pids[i] != 0)
                (void)kill(pids[i], SIGKILL);
        }
        good = good && !failed;
    }
    return good;
}

static bool tell(const struct totals *t, const struct arguments *a)
{
    bool all = true;

    for (unsigned i = 0; i < FAILPOINT_COUNT; i++) {
        (void)printf("%6u  %s\n", t->at[i], plan_failpoint_name((enum failpoint)i));
        all = all && t->at[i] > 0;
    }
    (void)printf("%6u  at random moments\n%6u  after a failpoint that was not reached\n", t->random,
                 t->unreached);
    (void)printf(
        "%u kills, %u starts; %u logins, %u sessions, %u refusals and %u orders acknowledged, of %u uses; "
        "%u records, %u in the journal, %u claims, %u sealed segments; %u refusals had their time, %u were "
        "counted, %u were cut off from their records\n",
        t->kills, t->starts, t->logins, t->opens, t->refusals, t->orders, t->uses, t->records, t->journal,
        t->claims, t->segments, t->covered, t->counted, t->lagging);
    if (!all)
        (void)printf("FAILED: a failpoint never killed\n");
    if (t->kills < a->kills)
        (void)printf("FAILED: %u kills were to be\n", a->kills);
    return all && t->kills >= a->kills;
}

int main(int argc, char **argv)
{
    struct arguments a;
    struct totals *totals =
        mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t *pids;
    bool good;

    if (parse_arguments(argc, argv, &a) < 0) {
        (void)fputs(usage, stderr);
        return 2;
    }
    (void)printf("seed %llu\n", (unsigned long long)a.seed);
    (void)fflush(stdout);
    pids = calloc(a.lanes, sizeof(*pids));
    must(pids != NULL && totals != MAP_FAILED);
    for (unsigned i = 0; i < a.lanes; i++)
        pids[i] = start_lane(&a, i, totals);
    good = await_lanes(pids, a.lanes);
    good = tell(totals, &a) && good;
    free(pids);
    return good ? 0 : 1;
}
