// LAYERS: daemon test_support
// LIBRARIES: libcrypto
// FIXTURES: unit/broker/daemon
#include "broker/common/descriptors.h"
#include "broker/common/files.h"
#include "broker/daemon/judging.h"
#include "broker/daemon/loading.h"
#include "broker/daemon/reload.h"
#include "broker/daemon/verdict_writer.h"
#include "broker/trust/digest.h"
#include "policy/engine/decide.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/support/many.h"

#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * A broker on a store that make_store made, with a reaper that says yes: start, memory, decisions, reload,
 * and a grant handed in. Prints one line of JSON; tests/bench/scale makes a table of several.
 *
 * bench_scale FOLDER GRANTS [ROUNDS]
 *
 * With ROUNDS 0 the trust is replaced instead, by a reset: when that was answered, all grants judged, and the
 * verdicts written, and the longest turn of the loop until each, in milliseconds of its processor time.
 */

#define ADDED 5 /* FOLDER/more has at least so many */

struct percentiles {
    double p50, p99;
};

static double seconds(clockid_t clock)
{
    struct timespec t;

    must(clock_gettime(clock, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct percentiles percentiles_of(double *times, size_t n)
{
    qsort(times, n, sizeof(*times), compare);
    return (struct percentiles){times[n / 2], times[n * 99 / 100]};
}

/* ---- the engine alone ---- */

static unsigned some_person(unsigned i, unsigned grants)
{
    return (unsigned)((uint64_t)i * 2654435761U % grants);
}

static struct percentiles bench_engine(struct world *w, unsigned grants, unsigned rounds)
{
    const struct many_plan plan = {.from = 0};
    struct facts facts = {.now = time(NULL),
                          .host = &w->broker->host,
                          .host_state = REASON_OK,
                          .status_until = WHEN_NEVER,
                          .person_state = REASON_OK,
                          .phase = PHASE_ACCOUNT,
                          .kind = SERVICE_LOGIN,
                          .service = "sshd",
                          .source = SOURCE_ADDRESS,
                          .key = KEY_NONE};
    double *times = calloc(rounds, sizeof(*times));
    struct percentiles p;

    must(times != NULL && address_parse(MANY_SOURCE, strlen(MANY_SOURCE), &facts.address) == 0);
    for (unsigned i = 0; i < rounds; i++) {
        char staff[MANY_STAFF];
        double begin;

        many_staff(&plan, some_person(i, grants), staff);
        facts.staff = staff;
        begin = seconds(CLOCK_MONOTONIC);
        must(decide(grants_index(w->broker->grants), &facts, NULL, NULL).verdict == VERDICT_ALLOW);
        times[i] = seconds(CLOCK_MONOTONIC) - begin;
    }
    p = percentiles_of(times, rounds);
    free(times);
    return p;
}

/* ---- through the gate: asked by another process, up to the commit ---- */

static struct gate_reply ask(const char *path, const struct gate_pam *m)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uint8_t frame[FRAME_MAX];
    struct frame_header header;
    struct gate_reply reply = {.verdict = VERDICT_DENY};
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int size = gate_encode_pam(FRAME_GATE_ACCOUNT, m, frame);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    must(size > 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    must(send(fd, frame, (size_t)size, 0) == size && recv(fd, frame, sizeof(frame), 0) >= FRAME_HEADER_SIZE);
    must(frame_parse_header(frame, &header) == 0);
    must(gate_decode_reply(frame + FRAME_HEADER_SIZE, header.length, &reply) == 0);
    return reply;
}

static struct percentiles visit(const char *path, unsigned grants, unsigned rounds)
{
    const struct many_plan plan = {.from = 0};
    const struct visitor self = {.pid = getpid()};
    struct gate_pam m = world_login(&self);
    double *times = calloc(rounds, sizeof(*times));
    struct percentiles p;

    must(times != NULL);
    for (unsigned i = 0; i < rounds; i++) {
        struct gate_reply reply;
        double begin;

        many_staff(&plan, some_person(i, grants), m.user);
        (void)snprintf(m.person, sizeof(m.person), "%s", m.user);
        m.user_uid = m.person_uid = 20000 + i % 10000;
        begin = seconds(CLOCK_MONOTONIC);
        reply = ask(path, &m);
        times[i] = seconds(CLOCK_MONOTONIC) - begin;
        if (reply.verdict != VERDICT_ALLOW)
            (void)fprintf(stderr, "bench_scale: %s: %s\n", m.user, reason_name(reply.reason));
        must(reply.verdict == VERDICT_ALLOW);
    }
    p = percentiles_of(times, rounds);
    free(times);
    return p;
}

/* A process that is made before there are grants: to fork with a million of them takes 20 ms, and each page
 * that the broker writes to from then on costs it a fault. */
struct client {
    pid_t pid;
    int fd;
};

static struct client client_new(struct world *w, unsigned grants)
{
    struct client c;
    unsigned rounds;
    int pair[2];

    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    c = (struct client){.pid = fork(), .fd = pair[0]};
    must(c.pid >= 0);
    if (c.pid == 0) {
        (void)close(pair[0]);
        while (recv(pair[1], &rounds, sizeof(rounds), 0) == sizeof(rounds)) {
            struct percentiles p = visit(world_path(w, "gate"), grants, rounds);

            must(send(pair[1], &p, sizeof(p), 0) == sizeof(p));
        }
        _exit(0);
    }
    (void)close(pair[1]);
    return c;
}

static void client_end(struct client *c)
{
    int status;

    (void)close(c->fd);
    must(waitpid(c->pid, &status, 0) == c->pid && status == 0);
}

static struct percentiles bench_gate(struct world *w, struct client *c, unsigned rounds)
{
    struct pollfd readable = {.fd = c->fd, .events = POLLIN};
    struct percentiles p;

    must(send(c->fd, &rounds, sizeof(rounds), 0) == sizeof(rounds));
    while (poll(&readable, 1, 0) == 0)
        must(sd_event_run(w->event, 10000) >= 0);
    must(recv(c->fd, &p, sizeof(p), 0) == sizeof(p));
    return p;
}

/* ---- handing one in ---- */

static char *read_more(const struct world *w, unsigned i, const char *kind)
{
    cleanup_free char *path = issue_text("%s/more/%u.%s", w->folder, i, kind);
    FILE *f = fopen(path, "re");
    char *text = calloc(1, 65536);

    must(f && text && fread(text, 1, 65535, f) > 0);
    (void)fclose(f);
    return text;
}

static double bench_add(struct world *w)
{
    double times[ADDED];

    for (unsigned i = 0; i < ADDED; i++) {
        cleanup_free char *document = read_more(w, i, "grant");
        cleanup_free char *one = read_more(w, i, "approval-1");
        cleanup_free char *two = read_more(w, i, "approval-2");
        double begin = seconds(CLOCK_MONOTONIC);
        struct varlink_reply reply = world_hand_in(w, document, one, two);

        times[i] = seconds(CLOCK_MONOTONIC) - begin;
        must(!reply.error);
        varlink_reply_done(&reply);
    }
    return percentiles_of(times, ADDED).p50;
}

/* ---- taking away: until it is answered, which is when it is on disk and in force ---- */

static double take_away(struct world *w, const char *scope, const char *name)
{
    double begin = seconds(CLOCK_MONOTONIC);
    struct varlink_reply reply =
        world_call(w, "Revoke",
                   json_pack("{ss ss ss}", "scope", scope, "name", name, "why", "to see how long it takes"));

    begin = seconds(CLOCK_MONOTONIC) - begin;
    must(!reply.error);
    varlink_reply_done(&reply);
    return begin;
}

static double bench_revoke_person(struct world *w, unsigned grants)
{
    const struct many_plan plan = {.from = 0};
    double times[ADDED];

    for (unsigned i = 0; i < ADDED; i++) {
        char staff[MANY_STAFF];

        many_staff(&plan, some_person(i, grants), staff);
        times[i] = take_away(w, "staff", staff);
    }
    return percentiles_of(times, ADDED).p50;
}

static double bench_revoke_vendor(struct world *w, unsigned grants)
{
    double times[ADDED];

    for (unsigned i = 0; i < ADDED; i++) {
        cleanup_free char *vendor = many_vendor(some_person(i, grants));

        times[i] = take_away(w, "vendor", vendor);
    }
    return percentiles_of(times, ADDED).p50;
}

/* ---- another trust: how long the loop stands still at most, in processor time ---- */

static char *next_epoch(const struct world *w)
{
    char *text = NULL, *at;
    size_t size;

    must(files_read(world_path(w, "trust"), geteuid(), 65536, &text, &size) == 0);
    at = strstr(text, "\nepoch: 4\n");
    if (!at)
        exit(EXIT_FAILURE);
    at[strlen("\nepoch: ")] = '5';
    return text;
}

static int begin_reset(struct world *w)
{
    cleanup_free char *text = next_epoch(w);
    uint8_t sha256[32];
    char digits[65];

    epoch_put_file(w, text);
    must(digest_sha256(text, strlen(text), sha256) == 0);
    ident_format_hex(sha256, sizeof(sha256), digits);
    return world_begin_call(w, "TrustReset", json_pack("{ss ss}", "sha256", digits, "why", "to see"));
}

static void bench_trust(struct world *w, unsigned grants)
{
    double begin = seconds(CLOCK_MONOTONIC), ended[3] = {0}, longest[3] = {0};
    unsigned part = 0;
    int fd = begin_reset(w);

    while (part < 3) {
        double turn = seconds(CLOCK_THREAD_CPUTIME_ID);

        must(sd_event_run(w->event, UINT64_MAX) >= 0);
        turn = seconds(CLOCK_THREAD_CPUTIME_ID) - turn;
        longest[part] = turn > longest[part] ? turn : longest[part];
        if (part == 0   ? !world_has_answer(w, fd)
            : part == 1 ? judging_is(w->broker)
                        : verdict_writer_is_busy(w->broker))
            continue;
        ended[part++] = seconds(CLOCK_MONOTONIC) - begin;
    }
    (void)printf("{\"grants\": %u, \"answered\": %.3f, \"judged\": %.3f, \"written\": %.3f, "
                 "\"longest_turns\": [%.3f, %.3f, %.3f]}\n",
                 grants, ended[0], ended[1], ended[2], longest[0] * 1e3, longest[1] * 1e3, longest[2] * 1e3);
    (void)close(fd);
}

/* ---- all of it ---- */

static double bench_reload(struct world *w)
{
    static const char text[] =
        "[host]\nhost = db01.finance.example\ngroups = database\n[gate]\ngated-uid = 20000-29999\n"
        "[directory]\nstatus-max-age = none\n[ledger]\nreserve = 1M\n";
    double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);

    must(world_reload(w, text) == 0);
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

int main(int argc, char **argv)
{
    struct world w = {.root = geteuid(), .first = 20000, .last = 29999};
    unsigned grants = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 500;
    struct percentiles engine = {0}, gate = {0};
    struct client client;
    double wall, cpu, reload, first = 0, whole, add = 0, person = 0, vendor = 0;
    size_t before, after;

    if (argc < 3 || strlen(argv[1]) >= sizeof(w.folder)) {
        (void)fputs("Usage: bench_scale FOLDER GRANTS [ROUNDS]\n", stderr);
        return 2;
    }
    (void)snprintf(w.folder, sizeof(w.folder), "%s", argv[1]);
    client = client_new(&w, grants);
    descriptors_make_room(8192); /* as hufud begins */
    w.caller = visitor_new();
    must(sd_event_new(&w.event) >= 0);
    fake_reaper_start(&w.reaper, w.event, world_path(&w, "reaper"));
    before = heap();
    whole = seconds(CLOCK_MONOTONIC);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    world_start(&w);
    wall = seconds(CLOCK_MONOTONIC) - whole;
    if (grants > 0)
        first = bench_gate(&w, &client, 1).p50;
    while (loading_is(w.broker))
        must(sd_event_run(w.event, UINT64_MAX) >= 0);
    whole = seconds(CLOCK_MONOTONIC) - whole;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    after = heap();
    if (rounds == 0) {
        bench_trust(&w, grants);
        exit(EXIT_SUCCESS);
    }
    must(grant_index_count(grants_index(w.broker->grants)) >= grants);
    if (grants > 0) {
        engine = bench_engine(&w, grants, rounds * 100);
        gate = bench_gate(&w, &client, rounds);
        add = bench_add(&w);
        person = bench_revoke_person(&w, grants);
        vendor = bench_revoke_vendor(&w, grants);
    }
    reload = bench_reload(&w);
    (void)printf("{\"grants\": %u, \"heap\": %zu, \"start\": %.3f, \"first\": %.3f, \"whole\": %.3f, "
                 "\"start_cpu\": %.3f, \"engine_p50\": %.3f, \"engine_p99\": %.3f, "
                 "\"gate_p50\": %.3f, \"gate_p99\": %.3f, \"add\": %.3f, \"reload\": %.3f, "
                 "\"revoke_person\": %.3f, \"revoke_vendor\": %.3f}\n",
                 grants, after - before, wall, first * 1e3, whole, cpu, engine.p50 * 1e6, engine.p99 * 1e6,
                 gate.p50 * 1e3, gate.p99 * 1e3, add * 1e3, reload * 1e3, person * 1e3, vendor * 1e3);
    (void)fflush(stdout);
    client_end(&client);
    visitor_end(&w.caller);
    world_stop(&w);
    fake_reaper_stop(&w.reaper);
    sd_event_unref(w.event);
    return 0;
}
