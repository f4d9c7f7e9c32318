#include "broker/review/auditd_fields.h"

#include "policy/base/ident.h"

#include <errno.h>
#include <string.h>

#define ENRICHED '\x1d' /* what auditd adds stands behind it */

/* Moves over digits. -EBADMSG: there are none, or too many. */
static int take_number(const char **at, const char *end, uint64_t *ret)
{
    const char *from = *at;

    *ret = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        if (*at - from >= 18)
            return -EBADMSG;
        *ret = *ret * 10 + (uint64_t)(**at - '0');
    }
    return *at > from ? 0 : -EBADMSG;
}

static int take_word(const char **at, const char *end, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(end - *at) < length || memcmp(*at, word, length) != 0)
        return -EBADMSG;
    *at += length;
    return 0;
}

int auditd_fields_parse(const char *line, size_t size, struct auditd_fields *ret)
{
    const char *at = line, *end = line + size;
    uint64_t seconds, ms;
    const char *blank;
    size_t type;

    *ret = (struct auditd_fields){.size = 0};
    /* Of another host, through audisp-remote. */
    if (size > 5 && memcmp(at, "node=", 5) == 0) {
        at = memchr(at, ' ', size);
        at = at ? at + 1 : end;
    }
    if (take_word(&at, end, "type=") < 0)
        return -EBADMSG;
    blank = memchr(at, ' ', (size_t)(end - at));
    type = blank ? (size_t)(blank - at) : 0;
    if (type == 0 || type >= sizeof(ret->type))
        return -EBADMSG;
    memcpy(ret->type, at, type);
    at += type;
    if (take_word(&at, end, " msg=audit(") < 0 || take_number(&at, end, &seconds) < 0 ||
        take_word(&at, end, ".") < 0 || take_number(&at, end, &ms) < 0 || take_word(&at, end, ":") < 0 ||
        take_number(&at, end, &ret->serial) < 0 || take_word(&at, end, "):") < 0)
        return -EBADMSG;
    ret->time = (int64_t)seconds;
    ret->rest = at;
    ret->size = (size_t)(end - at);
    return 0;
}

static bool is_between(char c)
{
    return c == ' ' || c == ENRICHED;
}

/* Where a value ends: at its second quote, or at a blank. */
static size_t value_length(const char *at, const char *end)
{
    const char *quote = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
    size_t n = 0;

    if (quote)
        return (size_t)(quote + 1 - at);
    while (at + n < end && !is_between(at[n]))
        n++;
    return n;
}

const char *auditd_field(const struct auditd_fields *f, const char *name, size_t *size)
{
    const char *at = f->rest, *end = f->rest + f->size;
    size_t length = strlen(name);

    while (at < end) {
        const char *equals;

        while (at < end && is_between(*at))
            at++;
        equals = memchr(at, '=', (size_t)(end - at));
        if (!equals)
            return NULL;
        *size = value_length(equals + 1, end);
        if ((size_t)(equals - at) == length && memcmp(at, name, length) == 0)
            return equals + 1;
        at = equals + 1 + *size;
    }
    return NULL;
}

int auditd_field_number(const struct auditd_fields *f, const char *name, uint64_t *ret)
{
    size_t size = 0;
    const char *at = auditd_field(f, name, &size), *end;

    *ret = 0;
    if (!at)
        return -EBADMSG;
    end = at + size;
    if (take_number(&at, end, ret) < 0 || at != end)
        return -EBADMSG;
    return 0;
}

static bool decode(const char *digits, size_t n, char *text, size_t room)
{
    if (n % 2 != 0 || n / 2 >= room)
        return false;
    for (size_t i = 0; i < n; i += 2) {
        static const char hex[] = "0123456789ABCDEF";
        // NOLINTNEXTLINE(bugprone-not-null-terminated-result): the 16 digits alone
        const char *high = memchr(hex, digits[i], 16), *low = memchr(hex, digits[i + 1], 16);

        if (!high || !low)
            return false;
        text[i / 2] = (char)((high - hex) * 16 + (low - hex));
    }
    text[n / 2] = '\0';
    return true;
}

bool auditd_field_text(const struct auditd_fields *f, const char *name, char *text, size_t room)
{
    size_t size;
    const char *at = auditd_field(f, name, &size);

    text[0] = '\0';
    if (!at || size == 0)
        return false;
    if (at[0] != '"')
        return decode(at, size, text, room);
    if (size < 2 || at[size - 1] != '"' || size - 2 >= room)
        return false;
    memcpy(text, at + 1, size - 2);
    text[size - 2] = '\0';
    return true;
}
