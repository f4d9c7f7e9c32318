#ifndef HUFU_BASE_ADDRESS_H
#define HUFU_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Internet addresses and networks, parsed without the resolver: a name is never looked up (pam_access
 * CVE-2024-10963), a zone id never accepted, ::ffff:a.b.c.d is the IPv4 address a.b.c.d (3-rules, "Source").
 */
enum address_family {
    ADDRESS_IPV4 = 4,
    ADDRESS_IPV6 = 6,
};

struct address {
    enum address_family family;
    uint8_t octets[16]; /* network order; IPv4 in the first four, the rest zero */
};

struct network {
    struct address address; /* host bits zero */
    uint8_t prefix;
};

#define ADDRESS_TEXT_SIZE 46
#define NETWORK_TEXT_SIZE 50

/** Dotted quad without leading zeros, or RFC 4291 text without zone; IPv4-mapped becomes IPv4.
 * Returns 0 or -EINVAL. */
int address_parse(const char *text, size_t length, struct address *ret);
/** RFC 5952 form. */
void address_format(const struct address *a, char text[static ADDRESS_TEXT_SIZE]);
bool address_equal(const struct address *a, const struct address *b);

/** "ADDRESS/PREFIX", canonical (RFC 5952 text, host bits zero, no mapped form). Returns 0 or -EINVAL. */
int network_parse(const char *text, size_t length, struct network *ret);
void network_format(const struct network *n, char text[static NETWORK_TEXT_SIZE]);
bool network_contains(const struct network *n, const struct address *a);

#endif
