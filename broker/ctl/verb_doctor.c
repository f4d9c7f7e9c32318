#include "broker/common/wrap.h"
#include "broker/ctl/call.h"
#include "broker/ctl/findings.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "broker/doctor/doctor.h"
#include "broker/ipc/varlink_client.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <string.h>

/* By severity - 1; msgids are in findings.c. */
static const char *const severities[] = {"problem", "warning", "note"};

/* What the broker says, without a word if it does not: that is a finding. NULL, or the caller's. */
static json_t *ask(const struct cli *cli, const char *method, json_t *parameters, bool *not_permitted)
{
    cleanup_json json_t *owned = parameters;
    struct varlink_reply reply = {0};
    json_t *answer = NULL;

    if (!owned || varlink_call(cli->socket, method, owned, CALL_TIMEOUT_MS, &reply) < 0)
        return NULL;
    if (!reply.error)
        answer = json_incref(reply.parameters);
    else if (strcmp(reply.error, "org.hufu.control.NotPermitted") == 0)
        *not_permitted = true;
    varlink_reply_done(&reply);
    return answer;
}

/* Files and programs say what they like: nothing of it steers a terminal, or is no text. */
static json_t *json_of_text(const char *text)
{
    cleanup_free char *escaped = text ? text_escape(text, strlen(text), false) : NULL;

    if (!text)
        return json_null();
    return escaped ? json_string(escaped) : NULL;
}

static json_t *json_of_finding(const struct doctor_finding *f)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "severity", severities[f->severity - 1], "code", f->code,
                     "subject", json_of_text(f->subject), "message", json_of_text(f->message), "advice",
                     json_of_text(f->advice));
}

/* What the whole examination says; NULL without memory. */
static json_t *json_of_doctor(const struct doctor *d)
{
    cleanup_json json_t *findings = json_array();
    cleanup_json json_t *looked = json_array();
    json_int_t counts[ARRAY_SIZE(severities)] = {0};

    for (size_t i = 0; i < doctor_count(d); i++) {
        if (json_array_append_new(findings, json_of_finding(doctor_get(d, i))) < 0)
            return NULL;
        counts[doctor_get(d, i)->severity - 1]++;
    }
    for (size_t i = 0; i < doctor_count_looked(d); i++)
        if (json_array_append_new(looked, json_of_text(doctor_get_looked(d, i))) < 0)
            return NULL;
    return json_pack("{s:I, s:I, s:I, s:O, s:O}", "problems", counts[DOCTOR_PROBLEM - 1], "warnings",
                     counts[DOCTOR_WARNING - 1], "notes", counts[DOCTOR_NOTE - 1], "looked_at", looked,
                     "findings", findings);
}

/* In few lines, so that the findings stay in sight. */
static void print_looked(FILE *out, const json_t *all)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *list = NULL, *line = NULL;
    const json_t *looked;
    size_t i;

    if (json_array_size(all) == 0)
        return;
    json_array_foreach(all, i, looked)
    {
        buf_printf(&b, "%s%s", i == 0 ? "" : _("; "), json_string_value(looked));
    }
    list = buf_steal_text(&b);
    if (list && asprintf(&line, _("Looked at: %s"), list) >= 0)
        wrap_line(out, line, strlen(line), 2, 0);
}

static enum exit_code print_report(const struct cli *cli, const json_t *report)
{
    json_int_t problems = json_integer_value(json_object_get(report, "problems"));
    json_int_t warnings = json_integer_value(json_object_get(report, "warnings"));
    json_int_t notes = json_integer_value(json_object_get(report, "notes"));

    if (findings_print(cli->out, json_object_get(report, "findings"), FINDINGS_ALL) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    print_looked(cli->out, json_object_get(report, "looked_at"));
    (void)fprintf(cli->out, _("Problems: %d, warnings: %d, notes: %d.\n"), (int)problems, (int)warnings,
                  (int)notes);
    if (problems + warnings + notes > 0)
        (void)fprintf(cli->out, _("%s explains the words in brackets.\n"), HUFU_DOCDIR "/docs/doctor.md");
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    struct doctor_host host = *cli->host;
    cleanup_json json_t *status = ask(cli, "org.hufu.control.Status", json_object(), &host.not_permitted);
    cleanup_json json_t *grants =
        ask(cli, "org.hufu.control.GrantList", json_pack("{s:b}", "all", false), &host.not_permitted);
    cleanup(doctor_free_p) struct doctor *doctor = NULL;
    cleanup_json json_t *report = NULL;
    enum exit_code code;

    (void)settings;
    (void)arguments;
    host.now = cli->now;
    host.status = status;
    host.grants = grants;
    /* That it does not say is a finding of its own. */
    (void)doctor_host_read_range(&host);
    doctor = doctor_new(&host);
    if (!doctor || doctor_examine(doctor, NULL) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    report = json_of_doctor(doctor);
    if (!report)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    code = cli->json ? call_print_json(cli, report) : print_report(cli, report);
    if (code != EXIT_DONE)
        return code;
    return json_integer_value(json_object_get(report, "problems")) == 0 ? EXIT_DONE : EXIT_REFUSED;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = N_("is there a way past the gate on this host, and does it work"),
    .text =
        N_("Reads this host's PAM stacks, sshd's effective settings and what else could let a gated account "
           "past the gate, asks the real module for a decision, and says for each finding what to do. It "
           "changes nothing. As root, or it says what it could not look at.\n"
           "Exit status 0: no problem (there may be warnings). 1: a problem."),
    .example =
        "  hufuctl doctor\n  hufuctl --json doctor | jq '.findings[] | select(.severity == \"problem\")'",
    .run = run,
};
