#include "tests/fuzz/stage/host.h"

#include "broker/common/files.h"
#include "broker/daemon/judging.h"
#include "broker/daemon/loading_internal.h"
#include "broker/store/store.h"
#include "tests/fuzz/stage/dice.h"
#include "tests/fuzz/stage/disk.h"
#include "tests/fuzz/stage/full.h"
#include "tests/fuzz/stage/keys.h"
#include "tests/fuzz/stage/once.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 160
#define TURNS_MAX 100000 /* of the loop at one instant: more is a loop without end */

static const char conf[] = "[host]\nhost = db01.finance.example\n[gate]\ngated-uid = 20000-29999\n"
                           "[directory]\nstatus-max-age = none\n[ledger]\nreserve = 1M\n";

static struct host the_host;

static const char *path_in(const char *folder, const char *name)
{
    static char paths[8][PATH_SIZE];
    static unsigned next;
    char *path = paths[next++ % 8];

    must(snprintf(path, PATH_SIZE, "%s/%s", folder, name) < PATH_SIZE);
    return path;
}

/* ---- folders ---- */

static bool is_file(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void copy_file(const char *from, const char *to)
{
    cleanup_close int in = open(from, O_RDONLY | O_CLOEXEC);
    cleanup_close int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char octets[65536];
    ssize_t n;

    must(in >= 0 && out >= 0);
    while ((n = read(in, octets, sizeof(octets))) > 0)
        must(write(out, octets, (size_t)n) == n);
    must(n == 0);
}

static void each_file(const char *folder, void (*f)(const char *folder, const char *name, const char *to),
                      const char *to)
{
    DIR *d = opendir(folder);
    const struct dirent *entry;

    must(d != NULL);
    while ((entry = readdir(d)))
        if (entry->d_name[0] != '.' && is_file(path_in(folder, entry->d_name)))
            f(folder, entry->d_name, to);
    closedir(d);
}

static void copy_one(const char *folder, const char *name, const char *to)
{
    copy_file(path_in(folder, name), path_in(to, name));
}

static void remove_one(const char *folder, const char *name, const char *to)
{
    (void)to;
    (void)unlink(path_in(folder, name));
}

static void replace_files(const char *folder, const char *by)
{
    each_file(folder, remove_one, NULL);
    each_file(by, copy_one, folder);
}

static void make_folder(char path[static 64], const char *what)
{
    bool memory = access("/dev/shm", W_OK) == 0;

    (void)snprintf(path, 64, "%s/hufu-fuzz-%s.XXXXXX", memory ? "/dev/shm" : "/tmp", what);
    must(mkdtemp(path) != NULL);
}

/* ---- the broker ---- */

static struct config *config_of(void)
{
    struct config *config = NULL;
    struct conf_error error;

    must(config_parse(conf, strlen(conf), &config, &error) == 0);
    return config;
}

static struct broker_options options_of(const struct host *h)
{
    static char trust[PATH_SIZE], machine_id[PATH_SIZE], config[PATH_SIZE], anchor[PATH_SIZE];

    (void)snprintf(trust, sizeof(trust), "%s/trust", h->folder);
    (void)snprintf(machine_id, sizeof(machine_id), "%s/machine-id", h->folder);
    (void)snprintf(config, sizeof(config), "%s/hufud.conf", h->folder);
    (void)snprintf(anchor, sizeof(anchor), "%s/anchor", h->folder);
    return (struct broker_options){.run_dir = h->folder,
                                   .config_path = config,
                                   .state_dir = h->folder,
                                   .anchor_path = anchor,
                                   .trust_path = trust,
                                   .machine_id_path = machine_id,
                                   .root = geteuid(),
                                   .owner = geteuid(),
                                   .accounts = ACCOUNTS_NONE};
}

static void start(struct host *h, unsigned steps)
{
    struct broker_options options = options_of(h);
    char error[256];

    options.pace.at_once = steps > 0 ? 1 : 0;
    options.pace.by_hand = steps > 0;
    must(broker_new(h->event, &options, config_of(), &h->broker, error) == 0);
    must(h->broker->store != NULL);
    must(loading_some(h->broker, steps) == 0);
    host_settle(h);
}

static void stop(struct host *h)
{
    h->broker = broker_free(h->broker);
    undertaker_hang_up(&h->undertaker);
    must(virtual_time_timers() == 0);
}

void host_restart(struct host *h, unsigned steps)
{
    stop(h);
    start(h, steps);
}

bool host_knows(const struct host *h, const struct ident_id *grant)
{
    return !loading_is(h->broker) || loading_known_has_id(&h->broker->loading->known, grant);
}

bool host_is_whole(const struct host *h)
{
    return !loading_is(h->broker) && !judging_is(h->broker);
}

void host_knows_all(struct host *h)
{
    must(loading_finish(h->broker) == 0);
    judging_some(h->broker, SIZE_MAX);
    host_settle(h);
}

static char template[64], killed[64];

static void remove_folder(const char *path)
{
    if (path[0] != '\0') {
        each_file(path, remove_one, NULL);
        (void)rmdir(path);
    }
}

static void remove_folders(void)
{
    remove_folder(the_host.folder);
    remove_folder(template);
    remove_folder(killed);
}

/* What the broker writes while it is being freed is undone. */
void host_crash(struct host *h, unsigned steps)
{
    if (killed[0] == '\0')
        make_folder(killed, "killed");
    replace_files(killed, h->folder);
    disk_go_on();
    stop(h);
    replace_files(h->folder, killed);
    start(h, steps);
}

/* ---- the program's ---- */

static void put(const char *name, const char *text)
{
    must(files_write(path_in(template, name), 0600, text, strlen(text)) == 0);
}

static void make_template(struct host *h)
{
    struct broker_options options;
    struct config *config = config_of();
    char error[256], folder[64];

    make_folder(template, "template");
    put("trust", keys_trust(0, KEYS_EPOCH));
    put("machine-id", "0123456789abcdef0123456789abcdef\n");
    memcpy(folder, h->folder, sizeof(folder));
    memcpy(h->folder, template, sizeof(h->folder));
    options = options_of(h);
    must(broker_create_store(&options, config, error) == 0);
    once_stores_are_copies();
    memcpy(h->folder, folder, sizeof(h->folder));
    config_free(config);
}

struct host *host_of_program(void)
{
    struct host *h = &the_host;

    if (h->department)
        return h;
    full_install();
    make_folder(h->folder, "host");
    must(atexit(remove_folders) == 0);
    h->department = department_new();
    keys_make(h->department);
    make_template(h);
    return h;
}

void host_begin(struct host *h, when_t wall)
{
    virtual_time_reset(wall);
    people_reset();
    dice_reset();
    replace_files(h->folder, template);
    must(sd_event_new(&h->event) >= 0);
    undertaker_start(&h->undertaker, h->event, path_in(h->folder, "reaper"));
    start(h, 0);
}

void host_end(struct host *h)
{
    if (h->broker)
        stop(h);
    undertaker_stop(&h->undertaker);
    h->event = sd_event_unref(h->event);
    people_reset();
}

/* ---- turning the loop ---- */

static bool turn(struct host *h)
{
    int r = sd_event_run(h->event, 0);

    must(r >= 0);
    return r > 0;
}

/* Three kinds of others are at work: the store's thread, those that verify, and the reaper in this loop. */
void host_settle(struct host *h)
{
    unsigned turns = 0, quiet = 0;

    while (quiet < 3) {
        must(turns++ < TURNS_MAX);
        if (turn(h)) {
            quiet = 0;
            continue;
        }
        quiet++;
        if (h->broker) {
            verifier_settle(h->broker->verifier, 0);
            (void)store_flush(h->broker->store);
            full_ring();
        }
    }
}

void host_pass(struct host *h, uint64_t us)
{
    virtual_time_pass(us);
    if (h->broker) {
        must(loading_some(h->broker, 1) == 0);
        judging_some(h->broker, 1);
    }
    host_settle(h);
}
