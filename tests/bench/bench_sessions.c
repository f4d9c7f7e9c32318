// LAYERS: sessions engine document wire common base
// LIBRARIES: sd-event threads
#include "broker/common/sockets.h"
#include "broker/sessions/endings.h"
#include "broker/sessions/registry.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * What live sessions cost hufud: to be there with their deadlines, to be asked about by a login, and to be
 * ended, one or all, by a reaper (a thread of this process) that answers each order at once. For each of
 * them, so that what grows with their number is seen. Prints microseconds of processor time of the loop's
 * thread; judges nothing.
 */

#define LOGINS 1000U

struct scene {
    sd_event *event;
    struct registry *registry;
    struct reaper_client *client;
    struct endings *endings;
    size_t left, failed;
    int listening;
    char path[64];
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench_sessions: %s\n", what);
    exit(1);
}

static double now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- the reaper ---- */

static void *reap(void *userdata)
{
    const struct scene *s = userdata;
    int fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC);
    uint8_t frame[FRAME_MAX];
    ssize_t n;

    while (fd >= 0 && (n = recv(fd, frame, sizeof(frame), 0)) > 0) {
        struct frame_header h;
        struct reap_request q;
        struct reap_reply reply = {.result = REAP_DONE};
        int size;

        must(frame_parse(frame, (size_t)n, &h) == 0 &&
                 reap_decode_request(h.type, frame + FRAME_HEADER_SIZE, h.length, &q) == 0,
             "an order");
        reply.cookie = q.cookie;
        size = reap_encode_reply(&reply, frame);
        must(size > 0 && send(fd, frame, (size_t)size, MSG_NOSIGNAL) == size, "an answer");
    }
    if (fd >= 0)
        (void)close(fd);
    return NULL;
}

/* ---- the broker ---- */

static void nobody(void *userdata, struct session *s)
{
    (void)userdata;
    (void)s;
}

static enum sweep sweep_of(void *userdata, const struct session *s)
{
    const struct scene *scene = userdata;

    return registry_count(scene->registry, s->uid, SESSION_ANY, s) == 0 ? SWEEP_PERSON : SWEEP_STRAYS;
}

static void on_outcome(void *userdata, struct session *s, const struct ending *e)
{
    struct scene *scene = userdata;

    if (e->result != REAP_DONE) {
        scene->failed++;
        return;
    }
    registry_remove(s);
    scene->left--;
}

static void open_scene(struct scene *s)
{
    static const struct registry_events events = {
        .leader_gone = nobody, .holder_gone = nobody, .due = nobody};
    static const struct endings_events ending = {.sweep = sweep_of, .outcome = on_outcome};
    struct reaper_client_options options = {.uid = geteuid()};

    *s = (struct scene){.path = "/tmp/hufu-bench-sessions-XXXXXX"};
    must(mkdtemp(s->path) != NULL && sd_event_new(&s->event) >= 0, "a folder and a loop");
    (void)strncat(s->path, "/reaper", sizeof(s->path) - strlen(s->path) - 1);
    s->listening = socket_listen_unix(s->path, SOCK_SEQPACKET, 0600, 4);
    options.event = s->event;
    options.path = s->path;
    must(s->listening >= 0 && registry_new(s->event, &events, s, &s->registry) == 0 &&
             reaper_client_new(&options, &s->client) == 0 && reaper_client_connect(s->client) == 0 &&
             reaper_client_is_here(s->client) &&
             endings_new(s->event, s->client, &ending, s, &s->endings) == 0,
         "a broker");
}

static void close_scene(struct scene *s)
{
    reaper_client_stop(s->client);
    endings_free(s->endings);
    registry_free(s->registry);
    reaper_client_free(s->client);
    sd_event_unref(s->event);
    (void)close(s->listening);
    (void)unlink(s->path);
    *strrchr(s->path, '/') = '\0';
    (void)rmdir(s->path);
}

static void add(struct scene *s, size_t i)
{
    struct session *x = registry_add(s->registry, i + 1, 20000 + (uint32_t)(i / 2)); /* two of each person */

    must(x != NULL, "a session");
    registry_set_state(x, SESSION_OPEN);
    x->audit_session = (uint32_t)i + 1;
    x->deadline = time(NULL) + 3600 + (when_t)(i * 7919 % 3600);
    registry_set_written(x);
    must(registry_arm(x) >= 0, "a deadline");
    s->left++;
}

/* What question.c asks for a login. */
static void ask(const struct scene *s, uint32_t uid)
{
    volatile unsigned found = registry_count(s->registry, uid, SESSION_ANY, NULL);

    found += registry_channels(s->registry, uid, SESSION_ANY);
    found += registry_find_current(s->registry, uid, 1) != NULL;
    found += registry_find_reservation(s->registry, uid,
                                       &(struct session_process){.pid = 1, .start_time = 1}) != NULL;
    found += registry_is_ending(s->registry, uid);
    (void)found;
}

static void end_until(struct scene *s, size_t n, size_t left)
{
    struct session *next, *x = registry_first(s->registry);

    for (; x && n > 0; x = next, n--) {
        next = registry_next(x);
        must(endings_start(s->endings, x, REASON_REVOKED) == 0, "an ending");
    }
    while (s->left > left && s->failed == 0)
        must(sd_event_run(s->event, 30 * 1000 * 1000) > 0, "the reaper is silent");
}

static void report(size_t n)
{
    struct scene s;
    pthread_t reaper;
    double begun, added, asked, one, all;

    open_scene(&s);
    must(pthread_create(&reaper, NULL, reap, &s) == 0, "a thread");
    begun = now_us();
    for (size_t i = 0; i < n; i++)
        add(&s, i);
    added = (now_us() - begun) / (double)n;
    begun = now_us();
    for (unsigned i = 0; i < LOGINS; i++)
        ask(&s, 20000 + (uint32_t)(i % (n + 1)));
    asked = (now_us() - begun) / LOGINS;
    begun = now_us();
    end_until(&s, 1, n - 1);
    one = now_us() - begun;
    begun = now_us();
    end_until(&s, n, 0);
    all = n > 1 ? (now_us() - begun) / (double)(n - 1) : one;
    (void)printf("| %zu | %.1f us | %.2f us | %.0f us | %.1f us | %zu |\n", n, added, asked, one, all,
                 s.failed);
    close_scene(&s);
    (void)pthread_join(reaper, NULL);
}

int main(void)
{
    static const size_t sizes[] = {1, 100, 1000, 5000};

    (void)printf("| live sessions | begun, each | looked up for a login | one ended | all ended, each | "
                 "orders not carried out |\n"
                 "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        report(sizes[i]);
    return 0;
}
