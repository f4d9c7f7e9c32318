#include "broker/audit/flat_json.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct scan {
    const char *at, *end;
    char *space;
};

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n'))
        s->at++;
}

static bool take(struct scan *s, char c)
{
    skip_blanks(s);
    if (s->at >= s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool take_word(struct scan *s, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
        return false;
    s->at += length;
    return true;
}

/* Four digits behind `\u`. */
static bool take_unit(struct scan *s, uint32_t *ret)
{
    static const char digits[] = "0123456789abcdef";

    *ret = 0;
    if (s->end - s->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = *s->at++;
        // NOLINTNEXTLINE(bugprone-not-null-terminated-result): the 16 digits alone
        const char *digit = memchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c, 16);

        if (!digit)
            return false;
        *ret = *ret << 4 | (uint32_t)(digit - digits);
    }
    return true;
}

static size_t put_utf8(uint32_t c, char *out)
{
    static const uint8_t heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(heads[n] | c);
    return n;
}

static bool take_unicode(struct scan *s)
{
    uint32_t c, low;

    if (!take_unit(s, &c) || c == 0 || (c >= 0xdc00 && c < 0xe000))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (!take_word(s, "\\u") || !take_unit(s, &low) || low < 0xdc00 || low >= 0xe000)
            return false;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    s->space += put_utf8(c, s->space);
    return true;
}

static bool take_escape(struct scan *s)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *found;
    char c;

    if (s->end - s->at < 2)
        return false;
    c = s->at[1];
    s->at += 2;
    if (c == 'u')
        return take_unicode(s);
    found = memchr(escapes, c, sizeof(escapes) - 1);
    if (!found)
        return false;
    *s->space++ = meant[found - escapes];
    return true;
}

/* Never longer in `space` than in the line, where it has two quotes. */
static bool take_text(struct scan *s, const char **ret)
{
    *ret = s->space;
    if (!take(s, '"'))
        return false;
    for (;;) {
        const char *from = s->at;

        while (s->at < s->end && *s->at != '"' && *s->at != '\\' && (unsigned char)*s->at >= 0x20)
            s->at++;
        memcpy(s->space, from, (size_t)(s->at - from));
        s->space += s->at - from;
        if (s->at >= s->end || (unsigned char)*s->at < 0x20)
            return false;
        if (*s->at == '"')
            break;
        if (!take_escape(s))
            return false;
    }
    s->at++;
    *s->space++ = '\0';
    return true;
}

static bool take_number(struct scan *s, uint64_t *ret)
{
    const char *from = s->at;

    *ret = 0;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
        if (__builtin_mul_overflow(*ret, 10, ret) ||
            __builtin_add_overflow(*ret, (uint64_t)(*s->at - '0'), ret))
            return false;
    return s->at > from && (*from != '0' || s->at == from + 1);
}

static bool take_value(struct scan *s, struct flat_value *v)
{
    skip_blanks(s);
    if (s->at < s->end && *s->at == '"') {
        v->kind = FLAT_TEXT;
        return take_text(s, &v->text);
    }
    if (s->at < s->end && *s->at >= '0' && *s->at <= '9') {
        v->kind = FLAT_NUMBER;
        return take_number(s, &v->number);
    }
    if (take_word(s, "null")) {
        v->kind = FLAT_NULL;
        return true;
    }
    v->kind = FLAT_BOOL;
    v->number = take_word(s, "true") ? 1 : 0;
    return v->number == 1 || take_word(s, "false");
}

/* Which of the names; the one that is expected next is tried first. */
static size_t index_of(const char *name, const char *const *names, size_t n, size_t expected)
{
    if (expected < n && strcmp(name, names[expected]) == 0)
        return expected;
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return n;
}

int flat_json_read(const char *line, size_t size, const char *const *names, size_t n, char *space,
                   struct flat_value *ret)
{
    struct scan s = {.at = line, .end = line + size, .space = space};

    memset(ret, 0, n * sizeof(*ret));
    for (size_t seen = 0; seen < n; seen++) {
        const char *name;
        size_t i;

        if (!take(&s, seen == 0 ? '{' : ',') || !take_text(&s, &name))
            return -EBADMSG;
        i = index_of(name, names, n, seen);
        if (i == n || ret[i].kind != 0 || !take(&s, ':') || !take_value(&s, &ret[i]))
            return -EBADMSG;
    }
    if (!take(&s, '}'))
        return -EBADMSG;
    skip_blanks(&s);
    return s.at == s.end ? 0 : -EBADMSG;
}

static void put_name(struct buf *b, const char *name)
{
    buf_put(b, ",\"", 2);
    buf_puts(b, name);
    buf_put(b, "\":", 2);
}

void flat_json_put_text(struct buf *b, const char *name, const char *text)
{
    put_name(b, name);
    buf_put(b, "\"", 1);
    for (;;) {
        size_t plain = 0;

        while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\')
            plain++;
        buf_put(b, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        if (*text == '"' || *text == '\\')
            buf_printf(b, "\\%c", *text);
        else
            buf_printf(b, "\\u%04x", (unsigned)(unsigned char)*text);
        text++;
    }
    buf_put(b, "\"", 1);
}

void flat_json_put_number(struct buf *b, const char *name, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    put_name(b, name);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_put(b, digits + at, sizeof(digits) - at);
}

void flat_json_put_null(struct buf *b, const char *name)
{
    put_name(b, name);
    buf_put(b, "null", 4);
}
