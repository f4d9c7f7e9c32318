#include "policy/base/address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * The parser is our own and small, because inet_pton(3) differs between libraries in what it lets pass (zone
 * ids, "::" that stands for nothing) and a source rule must not depend on the host's library.
 */

#define GROUPS 8

static bool hex_digit(char c, unsigned *ret)
{
    if (c >= '0' && c <= '9')
        *ret = (unsigned)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *ret = (unsigned)(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
        *ret = (unsigned)(c - 'A') + 10;
    else
        return false;
    return true;
}

/* Canonical decimal 0..max at *position, which moves behind it. */
static bool take_decimal(const char *text, size_t length, size_t *position, unsigned max, unsigned *ret)
{
    size_t start = *position;
    unsigned value = 0;

    while (*position < length && text[*position] >= '0' && text[*position] <= '9') {
        value = value * 10 + (unsigned)(text[(*position)++] - '0');
        if (value > max)
            return false;
    }
    if (*position == start || (text[start] == '0' && *position - start > 1))
        return false;
    *ret = value;
    return true;
}

static bool parse_ipv4(const char *text, size_t length, uint8_t octets[static 4])
{
    size_t position = 0;

    for (unsigned i = 0; i < 4; i++) {
        unsigned value;

        if (i > 0 && (position >= length || text[position++] != '.'))
            return false;
        if (!take_decimal(text, length, &position, 255, &value))
            return false;
        octets[i] = (uint8_t)value;
    }
    return position == length;
}

/* Groups of an IPv6 address as read so far. `gap` is where "::" stands, GROUPS + 1 while there is none. */
struct groups {
    uint16_t value[GROUPS];
    size_t count;
    size_t gap;
};

static bool take_group(const char *text, size_t length, size_t *position, struct groups *g)
{
    size_t start = *position;
    unsigned value = 0, digit;
    uint8_t quad[4];

    while (*position < length && *position - start < 4 && hex_digit(text[*position], &digit)) {
        value = value << 4 | digit;
        (*position)++;
    }
    if (*position < length && text[*position] == '.') {
        if (g->count > GROUPS - 2 || !parse_ipv4(text + start, length - start, quad))
            return false;
        g->value[g->count++] = (uint16_t)(quad[0] << 8 | quad[1]);
        g->value[g->count++] = (uint16_t)(quad[2] << 8 | quad[3]);
        *position = length;
        return true;
    }
    if (*position == start || g->count == GROUPS)
        return false;
    g->value[g->count++] = (uint16_t)value;
    return true;
}

static bool take_groups(const char *text, size_t length, struct groups *g)
{
    size_t position = 0;

    while (position < length) {
        if (length - position >= 2 && text[position] == ':' && text[position + 1] == ':') {
            if (g->gap <= GROUPS)
                return false;
            g->gap = g->count;
            position += 2;
            if (position == length)
                return true;
        } else if (position > 0) {
            if (text[position++] != ':')
                return false;
        }
        if (!take_group(text, length, &position, g))
            return false;
    }
    return true;
}

static bool parse_ipv6(const char *text, size_t length, uint8_t octets[static 16])
{
    struct groups g = {.gap = GROUPS + 1};
    size_t missing;

    if (!take_groups(text, length, &g))
        return false;
    missing = GROUPS - g.count;
    if ((g.gap <= GROUPS) != (missing > 0))
        return false;
    for (size_t i = 0; i < g.count; i++) {
        size_t at = i < g.gap ? i : i + missing;

        octets[2 * at] = (uint8_t)(g.value[i] >> 8);
        octets[2 * at + 1] = (uint8_t)g.value[i];
    }
    return true;
}

static bool is_mapped(const uint8_t octets[static 16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return memcmp(octets, mapped, sizeof(mapped)) == 0;
}

int address_parse(const char *text, size_t length, struct address *ret)
{
    struct address a = {.family = ADDRESS_IPV4};

    *ret = a;
    if (parse_ipv4(text, length, a.octets)) {
        *ret = a;
        return 0;
    }
    a = (struct address){.family = ADDRESS_IPV6};
    if (!parse_ipv6(text, length, a.octets))
        return -EINVAL;
    if (is_mapped(a.octets)) {
        a.family = ADDRESS_IPV4;
        memmove(a.octets, a.octets + 12, 4);
        memset(a.octets + 4, 0, 12);
    }
    *ret = a;
    return 0;
}

/* The longest run of at least two zero groups, the first of equals (RFC 5952, 4.2). */
static void find_zero_run(const uint16_t groups[static GROUPS], size_t *start, size_t *length)
{
    *start = GROUPS;
    *length = 0;
    for (size_t i = 0; i < GROUPS; i++) {
        size_t run = 0;

        while (i + run < GROUPS && groups[i + run] == 0)
            run++;
        if (run >= 2 && run > *length) {
            *start = i;
            *length = run;
        }
    }
}

static void format_ipv6(const uint8_t octets[static 16], char text[static ADDRESS_TEXT_SIZE])
{
    uint16_t groups[GROUPS];
    size_t start, run, at = 0;

    for (size_t i = 0; i < GROUPS; i++)
        groups[i] = (uint16_t)(octets[2 * i] << 8 | octets[2 * i + 1]);
    find_zero_run(groups, &start, &run);
    for (size_t i = 0; i < GROUPS; i++) {
        if (i == start) {
            text[at++] = ':';
            text[at++] = ':';
            i += run - 1;
            continue;
        }
        if (i > 0 && i != start + run)
            text[at++] = ':';
        at += (size_t)snprintf(text + at, ADDRESS_TEXT_SIZE - at, "%x", groups[i]);
    }
    text[at] = 0;
}

void address_format(const struct address *a, char text[static ADDRESS_TEXT_SIZE])
{
    if (a->family == ADDRESS_IPV4)
        snprintf(text, ADDRESS_TEXT_SIZE, "%u.%u.%u.%u", a->octets[0], a->octets[1], a->octets[2],
                 a->octets[3]);
    else
        format_ipv6(a->octets, text);
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

static unsigned family_bits(enum address_family family)
{
    return family == ADDRESS_IPV4 ? 32 : 128;
}

static void clear_host_bits(struct address *a, unsigned prefix)
{
    unsigned whole = prefix / 8;

    if (prefix % 8 != 0) {
        a->octets[whole] &= (uint8_t)(0xff00U >> prefix % 8);
        whole++;
    }
    memset(a->octets + whole, 0, sizeof(a->octets) - whole);
}

int network_parse(const char *text, size_t length, struct network *ret)
{
    const char *slash = length > 0 ? memchr(text, '/', length) : NULL;
    char canonical[NETWORK_TEXT_SIZE];
    struct network n;
    size_t position;
    unsigned prefix;

    *ret = (struct network){.address.family = ADDRESS_IPV4};
    if (!slash || address_parse(text, (size_t)(slash - text), &n.address) < 0)
        return -EINVAL;
    position = (size_t)(slash - text) + 1;
    if (!take_decimal(text, length, &position, family_bits(n.address.family), &prefix) || position != length)
        return -EINVAL;
    n.prefix = (uint8_t)prefix;
    clear_host_bits(&n.address, prefix);
    /* Covers host bits, letter case, zero runs and the mapped form at once: one network has one text. */
    network_format(&n, canonical);
    if (strlen(canonical) != length || memcmp(canonical, text, length) != 0)
        return -EINVAL;
    *ret = n;
    return 0;
}

void network_format(const struct network *n, char text[static NETWORK_TEXT_SIZE])
{
    char address[ADDRESS_TEXT_SIZE];

    address_format(&n->address, address);
    snprintf(text, NETWORK_TEXT_SIZE, "%s/%u", address, n->prefix);
}

bool network_contains(const struct network *n, const struct address *a)
{
    struct address masked = *a;

    if (a->family != n->address.family || n->prefix > family_bits(a->family))
        return false;
    clear_host_bits(&masked, n->prefix);
    return address_equal(&masked, &n->address);
}
