#include "broker/common/files.h"
#include "broker/common/staff_register.h"
#include "broker/ctl/review_gather.h"
#include "broker/ctl/review_paper.h"
#include "broker/ctl/review_text.h"
#include "broker/ctl/verbs.h"
#include "broker/ipc/varlink.h"
#include "broker/review/html.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <string.h>

#define AUDIT_LOG "/var/log/audit"

struct review_options {
    const char *since, *until, *period, *grants, *html, *reg, *audit_log;
    struct option_list files;
};

#define AT(member) offsetof(struct review_options, member)

static const struct option_row rows[] = {
    {"since", 0, OPTION_TEXT, false, "TIME", N_("from this instant on; else where the last one ended"),
     AT(since)},
    {"until", 0, OPTION_TEXT, false, "TIME", N_("up to this instant; else now"), AT(until)},
    {"period", 0, OPTION_TEXT, false, "WORD", N_("the last whole month, week or quarter"), AT(period)},
    {"html", 0, OPTION_TEXT, false, "FILE", N_("write it as a page for a browser, or for paper"), AT(html)},
    {"from", 0, OPTION_LIST, false, "FILE", N_("records of `hufuctl audit export`, also of other hosts"),
     AT(files)},
    {"grants", 0, OPTION_TEXT, false, "DIR", N_("grants and approvals in files, in place of the broker's"),
     AT(grants)},
    {"register", 0, OPTION_TEXT, false, "FILE", N_("the staff register; else /etc/hufu/staff.conf"), AT(reg)},
    {"audit-log", 0, OPTION_TEXT, false, "DIR", N_("where auditd's logs are; else /var/log/audit"),
     AT(audit_log)},
};

static enum exit_code settle(const struct cli *cli, const struct review_options *o,
                             struct review_period *period)
{
    when_t reviewed_until = 0;
    enum exit_code code = EXIT_DONE;

    if (!o->since && !o->period && o->files.count == 0)
        code = review_reviewed_until(cli, &reviewed_until);
    return code == EXIT_DONE
               ? review_period_settle(cli, o->since, o->until, o->period, reviewed_until, period)
               : code;
}

static enum exit_code write_page(const struct cli *cli, const char *path, const json_t *review,
                                 const char *sha256)
{
    const struct html_options options = {.digest = sha256, .sign_command = "hufuctl review sign REVIEW.html"};
    cleanup_buf struct buf page = BUF_INIT;
    int r;

    page.limit = (size_t)1024 * 1024 * 1024;
    r = html_write(review, &options, &page);
    if (r == 0)
        r = files_write(path, 0600, page.data, page.size);
    if (r < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot write %s: %s"), path, strerror(-r));
    return EXIT_DONE;
}

static enum exit_code print(const struct cli *cli, const struct review_options *o, const json_t *review)
{
    cleanup_free char *octets = NULL;
    char sha256[SIGN_OFF_SHA256_SIZE];
    enum exit_code code = EXIT_DONE;

    if (review_paper_octets(review, &octets, sha256) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    if (o->html)
        code = write_page(cli, o->html, review, sha256);
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        (void)fputs(octets, cli->out);
    else if (o->html)
        (void)fprintf(cli->out, _("%s is written. SHA-256 of the review as JSON: %s\n"), o->html, sha256);
    else if (review_text_print(cli->out, review) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct review_options *o = settings;
    const struct review_sources sources = {.files = &o->files,
                                           .grants = o->grants,
                                           .audit_log = o->audit_log ? o->audit_log : AUDIT_LOG,
                                           .register_file = o->reg ? o->reg : STAFF_REGISTER_PATH};
    cleanup_review_work struct review_work work = {.cli = cli};
    cleanup_json json_t *review = NULL;
    struct review_period period;
    enum exit_code code = settle(cli, o, &period);

    (void)arguments;
    if (code == EXIT_DONE)
        code = review_gather(cli, &period, &sources, &work);
    if (code != EXIT_DONE)
        return code;
    if (review_json(work.review, review_find_file, &work, &review) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return print(cli, o, review);
}

const struct verb verb_review = {
    .name = "review",
    .arguments = "",
    .summary = N_("all that an auditor looks at, for a period"),
    .text =
        N_("Reads the whole ledger, verifies it, and shows of a period who was in and who was refused, "
           "which grants were not used or wider than used, what was taken away with the proof that it is "
           "gone, what was done with sudo, and what is about to end. As text, with --json as the value that "
           "is signed off, with --html as a page. Without a period it goes on where the last review that "
           "was signed off ended. For auditors and operators."),
    .example = "  hufuctl review --period month\n"
               "  hufuctl review --period month --json --html october.html > october.json",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct review_options),
    .run = run,
};
