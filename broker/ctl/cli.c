#include "broker/ctl/cli.h"

#include "broker/ctl/options.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verbs.h"
#include "policy/base/cleanup.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which a new user needs them. */
static const struct verb *const verbs[] = {
    &verb_setup,
    &verb_status,
    &verb_grant_draft,
    &verb_grant_check,
    &verb_approve,
    &verb_grant_add,
    &verb_grant_list,
    &verb_grant_show,
    &verb_explain,
    &verb_session_list,
    &verb_session_show,
    &verb_session_end,
    &verb_session_watch,
    &verb_session_replay,
    &verb_grant_finish,
    &verb_revoke,
    &verb_lock,
    &verb_unlock,
    &verb_locks,
    &verb_document_add,
    &verb_document_renew,
    &verb_publish,
    &verb_withdraw,
    &verb_sync_status,
    &verb_sync_refresh,
    &verb_sync_beat,
    &verb_sync_export,
    &verb_sync_import,
    &verb_review_sign,
    &verb_review,
    &verb_audit_verify,
    &verb_audit_show,
    &verb_audit_export,
    &verb_audit_key,
    &verb_trust_show,
    &verb_trust_update,
    &verb_trust_reset,
    &verb_clock_confirm,
    &verb_host_confirm,
    &verb_doctor,
    &verb_backup,
    &verb_restore,
    NULL,
};

enum exit_code cli_fail(const struct cli *cli, enum exit_code code, const char *format, ...)
{
    cleanup_free char *message = NULL;
    cleanup_free char *escaped = NULL;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vasprintf(&message, format, arguments);
    va_end(arguments);
    if (length < 0)
        message = NULL;
    else
        escaped = text_escape(message, (size_t)length, false);
    (void)fprintf(cli->error, "hufuctl: %s\n", escaped ? escaped : _("out of memory"));
    return code;
}

static void print_overview(FILE *out, const char *prefix)
{
    (void)fprintf(out, "%s\n\n", _("Usage: hufuctl [--json] [--socket PATH] COMMAND ..."));
    for (size_t i = 0; verbs[i]; i++)
        if (strncmp(verbs[i]->name, prefix, strlen(prefix)) == 0)
            text_print_item(out, verbs[i]->name, _(verbs[i]->summary));
    (void)fputc('\n', out);
    text_print_wrapped(
        out, _("`hufuctl COMMAND --help` explains a command and shows an example of it. grant draft, "
               "grant check and approve need no broker and run anywhere.\n"
               "Exit status: 0 done; 1 refused, or not so; 2 usage, nothing was done; 3 not found; "
               "4 not proven that all is gone; 5 the broker is away; 6 not permitted. hufuctl(1) has "
               "the rest."));
}

/* How many words of argv are the verb's name; 0: they are not. */
static int words_of(const struct verb *verb, int argc, char **argv)
{
    const char *name = verb->name;
    int words = 0;

    for (; *name; words++) {
        size_t length = strcspn(name, " ");

        if (words >= argc || strlen(argv[words]) != length || memcmp(argv[words], name, length) != 0)
            return 0;
        name += length + (name[length] == ' ');
    }
    return words;
}

/* What is no option behind a shorthand is taken for the second word of a command, mistyped. */
static bool is_shorthand(const struct verb *verb, int argc, char **argv)
{
    return verb->shorthand && argc > 0 && strcmp(argv[0], verb->shorthand) == 0 &&
           (argc == 1 || argv[1][0] == '-');
}

static const struct verb *find_verb(int argc, char **argv, int *words)
{
    for (size_t i = 0; verbs[i]; i++) {
        *words = is_shorthand(verbs[i], argc, argv) ? 1 : words_of(verbs[i], argc, argv);
        if (*words > 0)
            return verbs[i];
    }
    return NULL;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* Whether commands begin with this word and go on. */
static bool is_group(const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; verbs[i]; i++)
        if (strncmp(verbs[i]->name, word, length) == 0 && verbs[i]->name[length] == ' ')
            return true;
    return false;
}

/* `hufuctl grant`, `hufuctl grant --help`, and what is no command at all. */
static enum exit_code run_unknown(const struct cli *cli, int argc, char **argv)
{
    const char *word = argc > 0 ? argv[0] : "";
    bool asked = argc > 1 && is_help(argv[1]);

    if (!*word || is_group(word)) {
        if (argc > 1 && !asked)
            (void)cli_fail(cli, EXIT_USAGE, _("%s %s is no command; these are:"), word, argv[1]);
        print_overview(asked ? cli->out : cli->error, word);
        return asked ? EXIT_DONE : EXIT_USAGE;
    }
    if (word[0] == '-')
        return cli_fail(cli, EXIT_USAGE, _("%s is no option here; `hufuctl --help` shows what there is"),
                        word);
    return cli_fail(cli, EXIT_USAGE, _("%s is no command; `hufuctl --help` shows what there is"), word);
}

static enum exit_code run_verb(struct cli *cli, const struct verb *verb, int argc, char **argv)
{
    cleanup_free void *settings = calloc(1, verb->settings_size ? verb->settings_size : 1);
    struct option_list arguments = {.count = 0};
    char reason[OPTION_REASON_SIZE] = "";

    if (!settings)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    switch (options_read(verb, argc, argv, cli, settings, &arguments, reason)) {
    case OPTIONS_READ:
        return verb->run(cli, settings, &arguments);
    case OPTIONS_HELP:
        options_help(cli->out, verb);
        return EXIT_DONE;
    case OPTIONS_USAGE:
        break;
    }
    (void)cli_fail(cli, EXIT_USAGE, "%s", reason);
    options_usage(cli->error, verb);
    (void)fprintf(cli->error, _("`hufuctl %s --help` explains it.\n"), verb->name);
    return EXIT_USAGE;
}

/* --json and --socket may stand before the command as well. Returns how many words they took, or -1. */
static int read_leading(struct cli *cli, int argc, char **argv)
{
    int i = 0;

    while (i < argc) {
        if (strcmp(argv[i], "--json") == 0)
            cli->json = true;
        else if (strncmp(argv[i], "--socket=", 9) == 0)
            cli->socket = argv[i] + 9;
        else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc)
            cli->socket = argv[++i];
        else
            break;
        i++;
    }
    return i;
}

static enum exit_code run(struct cli *cli, int argc, char **argv)
{
    int taken = read_leading(cli, argc, argv);
    const struct verb *verb;
    int words = 0;

    argc -= taken;
    argv += taken;
    if (argc > 0 && is_help(argv[0])) {
        print_overview(cli->out, "");
        return EXIT_DONE;
    }
    if (argc == 1 && strcmp(argv[0], "--version") == 0)
        return fprintf(cli->out, "hufuctl %s\n", HUFU_VERSION) < 0 ? EXIT_REFUSED : EXIT_DONE;
    verb = find_verb(argc, argv, &words);
    if (!verb)
        return run_unknown(cli, argc, argv);
    return run_verb(cli, verb, argc - words, argv + words);
}

enum exit_code cli_run(struct cli *cli, int argc, char **argv)
{
    enum exit_code code = run(cli, argc, argv);

    if (fflush(cli->out) != 0 || ferror(cli->out))
        return cli_fail(cli, code == EXIT_DONE ? EXIT_REFUSED : code, _("cannot write the output"));
    return code;
}
