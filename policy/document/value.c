#include "policy/document/value.h"

#include "policy/base/ident.h"
#include "policy/base/when.h"
#include "policy/document/grant.h"

#include <errno.h>
#include <string.h>

#define ROLE_MAX 32

static bool is_role(const char *text, size_t length)
{
    if (length < 1 || length > ROLE_MAX || text[0] < 'a' || text[0] > 'z')
        return false;
    for (size_t i = 1; i < length; i++)
        if ((text[i] < 'a' || text[i] > 'z') && (text[i] < '0' || text[i] > '9') && text[i] != '-')
            return false;
    return true;
}

static bool is_purpose(const char *text, size_t length)
{
    return length > 0 && text[0] != ' ' && text[length - 1] != ' ' && ident_is_visible_text(text, length);
}

const struct grammar_word value_name = {
    ident_is_name, N_("a name (a letter or digit, then letters, digits, `.`, `_`, `-`; at most 64)")};
const struct grammar_word value_account = {
    ident_is_account, N_("an account (a-z or `_`, then a-z, 0-9, `_`, `.`, `-`; at most 32)")};
const struct grammar_word value_role = {is_role, N_("a role (a-z, then a-z, 0-9, `-`; at most 32)")};
const struct grammar_word value_purpose = {
    is_purpose,
    N_("text in UTF-8 that is visible throughout (no control, zero-width, bidi or special blank)")};

int value_take_word(struct grammar_reader *r, unsigned line, struct grammar_token token,
                    const struct grammar_word *word, const char **ret)
{
    if (!word->is(token.text, token.length))
        return grammar_refuse_token(r, line, token, word->expected);
    *ret = arena_copy_text(r->arena, token.text, token.length);
    return *ret ? 0 : -ENOMEM;
}

int value_take_number(struct grammar_reader *r, unsigned line, struct grammar_token token, uint32_t *ret)
{
    if (ident_parse_number(token.text, token.length, ret) < 0)
        return grammar_refuse_token(r, line, token, VALUE_EXPECTED_NUMBER);
    return 0;
}

int value_take_base64(struct grammar_reader *r, unsigned line, struct grammar_token token,
                      const uint8_t **ret, size_t *ret_size)
{
    cleanup_free uint8_t *octets = NULL;
    uint8_t *copy;
    int result;

    result = ident_base64_decode(token.text, token.length, &octets, ret_size);
    if (result == -EINVAL)
        return grammar_refuse_token(r, line, token, VALUE_EXPECTED_BASE64);
    if (result != 0)
        return result;
    copy = arena_new_array(r->arena, uint8_t, *ret_size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, octets, *ret_size);
    *ret = copy;
    return 0;
}

bool value_may_emit(struct grammar_writer *w, const struct grammar_word *word, const char *text)
{
    if (text && word->is(text, strlen(text)))
        return true;
    grammar_cannot_emit(w, text ? text : "", word->expected);
    return false;
}

int value_refuse_company(struct grammar_reader *r, const struct grammar_line *lines, size_t n,
                         const char *word)
{
    for (size_t i = 0; n > 1 && i < n; i++)
        if (grammar_token_is(lines[i].value, word))
            return grammar_refuse(r, lines[i].number,
                                  N_("`%s` stands alone, without other lines of this key"), word);
    return 0;
}

int value_read_format(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    (void)member;
    (void)n;
    if (!grammar_token_is(lines[0].value, "1"))
        return grammar_refuse_token(r, lines[0].number, lines[0].value,
                                    N_("a version known here; only `1` is"));
    return 0;
}

void value_write_format(struct grammar_writer *w, const void *member)
{
    (void)member;
    grammar_emit(w, "1");
}

int value_read_word(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    (void)n;
    return value_take_word(r, lines[0].number, lines[0].value, r->field->word, member);
}

void value_write_word(struct grammar_writer *w, const void *member)
{
    const char *text = *(const char *const *)member;

    if (value_may_emit(w, w->field->word, text))
        grammar_emit(w, "%s", text);
}

int value_read_number(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    (void)n;
    return value_take_number(r, lines[0].number, lines[0].value, member);
}

void value_write_number(struct grammar_writer *w, const void *member)
{
    grammar_emit(w, "%u", *(const uint32_t *)member);
}

int value_read_time(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    (void)n;
    if (when_parse(lines[0].value.text, lines[0].value.length, member) < 0)
        return grammar_refuse_token(r, lines[0].number, lines[0].value, VALUE_EXPECTED_TIME);
    return 0;
}

void value_write_time(struct grammar_writer *w, const void *member)
{
    char text[WHEN_TEXT_SIZE];

    when_format(*(const when_t *)member, text);
    grammar_emit(w, "%s", text);
}

int value_read_id(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    (void)n;
    if (ident_parse_id(lines[0].value.text, lines[0].value.length, member) < 0)
        return grammar_refuse_token(r, lines[0].number, lines[0].value, VALUE_EXPECTED_ID);
    return 0;
}

void value_write_id(struct grammar_writer *w, const void *member)
{
    char text[IDENT_ID_TEXT_SIZE];

    ident_format_id(member, text);
    grammar_emit(w, "%s", text);
}

int value_read_sha256(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    (void)n;
    if (ident_parse_hex(lines[0].value.text, lines[0].value.length, member, 32) < 0)
        return grammar_refuse_token(r, lines[0].number, lines[0].value, VALUE_EXPECTED_SHA256);
    return 0;
}

void value_write_sha256(struct grammar_writer *w, const void *member)
{
    char text[2 * 32 + 1];

    ident_format_hex(member, 32, text);
    grammar_emit(w, "%s", text);
}

int value_read_words(struct grammar_reader *r, void *member, const struct grammar_line *lines, size_t n)
{
    struct grant_strings *strings = member;
    const char **items = arena_new_array(r->arena, const char *, n);

    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        int result = value_take_word(r, lines[i].number, lines[i].value, r->field->word, &items[i]);

        if (result != 0)
            return result;
    }
    *strings = (struct grant_strings){.items = items, .count = n};
    return 0;
}

void value_write_words(struct grammar_writer *w, const void *member)
{
    const struct grant_strings *strings = member;

    for (size_t i = 0; i < strings->count; i++)
        if (value_may_emit(w, w->field->word, strings->items[i]))
            grammar_emit(w, "%s", strings->items[i]);
}
