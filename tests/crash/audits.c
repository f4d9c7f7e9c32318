#include "tests/crash/clients.h"
#include "tests/crash/load.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

/* What is asked of the ledger: that it is signed, read, copied. */

/* The first of a life is made, more are too soon. */
void audits_checkpoint(struct client *c)
{
    struct asked a = facts_ask(c->lane);
    json_t *reply, *record;
    char number[24];

    if (control_ask(c->lane, -1, "LedgerCheckpoint", json_object(), &reply) < 0)
        return;
    record = json_object_get(reply, "record");
    (void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(record));
    if (record)
        facts_tell(c->lane, a, FACT_CHECKPOINT, number);
    json_decref(reply);
}

void audits_look(struct client *c)
{
    json_t *reply;

    if (control_ask(c->lane, -1, "Audit", json_pack("{si}", "limit", 20), &reply) == 0)
        json_decref(reply);
}

static unsigned count_files(const char *folder)
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    unsigned n = 0;

    must(d != NULL);
    while ((e = readdir(d)))
        n += e->d_name[0] != '.';
    must(closedir(d) == 0);
    return n;
}

/* What an earlier life left half made is gone by then. */
void audits_back_up(struct client *c)
{
    struct lane *l = c->lane;
    struct stat st;
    json_t *reply;

    if (control_ask(l, -1, "Backup", json_object(), &reply) < 0)
        return;
    if (json_object_get(reply, "error")) {
        orders_refused(l, reply);
        return;
    }
    if (stat(json_string_value(json_object_get(reply, "path")), &st) < 0 ||
        st.st_size != json_integer_value(json_object_get(reply, "size")))
        lane_violation(l, "of the store there is no copy: %s", json_dumps(reply, 0));
    if (count_files(lane_path(l, "state/backup")) != 1)
        lane_violation(l, "more lies there than the last copy of the store");
    atomic_fetch_add(&l->totals->orders, 1);
    json_decref(reply);
}
