// LAYERS: trust engine document common base
// LIBRARIES: jansson
// PARTS: ctl broker/ctl/import.c broker/ctl/entry.c broker/ctl/signable.c
// COVERS: broker/ctl/import.c broker/ctl/signable.c:signable_parse,take_apart,parse,make_code,signable_done
// COVERS: broker/ctl/signable.c:id_of,is_named_by,signable_is_subject
// COVERS: broker/ctl/entry.c:entry_of,entry_held_of,entry_is_approval,entry_plan
// OPTIONS: -max_len=8192
/*
 * LDIF as `hufuctl sync import` and `publish` read it, of a file that others exported or of a directory that
 * others write: each record as an entry of Hufu's. What is taken has a name that follows from its document
 * alone and approvals that are about it; published again into the entry that it came from it changes nothing;
 * a refusal says why.
 */
#include "broker/ctl/import.h"
#include "broker/ctl/papers.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#define BASE "ou=hufu,dc=finance,dc=example"

/* What signable_read() would call: no file is read here. */
enum exit_code papers_read(const struct cli *cli, const char *path, size_t limit, char **ret,
                           size_t *ret_size)
{
    (void)cli, (void)path, (void)limit, (void)ret, (void)ret_size;
    demand(false, "no file is read");
    return EXIT_REFUSED;
}

enum exit_code cli_fail(const struct cli *cli, enum exit_code code, const char *format, ...)
{
    (void)cli, (void)code, (void)format;
    demand(false, "no file is read");
    return EXIT_REFUSED;
}

const char *papers_fault_of_grant(const struct trust_set *t, const struct grant *g)
{
    (void)t, (void)g;
    demand(false, "nothing is judged under a trust");
    return NULL;
}

static void judge_document(const struct import_item *item)
{
    cleanup_buf struct buf added = BUF_INIT, changes = BUF_INIT;
    enum entry_plan plan;

    demand(strcmp(item->name, item->entry.name) == 0 && strstr(item->name, ",ou="),
           "a document's name is its own");
    demand(item->n_approvals <= ENTRY_APPROVALS_MAX, "more approvals than hosts look at");
    demand(item->entry.n_values <= ENTRY_VALUES_MAX, "more values than there is room for");
    for (size_t i = 0; i < item->entry.n_values; i++)
        demand(item->entry.values[i].name && item->entry.values[i].value, "a value has a name");
    (void)entry_uses(&item->document);
    plan = entry_plan(&item->entry, item->approvals, item->n_approvals, NULL, false, BASE, &added);
    demand(plan == ENTRY_ADD && buf_error(&added) == 0 && added.size > 0, "what is not there is added");
    plan = entry_plan(&item->entry, item->approvals, item->n_approvals, item->record, false, BASE, &changes);
    demand(plan == ENTRY_SAME && changes.size == 0, "what is there already is left");
}

static void judge_use(const struct import_item *item)
{
    const struct entry_use use = {item->use, item->slot, item->holder, item->hosts, item->n_hosts};
    cleanup_buf struct buf changes = BUF_INIT;

    demand(item->use[0] != '\0' && item->slot > 0 && item->slot <= ENTRY_USES_MAX && item->n_hosts > 0,
           "a use is of something");
    demand(entry_use_names_hosts(item->record, &use), "a use is for the hosts that it names");
    entry_put_use(&changes, &use, BASE);
    demand(buf_error(&changes) == 0, "a use is written");
}

static void try_record(struct ldif_record *record)
{
    char reason[IMPORT_REASON_SIZE] = "";
    struct import_item item;
    int r = import_item_of(&record, &item, reason);

    if (r < 0) {
        demand(r == -EINVAL && reason[0] != '\0', "refused without a reason");
        return;
    }
    if (item.document.text)
        judge_document(&item);
    else
        judge_use(&item);
    import_item_done(&item);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *in = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "re") : NULL;
    struct ldif_reader reader = {.in = in};
    int r = 1;

    while (in && r == 1) {
        struct ldif_record *record = NULL;

        r = ldif_read(&reader, &record);
        if (r == 1)
            try_record(record);
    }
    if (in)
        (void)fclose(in);
    return 0;
}
