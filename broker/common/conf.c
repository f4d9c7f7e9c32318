#include "broker/common/conf.h"

#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * Two passes. The first looks at each line as it stands and lets through only empty lines, whole-line
 * comments,
 * `[section]` and `key = value` in a shape about which inih 55 and a reader cannot disagree. The second is
 * inih's; it calls back once for each `key = value`, in order, so the lines noted by the first pass are the
 * lines of the calls.
 *
 * inih cuts lines at 199 octets and goes on with the rest as a line of its own, takes an indented line for
 * another value of the key above, ends a value at a `;` after a blank, skips a byte order mark, stops at a
 * NUL, and says nothing about a section without keys.
 */
#define LINE_MAX_OCTETS ((size_t)199)
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"
#define DURATION_MAX    ((uint64_t)10 * 365 * 86400)

struct conf_run {
    const struct conf_key *table;
    void *target;
    struct conf_error *error;
    int result;
    size_t n_table;
    bool *key_seen;      /* by row of the table */
    bool *section_seen;  /* by the first row of the table that names the section */
    unsigned *key_lines; /* of the n-th key of the file */
    size_t n_keys, next_key;
    bool in_section;
};

__attribute__((format(printf, 3, 4))) static int conf_fail(struct conf_run *run, unsigned line,
                                                           const char *format, ...)
{
    va_list arguments;

    run->error->line = line;
    va_start(arguments, format);
    (void)vsnprintf(run->error->reason, sizeof(run->error->reason), format, arguments);
    va_end(arguments);
    return run->result = -EINVAL;
}

static bool is_word_octet(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static size_t word_length(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && is_word_octet(text[n]))
        n++;
    return n;
}

static int conf_check_octets(struct conf_run *run, unsigned line, const char *text, size_t length)
{
    if (length > LINE_MAX_OCTETS)
        return conf_fail(run, line, _("the line is longer than %zu octets"), LINE_MAX_OCTETS);
    if (memchr(text, '\0', length))
        return conf_fail(run, line, _("the line has a NUL octet"));
    if (memchr(text, '\r', length))
        return conf_fail(run, line, _("the line has a carriage return; lines end with LF alone"));
    if (memchr(text, '\t', length))
        return conf_fail(run, line, _("the line has a tab; write blanks"));
    if (text[0] == ' ')
        return conf_fail(run, line, _("the line begins with a blank; a value has one line"));
    if (length >= strlen(BYTE_ORDER_MARK) && memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        return conf_fail(run, line, _("the line begins with a byte order mark"));
    if (!ident_is_visible_text(text, length))
        return conf_fail(run, line, _("the line has a control or invisible character, or is not UTF-8"));
    return 0;
}

static int conf_check_section(struct conf_run *run, unsigned line, const char *text, size_t length)
{
    size_t n = word_length(text + 1, length - 1);
    const char *name = text + 1;

    if (n == 0 || length != n + 2 || text[n + 1] != ']')
        return conf_fail(run, line, _("a section is written [name], with nothing behind it"));
    for (size_t i = 0; i < run->n_table; i++) {
        const char *known = run->table[i].section;

        if (strlen(known) != n || memcmp(known, name, n) != 0)
            continue;
        if (run->section_seen[i])
            return conf_fail(run, line, _("section [%s] stands here for the second time"), known);
        run->section_seen[i] = true;
        run->in_section = true;
        return 0;
    }
    return conf_fail(run, line, _("unknown section [%.*s]"), (int)n, name);
}

static int conf_check_key(struct conf_run *run, unsigned line, const char *text, size_t length)
{
    size_t n = word_length(text, length);
    size_t equals = n;

    while (equals < length && text[equals] == ' ')
        equals++;
    if (n == 0 || equals == length || text[equals] != '=')
        return conf_fail(run, line, _("neither a comment (#), a [section] nor key = value"));
    if (memmem(text, length, " ;", 2))
        return conf_fail(run, line, _("a blank and ; inside a value; comments have lines of their own"));
    if (!run->in_section)
        return conf_fail(run, line, _("key %.*s stands before the first section"), (int)n, text);
    run->key_lines[run->n_keys++] = line;
    return 0;
}

static int conf_check_line(struct conf_run *run, unsigned line, const char *text, size_t length)
{
    int r;

    if (length == 0)
        return 0;
    r = conf_check_octets(run, line, text, length);
    if (r < 0 || text[0] == '#')
        return r;
    return text[0] == '[' ? conf_check_section(run, line, text, length)
                          : conf_check_key(run, line, text, length);
}

static int conf_check_lines(struct conf_run *run, const char *text, size_t size)
{
    unsigned line = 1;

    for (size_t at = 0; at < size; line++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - (text + at)) : size - at;
        int r = conf_check_line(run, line, text + at, length);

        if (r < 0)
            return r;
        if (!end)
            return conf_fail(run, line, _("the last line does not end with LF; the file may be cut short"));
        at += length + 1;
    }
    return 0;
}

static const struct conf_key *conf_find(const struct conf_run *run, const char *section, const char *key)
{
    for (size_t i = 0; i < run->n_table; i++)
        if (strcmp(run->table[i].section, section) == 0 && strcmp(run->table[i].key, key) == 0)
            return &run->table[i];
    return NULL;
}

static int conf_set(struct conf_run *run, unsigned line, const char *section, const char *key,
                    const char *value)
{
    const struct conf_key *row = conf_find(run, section, key);
    int r;

    if (!row)
        return conf_fail(run, line, _("unknown key %s in section [%s]"), key, section);
    if (run->key_seen[row - run->table])
        return conf_fail(run, line, _("key %s stands here for the second time in section [%s]"), key,
                         section);
    run->key_seen[row - run->table] = true;
    run->error->line = line;
    r = row->set(run->target, value, run->error->reason);
    if (r < 0 && run->error->reason[0] == '\0')
        (void)conf_fail(run, line, _("key %s cannot have the value \"%s\""), key, value);
    if (r < 0)
        return run->result = r;
    run->error->reason[0] = '\0';
    return 0;
}

/* inih goes on after a fault; its first one counts. */
static int conf_take(void *userdata, const char *section, const char *key, const char *value)
{
    struct conf_run *run = userdata;

    if (run->result < 0)
        return 0;
    if (run->next_key >= run->n_keys)
        return conf_fail(run, 0, _("the file cannot be read without doubt")) == 0;
    return conf_set(run, run->key_lines[run->next_key++], section, key, value) == 0;
}

static int conf_check_required(struct conf_run *run)
{
    for (size_t i = 0; i < run->n_table; i++)
        if (run->table[i].required && !run->key_seen[i])
            return conf_fail(run, 0, _("key %s is missing in section [%s]"), run->table[i].key,
                             run->table[i].section);
    return 0;
}

static int conf_run_all(struct conf_run *run, const char *text, size_t size)
{
    int r = conf_check_lines(run, text, size);

    if (r < 0)
        return r;
    r = ini_parse_string(text, conf_take, run);
    if (run->result < 0)
        return run->result;
    if (r != 0 || run->next_key != run->n_keys)
        return conf_fail(run, r > 0 ? (unsigned)r : 0, _("the file cannot be read without doubt"));
    r = conf_check_required(run);
    if (r == 0)
        run->error->line = 0;
    return r;
}

int conf_parse(const char *text, size_t size, const struct conf_key *table, void *target,
               struct conf_error *error)
{
    cleanup_free bool *key_seen = NULL;
    cleanup_free bool *section_seen = NULL;
    cleanup_free unsigned *key_lines = NULL;
    struct conf_run run = {.table = table, .target = target, .error = error};

    *error = (struct conf_error){0};
    while (table[run.n_table].section)
        run.n_table++;
    if (size > CONF_SIZE_MAX)
        return conf_fail(&run, 0, _("the file is larger than %zu octets"), CONF_SIZE_MAX);
    key_seen = run.key_seen = calloc(run.n_table + 1, sizeof(bool));
    section_seen = run.section_seen = calloc(run.n_table + 1, sizeof(bool));
    key_lines = run.key_lines =
        calloc(size + 1, sizeof(unsigned)); /* a key has a line of at least one octet */
    if (!key_seen || !section_seen || !key_lines)
        return -ENOMEM;
    return conf_run_all(&run, text, size);
}

int conf_load(const char *path, const struct conf_key *table, void *target, struct conf_error *error)
{
    cleanup_free char *text = NULL;
    size_t size;
    int r;

    *error = (struct conf_error){0};
    r = files_read(path, 0, CONF_SIZE_MAX, &text, &size);
    if (r == 0)
        return conf_parse(text, size, table, target, error);
    if (r == -EPERM)
        (void)snprintf(error->reason, sizeof(error->reason), "%s",
                       _("not a regular file that root owns and only root may write"));
    else
        (void)snprintf(error->reason, sizeof(error->reason), "%s", strerrordesc_np(-r));
    return r;
}

int conf_refuse(char *reason, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reason, CONF_REASON_SIZE, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

int conf_set_text(char **target, const char *value)
{
    *target = strdup(value);
    return *target ? 0 : -ENOMEM;
}

int conf_parse_range(const char *value, unsigned *first, unsigned *last)
{
    const char *dash = strchr(value, '-');
    uint32_t from, to;

    *first = *last = 0;
    if (!dash || ident_parse_number(value, (size_t)(dash - value), &from) < 0 ||
        ident_parse_number(dash + 1, strlen(dash + 1), &to) < 0 || from > to)
        return -EINVAL;
    *first = from;
    *last = to;
    return 0;
}

int conf_parse_duration(const char *value, uint32_t *seconds)
{
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    size_t length = strlen(value);
    uint32_t number;

    if (length < 2 || ident_parse_number(value, length - 1, &number) < 0)
        return -EINVAL;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (units[i].unit == value[length - 1] && (uint64_t)number * units[i].seconds <= DURATION_MAX) {
            *seconds = number * units[i].seconds;
            return 0;
        }
    return -EINVAL;
}

int conf_parse_size(const char *value, uint64_t *octets)
{
    static const char units[] = "KMGT";
    size_t length = strlen(value);
    const char *unit = length > 0 ? strchr(units, value[length - 1]) : NULL;
    uint32_t number;

    if (!unit || *unit == '\0' || ident_parse_number(value, length - 1, &number) < 0 || number == 0)
        return -EINVAL;
    if (number > 1023 && *unit == 'T')
        return -EINVAL;
    *octets = (uint64_t)number << (10 * (unit - units + 1));
    return 0;
}
