#include "tests/differential/word_cases.h"

#include "policy/base/address.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/when.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool time_word(const char *octets, size_t size, char *text)
{
    when_t t;

    if (when_parse(octets, size, &t) < 0)
        return false;
    snprintf(text, WORD_TEXT_SIZE, "%lld %u", (long long)t, when_weekday(t, 0));
    return true;
}

static bool number_word(const char *octets, size_t size, char *text)
{
    uint32_t number;

    if (ident_parse_number(octets, size, &number) < 0)
        return false;
    snprintf(text, WORD_TEXT_SIZE, "%u", number);
    return true;
}

static bool id_word(const char *octets, size_t size, char *text)
{
    struct ident_id id;

    if (ident_parse_id(octets, size, &id) < 0)
        return false;
    ident_format_id(&id, text);
    return true;
}

static bool fingerprint_word(const char *octets, size_t size, char *text)
{
    struct ident_fingerprint f;

    if (ident_parse_fingerprint(octets, size, &f) < 0)
        return false;
    ident_format_fingerprint(&f, text);
    return true;
}

static bool address_word(const char *octets, size_t size, char *text)
{
    struct address a;

    if (address_parse(octets, size, &a) < 0)
        return false;
    snprintf(text, WORD_TEXT_SIZE, "%d ", a.family);
    for (size_t i = 0; i < (a.family == ADDRESS_IPV4 ? 4 : 16); i++)
        snprintf(text + strlen(text), WORD_TEXT_SIZE - strlen(text), "%02x", a.octets[i]);
    return true;
}

static bool network_word(const char *octets, size_t size, char *text)
{
    struct network n;

    if (network_parse(octets, size, &n) < 0)
        return false;
    network_format(&n, text);
    return true;
}

static bool same_if(bool is, const char *octets, size_t size, char *text)
{
    if (is)
        snprintf(text, WORD_TEXT_SIZE, "%.*s", (int)size, octets);
    return is;
}

static bool name_word(const char *octets, size_t size, char *text)
{
    return same_if(ident_is_name(octets, size), octets, size, text);
}

static bool account_word(const char *octets, size_t size, char *text)
{
    return same_if(ident_is_account(octets, size), octets, size, text);
}

static bool visible_word(const char *octets, size_t size, char *text)
{
    return same_if(ident_is_visible_text(octets, size), octets, size, text);
}

int word_canonical(const char *kind, const char *octets, size_t size, char text[static WORD_TEXT_SIZE])
{
    static const struct {
        const char *kind;
        bool (*read)(const char *octets, size_t size, char *text);
    } kinds[] = {{"time", time_word},       {"number", number_word},   {"name", name_word},
                 {"account", account_word}, {"id", id_word},           {"fingerprint", fingerprint_word},
                 {"address", address_word}, {"network", network_word}, {"visible", visible_word}};

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0) {
            if (!kinds[i].read(octets, size, text))
                snprintf(text, WORD_TEXT_SIZE, "refused");
            return 0;
        }
    return -1;
}
