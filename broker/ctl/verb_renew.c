#include "broker/ctl/call.h"
#include "broker/ctl/moment.h"
#include "broker/ctl/next_status.h"
#include "broker/ctl/papers.h"
#include "broker/ctl/publish.h"
#include "broker/ctl/signing.h"
#include "broker/ctl/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/*
 * The status that is followed is the signer's own, in a file on the signer's machine. It is never the one in
 * the directory: whoever keeps an old one there would have a new one signed that has forgotten what was
 * revoked since. And the file is replaced before anything is published, so that no epoch is ever signed twice
 * with different contents.
 */

struct settings {
    const char *person, *key, *passphrase_file, *trust, *duration, *directory;
    struct option_list revoke, certificates, minimums;
    bool first, publish;
};

static const struct option_row rows[] = {
    {"as", 0, OPTION_TEXT, true, "NAME", N_("the name of the status key in the trust file"),
     offsetof(struct settings, person)},
    {"key", 0, OPTION_TEXT, true, "FILE|pkcs11:URI",
     N_("the status key: a file in PEM, or where it is on a PKCS#11 token"), offsetof(struct settings, key)},
    {"passphrase-file", 0, OPTION_TEXT, false, "FILE",
     N_("a file that holds the key's passphrase or PIN; else it is asked for"),
     offsetof(struct settings, passphrase_file)},
    {"trust", 0, OPTION_TEXT, false, "FILE", N_("the trust file [/etc/hufu/trust]"),
     offsetof(struct settings, trust)},
    {"for", 0, OPTION_TEXT, false, "DURATION", N_("how long it holds at most, such as 4h [24h]"),
     offsetof(struct settings, duration)},
    {"revoke", 0, OPTION_LIST, false, "ID", N_("a grant that counts no more"),
     offsetof(struct settings, revoke)},
    {"revoke-certificate", 0, OPTION_LIST, false, "SHA256",
     N_("a certificate whose signatures count no more: the SHA-256 of its DER"),
     offsetof(struct settings, certificates)},
    {"minimum", 0, OPTION_LIST, false, "ID:VERSION", N_("the lowest version of a grant that counts"),
     offsetof(struct settings, minimums)},
    {"first", 0, OPTION_FLAG, false, NULL, N_("there is no status before: FILE is made, with epoch 1"),
     offsetof(struct settings, first)},
    {"publish", 0, OPTION_FLAG, false, NULL, N_("put it into the directory at once"),
     offsetof(struct settings, publish)},
    DIRECTORY_OPTION(offsetof(struct settings, directory)),
};

/* --- what is to be taken away ------------------------------------------------------------------------------
 */

struct lists {
    struct ident_id revoked[OPTION_LIST_MAX];
    struct status_certificate certificates[OPTION_LIST_MAX];
    struct status_minimum minimums[OPTION_LIST_MAX];
};

static bool read_minimum(const char *text, struct status_minimum *ret)
{
    const char *colon = strchr(text, ':');

    return colon && ident_parse_id(text, (size_t)(colon - text), &ret->id) == 0 &&
           ident_parse_number(colon + 1, strlen(colon + 1), &ret->version) == 0;
}

static enum exit_code read_lists(const struct cli *cli, const struct settings *s, struct lists *l)
{
    for (size_t i = 0; i < s->revoke.count; i++)
        if (ident_parse_id(s->revoke.items[i], strlen(s->revoke.items[i]), &l->revoked[i]) < 0)
            return cli_fail(cli, EXIT_USAGE, _("--revoke %s is no whole id of 32 digits"),
                            s->revoke.items[i]);
    for (size_t i = 0; i < s->certificates.count; i++)
        if (ident_parse_hex(s->certificates.items[i], strlen(s->certificates.items[i]),
                            l->certificates[i].sha256, sizeof(l->certificates[i].sha256)) < 0)
            return cli_fail(cli, EXIT_USAGE,
                            _("--revoke-certificate %s is no SHA-256 of 64 lower-case digits"),
                            s->certificates.items[i]);
    for (size_t i = 0; i < s->minimums.count; i++)
        if (!read_minimum(s->minimums.items[i], &l->minimums[i]))
            return cli_fail(cli, EXIT_USAGE, _("--minimum %s is not written as ID:VERSION"),
                            s->minimums.items[i]);
    return EXIT_DONE;
}

/* --- the one before ----------------------------------------------------------------------------------------
 */

static enum exit_code read_current(const struct cli *cli, const struct settings *s, const char *path,
                                   struct signable *current)
{
    enum exit_code code;

    if (s->first && access(path, F_OK) == 0)
        return cli_fail(cli, EXIT_REFUSED, _("%s is there already, so this is not the first"), path);
    if (s->first)
        return EXIT_DONE;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return cli_fail(
            cli, EXIT_REFUSED,
            _("%s is not there. It holds the status that was signed last, without which the next would "
              "give back what was revoked; if there never was one, say --first"),
            path);
    code = signable_read(cli, path, current);
    if (code == EXIT_DONE && !current->status)
        return cli_fail(cli, EXIT_REFUSED, _("%s is no status"), path);
    return code;
}

static enum exit_code make_next(const struct cli *cli, const struct settings *s, const struct status *current,
                                const struct trust_set *trust, struct signable *next)
{
    const struct trust *t = trust_set_document(trust);
    cleanup_free struct lists *l = calloc(1, sizeof(*l));
    cleanup_free char *text = NULL;
    struct document_error error = {.in_words = i18n_words};
    uint32_t seconds = 86400;
    enum exit_code code = l ? read_lists(cli, s, l) : cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    int r;

    if (code != EXIT_DONE)
        return code;
    if (s->duration && moment_parse_duration(s->duration, &seconds) < 0)
        return cli_fail(cli, EXIT_USAGE, _("--for %s is no duration such as 4h"), s->duration);
    r = next_status(&(struct next_status_plan){t->site, current, t->epoch, cli->now, cli->now + seconds,
                                               l->revoked, s->revoke.count, l->certificates,
                                               s->certificates.count, l->minimums, s->minimums.count},
                    &text, &error);
    if (r == 0)
        r = signable_parse(text, strlen(text), next, &error);
    if (r == -EINVAL)
        return cli_fail(cli, EXIT_REFUSED, _("not signed: %s"), error.reason);
    return r < 0 || !next->status ? cli_fail(cli, EXIT_REFUSED, _("out of memory")) : EXIT_DONE;
}

/* --- signing -----------------------------------------------------------------------------------------------
 */

/* One at a time: the folder is locked as long as the descriptor is open. */
static enum exit_code lock_folder(const struct cli *cli, const char *path, int *fd)
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *folder = NULL;

    folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    *fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (*fd < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot read %s: %s"), folder ? folder : path, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("another hufuctl is signing the next status in %s; try again"),
                        folder);
    return EXIT_DONE;
}

static enum exit_code write_both(const struct cli *cli, const char *path, const struct signable *next,
                                 const char *output, const char *approval)
{
    enum exit_code code = papers_write(cli, path, next->text);

    return code == EXIT_DONE ? papers_write(cli, output, approval) : code;
}

static enum exit_code publish_it(const struct cli *cli, const struct settings *s, const struct publication *p,
                                 struct published *done)
{
    cleanup_directory struct directory directory = {0};
    enum exit_code code = directory_open(cli, s->directory, &directory);

    return code == EXIT_DONE ? publish(&directory, p, done) : code;
}

static enum exit_code report(const struct cli *cli, const struct settings *s, const struct publication *p,
                             const struct published *done, const char *path, const char *output)
{
    const struct status *status = p->document->status;
    char until[WHEN_TEXT_SIZE];
    char title[SIGNABLE_TITLE_SIZE];

    if (!status)
        return EXIT_REFUSED;
    when_format(status->expires, until);
    signable_title(p->document, title);
    if (cli->json) {
        cleanup_json json_t *value =
            json_pack("{s:s, s:s, s:I, s:I, s:s, s:o?}", "file", path, "approval", output, "trust_epoch",
                      (json_int_t)status->trust_epoch, "epoch", (json_int_t)status->epoch, "expires", until,
                      "published", s->publish ? publish_json(p, done) : NULL);

        return call_print_json(cli, value);
    }
    (void)fprintf(
        cli->out,
        _("Signed: %s, which holds until %s at the latest (revoked: %zu, certificates: %zu, minimum "
          "versions: %zu).\n  %s\n  %s\n"),
        title, until, status->n_revoked, status->n_revoked_certificates, status->n_minimum_versions, path,
        output);
    if (s->publish)
        publish_print(cli, p, done);
    return EXIT_DONE;
}

static enum exit_code sign_next(const struct cli *cli, const struct settings *s, const char *path,
                                const struct trust_set *trust, const struct signable *next)
{
    struct signing signing = {s->person, "status", s->key, s->passphrase_file};
    struct published done = {.done = ENTRY_SAME};
    cleanup_free char *approval = NULL;
    cleanup_free char *output = NULL;
    enum exit_code code = signing_sign(cli, &signing, next, trust, &approval);
    struct octets octets;
    struct publication p = {.document = next, .approvals = &octets, .n_approvals = 1, .trust = trust};

    if (code != EXIT_DONE || !next->status)
        return code;
    octets = (struct octets){(const uint8_t *)approval, strlen(approval)};
    if (asprintf(&output, "%s.%s.approval", path, s->person) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    code = write_both(cli, path, next, output, approval);
    if (code == EXIT_DONE && s->publish)
        code = publish_it(cli, s, &p, &done);
    return code == EXIT_DONE ? report(cli, s, &p, &done, path, output) : code;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct settings *s = settings;
    const char *path = arguments->items[0];
    cleanup(trust_set_free_p) struct trust_set *trust = NULL;
    cleanup(signable_done) struct signable current = {0};
    cleanup(signable_done) struct signable next = {0};
    int lock = -1;
    enum exit_code code;

    if (!ident_is_name(s->person, strlen(s->person)))
        return cli_fail(cli, EXIT_USAGE, _("--as %s is no person's name"), s->person);
    if (s->directory && !s->publish)
        return cli_fail(cli, EXIT_USAGE, _("--directory goes with --publish"));
    code = lock_folder(cli, path, &lock);
    if (code == EXIT_DONE)
        code = read_current(cli, s, path, &current);
    if (code == EXIT_DONE)
        code = papers_read_trust(cli, s->trust ? s->trust : CLI_TRUST, NULL, &trust);
    if (code == EXIT_DONE)
        code = make_next(cli, s, current.status, trust, &next);
    if (code == EXIT_DONE)
        code = sign_next(cli, s, path, trust, &next);
    if (lock >= 0)
        (void)close(lock);
    return code;
}

const struct verb verb_document_renew = {
    .name = "document renew",
    .arguments = "FILE",
    .summary = N_("make, sign and publish the next status"),
    .text = N_(
        "Makes the status that follows the one in FILE: one epoch later, issued now, with all that was taken "
        "away before, and what --revoke, --revoke-certificate and --minimum add; signs it with a status key, "
        "and puts it and its approval (FILE.NAME.approval) in place of what was there. It asks nothing, for "
        "timers: hufu-status.timer does this. FILE is the signer's own; what is in the directory is never "
        "followed, since an old status may be kept there.\n"
        "Exit status 1: not signed, or signed and refused by the directory. 5: signed, and the directory "
        "cannot be reached: the next one makes up for it. 6: it does not let you in, or not do this."),
    .example = "  hufuctl document renew status --as status-2026 --key status-2026.key \\\n"
               "    --for 4h --publish\n"
               "  hufuctl document renew status --as status-2026 --key status-2026.key \\\n"
               "    --revoke 0123456789abcdef0123456789abcdef --publish",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .least = 1,
    .most = 1,
    .settings_size = sizeof(struct settings),
    .run = run,
};
