#include "broker/ctl/options.h"

#include "broker/ctl/text.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <stdarg.h>
#include <string.h>

/* What every verb takes. */
static const struct option_row common_rows[] = {
    {"json", 0, OPTION_FLAG, false, NULL, N_("print one JSON value"), offsetof(struct cli, json)},
    {"socket", 0, OPTION_TEXT, false, "PATH", N_("the broker's control socket"),
     offsetof(struct cli, socket)},
};

struct reading {
    const struct verb *verb;
    struct cli *cli;
    void *settings;
    bool seen[OPTION_LIST_MAX];
    char *reason;
};

__attribute__((format(printf, 2, 3))) static enum option_outcome usage(const struct reading *r,
                                                                       const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(r->reason, OPTION_REASON_SIZE, format, arguments);
    va_end(arguments);
    return OPTIONS_USAGE;
}

static const struct option_row *find_in(const struct option_row *rows, size_t n, const char *name,
                                        size_t length)
{
    for (size_t i = 0; i < n; i++) {
        if (length == 1 && rows[i].letter == *name)
            return &rows[i];
        if (length > 1 && strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
            return &rows[i];
    }
    return NULL;
}

/* The row, and where its value goes. */
static const struct option_row *find(const struct reading *r, const char *name, size_t length, void **target)
{
    const struct option_row *row = find_in(r->verb->options, r->verb->n_options, name, length);

    if (row) {
        *target = (char *)r->settings + row->at;
        return row;
    }
    row = find_in(common_rows, ARRAY_SIZE(common_rows), name, length);
    if (row)
        *target = (char *)r->cli + row->at;
    return row;
}

static enum option_outcome store(struct reading *r, const struct option_row *row, void *target,
                                 const char *value)
{
    size_t index = (size_t)(row - r->verb->options);
    bool own = row >= r->verb->options && index < r->verb->n_options;

    if (row->kind == OPTION_LIST) {
        struct option_list *list = target;

        if (list->count == OPTION_LIST_MAX)
            return usage(r, _("--%s is given more than %d times"), row->name, OPTION_LIST_MAX);
        list->items[list->count++] = value;
        return OPTIONS_READ;
    }
    if (own && r->seen[index])
        return usage(r, _("--%s is given twice"), row->name);
    if (own)
        r->seen[index] = true;
    if (row->kind == OPTION_FLAG)
        *(bool *)target = true;
    else
        *(const char **)target = value;
    return OPTIONS_READ;
}

/* argv[*i] is `--name`, `--name=value` or `-x`; a value may be the next word. */
static enum option_outcome read_option(struct reading *r, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    const char *name = word + (word[1] == '-' ? 2 : 1);
    size_t length = word[1] == '-' ? strcspn(name, "=") : strlen(name);
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    const struct option_row *row;
    void *target = NULL;

    if ((word[1] == '-') != (length > 1))
        return usage(r, _("%s is no option of this command"), word);
    row = find(r, name, length, &target);
    if (!row)
        return usage(r, _("%s is no option of this command"), word);
    if (row->kind == OPTION_FLAG && value)
        return usage(r, _("--%s takes no value"), row->name);
    if (row->kind != OPTION_FLAG && !value) {
        if (*i + 1 >= argc)
            return usage(r, _("--%s lacks its value, %s"), row->name, row->value);
        value = argv[++*i];
    }
    return store(r, row, target, value);
}

static enum option_outcome check_complete(struct reading *r, const struct option_list *arguments)
{
    for (size_t i = 0; i < r->verb->n_options; i++) {
        const struct option_row *row = &r->verb->options[i];
        const struct option_list *list = (const void *)((const char *)r->settings + row->at);

        if (row->required && !(row->kind == OPTION_LIST ? list->count > 0 : r->seen[i]))
            return usage(r, _("--%s is missing"), row->name);
    }
    if (arguments->count < r->verb->least)
        return usage(r, _("too few arguments"));
    return OPTIONS_READ;
}

enum option_outcome options_read(const struct verb *verb, int argc, char **argv, struct cli *cli,
                                 void *settings, struct option_list *arguments,
                                 char reason[static OPTION_REASON_SIZE])
{
    struct reading r = {.verb = verb, .cli = cli, .settings = settings, .reason = reason};
    bool only_arguments = false;

    for (int i = 0; i < argc; i++) {
        enum option_outcome outcome;

        if (only_arguments || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (arguments->count == verb->most)
                return usage(&r, _("%s is one argument too many"), argv[i]);
            arguments->items[arguments->count++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            only_arguments = true;
            continue;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return OPTIONS_HELP;
        outcome = read_option(&r, argc, argv, &i);
        if (outcome != OPTIONS_READ)
            return outcome;
    }
    return check_complete(&r, arguments);
}

static const char *repeats(const struct option_row *row)
{
    return row->kind == OPTION_LIST ? "..." : "";
}

void options_usage(FILE *out, const struct verb *verb)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *line = NULL;

    buf_printf(&b, _("Usage: hufuctl %s"), verb->name);
    for (size_t i = 0; i < verb->n_options; i++)
        if (verb->options[i].required)
            buf_printf(&b, " --%s %s%s", verb->options[i].name, verb->options[i].value,
                       repeats(&verb->options[i]));
    buf_printf(&b, "%s%s [OPTION...]", *verb->arguments ? " " : "", verb->arguments);
    line = buf_steal_text(&b);
    if (line)
        text_print_wrapped(out, line);
}

static void print_rows(FILE *out, const struct option_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char left[80];
        char letter[] = {'-', rows[i].letter, ',', ' ', '\0'};
        const char *help = _(rows[i].help);

        (void)snprintf(left, sizeof(left), "%s--%s%s%s%s", rows[i].letter ? letter : "", rows[i].name,
                       rows[i].value ? " " : "", rows[i].value ? rows[i].value : "", repeats(&rows[i]));
        text_print_item(out, left, help);
    }
}

void options_help(FILE *out, const struct verb *verb)
{
    options_usage(out, verb);
    (void)fputc('\n', out);
    text_print_wrapped(out, _(verb->text));
    (void)fprintf(out, "\n%s\n", _("Options:"));
    print_rows(out, verb->options, verb->n_options);
    print_rows(out, common_rows, ARRAY_SIZE(common_rows));
    text_print_item(out, "-h, --help", _("print this help"));
    (void)fprintf(out, "\n%s\n%s\n", _("Example:"), verb->example);
}
