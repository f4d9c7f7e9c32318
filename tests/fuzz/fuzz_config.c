// LAYERS: daemon ldap reaper audit common document base
// LIBRARIES: jansson
// COVERS: broker/common/conf.c:-conf_load broker/common/staff_register.c:-staff_register_load
// COVERS: broker/daemon/config.c:-config_load broker/reaper/config.c:-reaper_config_load
// COVERS: broker/ldap/config.c:-ldapd_config_load,ldapd_config_load_own
// OPTIONS: -max_len=4096
/*
 * Any text as each configuration file; the first octet says which: hufud's, hufu-ldapd's, hufu-reaper's, the
 * register of staff. What is accepted means something that the program can live by, a refusal says why in
 * plain words and leaves nothing, and a comment on top changes nothing but the number of the line.
 */
#include "broker/common/staff_register.h"
#include "broker/daemon/config.h"
#include "broker/ldap/config.h"
#include "broker/reaper/config.h"
#include "policy/base/buf.h"
#include "policy/base/ident.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

typedef int parser(const char *text, size_t size, struct conf_error *error);

static int parse_hufud(const char *text, size_t size, struct conf_error *error)
{
    struct config *c = NULL;
    int r = config_parse(text, size, &c, error);

    demand((r == 0) == (c != NULL), "refused, and a configuration is left");
    if (!c)
        return r;
    demand(ident_is_name(c->host, strlen(c->host)), "a host has a name");
    for (size_t i = 0; i < c->n_groups; i++)
        demand(ident_is_name(c->groups[i], strlen(c->groups[i])), "a group has a name");
    demand(c->gated_first > 0 && c->gated_first <= c->gated_last, "a range of uids, without root");
    demand(!c->status_required || c->status_max_age > 0, "a status is some time old at most");
    demand(c->checkpoint_every > 0 && c->checkpoint_every <= 3600, "a checkpoint in an hour");
    demand(record_format_label((uint8_t)c->ledger_hash) != NULL, "records have a format");
    demand(!c->archive || c->archive[0] == '/', "an absolute folder");
    demand(c->language != NULL, "a language");
    config_free(c);
    return r;
}

static int parse_ldapd(const char *text, size_t size, struct conf_error *error)
{
    struct ldapd_config *c = NULL;
    int r = ldapd_config_parse(text, size, &c, error);

    demand((r == 0) == (c != NULL), "refused, and a configuration is left");
    if (!c)
        return r;
    demand(c->n_uris > 0 && c->n_uris <= LDAPD_URIS_MAX && c->base && c->base[0] != '\0',
           "a server and a base");
    demand(c->method == LDAPD_EXTERNAL || (c->method == LDAPD_SIMPLE && c->dn && c->password_file),
           "a way to bind");
    demand(!c->password && !c->asks, "a password is never in the file");
    for (size_t i = 0; i < c->n_uris; i++)
        demand(strncmp(c->uris[i], "ldapi://", 8) == 0 ||
                   ldapd_config_uses_tls(c, c->uris[i]) ==
                       (strncmp(c->uris[i], "ldaps://", 8) == 0 || c->start_tls),
               "over a network always TLS, if it was asked for");
    demand(c->network_timeout > 0 && c->stall_after > 0 && c->poll_interval > 0 && c->reconnect_max > 0,
           "times");
    ldapd_config_free(c);
    return r;
}

static int parse_reaper(const char *text, size_t size, struct conf_error *error)
{
    struct reaper_config c = {0};
    int r = reaper_config_parse(text, size, &c, error);

    if (r < 0) {
        demand(is_clear(&c, sizeof(c)), "refused, and something is left");
        return r;
    }
    demand(c.gated_first > 0 && c.gated_first <= c.gated_last, "a range of uids, without root");
    for (size_t i = 1; i < sizeof(c.maximum_seconds) / sizeof(c.maximum_seconds[0]); i++)
        demand(c.maximum_seconds[i] > 0 && c.maximum_seconds[i] <= INT32_MAX, "each session has a longest");
    return r;
}

static int parse_staff(const char *text, size_t size, struct conf_error *error)
{
    struct staff_register *s = NULL;
    int r = staff_register_parse(text, size, &s, error);

    demand((r == 0) == (s != NULL), "refused, and a register is left");
    for (size_t i = 0; s && i < s->n; i++) {
        const struct staff_entry *e = &s->entries[i];

        demand(ident_is_account(e->staff, strlen(e->staff)) && e->vendor &&
                   ident_is_name(e->vendor, strlen(e->vendor)),
               "staff of a vendor");
        demand(e->agreement % 86400 == 0 && e->training % 86400 == 0 && e->vetting % 86400 == 0,
               "whole days");
        for (size_t j = 0; j < i; j++)
            demand(strcmp(s->entries[j].staff, e->staff) != 0, "nobody twice");
    }
    if (s)
        staff_register_free(s);
    return r;
}

static void demand_reason(int r, const struct conf_error *error, const char *text)
{
    unsigned lines = 1;

    demand(r == -EINVAL, "no memory, or an error that no text can make");
    demand(error->reason[0] != '\0' && memchr(error->reason, 0, sizeof(error->reason)),
           "refused without a reason");
    for (const char *c = error->reason; *c != '\0'; c++)
        demand((unsigned char)*c >= 0x20 && *c != 0x7f, "a reason holds a control character");
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    demand(error->line <= lines, "a line that is not there");
}

static void try(parser *parse, const char *text, size_t size)
{
    static const char comment[] = "# what follows was written by somebody\n";
    cleanup_buf struct buf b = BUF_INIT;
    struct conf_error error, below;
    int r = parse(text, size, &error), again;

    /* With a NUL inside it is refused, and its lines cannot be counted here. */
    if (strlen(text) != size) {
        demand(r == -EINVAL, "a NUL in a file");
        return;
    }
    if (r < 0)
        demand_reason(r, &error, text);
    buf_puts(&b, comment);
    buf_put(&b, text, size);
    buf_put_u8(&b, 0);
    again = parse((const char *)b.data, b.size - 1, &below);
    demand(again == r, "a comment changes what is taken");
    if (r < 0 && error.line > 0)
        demand(below.line == error.line + 1 && strcmp(below.reason, error.reason) == 0,
               "a comment changes the reason");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = size > 0 ? fuzz_text(data + 1, size - 1) : NULL;

    switch (text ? data[0] : 0) {
    case 'h':
        try(parse_hufud, text, size - 1);
        break;
    case 'l':
        try(parse_ldapd, text, size - 1);
        break;
    case 'r':
        try(parse_reaper, text, size - 1);
        break;
    case 's':
        try(parse_staff, text, size - 1);
        break;
    default:
        break;
    }
    return 0;
}
