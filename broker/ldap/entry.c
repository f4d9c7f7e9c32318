#include "broker/ldap/entry.h"

#include "policy/base/ident.h"

#include <errno.h>
#include <string.h>

#define APPROVAL_FIRST_LINE "hufu-approval: 1\n"
#define APPROVAL_SIZE_MAX   ((size_t)16 * 1024)
/* What of a frame's body is neither document nor approval, and the lengths before those. */
#define FIXED_SIZE (64 + FEED_NAME_MAX + 4 * (FEED_APPROVALS_MAX + 1))
#define ROOM       (FEED_BODY_MAX - FIXED_SIZE)

int entry_parse_uuid(const struct berval *text, uint8_t uuid[static 16])
{
    static const size_t dashes[] = {8, 13, 18, 23};
    char digits[33];
    size_t n = 0, dash = 0;

    if (text->bv_len != 36)
        return -EINVAL;
    for (size_t i = 0; i < text->bv_len; i++) {
        char c = text->bv_val[i];

        if (dash < ARRAY_SIZE(dashes) && i == dashes[dash]) {
            dash++;
            if (c != '-')
                return -EINVAL;
        } else {
            digits[n++] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
        }
    }
    return ident_parse_hex(digits, n, uuid, 16);
}

static bool has_value(LDAP *ldap, LDAPMessage *message, const char *attribute, const char *value)
{
    struct berval **values = ldap_get_values_len(ldap, message, attribute);
    bool found = false;

    for (size_t i = 0; values && values[i] && !found; i++)
        found = values[i]->bv_len == strlen(value) &&
                strncasecmp(values[i]->bv_val, value, values[i]->bv_len) == 0;
    ldap_value_free_len(values);
    return found;
}

static int read_uuid(LDAP *ldap, LDAPMessage *message, const uint8_t *uuid, struct entry *ret)
{
    struct berval **values;
    int r = -EBADMSG;

    if (uuid) {
        memcpy(ret->message.uuid, uuid, sizeof(ret->message.uuid));
        return 0;
    }
    values = ldap_get_values_len(ldap, message, "entryUUID");
    if (values && values[0] && !values[1] && entry_parse_uuid(values[0], ret->message.uuid) == 0)
        r = 0;
    ldap_value_free_len(values);
    return r;
}

static int read_name(LDAP *ldap, LDAPMessage *message, struct entry *ret)
{
    char *dn = ldap_get_dn(ldap, message);

    if (!dn)
        return -EBADMSG;
    (void)strncpy(ret->message.name, dn, sizeof(ret->message.name) - 1);
    ldap_memfree(dn);
    return 0;
}

static void read_modified(LDAP *ldap, LDAPMessage *message, struct entry *ret)
{
    struct berval **values = ldap_get_values_len(ldap, message, "modifyTimestamp");

    if (values && values[0] && values[0]->bv_len < sizeof(ret->modified) &&
        strlen(values[0]->bv_val) == values[0]->bv_len)
        memcpy(ret->modified, values[0]->bv_val, values[0]->bv_len);
    ldap_value_free_len(values);
}

static void take_document(struct entry *e)
{
    const struct berval *value = e->documents ? e->documents[0] : NULL;

    if (!value || e->documents[1] || value->bv_len > ROOM)
        return;
    e->message.document = (struct feed_octets){(const uint8_t *)value->bv_val, value->bv_len};
}

static bool looks_like_approval(const struct berval *value)
{
    size_t length = strlen(APPROVAL_FIRST_LINE);

    return value->bv_len > length && value->bv_len <= APPROVAL_SIZE_MAX &&
           memcmp(value->bv_val, APPROVAL_FIRST_LINE, length) == 0;
}

/* Those that do, or do not, look like one, as long as there is room. */
static void take_approvals(struct entry *e, bool good, size_t *room)
{
    struct feed_message *m = &e->message;

    for (size_t i = 0; e->approvals && e->approvals[i] && m->n_approvals < FEED_APPROVALS_MAX; i++) {
        const struct berval *value = e->approvals[i];

        if (looks_like_approval(value) != good || value->bv_len > *room)
            continue;
        m->approvals[m->n_approvals++] = (struct feed_octets){(const uint8_t *)value->bv_val, value->bv_len};
        *room -= value->bv_len;
    }
}

int entry_read(LDAP *ldap, LDAPMessage *message, const uint8_t *uuid, struct entry *ret)
{
    bool beat = has_value(ldap, message, "objectClass", "hufuHeartbeat");
    size_t room = ROOM;
    int r;

    *ret = (struct entry){.message = {.type = FEED_ENTRY, .kind = beat ? FEED_HEARTBEAT : FEED_DOCUMENT}};
    r = read_uuid(ldap, message, uuid, ret);
    if (r == 0)
        r = read_name(ldap, message, ret);
    if (r < 0)
        return r;
    read_modified(ldap, message, ret);
    ret->documents = ldap_get_values_len(ldap, message, beat ? "hufuBeat" : "hufuDocument");
    take_document(ret);
    if (beat)
        return 0;
    ret->approvals = ldap_get_values_len(ldap, message, "hufuApproval");
    room -= ret->message.document.size;
    take_approvals(ret, true, &room);
    take_approvals(ret, false, &room);
    return 0;
}

void entry_done(struct entry *e)
{
    ldap_value_free_len(e->documents);
    ldap_value_free_len(e->approvals);
    e->documents = e->approvals = NULL;
}
