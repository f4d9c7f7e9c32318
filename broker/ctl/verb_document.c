#include "broker/ctl/hand_in.h"
#include "broker/ctl/verbs.h"

struct add {
    struct option_list approvals;
};

static const struct option_row rows[] = {
    {"approval", 0, OPTION_LIST, false, "FILE", N_("an approval of it"), offsetof(struct add, approvals)},
};

/* What is no document at all is not sent; what is wrong inside one the broker says, with the line. */
static enum exit_code check_type(const struct cli *cli, const char *path, const char *text, size_t size)
{
    enum document_type type;

    if (document_type_of(text, size, &type) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("%s, line 1: this is the first line of no signed document"),
                        path);
    if (type == DOCUMENT_APPROVAL)
        return cli_fail(cli, EXIT_REFUSED,
                        _("%s is an approval; hand it in with the document that it is of, by --approval"),
                        path);
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct add *add = settings;
    cleanup_free char *text = NULL;
    cleanup_papers_approvals struct papers_approvals approvals = {.count = 0};
    cleanup_json json_t *reply = NULL;
    size_t size = 0;
    enum exit_code code = papers_read(cli, arguments->items[0], DOCUMENT_MAX_SIZE_TRUST, &text, &size);

    if (code == EXIT_DONE)
        code = check_type(cli, arguments->items[0], text, size);
    if (code == EXIT_DONE)
        code = papers_read_approvals(cli, &add->approvals, &approvals);
    if (code == EXIT_DONE)
        code = hand_in(cli, text, size, &approvals, &reply);
    return code == EXIT_DONE ? hand_in_report(cli, reply) : code;
}

const struct verb verb_document_add = {
    .name = "document add",
    .arguments = "FILE",
    .summary = N_("hand any signed document to this host's broker"),
    .text =
        N_("Gives a grant, a revocation, a status or a trust file with its approvals to the broker of this "
           "host, which takes it for what its first line says and judges it by the trust in force. What "
           "loses its ground by it is ended before the answer. For operators.\n"
           "Exit status 1: refused, or known but good for nothing now. 4: after 10 seconds it could not "
           "be proven that what it ended is gone; the processes are listed."),
    .example = "  hufuctl document add revocation --approval revocation.wang.wu.approval",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct add),
    .run = run,
};
