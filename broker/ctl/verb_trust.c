#include "broker/ctl/hand_in.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"

#include <string.h>
#include <unistd.h>

/* trust show, trust update. trust reset is in verb_trust_reset.c. */

/* --- show -------------------------------------------------------------------------------------------- */

struct show {
    bool document;
};

static const struct option_row show_rows[] = {
    {"document", 0, OPTION_FLAG, false, NULL,
     N_("print the trust file in force, octet for octet, and no more"), offsetof(struct show, document)},
};

static const struct table_column epoch_columns[] = {
    {.title = N_("Site"), .member = "site"},
    {.title = N_("Epoch"), .member = "epoch"},
    {.title = N_("Valid from"), .member = "not_before"},
    {.title = N_("Valid until"), .member = "not_after"},
    {.title = N_("Its SHA-256"), .member = "sha256"},
    {.title = N_("Came by"), .member = "origin"},
    {.title = N_("In force since"), .member = "since"},
};

static const struct table_column signer_columns[] = {
    {.title = N_("SIGNED BY"), .member = "approver"},
    {.title = N_("ROLE"), .member = "role"},
    {.title = N_("AT"), .member = "approved_at"},
};

static const struct table_column class_columns[] = {
    {.title = N_("CLASS"), .member = "class"},
    {.title = N_("QUORUM POSSIBLE"), .member = "open"},
};

static int print_list(const struct cli *cli, const struct table_column *columns, size_t n, const json_t *list)
{
    if (json_array_size(list) == 0)
        return 0;
    (void)fputc('\n', cli->out);
    return table_print(cli->out, columns, n, list);
}

static enum exit_code print_epoch(const struct cli *cli, const json_t *reply)
{
    const json_t *epoch = json_object_get(reply, "epoch");
    json_t *file = json_object_get(reply, "file");

    if (table_print_object(cli->out, epoch_columns, ARRAY_SIZE(epoch_columns), epoch) < 0 ||
        print_list(cli, signer_columns, ARRAY_SIZE(signer_columns), json_object_get(epoch, "signers")) < 0 ||
        print_list(cli, class_columns, ARRAY_SIZE(class_columns), json_object_get(epoch, "classes")) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    if (json_is_string(json_object_get(file, "differs"))) {
        (void)fputc('\n', cli->out);
        text_print_wrapped(cli->out, table_text(file, "differs"));
    }
    return EXIT_DONE;
}

static enum exit_code print_octets(const struct cli *cli, const json_t *document)
{
    size_t size = json_string_length(document);

    if (isatty(fileno(cli->out)) == 1)
        (void)text_print_document(cli->out, json_string_value(document), size, !text_locale_is_utf8());
    else if (fwrite(json_string_value(document), 1, size, cli->out) != size)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write the output"));
    return EXIT_DONE;
}

static enum exit_code run_show(const struct cli *cli, const void *settings,
                               const struct option_list *arguments)
{
    const struct show *show = settings;
    cleanup_json json_t *reply = NULL;
    const json_t *epoch;
    const char *trouble;
    enum exit_code code = call_broker(cli, "TrustShow", json_object(), CALL_TIMEOUT_MS, &reply);

    (void)arguments;
    if (code != EXIT_DONE)
        return code;
    epoch = json_object_get(reply, "epoch");
    if (cli->json) {
        code = call_print_json(cli, reply);
        return code == EXIT_DONE && !json_is_object(epoch) ? EXIT_REFUSED : code;
    }
    if (json_is_object(epoch))
        return show->document ? print_octets(cli, json_object_get(epoch, "document"))
                              : print_epoch(cli, reply);
    trouble = json_string_value(json_object_get(reply, "trouble"));
    return cli_fail(cli, EXIT_REFUSED, _("no trust is in force: %s"), trouble ? trouble : "?");
}

const struct verb verb_trust_show = {
    .name = "trust show",
    .arguments = "",
    .summary = N_("the trust in force: epoch, dates, who signed it"),
    .text =
        N_("Shows which trust file decides on this host, where it came from, whose approvals admitted it, "
           "and for which classes enough approvers have a valid certificate. It is kept in the store; the "
           "file in /etc/hufu decides nothing after the first start, and if it differs this says so. For "
           "operators and auditors.\n"
           "Exit status 1: none is in force."),
    .example = "  hufuctl trust show\n"
               "  hufuctl trust show --document >trust",
    .options = show_rows,
    .n_options = ARRAY_SIZE(show_rows),
    .settings_size = sizeof(struct show),
    .run = run_show,
};

/* --- update ------------------------------------------------------------------------------------------ */

struct update {
    struct option_list approvals;
};

static const struct option_row update_rows[] = {
    {"approval", 0, OPTION_LIST, false, "FILE", N_("an approval of it"), offsetof(struct update, approvals)},
};

/* Read here as well as there, so that what is wrong with the file is said with its name. */
static enum exit_code run_update(const struct cli *cli, const void *settings,
                                 const struct option_list *arguments)
{
    const struct update *update = settings;
    cleanup_free char *text = NULL;
    cleanup(trust_set_free_p) struct trust_set *set = NULL;
    cleanup_papers_approvals struct papers_approvals approvals = {.count = 0};
    cleanup_json json_t *reply = NULL;
    enum exit_code code = papers_read_trust(cli, arguments->items[0], &text, &set);

    if (code == EXIT_DONE)
        code = papers_read_approvals(cli, &update->approvals, &approvals);
    if (code == EXIT_DONE)
        code = hand_in(cli, text, strlen(text), &approvals, &reply);
    return code == EXIT_DONE ? hand_in_report(cli, reply) : code;
}

const struct verb verb_trust_update = {
    .name = "trust update",
    .arguments = "FILE",
    .summary = N_("put the next trust epoch in force"),
    .text =
        N_("Hands in the trust file that takes the place of the one in force. It must be the next epoch of "
           "the same site, signed by the quorum of class privileged of the one in force and by its own. "
           "All grants are judged by it at once: what somebody signed who is no longer listed stops "
           "counting, and sessions that lost their ground are ended before the answer. For operators.\n"
           "Exit status 1: refused; nothing was changed. 4: it is in force, but after 10 seconds it could "
           "not be proven that what it ended is gone."),
    .example = "  hufuctl trust update trust.5 --approval trust.5.zhou.ming.approval \\\n"
               "    --approval trust.5.wang.wu.approval",
    .options = update_rows,
    .n_options = ARRAY_SIZE(update_rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct update),
    .run = run_update,
};
