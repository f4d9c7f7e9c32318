#include "broker/doctor/lines.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct span span_trim(struct span s)
{
    while (s.length > 0 && is_blank(s.text[0])) {
        s.text++;
        s.length--;
    }
    while (s.length > 0 && is_blank(s.text[s.length - 1]))
        s.length--;
    return s;
}

bool lines_next(const char **cursor, struct span *line)
{
    while (**cursor != '\0') {
        size_t length = strcspn(*cursor, "\n");

        *line = span_trim((struct span){*cursor, length});
        *cursor += length + ((*cursor)[length] == '\n');
        if (line->length > 0 && line->text[0] != '#')
            return true;
    }
    return false;
}

bool span_word(struct span *rest, struct span *word)
{
    *rest = span_trim(*rest);
    *word = (struct span){rest->text, 0};
    while (word->length < rest->length && !is_blank(rest->text[word->length]))
        word->length++;
    rest->text += word->length;
    rest->length -= word->length;
    return word->length > 0;
}

bool span_field(struct span *rest, char separator, struct span *field)
{
    const char *end;

    if (!rest->text)
        return false;
    end = memchr(rest->text, separator, rest->length);
    *field = (struct span){rest->text, end ? (size_t)(end - rest->text) : rest->length};
    if (end)
        *rest = (struct span){end + 1, rest->length - field->length - 1};
    else
        *rest = (struct span){NULL, 0};
    return true;
}

bool span_is(struct span s, const char *text)
{
    return strlen(text) == s.length && memcmp(s.text, text, s.length) == 0;
}

bool span_is_any_case(struct span s, const char *text)
{
    return strlen(text) == s.length && strncasecmp(s.text, text, s.length) == 0;
}

bool span_starts(struct span s, const char *text)
{
    size_t length = strlen(text);

    return length <= s.length && memcmp(s.text, text, length) == 0;
}

bool span_holds(struct span s, const char *text)
{
    return memmem(s.text, s.length, text, strlen(text)) != NULL;
}

int span_number(struct span s, uint32_t *ret)
{
    uint64_t n = 0;

    *ret = 0;
    if (s.length == 0 || s.length > 10)
        return -EINVAL;
    for (size_t i = 0; i < s.length; i++) {
        if (s.text[i] < '0' || s.text[i] > '9')
            return -EINVAL;
        n = n * 10 + (uint64_t)(s.text[i] - '0');
    }
    if (n > UINT32_MAX)
        return -EINVAL;
    *ret = (uint32_t)n;
    return 0;
}

char *span_copy(struct span s)
{
    return strndup(s.text, s.length);
}

static bool value_of_word(struct span line, const char *key, struct span *value)
{
    struct span word;

    if (!span_word(&line, &word) || !span_is(word, key))
        return false;
    *value = span_trim(line);
    return true;
}

static bool value_of_key(struct span line, const char *key, struct span *value)
{
    struct span name;

    if (!memchr(line.text, '=', line.length) || !span_field(&line, '=', &name) ||
        !span_is(span_trim(name), key))
        return false;
    *value = span_trim(line);
    return true;
}

bool lines_value(const char *text, const char *section, const char *key, struct span *value)
{
    bool found = false, inside = section == NULL;
    struct span line;

    while (lines_next(&text, &line)) {
        if (section && line.text[0] == '[' && line.text[line.length - 1] == ']')
            inside = span_is((struct span){line.text + 1, line.length - 2}, section);
        else if (inside && (section ? value_of_key(line, key, value) : value_of_word(line, key, value)))
            found = true;
    }
    return found;
}
