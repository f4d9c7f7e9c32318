// LAYERS: sessions ldap client plugin common document wire base
// LIBRARIES: pam libldap jansson
// PARTS: ctl broker/ctl/moment.c
// COVERS: policy/base/when.c policy/base/address.c policy/base/ident.c policy/base/unicode.c
// COVERS: policy/base/recorder.c broker/ctl/moment.c broker/sessions/auth_info.c
// COVERS: broker/common/conf.c:conf_parse_range,conf_parse_duration,conf_parse_size
// COVERS: broker/ldap/entry.c:entry_parse_uuid
// COVERS: pam_module/arguments.c:arguments_parse_range
// OPTIONS: -max_len=512
/*
 * Any octets as each of the small values: instants, addresses, networks, names, numbers, identifiers, base64,
 * durations, sizes, ranges, what sshd says of a connection. Whatever has one way to be written is written
 * back as the very octets; whatever has several comes out the same when it is written and read again; a
 * refusal leaves nothing behind.
 */
#include "broker/common/conf.h"
#include "broker/ctl/moment.h"
#include "broker/ldap/entry.h"
#include "broker/sessions/auth_info.h"
#include "pam_module/arguments.h"
#include "policy/base/address.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"
#include "policy/base/recorder.h"
#include "policy/base/unicode.h"
#include "policy/base/when.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same(const char *written, const char *text, size_t size)
{
    return strlen(written) == size && memcmp(written, text, size) == 0;
}

static void try_times(const char *text, size_t size)
{
    char written[WHEN_TEXT_SIZE];
    when_t t;

    if (when_parse(text, size, &t) == 0) {
        when_format(t, written);
        demand(same(written, text, size), "an instant has one text");
        demand(t >= 0 && when_weekday(t, -50400) <= 6 && when_weekday(t, 50400) <= 6, "a day of the week");
    }
    if (moment_parse(text, 1795255200, &t) == 0) {
        when_t again;

        when_format(t, written);
        demand(when_parse(written, strlen(written), &again) == 0 && again == t,
               "a moment that was typed can be told");
    }
}

static void try_addresses(const char *text, size_t size)
{
    char written[NETWORK_TEXT_SIZE];
    struct address a = {0}, again;
    struct network n = {0};

    if (address_parse(text, size, &a) == 0) {
        address_format(&a, written);
        demand(address_parse(written, strlen(written), &again) == 0 && address_equal(&a, &again),
               "an address comes back");
        demand(a.family == ADDRESS_IPV4 || a.family == ADDRESS_IPV6, "a family");
    }
    if (network_parse(text, size, &n) == 0) {
        network_format(&n, written);
        demand(same(written, text, size), "a network has one text");
        demand(network_contains(&n, &n.address), "a network holds its own address");
    }
}

static void try_identifiers(const char *text, size_t size)
{
    struct ident_fingerprint f;
    struct ident_id id;
    char written[64];
    uint32_t number;

    if (ident_parse_number(text, size, &number) == 0) {
        (void)snprintf(written, sizeof(written), "%u", number);
        demand(same(written, text, size) && number > 0 && number <= INT32_MAX, "a number has one text");
    }
    if (ident_parse_id(text, size, &id) == 0) {
        ident_format_id(&id, written);
        demand(same(written, text, size) && ident_id_equal(&id, &id), "an id has one text");
    }
    if (ident_parse_fingerprint(text, size, &f) == 0) {
        ident_format_fingerprint(&f, written);
        demand(same(written, text, size) && ident_fingerprint_equal(&f, &f), "a fingerprint has one text");
    }
    if (ident_is_account(text, size))
        demand(ident_is_visible_text(text, size) && size <= IDENT_ACCOUNT_MAX, "an account can be seen");
    if (ident_is_name(text, size))
        demand(ident_is_visible_text(text, size) && size <= IDENT_NAME_MAX, "a name can be seen");
}

static void try_octets(const char *text, size_t size)
{
    cleanup_free uint8_t *octets = NULL;
    cleanup_free char *written = NULL;
    uint8_t few[16];
    char digits[33];
    size_t n = 0;

    if (ident_base64_decode(text, size, &octets, &n) == 0) {
        written = ident_base64_encode(octets, n);
        demand(written && same(written, text, size), "base64 has one text");
    } else {
        demand(!octets, "no base64, and octets are left");
    }
    if (ident_parse_hex(text, size, few, sizeof(few)) == 0) {
        ident_format_hex(few, sizeof(few), digits);
        demand(same(digits, text, size), "hexadecimal has one text");
    }
}

/* Characters are taken whole, and what is visible has none that is not. */
static void try_unicode(const char *text, size_t size)
{
    bool visible = true;
    size_t at = 0;

    while (at < size) {
        uint32_t c = 0;
        size_t n = unicode_take(text + at, size - at, &c);

        demand(n <= 4 && n <= size - at, "a character goes beyond the text");
        if (n == 0)
            break;
        demand(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff), "no such character");
        visible = visible && unicode_is_visible(c);
        at += n;
    }
    demand(ident_is_visible_text(text, size) == (visible && at == size), "visible is each of its characters");
}

static void try_amounts(const char *text)
{
    struct gate_range range = {0};
    unsigned first = 0, last = 0;
    uint32_t seconds = 0;
    uint64_t octets = 0;
    bool taken;
    char written[64];

    taken = conf_parse_range(text, &first, &last) == 0;
    (void)snprintf(written, sizeof(written), "%u-%u", first, last);
    demand(!taken || (strcmp(written, text) == 0 && first > 0 && first <= last), "a range has one text");
    demand((arguments_parse_range(text, &range) == 0) == taken, "module and configuration agree on a range");
    demand(range.first == (taken ? first : 0) && range.last == (taken ? last : 0), "and on its ends");
    if (conf_parse_duration(text, &seconds) == 0)
        demand(seconds > 0 && seconds <= 10U * 365 * 86400, "ten years at most");
    if (conf_parse_size(text, &octets) == 0)
        demand(octets >= 1024 && octets < (uint64_t)1 << 61, "a size fits");
    if (moment_parse_duration(text, &seconds) == 0)
        demand(seconds > 0 && seconds <= INT32_MAX, "a duration fits");
    else
        demand(seconds == 0, "no duration, and something is left");
}

static void try_recording(const char *text)
{
    char written[RECORDER_NAME_SIZE];
    uint64_t session;
    uint32_t channel;

    if (recorder_is_name(text, &session, &channel)) {
        const char *random = strrchr(text, '-') + 1;

        recorder_name(session, channel, strtoull(random, NULL, 16), written);
        demand(strcmp(written, text) == 0, "a recording's name is one that is given");
    }
    (void)recorder_cmdline_names(text, strlen(text) + 1, "17-1301-0123456789abcdef");
}

static void try_connection(const char *text)
{
    static const char *const serial[] = {"ttyS0"};
    cleanup_free uint8_t *blob = NULL;
    size_t size = 0;
    /* As sshd's connection, as remote host, as the terminal of a console. */
    const struct source_claim claims[] = {
        {SERVICE_LOGIN, "sshd", "ssh", "evil.example", text, serial, 1},
        {SERVICE_LOGIN, "sshd", "ssh", text, "", serial, 1},
        {SERVICE_LOGIN, "login", text, "", "", serial, 1},
        {SERVICE_LOGIN, text, "tty1", "", "", serial, 1},
        {SERVICE_SWITCH, "su", text, text, text, serial, 1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
        struct address a;
        enum source_kind kind = source_of(&claims[i], &a);

        demand(kind == SOURCE_ADDRESS || is_clear(a.octets, sizeof(a.octets)), "an address of what has none");
    }
    if (auth_info_key(text, &blob, &size) == 0)
        demand(!blob || strstr(text, "publickey "), "a key that nobody named");
    else
        demand(!blob, "refused, and a key is left");
}

static void try_uuid(const char *text, size_t size)
{
    const struct berval value = {.bv_len = size, .bv_val = (char *)(uintptr_t)text};
    uint8_t uuid[16];
    char digits[33];
    size_t n = 0;

    if (entry_parse_uuid(&value, uuid) < 0)
        return;
    ident_format_hex(uuid, sizeof(uuid), digits);
    for (size_t i = 0; i < size; i++)
        demand(text[i] == '-' || (n < 32 && (text[i] | 0x20) == digits[n++]), "a uuid comes back");
    demand(size == 36 && n == 32, "a uuid has 36 octets");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_text(data, size);

    try_times(text, size);
    try_addresses(text, size);
    try_identifiers(text, size);
    try_octets(text, size);
    try_unicode(text, size);
    try_amounts(text);
    try_recording(text);
    try_connection(text);
    try_uuid(text, size);
    return 0;
}
