#include "broker/ctl/findings.h"

#include "broker/common/i18n.h"
#include "broker/common/wrap.h"
#include "broker/ctl/table.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const severities[] = {N_("problem"), N_("warning"), N_("note")};

/* `  problem: what: why [code]` */
static char *first_line(const json_t *finding)
{
    cleanup_free char *severity = table_cell(json_object_get(finding, "severity"));
    cleanup_free char *subject = table_cell(json_object_get(finding, "subject"));
    cleanup_free char *message = table_cell(json_object_get(finding, "message"));
    const json_t *code = json_object_get(finding, "code");
    cleanup_free char *mark = code ? table_cell(code) : NULL;
    char *line = NULL;

    if (!severity || !subject || !message || (code && !mark))
        return NULL;
    if (asprintf(&line, _("%s: %s: %s%s%s%s"), _(severity), subject, message, mark ? " [" : "",
                 mark ? mark : "", mark ? "]" : "") < 0)
        return NULL;
    return line;
}

static void print_wrapped(FILE *f, const char *indent, const char *line)
{
    (void)fputs(indent, f);
    wrap_line(f, line, strlen(line), 4, strlen(indent));
}

/* A command is to be copied whole: it stays on its line, which the terminal breaks. Sentences do not begin
 * so. */
static void print_advice(FILE *f, const char *advice)
{
    if ((*advice >= 'a' && *advice <= 'z') || *advice == '/')
        (void)fprintf(f, "    %s\n", advice);
    else
        print_wrapped(f, "    ", advice);
}

/* On a terminal, which breaks what is longer than a line. */
static size_t count_rows(const char *text)
{
    size_t rows = 0;

    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        rows += 1 + wrap_columns(text, (size_t)(end - text)) / (WRAP_COLUMNS + 1);
    return rows;
}

/* The finding in lines; *n is how many. The caller's to free; NULL without memory. */
static char *render(const json_t *finding, size_t *n)
{
    const json_t *advice = json_object_get(finding, "advice");
    cleanup_free char *line = first_line(finding);
    cleanup_free char *what_to_do = json_is_string(advice) ? table_cell(advice) : NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    if (!f)
        return NULL;
    if (line)
        print_wrapped(f, "  ", line);
    if (what_to_do)
        print_advice(f, what_to_do);
    (void)fclose(f);
    *n = text ? count_rows(text) : 0;
    if (!line || (json_is_string(advice) && !what_to_do)) {
        free(text);
        return NULL;
    }
    return text;
}

static size_t rank(const json_t *finding)
{
    const char *severity = json_string_value(json_object_get(finding, "severity"));

    for (size_t i = 0; severity && i < ARRAY_SIZE(severities); i++)
        if (strcmp(severity, severities[i]) == 0)
            return i;
    return 0; /* what is not known is not hidden */
}

struct printing {
    FILE *out;
    size_t room, used, shown, total;
    bool full;
};

/* Whether it fits, with the line below that counts the others if there are any. */
static bool fits(const struct printing *p, size_t lines)
{
    size_t more = p->shown + 1 < p->total;

    return p->room == FINDINGS_ALL || p->shown == 0 || p->used + lines + more <= p->room;
}

static int print_one(struct printing *p, const json_t *finding)
{
    cleanup_free char *text = NULL;
    size_t lines;

    if (p->full)
        return 0;
    text = render(finding, &lines);
    if (!text)
        return -ENOMEM;
    if (!fits(p, lines)) {
        p->full = true;
        return 0;
    }
    (void)fputs(text, p->out);
    p->used += lines;
    p->shown++;
    return 0;
}

int findings_print(FILE *out, const json_t *findings, size_t room)
{
    struct printing p = {.out = out, .room = room, .total = json_array_size(findings)};
    const json_t *finding;
    size_t i;
    int r = 0;

    for (size_t wanted = 0; wanted < ARRAY_SIZE(severities); wanted++)
        json_array_foreach(findings, i, finding)
        {
            if (rank(finding) == wanted && r == 0)
                r = print_one(&p, finding);
        }
    if (r == 0 && p.shown < p.total)
        (void)fprintf(out,
                      ngettext("  and %zu more: `hufuctl status --all`\n",
                               "  and %zu more: `hufuctl status --all`\n", p.total - p.shown),
                      p.total - p.shown);
    return r;
}

size_t findings_room(FILE *out, size_t others)
{
    struct winsize size;
    int fd = fileno(out);

    if (fd < 0 || !isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
        return FINDINGS_ALL;
    return size.ws_row > others ? size.ws_row - others : 1;
}
