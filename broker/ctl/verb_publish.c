#include "broker/ctl/call.h"
#include "broker/ctl/papers.h"
#include "broker/ctl/publish.h"
#include "broker/ctl/verbs.h"

#include <string.h>
#include <unistd.h>

struct settings {
    struct option_list approvals;
    const char *trust, *directory;
    bool replace;
};

static const struct option_row rows[] = {
    {"approval", 0, OPTION_LIST, false, "FILE", N_("an approval of one of them; it says itself of which"),
     offsetof(struct settings, approvals)},
    {"trust", 0, OPTION_TEXT, false, "FILE",
     N_("the trust file to verify by first [/etc/hufu/trust, if there is one]"),
     offsetof(struct settings, trust)},
    {"replace", 0, OPTION_FLAG, false, NULL,
     N_("overwrite another document that is there under the same name, with its approvals"),
     offsetof(struct settings, replace)},
    DIRECTORY_OPTION(offsetof(struct settings, directory)),
};

/* A document, and those of the approvals that are about it. */
struct paper {
    struct signable document;
    struct octets approvals[OPTION_LIST_MAX];
    size_t n_approvals;
};

struct papers {
    struct paper items[OPTION_LIST_MAX];
    size_t count;
    struct papers_approvals approvals;
};

static void papers_done(struct papers **p)
{
    for (size_t i = 0; *p && i < (*p)->count; i++)
        signable_done(&(*p)->items[i].document);
    if (*p)
        papers_approvals_done(&(*p)->approvals);
    free(*p);
}

static enum exit_code assign(const struct cli *cli, struct papers *p, struct octets octets, const char *path)
{
    cleanup(approval_free_p) struct approval *approval = NULL;
    struct document_error error = {.in_words = i18n_words};

    if (approval_parse(octets.data, octets.size, &approval, &error) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("%s, line %u: %s"), path, error.line, error.reason);
    for (size_t i = 0; i < p->count; i++)
        if (signable_is_subject(&p->items[i].document, approval)) {
            p->items[i].approvals[p->items[i].n_approvals++] = octets;
            return EXIT_DONE;
        }
    return cli_fail(cli, EXIT_REFUSED, _("%s is an approval of something else than what is to be published"),
                    path);
}

static enum exit_code read_all(const struct cli *cli, const struct settings *s,
                               const struct option_list *files, struct papers *p)
{
    enum exit_code code = papers_read_approvals(cli, &s->approvals, &p->approvals);

    for (size_t i = 0; code == EXIT_DONE && i < files->count; i++)
        code = signable_read(cli, files->items[i], &p->items[p->count++].document);
    for (size_t i = 0; code == EXIT_DONE && i < p->approvals.count; i++)
        code = assign(cli, p, p->approvals.items[i], s->approvals.items[i]);
    for (size_t i = 0; code == EXIT_DONE && i < p->count; i++)
        if (p->items[i].document.status && p->items[i].n_approvals == 0)
            code = cli_fail(cli, EXIT_USAGE,
                            _("%s is a status, which means nothing without its signature: --approval"),
                            files->items[i]);
    return code;
}

static enum exit_code publish_all(struct directory *d, const struct settings *s, const struct papers *p,
                                  const struct trust_set *trust, json_t *list)
{
    enum exit_code code = EXIT_DONE;
    struct published done;

    for (size_t i = 0; code == EXIT_DONE && i < p->count; i++) {
        struct publication one = {&p->items[i].document, p->items[i].approvals, p->items[i].n_approvals,
                                  trust, s->replace};

        code = publish(d, &one, &done);
        if (code == EXIT_DONE && d->cli->json)
            (void)json_array_append_new(list, publish_json(&one, &done));
        else if (code == EXIT_DONE)
            publish_print(d->cli, &one, &done);
    }
    return code;
}

/* Everything is judged before anything is sent. */
static enum exit_code check_all(const struct cli *cli, const struct papers *p, const struct trust_set *trust)
{
    enum exit_code code = EXIT_DONE;

    for (size_t i = 0; code == EXIT_DONE && i < p->count; i++) {
        struct publication one = {&p->items[i].document, p->items[i].approvals, p->items[i].n_approvals,
                                  trust, false};

        code = publish_check(cli, &one);
    }
    return code;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct settings *s = settings;
    cleanup(papers_done) struct papers *p = calloc(1, sizeof(*p));
    cleanup(trust_set_free_p) struct trust_set *trust = NULL;
    cleanup_directory struct directory directory = {0};
    cleanup_json json_t *list = json_array();
    enum exit_code code;

    if (!p || !list)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    code = read_all(cli, s, arguments, p);
    if (code == EXIT_DONE && (s->trust || access(CLI_TRUST, R_OK) == 0))
        code = papers_read_trust(cli, s->trust ? s->trust : CLI_TRUST, NULL, &trust);
    if (code == EXIT_DONE)
        code = check_all(cli, p, trust);
    if (code == EXIT_DONE)
        code = directory_open(cli, s->directory, &directory);
    if (code == EXIT_DONE)
        code = publish_all(&directory, s, p, trust, list);
    if (cli->json && json_array_size(list) > 0) {
        cleanup_json json_t *value = json_pack("{s:O}", "published", list);
        enum exit_code printed = call_print_json(cli, value);

        return code == EXIT_DONE ? printed : code;
    }
    return code;
}

const struct verb verb_publish = {
    .name = "publish",
    .arguments = "FILE...",
    .summary = N_("put signed documents and approvals into the directory"),
    .text = N_(
        "Puts grants, revocations, statuses and trust files into the directory, from where hosts take them "
        "and "
        "judge the signatures themselves; or adds approvals to a document that is there. What is there "
        "already "
        "is left alone, so that it can be repeated. An approver needs no right there but that of adding an "
        "approval. With a trust file everything is verified first, and it is said how many approvals are "
        "missing. A status takes the place of an older one.\n"
        "Who you are in the directory is said by a file; see hufuctl(1).\n"
        "Exit status 1: refused; nothing of that document was changed. 5: the directory cannot be reached. "
        "6: it "
        "does not let you in, or not do this."),
    .example = "  hufuctl publish grant --approval grant.zhou.ming.approval\n"
               "  hufuctl publish grant --approval grant.wang.wu.approval",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = OPTION_LIST_MAX,
    .settings_size = sizeof(struct settings),
    .run = run,
};
