#include "broker/ctl/call.h"
#include "broker/ctl/confirm.h"
#include "broker/ctl/ending.h"
#include "broker/ctl/papers.h"
#include "broker/ctl/table.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "broker/trust/digest.h"

#include <string.h>

/*
 * Root looks at the file, and the broker takes exactly that file: what is sent is its SHA-256, and the broker
 * reads it for itself.
 */

#define SHA256_TEXT_SIZE 65
#define CODE_DIGITS      8

/* What is in force, and what is to be. */
struct first {
    json_t *now;
    struct trust_set *set;
    char sha256[SHA256_TEXT_SIZE];
};

static void first_done(struct first *f)
{
    trust_set_free(f->set);
    json_decref(f->now);
}

static enum exit_code read_first(const struct cli *cli, const char *path, struct first *ret)
{
    cleanup_free char *text = NULL;
    uint8_t sha256[32];
    enum exit_code code = papers_read_trust(cli, path, &text, &ret->set);

    if (code != EXIT_DONE)
        return code;
    if (digest_sha256(text, strlen(text), sha256) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    ident_format_hex(sha256, sizeof(sha256), ret->sha256);
    return EXIT_DONE;
}

static void print_change(FILE *out, void *userdata)
{
    const struct first *f = userdata;
    const struct trust *d = trust_set_document(f->set);
    json_t *epoch = json_object_get(f->now, "epoch");

    if (json_is_object(epoch))
        (void)fprintf(out, _("In force now:  epoch %d of %s, SHA-256 %s\n"),
                      (int)json_integer_value(json_object_get(epoch, "epoch")), table_text(epoch, "site"),
                      table_text(epoch, "sha256"));
    else
        (void)fprintf(out, _("In force now:  none (%s)\n"), table_text(f->now, "trouble"));
    (void)fprintf(out, _("Starting with: epoch %u of %s, SHA-256 %s\n"), d->epoch, d->site, f->sha256);
    text_print_wrapped(
        out,
        _("Nobody's signature vouches for this file but yours. The epochs that are kept are forgotten. All "
          "grants are judged by this one, and sessions that lose their ground are ended. Uses, "
          "revocations and the versions of grants stay.\n"
          "If the approvers can still sign, hand in the next epoch with `hufuctl trust update` instead."));
}

static enum exit_code ask(const struct cli *cli, struct first *f)
{
    char code_word[CODE_DIGITS + 1];

    (void)snprintf(code_word, sizeof(code_word), "%.*s", CODE_DIGITS, f->sha256);
    return confirm_ask(cli, print_change, f, code_word);
}

static enum exit_code report(const struct cli *cli, json_t *reply)
{
    const json_t *ending = json_object_get(reply, "ending");

    if (cli->json)
        return json_is_object(ending) ? ending_print_json(cli, reply) : call_print_json(cli, reply);
    (void)fprintf(cli->out, _("Started over with epoch %d of %s.\n"),
                  (int)json_integer_value(json_object_get(reply, "epoch")), table_text(reply, "site"));
    return json_is_object(ending) ? ending_report(cli, ending) : EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct confirm_settings *r = settings;
    cleanup(first_done) struct first f = {0};
    cleanup_json json_t *reply = NULL;
    const char *path;
    enum exit_code code = call_broker(cli, "TrustShow", json_object(), CALL_TIMEOUT_MS, &f.now);

    (void)arguments;
    path = json_string_value(json_object_get(json_object_get(f.now, "file"), "path"));
    if (code == EXIT_DONE)
        code = read_first(cli, path ? path : "-", &f);
    if (code == EXIT_DONE && !r->yes)
        code = ask(cli, &f);
    if (code == EXIT_DONE)
        code = call_broker(cli, "TrustReset",
                           json_pack("{s:s, s:s}", "sha256", f.sha256, "why", r->why ? r->why : ""),
                           CALL_VERIFYING_TIMEOUT_MS, &reply);
    return code == EXIT_DONE ? report(cli, reply) : code;
}

const struct verb verb_trust_reset = {
    .name = "trust reset",
    .arguments = "",
    .summary = N_("start over with the trust file of this host"),
    .text =
        N_("For when nobody can sign the next epoch any more: approvers' keys were lost, or the trust in "
           "force has ended. Forgets the epochs that are kept and puts /etc/hufu/trust in force, which "
           "nobody's signature vouches for. Shows both, asks for the first 8 digits of the file's SHA-256, "
           "and the broker takes no other file than that; it is put on record. For root.\n"
           "Exit status 4: it is in force, but after 10 seconds it could not be proven that what it ended "
           "is gone."),
    .example = "  hufuctl trust reset --why 'the leader lost his token; CHG-2026-1188'",
    .options = confirm_rows,
    .n_options = CONFIRM_ROWS,
    .settings_size = sizeof(struct confirm_settings),
    .run = run,
};
