#include "broker/ctl/call.h"
#include "broker/ctl/directory.h"
#include "broker/ctl/import.h"
#include "broker/ctl/verbs.h"

#include <errno.h>
#include <string.h>

/*
 * The file is read twice: first everything in it is judged, and nothing is sent if anything is wrong; then, a
 * batch at a time, what the directory has of it is looked at, and what is missing is sent.
 */

#define BATCH_MAX 64

struct settings {
    const char *directory;
};

static const struct option_row rows[] = {
    DIRECTORY_OPTION(offsetof(struct settings, directory)),
};

struct tally {
    size_t added, approved, replaced, unchanged, refused;
    bool forbidden; /* all refusals were for lack of rights */
};

struct batch {
    struct import_item items[BATCH_MAX];
    size_t n;
    struct ldif_record *held[BATCH_MAX]; /* what the directory has under that name, or NULL */
    enum entry_plan plans[BATCH_MAX];
    size_t sent[BATCH_MAX]; /* item of the n-th change */
    size_t n_sent;
    struct tally *tally;
    const struct cli *cli;
};

static void batch_clear(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        import_item_done(&b->items[i]);
        b->held[i] = ldif_record_free(b->held[i]);
    }
    b->n = b->n_sent = 0;
}

static void batch_done(struct batch **b)
{
    if (*b)
        batch_clear(*b);
    free(*b);
}

/* --- what is there ----------------------------------------------------------------------------------------
 */

static enum exit_code hear(struct ldif_record **record, void *userdata)
{
    struct batch *b = userdata;

    for (size_t i = 0; i < b->n; i++) {
        size_t length = strlen(b->items[i].name);

        if (!b->held[i] && strncasecmp((*record)->dn, b->items[i].name, length) == 0 &&
            (*record)->dn[length] == ',') {
            b->held[i] = steal_pointer(record);
            return EXIT_DONE;
        }
    }
    return EXIT_DONE;
}

/* All of the batch that are uses, or all that are not, in one question. */
static enum exit_code look(struct directory *d, struct batch *b, bool uses)
{
    static const char *const attributes[] = {"hufuDocument", "hufuApproval", "hufuSlot", NULL};
    cleanup_buf struct buf filter = BUF_INIT;
    cleanup_free char *text = NULL;
    size_t n = 0;

    buf_puts(&filter, "(|");
    for (size_t i = 0; i < b->n; i++)
        if ((b->items[i].use[0] != '\0') == uses) {
            buf_printf(&filter, "(%.*s)", (int)strcspn(b->items[i].name, ","), b->items[i].name);
            n++;
        }
    buf_puts(&filter, ")");
    text = buf_steal_text(&filter);
    if (!text)
        return cli_fail(d->cli, EXIT_REFUSED, _("out of memory"));
    return n > 0 ? directory_list(d, uses ? "ou=uses" : NULL, text, attributes, hear, b) : EXIT_DONE;
}

/* --- what is sent -----------------------------------------------------------------------------------------
 */

static enum entry_plan plan(const struct import_item *item, const struct ldif_record *held, const char *base,
                            struct buf *changes)
{
    if (item->document.text)
        return entry_plan(&item->entry, item->approvals, item->n_approvals, held, false, base, changes);
    if (held)
        return ENTRY_SAME;
    entry_put_use(changes,
                  &(struct entry_use){.grant = item->use,
                                      .slot = item->slot,
                                      .holder = item->holder,
                                      .hosts = item->hosts,
                                      .n_hosts = item->n_hosts},
                  base);
    return ENTRY_ADD;
}

static void refuse(struct batch *b, size_t item, const char *why)
{
    b->tally->refused++;
    b->tally->forbidden = false;
    (void)cli_fail(b->cli, EXIT_REFUSED, _("line %u, %s: %s"), b->items[item].line, b->items[item].name, why);
}

static void count(struct tally *t, enum entry_plan plan)
{
    switch (plan) {
    case ENTRY_ADD:
        t->added++;
        break;
    case ENTRY_APPROVE:
        t->approved++;
        break;
    case ENTRY_REPLACE:
        t->replaced++;
        break;
    case ENTRY_SAME:
    case ENTRY_NEWER:
        t->unchanged++;
        break;
    case ENTRY_OTHER:
    case ENTRY_TOO_MANY:
        break;
    }
}

static void plan_all(struct batch *b, const char *base, struct buf *changes)
{
    for (size_t i = 0; i < b->n; i++) {
        b->plans[i] = plan(&b->items[i], b->held[i], base, changes);
        if (b->plans[i] == ENTRY_OTHER)
            refuse(b, i, _("another document is there under this name; it stays"));
        else if (b->plans[i] == ENTRY_TOO_MANY)
            refuse(b, i, _("it would have more approvals than hosts look at"));
        else if (b->plans[i] == ENTRY_SAME || b->plans[i] == ENTRY_NEWER)
            count(b->tally, b->plans[i]);
        else
            b->sent[b->n_sent++] = i;
    }
}

static void hear_answer(size_t number, int code, const char *text, void *userdata)
{
    struct batch *b = userdata;
    size_t item;
    bool forbidden = b->tally->forbidden || b->tally->refused == 0;

    if (number > b->n_sent)
        return;
    item = b->sent[number - 1];
    if (code == 0) {
        count(b->tally, b->plans[item]);
        return;
    }
    b->tally->refused++;
    b->tally->forbidden =
        directory_refused(b->cli, b->items[item].name, code, text) == EXIT_NOT_PERMITTED && forbidden;
}

static enum exit_code send(struct directory *d, struct batch *b)
{
    cleanup_buf struct buf changes = BUF_INIT;
    enum exit_code code = look(d, b, true);

    if (code == EXIT_DONE)
        code = look(d, b, false);
    if (code != EXIT_DONE)
        return code;
    plan_all(b, d->base, &changes);
    if (b->n_sent > 0)
        code = directory_apply(d, &changes, hear_answer, b);
    batch_clear(b);
    return code;
}

/* --- the file ---------------------------------------------------------------------------------------------
 */

/* Reads the file once; `d` NULL: to judge it. */
static enum exit_code walk(const struct cli *cli, FILE *in, const char *path, struct directory *d,
                           struct batch *b)
{
    struct ldif_reader reader = {.in = in};
    char reason[IMPORT_REASON_SIZE] = "";
    enum exit_code code = EXIT_DONE;
    int r = 1;

    rewind(in);
    while (code == EXIT_DONE && r == 1) {
        cleanup(ldif_record_free_p) struct ldif_record *record = NULL;
        int item;

        r = ldif_read(&reader, &record);
        if (r != 1)
            break;
        item = import_item_of(&record, &b->items[b->n], reason);
        if (item == -EINVAL)
            return cli_fail(cli, EXIT_REFUSED, _("%s, entry at line %u: %s; nothing was imported"), path,
                            b->items[b->n].line, reason);
        if (item < 0)
            return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
        b->n++;
        if (!d)
            batch_clear(b);
        else if (b->n == BATCH_MAX)
            code = send(d, b);
    }
    if (r == -EINVAL)
        return cli_fail(cli, EXIT_REFUSED, _("%s, line %u: %s; nothing was imported"), path, reader.line,
                        reader.reason);
    if (r < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot read %s: %s"), path, strerror(-r));
    return code == EXIT_DONE && d && b->n > 0 ? send(d, b) : code;
}

static enum exit_code report(const struct cli *cli, const struct tally *t)
{
    enum exit_code code = EXIT_DONE;

    if (cli->json) {
        cleanup_json json_t *value =
            json_pack("{s:I, s:I, s:I, s:I, s:I}", "added", (json_int_t)t->added, "approved",
                      (json_int_t)t->approved, "replaced", (json_int_t)t->replaced, "unchanged",
                      (json_int_t)t->unchanged, "refused", (json_int_t)t->refused);

        code = call_print_json(cli, value);
    } else {
        (void)fprintf(
            cli->out,
            _("Imported: %zu added, %zu got approvals, %zu replaced, %zu there already, %zu refused.\n"),
            t->added, t->approved, t->replaced, t->unchanged, t->refused);
    }
    if (code != EXIT_DONE || t->refused == 0)
        return code;
    return t->forbidden ? EXIT_NOT_PERMITTED : EXIT_REFUSED;
}

static enum exit_code import(const struct cli *cli, const struct settings *s, FILE *in, const char *path)
{
    cleanup(batch_done) struct batch *b = calloc(1, sizeof(*b));
    cleanup_directory struct directory directory = {0};
    struct tally tally = {0};
    enum exit_code code;

    if (!b)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    b->cli = cli;
    b->tally = &tally;
    code = walk(cli, in, path, NULL, b);
    if (code == EXIT_DONE)
        code = directory_open(cli, s->directory, &directory);
    if (code == EXIT_DONE)
        code = walk(cli, in, path, &directory, b);
    return code == EXIT_DONE ? report(cli, &tally) : code;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const char *path = arguments->items[0];
    FILE *in = fopen(path, "re");
    enum exit_code code;

    if (!in)
        return cli_fail(cli, EXIT_REFUSED, _("cannot read %s: %s"), path, strerror(errno));
    if (fseek(in, 0, SEEK_END) < 0)
        code = cli_fail(cli, EXIT_REFUSED, _("%s has to be a file, since it is read twice"), path);
    else
        code = import(cli, settings, in, path);
    (void)fclose(in);
    return code;
}

const struct verb verb_sync_import = {
    .name = "sync import",
    .arguments = "FILE",
    .summary = N_("put the documents of an exported file into the directory"),
    .text = N_(
        "Reads what `sync export` wrote. Everything in it is judged first, and nothing is imported if "
        "anything "
        "is no document, no approval of its document, or no use of a grant. Then what the directory does not "
        "have is added; what it has stays, so that it can be repeated. Names and what is searched for are "
        "made "
        "anew from the documents.\n"
        "Exit status 1: something was refused; it is said what. 5: the directory cannot be reached. 6: it "
        "does "
        "not let you in, or not do this."),
    .example = "  hufuctl sync import hufu.ldif",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct settings),
    .run = run,
};
