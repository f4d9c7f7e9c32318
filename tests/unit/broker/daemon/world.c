#include "tests/unit/broker/daemon/world.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/orders.h"
#include "broker/daemon/reload.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Tells a broker that hangs from a machine with much else to do: one commit alone may take seconds there. */
#define PATIENCE_US ((uint64_t)30000000)

static const char conf[] = "[host]\nhost = db01.finance.example\n[gate]\ngated-uid = %u-%u\n"
                           "[directory]\nstatus-max-age = %s\n[ledger]\nreserve = 1M\n";

const char *world_path(const struct world *w, const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", w->folder, name);
    return path;
}

static void put(const struct world *w, const char *name, const char *text)
{
    must(files_write(world_path(w, name), 0600, text, strlen(text)) == 0);
}

static char *time_from_now(when_t seconds)
{
    char *text = malloc(WHEN_TEXT_SIZE);

    must(text != NULL);
    when_format(clock_wall() + seconds, text);
    return text;
}

void world_put_trust(struct world *w, size_t n_approvers)
{
    struct trust_plan plan = department_plan(w->department);
    char *from = time_from_now(-86400), *until = time_from_now(86400 * 60), *text;

    plan.n_approvers = n_approvers;
    plan.from = from;
    plan.until = until;
    text = paper_trust(&plan);
    put(w, "trust", text);
    free(text);
    free(from);
    free(until);
}

struct broker_options world_options(struct world *w)
{
    static char trust[128], machine_id[128], config[128], anchor[128];

    (void)snprintf(trust, sizeof(trust), "%s/trust", w->folder);
    (void)snprintf(machine_id, sizeof(machine_id), "%s/machine-id", w->folder);
    (void)snprintf(config, sizeof(config), "%s/hufud.conf", w->folder);
    (void)snprintf(anchor, sizeof(anchor), "%s/anchor", w->folder);
    return (struct broker_options){.run_dir = w->folder,
                                   .config_path = config,
                                   .state_dir = w->folder,
                                   .anchor_path = anchor,
                                   .trust_path = trust,
                                   .machine_id_path = machine_id,
                                   .root = w->root,
                                   .owner = geteuid(),
                                   .accounts = ACCOUNTS_NONE,
                                   .pace = {.at_once = w->at_once, .by_hand = w->by_hand}};
}

struct config *world_config(const struct world *w)
{
    struct config *config = NULL;
    struct conf_error error;
    char text[512];

    (void)snprintf(text, sizeof(text), conf, w->first, w->last,
                   w->status_max_age ? w->status_max_age : "none");
    must(config_parse(text, strlen(text), &config, &error) == 0);
    return config;
}

struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof(*w));
    struct broker_options options;
    struct config *config;
    char error[256];

    must(w != NULL);
    (void)snprintf(w->folder, sizeof(w->folder), "/tmp/hufu-broker.XXXXXX");
    must(mkdtemp(w->folder) != NULL && chmod(w->folder, 0711) == 0);
    w->root = geteuid();
    w->first = 20000;
    w->last = 29999;
    must(sd_event_new(&w->event) >= 0);
    w->department = department_new();
    world_put_trust(w, DEPARTMENT_APPROVERS);
    put(w, "machine-id", "0123456789abcdef0123456789abcdef\n");
    options = world_options(w);
    config = world_config(w);
    must(broker_create_store(&options, config, error) == 0);
    config_free(config);
    fake_reaper_start(&w->reaper, w->event, world_path(w, "reaper"));
    return w;
}

static bool reaper_is_here(struct world *w, void *userdata)
{
    (void)userdata;
    return reaper_client_is_here(w->broker->reaper) && w->reaper.fd >= 0;
}

void world_start(struct world *w)
{
    struct broker_options options = world_options(w);
    char error[256];
    int r = broker_new(w->event, &options, world_config(w), &w->broker, error);

    if (r < 0)
        fail_msg("broker_new: %d %s", r, error);
    if (w->reaper.listening >= 0)
        world_until(w, reaper_is_here, NULL);
}

int world_reload(struct world *w, const char *text)
{
    put(w, "hufud.conf", text);
    return broker_reload(w->broker);
}

void world_stop(struct world *w)
{
    w->broker = broker_free(w->broker);
    w->reaper.io = sd_event_source_disable_unref(w->reaper.io);
    w->reaper.fd = close_fd(w->reaper.fd);
}

void world_restart(struct world *w)
{
    world_stop(w);
    world_start(w);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

struct world *world_free(struct world *w)
{
    broker_free(w->broker);
    fake_reaper_stop(&w->reaper);
    department_free(w->department);
    sd_event_unref(w->event);
    (void)nftw(w->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(w);
    return NULL;
}

int world_setup(void **state)
{
    struct world *w = world_new();

    world_start(w);
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    world_free(*state);
    return 0;
}

void world_until(struct world *w, bool (*done)(struct world *w, void *userdata), void *userdata)
{
    uint64_t deadline = clock_boot_us() + PATIENCE_US;

    while (!done(w, userdata)) {
        if (clock_boot_us() > deadline)
            fail_msg("waited half a minute in vain");
        must(sd_event_run(w->event, 10000) >= 0);
    }
}

void world_for(struct world *w, unsigned milliseconds)
{
    uint64_t until = clock_boot_us() + (uint64_t)milliseconds * 1000;

    while (clock_boot_us() < until)
        must(sd_event_run(w->event, 5000) >= 0);
}

static int ask_again(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)fd;
    (void)revents;
    (void)userdata;
    return 0;
}

sd_event_source *world_keep_busy(struct world *w)
{
    sd_event_source *busy = NULL;

    must(sd_event_add_io(w->event, &busy, eventfd(1, EFD_CLOEXEC), EPOLLIN, ask_again, NULL) >= 0);
    must(sd_event_source_set_io_fd_own(busy, 1) >= 0);
    return busy;
}

/* ---- answers ---- */

static bool is_readable(struct world *w, void *userdata)
{
    struct pollfd p = {.fd = *(int *)userdata, .events = POLLIN};

    (void)w;
    return poll(&p, 1, 0) == 1;
}

bool world_has_answer(struct world *w, int fd)
{
    return is_readable(w, &fd);
}

void world_until_answer(struct world *w, int fd)
{
    world_until(w, is_readable, &fd);
}

/* ---- control ---- */

int world_begin_call(struct world *w, const char *method, json_t *parameters)
{
    char qualified[128];
    struct buf b = BUF_INIT;
    bool is_new = w->caller.pid == 0;
    struct visitor v = is_new ? visitor_new() : w->caller;
    int fd = visitor_connect(&v, world_path(w, "control"));

    (void)snprintf(qualified, sizeof(qualified), strchr(method, '.') ? "%s" : "org.hufu.control.%s", method);
    varlink_write_call(&b, qualified, parameters);
    must(buf_error(&b) == 0);
    for (size_t sent = 0; sent < b.size;) {
        ssize_t n = send(fd, b.data + sent, b.size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

        must(n > 0 || errno == EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
        if (sent < b.size)
            must(sd_event_run(w->event, 10000) >= 0);
    }
    json_decref(parameters);
    buf_done(&b);
    if (is_new)
        visitor_end(&v);
    return fd;
}

struct varlink_reply world_take_reply(struct world *w, int fd)
{
    static char octets[1024 * 1024];
    size_t size = 0;
    struct varlink_reply reply;

    for (;;) {
        ssize_t n;

        world_until_answer(w, fd);
        n = recv(fd, octets + size, sizeof(octets) - size, 0);
        if (n <= 0)
            fail_msg("the control socket hung up");
        size += (size_t)n;
        if (octets[size - 1] == '\0')
            break;
    }
    must(varlink_parse_reply(octets, size - 1, &reply) == 0);
    close_fd(fd);
    return reply;
}

struct varlink_reply world_call(struct world *w, const char *method, json_t *parameters)
{
    return world_take_reply(w, world_begin_call(w, method, parameters));
}

const char *world_error_of(struct world *w, const char *method, json_t *parameters)
{
    static char error[64];
    struct varlink_reply r = world_call(w, method, parameters);

    (void)snprintf(error, sizeof(error), "%s", r.error ? strrchr(r.error, '.') + 1 : "");
    varlink_reply_done(&r);
    return error;
}

const char *world_text(const struct varlink_reply *r, const char *member)
{
    const char *text = json_string_value(json_object_get(r->parameters, member));

    return text ? text : "";
}

bool world_has_finding(struct world *w, const char *severity, const char *subject)
{
    struct varlink_reply r = world_call(w, "Status", json_object());
    const json_t *finding;
    bool found = false;
    size_t i;

    json_array_foreach(json_object_get(r.parameters, "findings"), i, finding)
    {
        const char *is = json_string_value(json_object_get(finding, "severity"));
        const char *about = json_string_value(json_object_get(finding, "subject"));

        found = found || (strcmp(is, severity) == 0 && strcmp(about, subject) == 0);
    }
    varlink_reply_done(&r);
    return found;
}

struct varlink_reply world_hand_in(struct world *w, const char *document, const char *one, const char *two)
{
    json_t *approvals = json_array();

    if (one)
        must(json_array_append_new(approvals, json_string(one)) == 0);
    if (two)
        must(json_array_append_new(approvals, json_string(two)) == 0);
    return world_call(w, "DocumentAdd", json_pack("{ss so}", "document", document, "approvals", approvals));
}

char *world_document(struct grant_plan plan)
{
    static when_t now; /* the same plan makes the same octets, unless the clock is set in between */
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];
    when_t clock = clock_wall();

    if (now > clock || now < clock - 1800)
        now = clock;
    when_format(now - 3600, from);
    when_format(now + 3600, until);
    plan.from = plan.from ? plan.from : from;
    plan.until = plan.until ? plan.until : until;
    return paper_grant(&plan);
}

enum reason world_grant(struct world *w, struct grant_plan plan)
{
    char *document = world_document(plan);
    char *one = department_approval(w->department, w->leader, document);
    char *two = department_approval(w->department, DEPARTMENT_UNIT, document);
    enum reason state = REASON_BROKER_ERROR;
    struct varlink_reply reply =
        world_call(w, "DocumentAdd", json_pack("{ss s[ss]}", "document", document, "approvals", one, two));
    if (reply.error)
        fail_msg("DocumentAdd: %s %s", reply.error, json_dumps(reply.parameters, 0));
    must(reason_from_name(json_string_value(json_object_get(reply.parameters, "state")), &state) == 0);
    varlink_reply_done(&reply);
    free(document);
    free(one);
    free(two);
    return state;
}

void world_grant_often(struct world *w)
{
    assert_int_equal(world_grant(w, (struct grant_plan){.uses = "100 per-host", .sessions = "50"}),
                     REASON_OK);
}
