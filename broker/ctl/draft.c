#include "broker/ctl/draft.h"

#include "broker/ctl/moment.h"
#include "broker/ctl/papers.h"
#include "broker/trust/digest.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/*
 * The document is put together as lines, in the order of 4-documents, and then read by the parser that
 * hosts use. So a value is judged in one place; what is added here is only what a person may leave out or
 * write more freely than a document: defaults, times with offsets, durations, key files.
 */

struct drafting {
    const struct cli *cli;
    const struct draft *draft;
    struct buf text;
    enum exit_code code; /* of the first fault */
};

/* Values become parts of lines, so a line's end in one would be a line of its own. */
static bool has_control(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < 0x20 || *value == 0x7f)
            return true;
    return false;
}

static void put(struct drafting *d, const char *key, const char *value)
{
    if (d->code == EXIT_DONE && has_control(value))
        d->code = cli_fail(d->cli, EXIT_USAGE, _("%s: a control character (a line's end, a tab) in `%s`"),
                           key, value);
    buf_printf(&d->text, "%s: %s\n", key, value);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Repeats are sorted by their octets, and unique. */
static void put_list(struct drafting *d, const char *key, const struct option_list *list, const char *usual)
{
    struct option_list sorted = *list;

    if (sorted.count == 0)
        sorted.items[sorted.count++] = usual;
    qsort(sorted.items, sorted.count, sizeof(sorted.items[0]), compare);
    for (size_t i = 0; i < sorted.count; i++)
        if (i == 0 || strcmp(sorted.items[i], sorted.items[i - 1]) != 0)
            put(d, key, sorted.items[i]);
}

/* The blob begins with its own type (RFC 4253, 6.6): then the line was not put together from two. */
static bool is_blob_of(const uint8_t *blob, size_t size, const char *type, size_t type_length)
{
    struct view v = view_of(blob, size);
    uint32_t length = view_get_u32(&v);
    const uint8_t *own = view_get(&v, length);

    return own && length == type_length && memcmp(own, type, length) == 0;
}

int draft_fingerprint(const char *text, char ret[static IDENT_FINGERPRINT_TEXT_SIZE])
{
    size_t type = strcspn(text, " \n");
    const char *base64 = text + type + (text[type] == ' ');
    size_t length = strcspn(base64, " \n");
    const char *end = strchr(base64, '\n');
    cleanup_free uint8_t *blob = NULL;
    struct ident_fingerprint fingerprint;
    size_t size;
    int r;

    if (text[type] != ' ' || (end && end[1] != '\0'))
        return -EINVAL;
    r = ident_base64_decode(base64, length, &blob, &size);
    if (r < 0)
        return r;
    if (!is_blob_of(blob, size, text, type))
        return -EINVAL;
    r = digest_sha256(blob, size, fingerprint.octets);
    if (r == 0)
        ident_format_fingerprint(&fingerprint, ret);
    return r;
}

static enum exit_code fingerprint_of_file(const struct cli *cli, const char *path,
                                          char ret[static IDENT_FINGERPRINT_TEXT_SIZE])
{
    cleanup_free char *text = NULL;
    size_t size = 0;
    enum exit_code code = papers_read(cli, path, PAPERS_KEY_MAX, &text, &size);

    if (code != EXIT_DONE)
        return code;
    if (strlen(text) != size || draft_fingerprint(text, ret) < 0)
        return cli_fail(cli, EXIT_REFUSED,
                        _("%s is not one ssh public key (the .pub file that ssh-keygen writes)"), path);
    return EXIT_DONE;
}

static void put_keys(struct drafting *d)
{
    char fingerprints[OPTION_LIST_MAX][IDENT_FINGERPRINT_TEXT_SIZE];
    struct option_list list = d->draft->keys;

    for (size_t i = 0; i < list.count; i++) {
        const char *key = list.items[i];

        if (strcmp(key, "password") == 0 || strncmp(key, "SHA256:", 7) == 0)
            continue;
        if (d->code == EXIT_DONE)
            d->code = fingerprint_of_file(d->cli, key, fingerprints[i]);
        list.items[i] = d->code == EXIT_DONE ? fingerprints[i] : "";
    }
    put_list(d, "staff-key", &list, "");
}

static when_t take_time(struct drafting *d, const char *option, const char *text)
{
    when_t t = 0;

    if (moment_parse(text, d->cli->now, &t) < 0 && d->code == EXIT_DONE)
        d->code = cli_fail(d->cli, EXIT_USAGE,
                           _("--%s %s is no time such as 2026-11-21T00:00:00Z or 2026-11-21T08:00:00+08:00"),
                           option, text);
    return t;
}

static uint32_t take_duration(struct drafting *d, const char *option, const char *text)
{
    uint32_t seconds = 0;

    if (moment_parse_duration(text, &seconds) < 0 && d->code == EXIT_DONE)
        d->code =
            cli_fail(d->cli, EXIT_USAGE, _("--%s %s is no duration such as 30m, 8h or 2d"), option, text);
    return seconds;
}

static void put_time(struct drafting *d, const char *key, when_t t)
{
    char text[WHEN_TEXT_SIZE];

    when_format(t, text);
    put(d, key, text);
}

static void put_validity(struct drafting *d)
{
    const struct draft *w = d->draft;
    when_t from = take_time(d, "from", w->from ? w->from : "now");

    if (!w->until == !w->duration && d->code == EXIT_DONE)
        d->code = cli_fail(d->cli, EXIT_USAGE, _("say when it ends, with either --until or --for"));
    put_time(d, "not-before", from);
    put_time(d, "not-after",
             w->until ? take_time(d, "until", w->until)
                      : from + take_duration(d, "for", w->duration ? w->duration : ""));
}

static void put_max_session(struct drafting *d)
{
    const char *text = d->draft->max_session ? d->draft->max_session : "4h";
    char seconds[16];

    (void)snprintf(seconds, sizeof(seconds), "%s", "unlimited");
    if (strcmp(text, "unlimited") != 0)
        (void)snprintf(seconds, sizeof(seconds), "%u", (unsigned)take_duration(d, "max-session", text));
    put(d, "max-session", seconds);
}

static const char *or_usual(const char *value, const char *usual)
{
    return value ? value : usual;
}

static void put_lines(struct drafting *d, const char *id)
{
    const struct draft *w = d->draft;

    put(d, "hufu-grant", "1");
    put(d, "site", w->site);
    put(d, "id", id);
    put(d, "version", or_usual(w->version, "1"));
    put(d, "class", or_usual(w->class, "normal"));
    if (w->incident_level)
        put(d, "incident-level", w->incident_level);
    put(d, "vendor", w->vendor);
    put(d, "employer", or_usual(w->employer, w->vendor));
    put(d, "contract", w->contract);
    put(d, "staff", w->staff);
    put_keys(d);
    put_list(d, "host", &w->hosts, "");
    put_list(d, "service", &w->services, "");
    put_list(d, "channel", &w->channels, "");
    put_list(d, "run-as", &w->run_as, "none");
    put_list(d, "command", &w->commands, "none");
    put_list(d, "source", &w->sources, "");
    put_validity(d);
    put_list(d, "hours", &w->hours, "any");
    put(d, "uses", or_usual(w->uses, "1 per-host"));
    put(d, "sessions", or_usual(w->sessions, "1"));
    put_max_session(d);
    put(d, "recording", or_usual(w->recording, "none"));
    put(d, "requester", w->requester);
    put(d, "ticket", w->ticket);
    put(d, "purpose", w->purpose);
}

static enum exit_code make_id(const struct drafting *d, char id[static IDENT_ID_TEXT_SIZE])
{
    struct ident_id random;

    if (d->draft->id) {
        if (ident_parse_id(d->draft->id, strlen(d->draft->id), &random) < 0)
            return cli_fail(d->cli, EXIT_USAGE, _("--id %s is not of 32 hexadecimal digits"), d->draft->id);
        if (!d->draft->version)
            return cli_fail(d->cli, EXIT_USAGE,
                            _("--id needs --version, higher than the version it supersedes"));
    } else if (getrandom(random.octets, sizeof(random.octets), 0) != (ssize_t)sizeof(random.octets)) {
        return cli_fail(d->cli, EXIT_REFUSED, _("no random numbers: %s"), strerror(errno));
    }
    ident_format_id(&random, id);
    return EXIT_DONE;
}

/* The line that the parser names, as the person will find it among the options. */
static enum exit_code refuse(const struct cli *cli, const char *text, const struct document_error *error)
{
    const char *line = text;
    size_t key;

    for (unsigned i = 1; i < error->line && line; i++) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    if (error->line == 0 || !line)
        return cli_fail(cli, EXIT_REFUSED, _("no host would take this grant: %s"), error->reason);
    key = strcspn(line, ":\n");
    /* Most reasons name it themselves. */
    if (strncmp(error->reason, line, key) == 0 && error->reason[key] == ':')
        key = 0;
    return cli_fail(cli, EXIT_REFUSED, _("no host would take this grant: %.*s%s%s"), (int)key, line,
                    key > 0 ? ": " : "", error->reason);
}

enum exit_code draft_write(const struct cli *cli, const struct draft *draft, char **ret,
                           char id[static IDENT_ID_TEXT_SIZE])
{
    struct drafting d = {.cli = cli, .draft = draft, .text = BUF_INIT, .code = EXIT_DONE};
    cleanup_free char *text = NULL;
    cleanup(grant_free_p) struct grant *grant = NULL;
    struct document_error error = {.in_words = i18n_words};
    int r;

    *ret = NULL;
    d.code = make_id(&d, id);
    if (d.code == EXIT_DONE)
        put_lines(&d, id);
    text = buf_steal_text(&d.text);
    buf_done(&d.text);
    if (d.code != EXIT_DONE)
        return d.code;
    if (!text)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    r = grant_parse(text, strlen(text), &grant, &error);
    if (r == -EINVAL)
        return refuse(cli, text, &error);
    if (r < 0)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    *ret = steal_pointer(&text);
    return EXIT_DONE;
}
