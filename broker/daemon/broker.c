#include "broker/daemon/broker.h"

#include "broker/common/clock.h"
#include "broker/common/failpoint.h"
#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/common/process.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/directory.h"
#include "broker/daemon/judging.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/listening.h"
#include "broker/daemon/loading.h"
#include "broker/daemon/orders.h"
#include "broker/daemon/recording.h"
#include "broker/daemon/repetition.h"
#include "broker/daemon/restore.h"
#include "broker/daemon/retention.h"
#include "broker/daemon/sealer.h"
#include "broker/daemon/sealer_key.h"
#include "broker/daemon/timekeeper.h"
#include "broker/daemon/verdict_writer.h"
#include "broker/daemon/waiting.h"
#include "broker/trust/digest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 2000

size_t broker_at_once(const struct broker *b)
{
    return b->options.pace.at_once > 0 ? b->options.pace.at_once : AT_ONCE;
}

bool broker_has_few_grants(const struct broker *b)
{
    return grant_index_count(grants_index(b->grants)) <= broker_at_once(b);
}

/* ---- start ---- */

static int on_store_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct broker *b = userdata;

    (void)source;
    (void)fd;
    (void)events;
    store_dispatch(b->store);
    return 0;
}

/* Trust first: grants are judged by it as they are loaded. */
static int load_store(struct broker *b)
{
    int r = ledger_about_load(&b->about, b->store);

    if (r == 0)
        r = repetition_load(b->repetition);
    if (r == 0)
        r = trust_keeper_load(b);
    if (r == 0)
        r = restore_load(b);
    if (r == 0)
        r = recording_load(b->recording);
    if (r == 0)
        trust_keeper_settle(b);
    if (r == 0)
        r = directory_new(b, &b->directory);
    return r;
}

/* A host that cannot read its store goes on without: gated logins are refused, and status says why. */
static int start_store(struct broker *b)
{
    struct store_options options;
    char path[PATH_MAX];
    int r = broker_store_path(&b->options, path);

    if (r < 0)
        return r;
    options = broker_store_options(path, b->config);
    options.anchor_path = b->options.anchor_path;
    r = room_new(b, &options, &b->room);
    if (r < 0)
        return r;
    b->store_error = store_open(&options, &b->store, b->store_trouble);
    if (b->store_error < 0) {
        b->store = NULL;
        b->room = room_free(b->room);
        if (b->store_trouble[0] == '\0')
            (void)snprintf(b->store_trouble, sizeof(b->store_trouble), "%s", strerror(-b->store_error));
        return 0;
    }
    FAILPOINT(START_OPENED);
    r = sd_event_add_io(b->event, &b->store_io, store_fd(b->store), EPOLLIN, on_store_readable, b);
    if (r < 0)
        return r;
    r = load_store(b);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        (void)snprintf(b->store_trouble, sizeof(b->store_trouble), _("the store cannot be read: %s"),
                       strerror(-r));
        b->store_io = sd_event_source_disable_unref(b->store_io);
        b->loading = loading_free(b->loading);
        retention_stop(b->retention);
        b->store = store_close(b->store);
        b->retention = retention_free(b->retention);
        b->room = room_free(b->room);
        b->store_error = r;
        trust_keeper_free(b);
        return 0;
    }
    FAILPOINT(START_LOADED);
    r = room_start(b->room);
    if (r == 0)
        r = sealer_new(b, &b->sealer);
    if (r == 0)
        r = retention_new(b, &b->retention);
    return r < 0 ? r : feeder_start(b->store, b->host.name, b->about.id, &b->feeder);
}

static int start_sessions(struct broker *b)
{
    int r = registry_new(b->event, &life_registry_events, b, &b->registry);

    if (r == 0)
        r = repetition_new(b, &b->repetition);
    if (r == 0)
        r = keys_new(b->event, &b->keys);
    if (r == 0)
        r = waiting_new(b->event, &b->waiting);
    if (r == 0)
        r = recording_new(b, &b->recording);
    if (r == 0)
        r = claiming_new(b, &b->claiming);
    return r;
}

static int start_reaper(struct broker *b)
{
    char path[PATH_MAX];
    const struct reaper_client_options options = {.event = b->event,
                                                  .path = path,
                                                  .uid = b->options.root,
                                                  .state = life_on_reaper,
                                                  .unasked = life_on_unasked,
                                                  .userdata = b};
    int r;

    (void)snprintf(path, sizeof(path), "%s/reaper", b->options.run_dir);
    r = reaper_client_new(&options, &b->reaper);
    if (r < 0)
        return r;
    return endings_new(b->event, b->reaper, &life_endings_events, b, &b->endings);
}

static const struct {
    const char *what;
    int (*start)(struct broker *b);
} steps[] = {
    {"sessions", start_sessions},   {"store", start_store},         {"reaper", start_reaper},
    {"feed", listening_start_feed}, {"gate", listening_start_gate}, {"control", listening_start_control},
};

static int broker_start(struct broker *b, char error[static 256])
{
    int r = clock_boot_id(b->boot_id);

    b->processes_counted = process_is_counted();
    if (r == 0)
        r = timekeeper_new(b, &b->timekeeper);
    if (r == 0)
        r = verifier_new(b->event, &b->verifier);
    if (r == 0)
        r = grants_new(b->verifier, &b->grants);
    if (r == 0)
        r = taken_new(&b->taken);
    for (size_t i = 0; i < ARRAY_SIZE(steps) && r >= 0; i++) {
        r = steps[i].start(b);
        if (r < 0)
            (void)snprintf(error, 256, "%s: %s", steps[i].what, strerror(-r));
    }
    return r;
}

static void record_start(struct broker *b)
{
    struct record r = ledger_record(EVENT_START, REASON_OK, true);

    r.detail = "hufud " HUFU_VERSION;
    ledger_write(b, &r);
}

void broker_take_host(struct broker *b)
{
    b->host.name = b->config->host;
    b->host.groups = (struct grant_strings){(const char *const *)b->config->groups, b->config->n_groups};
}

int broker_new(sd_event *event, const struct broker_options *o, struct config *config, struct broker **ret,
               char error[static 256])
{
    cleanup(broker_free_p) struct broker *b = calloc(1, sizeof(*b));
    int r;

    error[0] = '\0';
    if (!b) {
        config_free(config);
        return -ENOMEM;
    }
    b->event = sd_event_ref(event);
    b->options = *o;
    b->config = config;
    broker_take_host(b);
    b->host.site = "";
    (void)snprintf(b->trust_trouble, sizeof(b->trust_trouble), "%s",
                   _("the trust epochs are in the store, which cannot be read"));
    b->started = clock_wall();
    b->next_session = 1;
    r = broker_start(b, error);
    FAILPOINT(START_LISTENING);
    if (r < 0)
        return r;
    record_start(b);
    r = timekeeper_start(b->timekeeper);
    if (r < 0) {
        (void)snprintf(error, 256, "time: %s", strerror(-r));
        return r;
    }
    /* Before the first turn of the loop: who waited in the sockets' queues is not refused because the reaper,
     * which is there, was asked too late. */
    r = reaper_client_connect(b->reaper);
    if (r < 0)
        return r;
    *ret = steal_pointer(&b);
    return 0;
}

/* ---- stop ---- */

static void record_stop(struct broker *b)
{
    struct record r = ledger_record(EVENT_STOP, REASON_STOPPING, true);

    (void)timekeeper_is_sure(b->timekeeper);
    if (b->store)
        ledger_write(b, &r);
}

struct broker *broker_free(struct broker *b)
{
    if (!b)
        return NULL;
    b->stopping = true;
    /* First nobody waits any more: for an ending, for the reaper, for the disk. What they answer is still
     * sent. */
    b->waiting = waiting_free(b->waiting);
    claiming_stop(b->claiming);
    verifier_stop(b->verifier);
    b->loading = loading_free(b->loading);
    judging_stop(b);
    verdict_writer_stop(b);
    repetition_settle(b->repetition, false);
    room_stop(b->room);
    if (b->control)
        record_stop(b);
    reaper_client_stop(b->reaper);
    if (b->store)
        (void)store_flush(b->store);
    repetition_settle(b->repetition, true); /* what was refused by these */
    if (b->store)
        (void)store_flush(b->store);
    retention_stop(b->retention);
    sealer_stop(b->sealer);
    if (b->store)
        (void)store_flush(b->store);
    orders_free(b);
    b->directory = directory_free(b->directory);
    b->feeder = feeder_stop(b->feeder);
    b->gate = gate_free(b->gate);
    b->control = control_free(b->control);
    b->endings = endings_free(b->endings);
    b->reaper = reaper_client_free(b->reaper);
    b->recording = recording_free(b->recording);
    b->keys = keys_free(b->keys);
    b->registry = registry_free(b->registry);
    b->store_io = sd_event_source_disable_unref(b->store_io);
    b->store = store_close(b->store);
    b->verdict_writer = verdict_writer_free(b->verdict_writer);
    b->retention = retention_free(b->retention);
    ledger_about_done(&b->about);
    b->sealer = sealer_free(b->sealer);
    b->repetition = repetition_free(b->repetition);
    b->room = room_free(b->room);
    claiming_free(b->claiming);
    timekeeper_free(b->timekeeper);
    taken_free(b->taken);
    status_keeper_free(b);
    judging_free(b->judging);
    grants_free(b->grants);
    verifier_free(b->verifier);
    trust_keeper_free(b);
    config_free(b->config);
    sd_event_unref(b->event);
    free(b);
    return NULL;
}
