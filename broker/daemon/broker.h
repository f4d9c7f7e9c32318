#ifndef HUFU_DAEMON_BROKER_H
#define HUFU_DAEMON_BROKER_H

#include "broker/daemon/accounts.h"
#include "broker/daemon/config.h"
#include "broker/daemon/feeder.h"
#include "broker/daemon/grants.h"
#include "broker/daemon/identity.h"
#include "broker/daemon/ledger_about.h"
#include "broker/daemon/restored.h"
#include "broker/daemon/review_keeper.h"
#include "broker/daemon/room.h"
#include "broker/daemon/runs.h"
#include "broker/daemon/status_keeper.h"
#include "broker/daemon/taken.h"
#include "broker/daemon/trust_keeper.h"
#include "broker/daemon/verifier.h"
#include "broker/ipc/control.h"
#include "broker/ipc/gate.h"
#include "broker/sessions/endings.h"
#include "broker/sessions/keys.h"
#include "broker/sessions/reaper_client.h"
#include "broker/sessions/registry.h"
#include "broker/store/store.h"
#include "broker/trust/trust_set.h"

#include <systemd/sd-event.h>

/*
 * The broker: owns every module, and is what handlers are handed. One thread, one loop. What changes access
 * (a grant, a tombstone) raises `generation`; an answer that waited for the disk or the reaper looks at it
 * before it is sent, and judges again if it moved. So no admission leaves after the tombstone is in memory.
 */
struct broker_options {
    const char *run_dir;     /* sockets: gate, control, reaper */
    const char *state_dir;   /* hufu.db */
    const char *anchor_path; /* /var/lib/hufu-anchor/anchor; NULL: a restored store is not noticed */
    const char *config_path; /* /etc/hufu/hufud.conf, read anew by broker_reload() */
    const char *trust_path;  /* /etc/hufu/trust */
    const char *machine_id_path;
    const char *signer;           /* hufu-ledger-sign; NULL: where it is installed */
    const char *recorder_program; /* NULL: those of policy/base/recorder.h */
    const char *recorder_folder;
    const char *recorder_tlog;
    uid_t root;  /* who may ask anything, and whom the reaper must be: 0 */
    uid_t owner; /* of the files in /etc: 0 */
    struct accounts accounts;
    void (*find_accounts)(struct accounts *accounts); /* asked by broker_reload(); NULL: they stay */
    /* Up to how many grants are taken in, judged by another trust, or have their verdicts written in one go
     * (0: the usual); and whether whoever has the broker goes on with more, by loading_some() and
     * judging_some(), and not the loop when it has nothing else to do. */
    struct {
        unsigned at_once;
        bool by_hand;
    } pace;
};

struct broker {
    sd_event *event;
    struct broker_options options;
    struct config *config;
    char config_trouble[320]; /* not empty: the file was not taken when it was read anew */
    struct host_identity host;

    struct store *store; /* NULL: missing or damaged, see store_error */
    int store_error;
    char store_trouble[200];
    sd_event_source *store_io;
    struct room *room;     /* on the disk; NULL: there is no store */
    unsigned not_recorded; /* transactions about what had happened that were lost */
    struct feeder *feeder;
    struct retention *retention;
    struct sealer *sealer; /* NULL: there is no store */

    struct trust_set *trust; /* NULL: see trust_trouble; trust_keeper.h changes it */
    struct trust_keeper trust_keeper;
    char trust_trouble[256];

    struct verifier *verifier;
    struct grants *grants;
    struct loading *loading;               /* of grants out of the store */
    struct judging *judging;               /* of grants by another trust; NULL: never needed yet */
    struct verdict_writer *verdict_writer; /* the same */
    struct taken *taken;
    struct status_keeper status;
    struct directory *directory; /* NULL: there is no store */
    uint64_t generation;

    struct registry *registry;
    struct keys *keys;
    struct reaper_client *reaper;
    struct endings *endings;
    struct claiming *claiming;     /* uses of grants that count over all hosts */
    struct runs runs;              /* of sudo, allowed just before */
    struct recording *recording;   /* sessions whose grant requires it */
    struct waiting *waiting;       /* calls that wait until something has ended */
    struct operator_order *orders; /* of operators, that are not answered yet */
    struct follower *followers;    /* of the ledger */
    struct watcher *watchers;      /* of sessions */
    uint64_t next_session;
    bool strangers_known; /* who is in beside those in the books: each is being ended, or has been */

    struct gate *gate;
    struct control *control;

    char boot_id[33];
    bool processes_counted; /* process_is_counted() */
    when_t started;
    struct timekeeper *timekeeper;
    struct review_keeper review;
    struct identity identity; /* that the store was made for */
    char host_trouble[400];   /* not empty: the host is not the one that the store was made for */
    struct restored restored;
    bool backing_up;               /* a copy of the store is being made */
    uint64_t last_sequence;        /* of the ledger, as far as known here */
    struct ledger_about about;     /* the ledger as a whole */
    struct repetition *repetition; /* what is counted instead of being written each time */
    bool range_differs;            /* a module has said so, since the configuration was read */
    bool stopping;
};

/** Makes everything and listens. The event loop is the caller's. A damaged or missing store, a missing trust
 * file are no errors: gated logins are refused, and status says why. 0 or -errno with a text for a person. */
int broker_new(sd_event *event, const struct broker_options *options, struct config *config,
               struct broker **ret, char error[static 256]);
/** Stops: no more calls, what waits is committed; sessions live on under the reaper's leases. Takes config.
 */
struct broker *broker_free(struct broker *b);
DEFINE_CLEANUP(struct broker, broker_free);

/** Up to how many grants all of them are gone through in one go, and not by and by. */
size_t broker_at_once(const struct broker *b);
bool broker_has_few_grants(const struct broker *b);

/** Takes the host's name and groups from b->config. */
void broker_take_host(struct broker *b);

/** `hufud --create-store`: makes the store for this host (name and machine-id). */
int broker_create_store(const struct broker_options *options, const struct config *config,
                        char error[static 256]);

/** How the store is opened, and where it is (PATH_MAX octets). 0 or -ENAMETOOLONG. */
struct store_options broker_store_options(const char *path, const struct config *c);
int broker_store_path(const struct broker_options *o, char *path);

/* The tables of requests and methods. */
extern const struct gate_request broker_gate_requests[];
extern const size_t broker_n_gate_requests;
extern const struct control_method broker_control_methods[];
extern const size_t broker_n_control_methods;

#endif
