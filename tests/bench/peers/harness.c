/*
 * Many logins, one after the other and at once, over several ways of deciding them: run in turns, a slice of
 * time each, so that a noisy machine is equally noisy to all.
 *
 * - harness run FOLDER ROUNDS SLICE_MS PROCESSES PAUSE_US CONTESTANT...: each process asks over and over,
 * with a pause after each question
 * - harness fresh ...: the same, each question by a process of its own, as with sshd and sudo; timed in that
 *   process, from pam_start on, which is not what starting it takes, nor looking the account up before, as
 * they do
 * - harness once CONTESTANT: one question; prints what PAM said, and nanoseconds
 * - harness serve PATH: what answers bare round trips
 *
 * A CONTESTANT is NAME=socket:PATH or NAME=pam:FOLDER:SERVICE:USER. FOLDER/NAME gets the samples (struct
 * sample); the output is a line a slice: name, round, questions, those not granted, and nanoseconds that the
 * slice took.
 */
#include "tests/bench/peers/login.h"
#include "tests/bench/peers/trip.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTESTANTS_MAX 32
#define PROCESSES_MAX   64
#define SAMPLES_MAX     ((size_t)1 << 19) /* of a process in a slice */
#define WARM_UP         5
#define NS_PER_S        1000000000
#define NS_PER_MS       1000000
#define NS_PER_US       1000
#define ONCE_FD         3
#define FIRST           7 /* contestant among the arguments */

extern char **environ;

__attribute__((noreturn)) static void die(const char *what)
{
    (void)fprintf(stderr, "harness: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Shared with the processes of a slice. */
struct slice {
    pthread_barrier_t begin, end;
    size_t n[PROCESSES_MAX];
    struct sample samples[]; /* SAMPLES_MAX of each process */
};

struct plan {
    const char *folder;
    int rounds, processes;
    int64_t length; /* of a slice */
    int64_t pause;  /* after each question */
    bool fresh;
    struct contestant contestants[CONTESTANTS_MAX];
    const char *texts[CONTESTANTS_MAX];
    int n;
    struct slice *slice;
};

/* ---- a process that asks ---- */

/* This program anew, for one question; its sample comes over a pipe. */
static void ask_afresh(const char *text, struct sample *ret)
{
    char *argv[] = {"harness", "sample", NULL, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], status = 0;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0 || !(argv[2] = strdup(text)))
        die("pipe");
    *ret = (struct sample){.result = -1};
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, ends[1], ONCE_FD) != 0 ||
        posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv, environ) != 0)
        die("spawn");
    (void)close(ends[1]);
    if (read(ends[0], ret, sizeof(*ret)) != (ssize_t)sizeof(*ret))
        ret->result = -1;
    (void)waitpid(child, &status, 0);
    (void)close(ends[0]);
    (void)posix_spawn_file_actions_destroy(&actions);
    free(argv[2]);
}

static void ask(const struct plan *p, int which, struct sample *ret)
{
    if (p->fresh)
        ask_afresh(p->texts[which], ret);
    else
        contestant_ask(&p->contestants[which], ret);
}

static void pause_for(int64_t ns)
{
    const struct timespec t = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

    if (ns > 0)
        (void)nanosleep(&t, NULL);
}

__attribute__((noreturn)) static void worker(const struct plan *p, int which, int round, int number)
{
    struct slice *s = p->slice;
    struct sample *samples = s->samples + (size_t)number * SAMPLES_MAX;
    struct sample unused;
    int64_t end;
    size_t n = 0;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < WARM_UP; i++)
        ask(p, which, &unused);
    (void)pthread_barrier_wait(&s->begin);
    end = login_now() + p->length;
    do {
        ask(p, which, &samples[n]);
        samples[n].round = round;
        pause_for(p->pause);
    } while (++n < SAMPLES_MAX && login_now() < end);
    s->n[number] = n;
    (void)pthread_barrier_wait(&s->end);
    _exit(0);
}

/* ---- a slice ---- */

static void keep(const struct plan *p, int which, FILE *file, int round, int64_t took)
{
    size_t n = 0, refused = 0;

    for (int i = 0; i < p->processes; i++) {
        const struct sample *samples = p->slice->samples + (size_t)i * SAMPLES_MAX;

        for (size_t k = 0; k < p->slice->n[i]; k++)
            refused += samples[k].result != 0;
        n += p->slice->n[i];
        if (fwrite(samples, sizeof(*samples), p->slice->n[i], file) != p->slice->n[i])
            die(p->contestants[which].name);
    }
    (void)printf("%s %d %zu %zu %lld\n", p->contestants[which].name, round, n, refused, (long long)took);
    (void)fflush(stdout);
}

static void run_slice(const struct plan *p, int which, FILE *file, int round)
{
    unsigned n = (unsigned)p->processes + 1;
    pthread_barrierattr_t shared;
    int64_t began;

    (void)pthread_barrierattr_init(&shared);
    (void)pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    if (pthread_barrier_init(&p->slice->begin, &shared, n) != 0 ||
        pthread_barrier_init(&p->slice->end, &shared, n) != 0)
        die("barrier");
    for (int i = 0; i < p->processes; i++) {
        pid_t child = fork();

        if (child < 0)
            die("fork");
        if (child == 0)
            worker(p, which, round, i);
    }
    (void)pthread_barrier_wait(&p->slice->begin);
    began = login_now();
    (void)pthread_barrier_wait(&p->slice->end);
    began = login_now() - began;
    while (wait(NULL) > 0)
        ;
    keep(p, which, file, round, began);
}

static void run(struct plan *p)
{
    FILE *files[CONTESTANTS_MAX];

    p->slice = mmap(NULL, sizeof(struct slice) + sizeof(struct sample) * SAMPLES_MAX * (size_t)p->processes,
                    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p->slice == MAP_FAILED)
        die("memory");
    for (int i = 0; i < p->n; i++) {
        char path[4096];

        (void)snprintf(path, sizeof(path), "%s/%s", p->folder, p->contestants[i].name);
        files[i] = fopen(path, "we");
        if (!files[i])
            die(path);
    }
    /* Each is the first of a round in turn. */
    for (int round = 0; round < p->rounds; round++)
        for (int i = 0; i < p->n; i++)
            run_slice(p, (i + round) % p->n, files[(i + round) % p->n], round);
    for (int i = 0; i < p->n; i++)
        if (fclose(files[i]) != 0)
            die(p->contestants[i].name);
}

/* ---- command line ---- */

static int usage(void)
{
    (void)fputs("usage: harness run|fresh FOLDER ROUNDS SLICE_MS PROCESSES PAUSE_US CONTESTANT...\n"
                "       harness once CONTESTANT\n"
                "       harness serve PATH\n"
                "CONTESTANT is NAME=socket:PATH or NAME=pam:FOLDER:SERVICE:USER\n",
                stderr);
    return 2;
}

/* For ask_afresh() into its pipe, for others as text: what PAM said, and nanoseconds. */
static int once(const char *how, char *text)
{
    struct contestant c;
    struct sample s;

    if (contestant_read(text, &c) < 0)
        return usage();
    contestant_know(&c);
    contestant_ask(&c, &s);
    if (strcmp(how, "once") == 0)
        return printf("%d %lld\n", s.result, (long long)s.took) < 0;
    return write(ONCE_FD, &s, sizeof(s)) != (ssize_t)sizeof(s);
}

static int read_plan(int argc, char **argv, struct plan *ret)
{
    *ret = (struct plan){.folder = argv[2],
                         .rounds = atoi(argv[3]),
                         .length = (int64_t)atoi(argv[4]) * NS_PER_MS,
                         .processes = atoi(argv[5]),
                         .pause = (int64_t)atoi(argv[6]) * NS_PER_US,
                         .fresh = strcmp(argv[1], "fresh") == 0,
                         .n = argc - FIRST};
    if (ret->rounds < 1 || ret->length < 1 || ret->processes < 1 || ret->processes > PROCESSES_MAX ||
        ret->n > CONTESTANTS_MAX)
        return -1;
    for (int i = 0; i < ret->n; i++) {
        ret->texts[i] = strdup(argv[FIRST + i]);
        if (!ret->texts[i] || contestant_read(argv[FIRST + i], &ret->contestants[i]) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct plan plan;

    if (argc == 3 && strcmp(argv[1], "serve") == 0) {
        (void)trip_serve(argv[2]);
        die(argv[2]);
    }
    if (argc == 3 && (strcmp(argv[1], "once") == 0 || strcmp(argv[1], "sample") == 0))
        return once(argv[1], argv[2]);
    if (argc <= FIRST || (strcmp(argv[1], "run") != 0 && strcmp(argv[1], "fresh") != 0) ||
        read_plan(argc, argv, &plan) < 0)
        return usage();
    run(&plan);
    return 0;
}
