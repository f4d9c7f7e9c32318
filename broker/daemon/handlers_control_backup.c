#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A copy of the store for root, who takes it away: at most one lies there, until the next is made. */

#define FOLDER "backup"

struct backing_up {
    struct broker *broker;
    struct control_call *call;
    char path[PATH_MAX];
    struct store_copy copy;
};

static void on_recorded(void *userdata, int result, uint64_t sequence)
{
    struct backing_up *x = userdata;
    const struct store_copy *c = &x->copy;
    char hash[2 * sizeof(c->hash) + 1], sha256[2 * sizeof(c->sha256) + 1];

    (void)sequence;
    if (result < 0) {
        (void)unlink(x->path);
        control_store_unavailable(x->call, result);
    } else {
        ident_format_hex(c->hash, sizeof(c->hash), hash);
        ident_format_hex(c->sha256, sizeof(c->sha256), sha256);
        control_reply(x->call,
                      json_pack("{ss sI ss sI ss}", "path", x->path, "sequence", (json_int_t)c->sequence,
                                "hash", hash, "size", (json_int_t)c->size, "sha256", sha256));
    }
    free(x);
}

static void record_failure(const struct backing_up *x, int result)
{
    struct record r = control_record(x->call, EVENT_BACKUP, REASON_STORE_UNAVAILABLE, false);

    r.detail = strerrordesc_np(-result);
    ledger_write(x->broker, &r);
}

static void on_copied(void *userdata, int result, const struct store_copy *copy)
{
    struct backing_up *x = userdata;
    struct record r = control_record(x->call, EVENT_BACKUP, REASON_OK, true);
    char detail[160], sha256[2 * sizeof(copy->sha256) + 1];
    struct store_txn *t;

    x->broker->backing_up = false;
    if (result < 0) {
        record_failure(x, result);
        control_store_unavailable(x->call, result);
        free(x);
        return;
    }
    x->copy = *copy;
    ident_format_hex(copy->sha256, sizeof(copy->sha256), sha256);
    (void)snprintf(detail, sizeof(detail), "sequence=%llu sha256=%s", (unsigned long long)copy->sequence,
                   sha256);
    r.detail = detail;
    t = ledger_txn(x->broker);
    if (t)
        store_txn_record(t, &r);
    ledger_submit(x->broker, t, on_recorded, x);
}

/* What nobody took away, and what a kill left half made. */
static void remove_earlier(const char *folder)
{
    DIR *d = opendir(folder);
    const struct dirent *e;

    if (!d)
        return;
    while ((e = readdir(d)))
        if (e->d_name[0] != '.')
            (void)unlinkat(dirfd(d), e->d_name, 0);
    (void)closedir(d);
}

static int make_folder(struct backing_up *x)
{
    char folder[PATH_MAX - 64];
    int n = snprintf(folder, sizeof(folder), "%s/" FOLDER, x->broker->options.state_dir);

    if (n < 0 || (size_t)n >= sizeof(folder))
        return -ENAMETOOLONG;
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return -errno;
    remove_earlier(folder);
    (void)snprintf(x->path, sizeof(x->path), "%s/hufu.db", folder);
    return 0;
}

void control_backup(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    struct backing_up *x;
    int r;

    if (!control_read(call, parameters, NULL, 0))
        return;
    if (!b->store || b->backing_up) {
        control_store_unavailable(call, b->store ? -EBUSY : b->store_error);
        return;
    }
    x = calloc(1, sizeof(*x));
    if (!x) {
        control_reply(call, NULL);
        return;
    }
    *x = (struct backing_up){.broker = b, .call = call};
    r = make_folder(x);
    if (r == 0)
        r = store_backup(b->store, x->path, on_copied, x);
    if (r == 0) {
        b->backing_up = true;
        return;
    }
    record_failure(x, r);
    control_store_unavailable(call, r);
    free(x);
}
