#include "broker/reaper/reaper.h"

#include "broker/common/files.h"
#include "broker/reaper/ending.h"
#include "broker/reaper/leases.h"
#include "broker/reaper/look.h"
#include "broker/reaper/peers.h"
#include "broker/reaper/recorded.h"
#include "broker/reaper/terminals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define RETRY_US ((uint64_t)1000 * 1000)

struct reaper {
    struct reaper_options options;
    struct peers *peers;
    struct leases *leases;
    struct sight *sight;
    struct cgroups cgroups;
};

/* Whom to tell when an ending is over. Endings outlive the peer that ordered them. */
struct order {
    struct reaper *reaper;
    uint64_t serial; /* 0: a lease ran out, all peers are told */
    struct reap_target target;
    uint32_t ended; /* with the session itself, when what it left is being ended */
};

static bool is_over(const struct reap_reply *reply)
{
    return reply->result == REAP_DONE || reply->result == REAP_NOT_PROVABLE;
}

static void log_ending(const struct reaper *r, const struct reap_target *target,
                       const struct reap_reply *reply)
{
    char text[200];
    (void)snprintf(text, sizeof text,
                   "session %" PRIu64 " of uid %" PRIu32 ": %" PRIu32 " processes, %s after %" PRIu64
                   " us, %" PRIu32 " left",
                   target->session, target->uid, reply->ended, is_over(reply) ? "ended" : "not proven ended",
                   reply->took_us, reply->n_total);
    r->options.log(is_over(reply) ? LOG_INFO : LOG_ERR, text);
}

static void lapsed(void *userdata, const struct reap_target *target);
static void ending_over(void *userdata, const struct reap_reply *reply);

static int retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)usec;
    struct order *order = userdata;
    /* The broker may have dropped or renewed the lease meanwhile: then it is in charge again. */
    if (leases_has(order->reaper->leases, order->target.session))
        lapsed(order->reaper, &order->target);
    (void)sd_event_source_unref(source);
    free(order);
    return 0;
}

/* A lapsed session that resists is tried again for as long as it lives. Takes `order` over. */
static void try_again(struct order *order)
{
    sd_event_source *timer = NULL;
    if (sd_event_add_time_relative(order->reaper->options.event, &timer, CLOCK_BOOTTIME, RETRY_US, 0, retry,
                                   order) < 0) {
        order->reaper->options.log(LOG_CRIT, "cannot try again to end a session whose lease ran out");
        free(order);
    }
}

static void log_failure(const struct reaper *r)
{
    char text[300];
    char reason[200];
    if (census_check_sight(r->options.proc, reason) == 0)
        return;
    (void)snprintf(text, sizeof text, "not all processes can be seen, so nothing is proven: %s", reason);
    r->options.log(LOG_ERR, text);
}

/* Whether a lapsed session was the person's last. hufud, which would say what goes with it, is silent: what
 * it left in the user manager and elsewhere does. Not cron and at jobs, which have leases of their own. */
static bool is_last(const struct reaper *r, const struct order *order)
{
    uint32_t others[LEASES_PER_PERSON_MAX];

    return order->serial == 0 && order->target.scope == REAP_SESSION &&
           leases_audit_sessions(r->leases, order->target.uid, order->target.session, others) == 0;
}

/* Takes `order` over. */
static void end_leftovers(struct order *order, uint32_t ended)
{
    struct reaper *r = order->reaper;
    const struct ending_order what = {.target = &order->target, .text = ""};

    order->target.scope = REAP_LEFTOVERS;
    order->ended = ended;
    if (ending_start(r->sight, &r->cgroups, &what, ending_over, order) == 0)
        return;
    r->options.log(LOG_CRIT, "out of memory: what a session left could not be ended");
    try_again(order);
}

static void ending_over(void *userdata, const struct reap_reply *reply)
{
    struct order *order = userdata;
    struct reaper *r = order->reaper;
    if (reply->result == REAP_DONE && is_last(r, order)) {
        log_ending(r, &order->target, reply);
        end_leftovers(order, reply->ended);
        return;
    }
    if (is_over(reply) && order->target.session != 0)
        leases_drop(r->leases, order->target.session, order->target.uid);
    struct reap_reply whole = *reply;
    whole.ended += order->ended;
    peers_tell(r->peers, order->serial, &whole);
    /* After whoever waits for it: the journal, which wakes up for this, would take the processor first. */
    log_ending(r, &order->target, reply);
    if (reply->result == REAP_FAILED)
        log_failure(r);
    if (order->serial == 0 && !is_over(reply))
        try_again(order);
    else
        free(order);
}

/* What a session is told that the reaper ends by itself. hufud, who has the texts and the language, is
 * silent. */
#define LAPSED_TEXT                                                                     \
    "Hufu: your session ends now.\n"                                                    \
    "Its time is over, and the access service of this host is silent. [lease-lapsed]\n" \
    "Log in again if you still have a use left.\n"

static void start_ending(struct reaper *r, uint64_t serial, uint32_t cookie, const struct reap_target *target,
                         const char *text)
{
    const struct ending_order what = {.target = target, .cookie = cookie, .text = text};
    struct order *order = malloc(sizeof *order);
    struct reap_reply failed = {.cookie = cookie, .result = REAP_FAILED, .session = target->session};
    if (order != NULL)
        *order = (struct order){.reaper = r, .serial = serial, .target = *target};
    if (order == NULL || ending_start(r->sight, &r->cgroups, &what, ending_over, order) < 0) {
        free(order);
        r->options.log(LOG_CRIT, "out of memory: an ending could not be started");
        peers_tell(r->peers, serial, &failed);
    }
}

static void lapsed(void *userdata, const struct reap_target *target)
{
    struct reaper *r = userdata;
    char text[100];
    (void)snprintf(text, sizeof text, "the lease of session %" PRIu64 " ran out: ending it", target->session);
    r->options.log(LOG_WARNING, text);
    start_ending(r, 0, 0, target, LAPSED_TEXT);
}

static bool is_gated(const struct reaper *r, uint32_t uid)
{
    return uid != 0 && uid >= r->options.config.gated_first && uid <= r->options.config.gated_last;
}

/* The leader must be the person's by its login uid, or have none and be root's (no pam_loginuid). */
static bool leader_is_of(const struct reaper *r, const struct reap_target *target)
{
    struct census_process p;
    if (census_read(r->options.proc, target->leader, &p) < 0)
        return false;
    census_process_done(&p);
    return p.start_time == target->leader_start &&
           (p.login_uid == target->uid || p.login_uid == CENSUS_UNSET);
}

static void do_lease(struct reaper *r, const struct reap_request *q, struct reap_reply *reply)
{
    if (q->seconds == 0) {
        leases_drop(r->leases, q->target.session, q->target.uid);
        cgroups_drop_leaf(&r->cgroups, q->target.session);
        reply->result = REAP_DONE;
        return;
    }
    bool first = !leases_has(r->leases, q->target.session);
    char reason[200];
    /* No session begins that could not be proven to have ended. */
    if (first && census_check_sight(r->options.proc, reason) < 0) {
        log_failure(r);
        return;
    }
    if (q->target.scope != REAP_SESSION || q->target.session == 0 ||
        (first && !leader_is_of(r, &q->target))) {
        reply->result = REAP_REFUSED;
        return;
    }
    if (leases_put(r->leases, &q->target, q->class, q->seconds, &reply->seconds_left) < 0)
        return;
    if (first && !cgroups_logind_runs())
        (void)cgroups_adopt(&r->cgroups, q->target.session, q->target.leader);
    reply->result = REAP_DONE;
}

static void do_who(const struct reaper *r, const struct reap_request *q, struct reap_reply *reply)
{
    struct census_process p;
    int error = census_read(r->options.proc, q->pid, &p);
    reply->result = error == 0 ? REAP_DONE : error == -ESRCH ? REAP_GONE : REAP_FAILED;
    if (error < 0)
        return;
    look_describe(&p, &reply->processes[0]);
    reply->n_processes = 1;
    reply->n_total = 1;
    census_process_done(&p);
}

static void do_leased(const struct reaper *r, const struct reap_request *q, struct reap_reply *reply)
{
    const struct reap_target *next = leases_next(r->leases, q->target.session);
    reply->result = next == NULL ? REAP_GONE : REAP_DONE;
    if (next == NULL)
        return;
    reply->session = next->session;
    reply->processes[0] = (struct reap_process){
        .pid = next->leader,
        .start_time = next->leader_start,
        .login_uid = next->uid,
        .audit_session = next->audit_session,
    };
    reply->n_processes = 1;
    reply->n_total = 1;
}

/* Answers at once, except an END, which answers when it is over. */
static void answer(struct reaper *r, uint64_t serial, const struct reap_request *q)
{
    struct reap_reply reply = {.cookie = q->cookie, .result = REAP_FAILED, .session = q->target.session};
    if (q->type == FRAME_REAP_WHO) {
        do_who(r, q, &reply);
    } else if (q->type == FRAME_REAP_LEASED) {
        do_leased(r, q, &reply);
    } else if (!is_gated(r, q->target.uid)) {
        r->options.log(LOG_ERR, "refused an order about a uid that is not gated");
        reply.result = REAP_REFUSED;
    } else if (q->type == FRAME_REAP_END) {
        start_ending(r, serial, q->cookie, &q->target, q->text);
        return;
    } else if (q->type == FRAME_REAP_LEASE) {
        do_lease(r, q, &reply);
    } else if (q->type == FRAME_REAP_WARN) {
        reply.terminals = terminals_write(r->options.proc, r->leases, &q->target, q->text);
        reply.result = REAP_DONE;
    } else if (q->type == FRAME_REAP_RECORDED) {
        recorded_scan(r->options.proc, r->leases, q, &reply);
    } else {
        ending_scan(r->options.proc, r->leases, &q->target, &reply);
    }
    peers_tell(r->peers, serial, &reply);
}

static int decode(const uint8_t *frame, size_t size, struct reap_request *q)
{
    struct frame_header header;
    if (size < FRAME_HEADER_SIZE || frame_parse_header(frame, &header) < 0 ||
        header.length != size - FRAME_HEADER_SIZE)
        return -EBADMSG;
    return reap_decode_request(header.type, frame + FRAME_HEADER_SIZE, header.length, q);
}

static bool on_frame(void *userdata, uint64_t serial, const uint8_t *frame, size_t size)
{
    struct reaper *r = userdata;
    struct reap_request q;
    if (decode(frame, size, &q) < 0) {
        r->options.log(LOG_ERR, "refused a malformed order; its connection is closed");
        return false;
    }
    answer(r, serial, &q);
    return true;
}

static int take_up_leases(struct reaper *r)
{
    unsigned skipped = 0;
    struct leases_options options = {
        .event = r->options.event,
        .folder = r->options.lease_folder,
        .lapsed = lapsed,
        .userdata = r,
    };
    memcpy(options.maximum_seconds, r->options.config.maximum_seconds, sizeof options.maximum_seconds);
    int error = leases_new(&options, &r->leases, &skipped);
    if (skipped > 0)
        r->options.log(LOG_ERR, "some lease files are not whole and were skipped");
    return error;
}

int reaper_new(const struct reaper_options *options, struct reaper **ret)
{
    struct reaper *r cleanup(reaper_free_p) = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    r->options = *options;
    cgroups_open(&r->cgroups, options->proc);
    int error = take_up_leases(r);
    if (error < 0)
        return error;
    const struct peers_options peers = {.event = options->event,
                                        .listener = options->listener,
                                        .uid = options->peer_uid,
                                        .frame = on_frame,
                                        .userdata = r};
    error = sight_new(options->event, options->proc, r->leases, &r->sight);
    if (error < 0)
        return error;
    error = peers_new(&peers, &r->peers);
    if (error < 0)
        return error;
    *ret = steal_pointer(&r);
    return 0;
}

void reaper_configure(struct reaper *r, const struct reaper_config *config)
{
    r->options.config = *config;
    if (leases_set_maximum(r->leases, config->maximum_seconds) < 0)
        r->options.log(LOG_ERR, "not every lease could be cut to the new longest session");
}

struct reaper *reaper_free(struct reaper *r)
{
    if (r == NULL)
        return NULL;
    (void)peers_free(r->peers);
    (void)sight_free(r->sight);
    (void)leases_free(r->leases);
    cgroups_close(&r->cgroups);
    (void)close_fd(r->options.listener);
    (void)close_fd(r->options.lease_folder);
    free(r);
    return NULL;
}
