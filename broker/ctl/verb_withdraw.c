#include "broker/ctl/call.h"
#include "broker/ctl/confirm.h"
#include "broker/ctl/directory.h"
#include "broker/ctl/entry.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"

#include <string.h>
#include <unistd.h>

/*
 * Only the very entry that was shown is removed, by its name. The uses of a grant across the fleet stay: they
 * say what was used of its id, and a later version goes on from there.
 */

struct settings {
    const char *version, *directory;
    bool yes;
};

static const struct option_row rows[] = {
    {"version", 0, OPTION_TEXT, false, "N", N_("of a grant given by its id: which version"),
     offsetof(struct settings, version)},
    {"yes", 0, OPTION_FLAG, false, NULL, N_("do not ask, for scripts"), offsetof(struct settings, yes)},
    DIRECTORY_OPTION(offsetof(struct settings, directory)),
};

#define FOUND_MAX 16

struct found {
    char *dn[FOUND_MAX]; /* the first ones */
    size_t n;
    struct signable document;      /* of the last one, if it can be read */
    const struct signable *wanted; /* this very document, or NULL: any */
    bool other;                    /* there is one, and it is another */
};

static void found_done(struct found *f)
{
    for (size_t i = 0; i < f->n && i < FOUND_MAX; i++)
        free(f->dn[i]);
    signable_done(&f->document);
}

static enum exit_code hear(struct ldif_record **record, void *userdata)
{
    struct found *f = userdata;
    struct entry_held held;

    entry_held_of(*record, &held);
    if (f->wanted && f->wanted->text && held.document &&
        (held.document->size != f->wanted->size ||
         memcmp(held.document->value, f->wanted->text, f->wanted->size) != 0)) {
        f->other = true;
        return EXIT_DONE;
    }
    signable_done(&f->document);
    if (held.document)
        (void)signable_parse(held.document->value, held.document->size, &f->document, NULL);
    if (f->n < FOUND_MAX)
        f->dn[f->n] = strdup((*record)->dn);
    f->n++;
    return EXIT_DONE;
}

static const char *const attributes[] = {"hufuDocument", NULL};

/* By a file: the entry that is this very document's. */
static enum exit_code find_file(struct directory *d, const char *path, struct found *f)
{
    cleanup(signable_done) struct signable wanted = {0};
    cleanup(ldif_record_free_p) struct ldif_record *record = NULL;
    cleanup_free struct entry *e = calloc(1, sizeof(*e));
    enum exit_code code =
        e ? signable_read(d->cli, path, &wanted) : cli_fail(d->cli, EXIT_REFUSED, _("out of memory"));

    if (code != EXIT_DONE)
        return code;
    entry_of(&wanted, e);
    code = directory_read(d, e->name, attributes, &record);
    if (code != EXIT_DONE || !record)
        return code;
    f->wanted = &wanted;
    code = hear(&record, f);
    f->wanted = NULL;
    if (f->other)
        return cli_fail(
            d->cli, EXIT_REFUSED,
            _("the directory holds another document under that name than %s; give its id to remove it"),
            path);
    return code;
}

/* By an id: of a grant or a revocation. */
static enum exit_code find_id(struct directory *d, const char *id, const char *version, struct found *f)
{
    char filter[200];
    uint32_t number;

    if (version && ident_parse_number(version, strlen(version), &number) < 0)
        return cli_fail(d->cli, EXIT_USAGE, _("--version %s is no number"), version);
    if (version)
        (void)snprintf(filter, sizeof(filter), "(&(objectClass=hufuGrant)(hufuId=%s)(hufuVersion=%s))", id,
                       version);
    else
        (void)snprintf(filter, sizeof(filter),
                       "(&(hufuId=%s)(|(objectClass=hufuGrant)(objectClass=hufuRevocation)))", id);
    return directory_list(d, NULL, filter, attributes, hear, f);
}

static bool is_id(const char *text)
{
    struct ident_id id;

    return ident_parse_id(text, strlen(text), &id) == 0 && access(text, F_OK) < 0;
}

/* Its name is the words of whoever put it there. */
static char *name_to_show(const struct found *f)
{
    return f->dn[0] ? text_escape(f->dn[0], strlen(f->dn[0]), false) : NULL;
}

static void show(FILE *terminal, void *userdata)
{
    const struct found *f = userdata;
    cleanup_free char *name = name_to_show(f);
    char title[SIGNABLE_TITLE_SIZE] = "?";

    if (f->document.text)
        signable_title(&f->document, title);
    (void)fprintf(terminal, _("To be removed from the directory: %s\n  %s\n"), title, name ? name : "?");
    if (f->document.grant)
        text_print_wrapped(
            terminal,
            _("Hosts take away what it gave as long as it is gone. Whoever puts it back gives it "
              "again: what is to stay taken away is revoked by a signed revocation (`hufuctl publish "
              "revocation`)."));
    else if (f->document.revocation)
        text_print_wrapped(terminal, _("Hosts that have it keep it: a signed revocation is never lifted."));
}

static enum exit_code delete_entry(struct directory *d, const struct found *f)
{
    cleanup_buf struct buf changes = BUF_INIT;
    struct directory_reply reply;
    enum exit_code code;

    entry_put_deletion(&changes, f->dn[0]);
    code = directory_apply_one(d, &changes, &reply);
    if (code == EXIT_DONE && reply.code == DIRECTORY_NO_OBJECT)
        return cli_fail(d->cli, EXIT_NOT_FOUND, _("it is not there any more"));
    if (code == EXIT_DONE && reply.code != 0)
        return directory_refused(d->cli, _("nothing was removed"), reply.code, reply.text);
    return code;
}

static enum exit_code report(const struct cli *cli, const struct found *f)
{
    cleanup_free char *name = NULL;

    if (cli->json) {
        cleanup_json json_t *value = json_pack("{s:s}", "withdrawn", f->dn[0]);

        return call_print_json(cli, value);
    }
    name = name_to_show(f);
    (void)fprintf(cli->out, _("Withdrawn: %s\n"), name ? name : "?");
    return EXIT_DONE;
}

static enum exit_code check_found(const struct cli *cli, const struct found *f, const char *what)
{
    if (f->n == 0)
        return cli_fail(cli, EXIT_NOT_FOUND, _("the directory has nothing for %s"), what);
    if (f->n == 1)
        return f->dn[0] ? EXIT_DONE : cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    (void)cli_fail(cli, EXIT_USAGE, _("there are several of %s; say which by --version:"), what);
    for (size_t i = 0; i < f->n && i < FOUND_MAX; i++) {
        (void)fputs("  ", cli->error);
        text_print(cli->error, f->dn[i] ? f->dn[i] : "?");
        (void)fputc('\n', cli->error);
    }
    return EXIT_USAGE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct settings *s = settings;
    const char *what = arguments->items[0];
    cleanup_directory struct directory directory = {0};
    cleanup(found_done) struct found f = {.n = 0};
    enum exit_code code = directory_open(cli, s->directory, &directory);

    if (code != EXIT_DONE)
        return code;
    if (s->version && !is_id(what))
        return cli_fail(cli, EXIT_USAGE, _("--version goes with an id; a file says its version itself"));
    code = is_id(what) ? find_id(&directory, what, s->version, &f) : find_file(&directory, what, &f);
    if (code == EXIT_DONE)
        code = check_found(cli, &f, what);
    if (code == EXIT_DONE && !s->yes)
        code = confirm_ask(cli, show, &f, "withdraw");
    if (code == EXIT_DONE)
        code = delete_entry(&directory, &f);
    return code == EXIT_DONE ? report(cli, &f) : code;
}

const struct verb verb_withdraw = {
    .name = "withdraw",
    .arguments = "ID|FILE",
    .summary = N_("remove a document from the directory"),
    .text = N_(
        "Removes the entry of a grant or a revocation, given by its whole id, or of any document, given as a "
        "file. What a grant gave is taken away on the hosts while it is gone, and given again by whoever "
        "puts "
        "it back; `revoke` on a host and a published, signed revocation are what stays. Shows the entry, and "
        "asks.\n"
        "Exit status 3: there is no such entry. 5: the directory cannot be reached. 6: it does not let you "
        "in, or not do this."),
    .example = "  hufuctl withdraw 0123456789abcdef0123456789abcdef --version 3\n"
               "  hufuctl withdraw grant",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct settings),
    .run = run,
};
