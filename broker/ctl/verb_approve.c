#include "broker/ctl/call.h"
#include "broker/ctl/papers.h"
#include "broker/ctl/signable.h"
#include "broker/ctl/signing.h"
#include "broker/ctl/terminal.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/*
 * What the approver sees is what is signed: the file is read once, those octets are shown at the terminal
 * where the answer is typed (standard output may lead elsewhere), and the same octets are signed. Where the
 * terminal would show something else than what stands there, nothing is signed.
 */

struct approve {
    const char *person, *role, *key, *trust, *output;
    bool yes;
};

static const struct option_row rows[] = {
    {"as", 0, OPTION_TEXT, true, "PERSON",
     N_("who you are in the trust file (the name of a status key, for a status)"),
     offsetof(struct approve, person)},
    {"role", 0, OPTION_TEXT, true, "ROLE",
     N_("in which of your roles you sign; `revoker` and `status` are those of their keys"),
     offsetof(struct approve, role)},
    {"key", 0, OPTION_TEXT, true, "FILE|pkcs11:URI",
     N_("your private key: a file in PEM, or where it is on a PKCS#11 token; its passphrase or PIN is asked "
        "for"),
     offsetof(struct approve, key)},
    {"trust", 0, OPTION_TEXT, false, "FILE", N_("the trust file [/etc/hufu/trust]"),
     offsetof(struct approve, trust)},
    {"output", 'o', OPTION_TEXT, false, "FILE", N_("where to write the approval [FILE.PERSON.approval]"),
     offsetof(struct approve, output)},
    {"yes", 0, OPTION_FLAG, false, NULL, N_("do not ask, for scripts: you have read it elsewhere"),
     offsetof(struct approve, yes)},
};

static enum exit_code ask(const struct cli *cli, const struct approve *a, const struct signable *s)
{
    FILE *terminal = terminal_open();
    char answer[64] = "";
    bool shown;

    if (!terminal)
        return cli_fail(cli, EXIT_REFUSED,
                        _("there is no terminal to show the document at; scripts say --yes"));
    shown = text_print_document(terminal, s->text, s->size, !text_locale_is_utf8());
    if (shown) {
        signable_ask(terminal, s, a->person, a->role);
        if (terminal_read_line(terminal, answer, sizeof(answer)) < 0)
            (void)fputc('\n', terminal);
    }
    (void)fclose(terminal);
    if (!shown)
        return cli_fail(
            cli, EXIT_REFUSED,
            _("this terminal does not show the document as it is, so nothing was signed; use a terminal "
              "and a locale with UTF-8 (LANG=C.UTF-8)"));
    if (strcmp(answer, s->code) != 0)
        return cli_fail(cli, EXIT_REFUSED, _("not signed"));
    return EXIT_DONE;
}

static enum exit_code report(const struct cli *cli, const struct approve *a, const struct signable *s,
                             const struct trust_set *trust, const char *approval, const char *output)
{
    struct octets octets = {(const uint8_t *)approval, strlen(approval)};
    struct grant_standing standing;

    if (signable_verify(s, trust, &octets, 1, cli->now, &standing) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    if (cli->json) {
        cleanup_json json_t *value =
            json_pack("{s:s, s:s, s:s}", "file", output, "approver", a->person, "role", a->role);

        if (value)
            signable_put_worth(value, s, trust, &standing);
        return call_print_json(cli, value);
    }
    (void)fprintf(cli->out, _("Signed as %s, %s, and verified: %s\n"), a->person, a->role, output);
    signable_print_worth(cli->out, s, trust, &standing);
    return EXIT_DONE;
}

static enum exit_code approve(const struct cli *cli, const struct approve *a, const struct signable *s,
                              const char *output)
{
    cleanup(trust_set_free_p) struct trust_set *trust = NULL;
    cleanup_free char *approval = NULL;
    enum exit_code code = papers_read_trust(cli, a->trust ? a->trust : CLI_TRUST, NULL, &trust);
    const char *fault = code == EXIT_DONE ? signable_fault(s, trust, cli->now) : NULL;

    if (fault)
        return cli_fail(cli, EXIT_REFUSED, _("not signed, since it would be refused whoever signs it: %s"),
                        fault);
    if (code == EXIT_DONE && !a->yes)
        code = ask(cli, a, s);
    if (code == EXIT_DONE)
        code = signing_sign(cli, &(struct signing){a->person, a->role, a->key, NULL}, s, trust, &approval);
    if (code == EXIT_DONE)
        code = papers_write(cli, output, approval);
    if (code != EXIT_DONE || strcmp(output, "-") == 0)
        return code;
    return report(cli, a, s, trust, approval, output);
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct approve *a = settings;
    cleanup(signable_done) struct signable s = {0};
    cleanup_free char *output = NULL;
    enum exit_code code = signable_read(cli, arguments->items[0], &s);

    if (code != EXIT_DONE)
        return code;
    if (!ident_is_name(a->person, strlen(a->person)))
        return cli_fail(cli, EXIT_USAGE, _("--as %s is no person's name"), a->person);
    if (a->output)
        output = strdup(a->output);
    else if (asprintf(&output, "%s.%s.approval", arguments->items[0], a->person) < 0)
        output = NULL;
    if (!output)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return approve(cli, a, &s, output);
}

const struct verb verb_approve = {
    .name = "approve",
    .arguments = "FILE",
    .summary = N_("read a grant, trust file, revocation or status, and sign it"),
    .text = N_(
        "Signs a grant, a trust file, a revocation or a status. "
        "Shows the document at your terminal, octet for octet what will be signed, asks for the first 8 "
        "digits of "
        "its id (of a trust file or a status: of its SHA-256), signs, verifies what it signed as a host "
        "would, and writes the approval beside the file. A "
        "grant that no host would take, your own request, and one of your own organisation as vendor are not "
        "signed.\n"
        "The key is a file in PEM (Ed25519, SM2, P-256 or RSA), or one on a PKCS#11 token (P-256 or RSA), "
        "and "
        "belongs to a certificate that the trust file lists for you. The same can be done with the openssl "
        "command; see hufuctl(1)."),
    .example = "  hufuctl approve grant --as wang.wu --role leader --key wang.wu.key",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct approve),
    .run = run,
};
