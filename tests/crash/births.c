#include "broker/common/files.h"
#include "broker/store/schema.h"
#include "tests/crash/check.h"
#include "tests/crash/load.h"
#include "tests/crash/plans.h"
#include "tests/crash/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Kills where there is no load yet: while a store is made, while an old one is brought up to date, and at the
 * first start of all, which keeps the trust. Whatever is left, the same command or the next start goes on.
 */

struct birth {
    struct lane *lane;
    struct supervisor supervisor;
    struct reaper *reaper;
    struct around around;
};

static void begin(struct birth *b, struct lane *l)
{
    *b = (struct birth){.lane = l};
    lane_make_folder(l, "/dev/shm");
    supervisor_prepare(&b->supervisor, l, false);
    b->reaper = reaper_start(l);
    b->around = (struct around){journal_start(l), provider_start(l)};
}

static void end(struct birth *b)
{
    b->reaper = reaper_stop(b->reaper);
    b->around.journal = journal_stop(b->around.journal);
    b->around.provider = provider_stop(b->around.provider);
    supervisor_done(&b->supervisor);
    lane_remove_folder(b->lane);
}

static void note_kill(struct lane *l, enum failpoint at, int status)
{
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        lane_violation(l, "%s was not reached, or hufud ended by itself: %#x", plan_failpoint_name(at),
                       (unsigned)status);
    atomic_fetch_add(&l->totals->kills, 1);
    atomic_fetch_add(&l->totals->at[at], 1);
}

/* A start without a failpoint finds its way: it decides, and what is on disk is whole. */
static void check_birth(struct birth *b)
{
    struct supervisor *s = &b->supervisor;
    struct chain chain = {0};

    b->lane->life++;
    if (!supervisor_start(s, NULL) || !check_alive(b->lane))
        lane_violation(b->lane, "hufud does not start on what is left");
    supervisor_signal(s, SIGKILL);
    must(supervisor_await_death(s, 30000));
    (void)supervisor_reap(s);
    check_disk(b->lane, &chain, &b->around, true);
    facts_done(&b->lane->facts);
}

/* Made anew, or there already; nothing in between. */
static void kill_create(struct lane *l, enum failpoint at, const char *setting)
{
    struct birth b;
    int status;

    begin(&b, l);
    note_kill(l, at, supervisor_create_store(l, setting));
    status = supervisor_create_store(l, NULL);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && access(lane_path(l, "state/hufu.db"), F_OK) < 0))
        lane_violation(l, "no store can be made any more: %#x", (unsigned)status);
    check_birth(&b);
    end(&b);
}

static void start_and_die(struct birth *b, enum failpoint at, const char *setting)
{
    struct supervisor *s = &b->supervisor;

    if (supervisor_start(s, setting))
        lane_violation(b->lane, "hufud started, and did not pass %s", setting);
    note_kill(b->lane, at, supervisor_reap(s));
}

/* Ended with `signal` when it has decided; and, if there is a client, when it has a grant. */
static void live_once(struct birth *b, struct client *client, int signal)
{
    struct supervisor *s = &b->supervisor;

    b->lane->life++;
    if (!supervisor_start(s, NULL) || !check_alive(b->lane))
        lane_violation(b->lane, "hufud does not start on a new store");
    if (client)
        orders_add_grant(client, 0, "1 per-host");
    supervisor_signal(s, signal);
    must(supervisor_await_death(s, 30000));
    (void)supervisor_reap(s);
}

static void kill_first_start(struct lane *l, enum failpoint at, const char *setting)
{
    struct birth b;

    begin(&b, l);
    must(supervisor_create_store(l, NULL) == 0);
    start_and_die(&b, at, setting);
    check_birth(&b);
    end(&b);
}

static void put_meta(sqlite3 *db, const char *name, const char *value)
{
    char *text = sqlite3_mprintf("INSERT INTO meta (name, value) VALUES (%Q, %Q)", name, value);

    must(text && sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_free(text);
}

/* A store as an earlier version made it. */
static void make_old_store(const struct lane *l, size_t version)
{
    char machine_id[33] = "", identity[64];
    cleanup_free char *text = NULL;
    size_t size;
    sqlite3 *db;

    must(files_read("/etc/machine-id", 0, 64, &text, &size) == 0 && size >= 32);
    memcpy(machine_id, text, 32);
    must(sqlite3_open(lane_path(l, "state/hufu.db"), &db) == SQLITE_OK);
    (void)snprintf(identity, sizeof(identity), "PRAGMA application_id = %d; PRAGMA journal_mode = WAL;",
                   SCHEMA_APPLICATION_ID);
    must(sqlite3_exec(db, identity, NULL, NULL, NULL) == SQLITE_OK);
    must(schema_migrate(db, schema_steps, version) == 0);
    put_meta(db, "host", "db01.finance.example");
    put_meta(db, "machine-id", machine_id);
    must(sqlite3_close(db) == SQLITE_OK && chmod(lane_path(l, "state/hufu.db"), 0600) == 0);
}

static void kill_migration(struct lane *l, enum failpoint at, const char *setting, size_t version)
{
    struct birth b;

    begin(&b, l);
    make_old_store(l, version);
    start_and_die(&b, at, setting);
    check_birth(&b);
    end(&b);
}

/* What was verified before is gone, as in a store that an earlier version made. */
static void kill_verifying(struct lane *l, enum failpoint at, const char *setting)
{
    struct client client = {.lane = l};
    struct birth b;
    sqlite3 *db;

    begin(&b, l);
    must(supervisor_create_store(l, NULL) == 0);
    live_once(&b, &client, SIGKILL);
    must(sqlite3_open(lane_path(l, "state/hufu.db"), &db) == SQLITE_OK);
    /* The log of a hufud that was killed has to be there at the next start. */
    must(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) == SQLITE_OK);
    must(sqlite3_exec(db, "DELETE FROM verdict", NULL, NULL, NULL) == SQLITE_OK);
    must(sqlite3_close(db) == SQLITE_OK);
    start_and_die(&b, at, setting);
    check_birth(&b);
    end(&b);
}

static void fill(const struct lane *l)
{
    int fd = open(lane_path(l, "full"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    static const char zeros[4096];

    must(fd >= 0);
    while (write(fd, zeros, sizeof(zeros)) > 0)
        ;
    must(errno == ENOSPC && close(fd) == 0);
}

/* Killed while it lets go of what it had set aside, and then there is room again. The life before ends by a
 * stop: a log whose last commit a kill cut off between two pages has room for what the next start writes. */
static void kill_full(struct lane *l, enum failpoint at, const char *setting)
{
    struct birth b;

    l->small = true;
    begin(&b, l);
    must(supervisor_create_store(l, NULL) == 0);
    live_once(&b, NULL, SIGTERM);
    fill(l);
    start_and_die(&b, at, setting);
    must(unlink(lane_path(l, "full")) == 0);
    check_birth(&b);
    end(&b);
    l->small = false;
}

void births_run(struct lane *l, unsigned nth)
{
    char setting[64];

    for (unsigned i = 0; i < FAILPOINT_COUNT; i++) {
        enum failpoint at = (enum failpoint)i;

        (void)snprintf(setting, sizeof(setting), "%s:1", plan_failpoint_name(at));
        l->plan_name = plan_failpoint_name(at);
        l->plan_hit = 1;
        if (plan_kind_of(at) == PLAN_CREATE)
            kill_create(l, at, setting);
        else if (plan_kind_of(at) == PLAN_FIRST_START)
            kill_first_start(l, at, setting);
        else if (plan_kind_of(at) == PLAN_VERIFY)
            kill_verifying(l, at, setting);
        else if (plan_kind_of(at) == PLAN_FULL)
            kill_full(l, at, setting);
        else if (plan_kind_of(at) == PLAN_MIGRATE)
            kill_migration(l, at, setting, 1 + (nth + i) % (schema_n_steps - 1));
    }
}
