#include "broker/doctor/sshd_config.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\f\v"

/* The value of a line `KEYWORD value`, `KEYWORD=value`; NULL if it is another keyword's. */
static const char *value_of_line(const char *line, size_t length, const char *keyword)
{
    size_t skipped = strspn(line, BLANKS);
    size_t size = strlen(keyword);

    if (skipped + size >= length || strncasecmp(line + skipped, keyword, size) != 0 ||
        !strchr(BLANKS "=\"", line[skipped + size]))
        return NULL;
    return line + skipped + size;
}

/* The next word of a line, with or without quotes. Returns its length; *at is its start. */
static size_t next_word(const char **at, const char *end)
{
    const char *from = *at, *word;

    while (from < end && (strchr(BLANKS, *from) || *from == '='))
        from++;
    if (from < end && *from == '"') {
        word = ++from;
        while (from < end && *from != '"')
            from++;
    } else {
        word = from;
        while (from < end && !strchr(BLANKS, *from) && *from != '=')
            from++;
    }
    *at = word;
    return (size_t)(from - word);
}

static void put(char *to, size_t size, const char *from, size_t length)
{
    (void)snprintf(to, size, "%.*s", (int)length, from);
}

static bool take_example(const char *word, size_t length, char ret[static SSHD_TEXT_MAX])
{
    char patterns[SSHD_TEXT_MAX * 4];

    put(patterns, sizeof(patterns), word, length);
    return sshd_config_example(patterns, ret);
}

/* One criterion of a Match line: a word and its patterns. */
static void take_criterion(struct sshd_match *m, const char *word, size_t length, const char *value,
                           size_t size)
{
    const struct {
        const char *name;
        char *to;
    } rows[] = {
        {"address", m->circumstance.address},
        {"host", m->circumstance.host},
        {"localaddress", m->circumstance.local_address},
        {"localport", m->circumstance.local_port},
        {"rdomain", m->circumstance.routing_domain},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strlen(rows[i].name) == length && strncasecmp(word, rows[i].name, length) == 0)
            (void)take_example(value, size, rows[i].to);
    if (length == 4 && strncasecmp(word, "user", 4) == 0)
        put(m->users, sizeof(m->users), value, size);
}

static void take_match(struct sshd_matches *all, const char *at, const char *end)
{
    struct sshd_match m = {.users = ""};

    for (;;) {
        size_t length = next_word(&at, end), size;
        const char *word = at;

        if (length == 0 || *word == '#')
            break;
        at += length + (at + length < end && at[length] == '"');
        size = next_word(&at, end);
        take_criterion(&m, word, length, at, size);
        at += size + (at + size < end && at[size] == '"');
    }
    if (all->n == SSHD_MATCHES_MAX)
        all->more = true;
    else
        all->items[all->n++] = m;
}

void sshd_config_add_matches(const char *text, struct sshd_matches *ret)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        const char *value = value_of_line(text, length, "Match");

        if (value)
            take_match(ret, value, text + length);
        text += length + (text[length] == '\n');
    }
}

char *sshd_config_next_include(const char **at)
{
    while (*at && **at) {
        const char *line = *at;
        size_t length = strcspn(line, "\n");
        const char *value = value_of_line(line, length, "Include");

        *at = line + length + (line[length] == '\n');
        if (value)
            return strndup(value, (size_t)(line + length - value));
    }
    *at = NULL;
    return NULL;
}

bool sshd_config_example(const char *patterns, char ret[static SSHD_TEXT_MAX])
{
    for (const char *at = patterns; *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        size_t n = 0;

        for (size_t i = 0; *at != '!' && i < length && n + 1 < SSHD_TEXT_MAX && at[i] != '/'; i++)
            /* One character stands for any number of them, and a digit is also part of an address. */
            ret[n++] = at[i] == '*' || at[i] == '?' ? '1' : at[i];
        ret[n] = 0;
        if (n > 0)
            return true;
        at += length;
    }
    ret[0] = 0;
    return false;
}

bool sshd_config_meets(const char *name, const char *patterns)
{
    bool meets = false;

    for (const char *at = patterns; *at; at += *at == ',') {
        char pattern[SSHD_TEXT_MAX];
        size_t length = strcspn(at, ",");
        bool excludes = *at == '!';

        put(pattern, sizeof(pattern), at + excludes, length - excludes);
        if (fnmatch(pattern, name, FNM_NOESCAPE) == 0) {
            if (excludes)
                return false;
            meets = true;
        }
        at += length;
    }
    return meets;
}
