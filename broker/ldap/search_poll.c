#include "broker/common/i18n.h"
#include "broker/ldap/filter.h"
#include "broker/ldap/search_state.h"

#include <errno.h>
#include <string.h>

/* Without RFC 4533. */

#define IDS_EVERY 10 /* polls */

static const char *const attributes[] = {
    "objectClass", "entryUUID", "hufuDocument", "hufuApproval", "hufuBeat", "modifyTimestamp", NULL};
static const char *const id_attributes[] = {"entryUUID", "modifyTimestamp", NULL};

static int read_all(struct search *s)
{
    s->step = POLL_ALL;
    s->newest[0] = '\0';
    seen_clear(&s->seen);
    search_tell_begin(s, true);
    return search_send(s, s->filter, attributes, NULL);
}

static int read_changes(struct search *s)
{
    cleanup_free char *filter = NULL;
    int r = filter_since(s->filter, s->newest, &filter);

    if (r < 0)
        return search_fail(s, r, "%s", strerrordesc_np(-r));
    s->step = POLL_CHANGES;
    search_tell_begin(s, false);
    return search_send(s, filter, attributes, NULL);
}

static int read_ids(struct search *s)
{
    s->step = POLL_IDS;
    s->polls = 0;
    seen_clear(&s->ids);
    return search_send(s, s->filter, id_attributes, NULL);
}

int search_poll_begin(struct search *s)
{
    /* Without a time that changes could be asked since, everything is read each time. */
    if (s->seen.n == 0 || s->newest[0] == '\0')
        return read_all(s);
    return ++s->polls >= IDS_EVERY ? read_ids(s) : read_changes(s);
}

/* Generalized time of the server's: digits, perhaps with a fraction, and Z. All of one server look alike, so
 * that they compare as text. */
static bool is_time(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits >= 14 && text[digits + strspn(text + digits, ".0123456789")] == 'Z';
}

static int put(struct search *s, struct seen *seen, const uint8_t *uuid, const char *modified)
{
    int r = seen_put(seen, uuid, modified);

    return r < 0 ? search_fail(s, r, "%s", strerrordesc_np(-r)) : 0;
}

static int take_id(struct search *s, LDAPMessage *message)
{
    struct entry e;
    int r = entry_read(s->ldap, message, NULL, &e);

    if (r < 0)
        return r;
    r = put(s, &s->ids, e.message.uuid, e.modified);
    entry_done(&e);
    return r;
}

int search_poll_entry(struct search *s, LDAPMessage *message)
{
    char modified[ENTRY_MODIFIED_SIZE] = "";
    uint8_t uuid[SYNC_UUID_SIZE];
    int r = s->step == POLL_IDS ? take_id(s, message) : search_tell_entry(s, message, NULL, uuid, modified);

    if (r == -EBADMSG && s->why[0] == '\0')
        return search_fail(s, r, _("the server shows no entryUUID, and has no RFC 4533"));
    if (r < 0 || s->step == POLL_IDS)
        return r;
    if (is_time(modified) && strcmp(modified, s->newest) > 0)
        memcpy(s->newest, modified, sizeof(s->newest));
    return put(s, &s->seen, uuid, modified);
}

/* Whether all that is there is as it was told. What is gone does not matter here: it is just not listed. */
static bool is_known(const struct search *s)
{
    for (size_t i = 0; i < s->ids.n_slots; i++) {
        const char *modified;

        if (!s->ids.used[i])
            continue;
        modified = seen_find(&s->seen, s->ids.slots[i].uuid);
        if (!modified || strcmp(modified, s->ids.slots[i].modified) != 0)
            return false;
    }
    return true;
}

static int take_ids(struct search *s)
{
    if (!is_known(s))
        return read_all(s);
    search_tell_begin(s, false);
    for (size_t i = 0; i < s->ids.n_slots; i++)
        if (s->ids.used[i])
            search_tell_uuids(s, FEED_PRESENT, s->ids.slots[i].uuid, 1);
    seen_clear(&s->seen);
    s->seen = s->ids;
    s->ids = (struct seen){0};
    search_tell_end(s, false);
    return search_wait(s);
}

int search_poll_result(struct search *s, LDAPMessage *message)
{
    char *diagnostic = NULL;
    char text[FEED_TEXT_MAX / 2];
    int code = LDAP_OTHER;

    s->msgid = -1;
    if (ldap_parse_result(s->ldap, message, &code, NULL, &diagnostic, NULL, NULL, 0) != LDAP_SUCCESS)
        code = LDAP_DECODING_ERROR;
    search_describe(code, diagnostic, text, sizeof(text));
    ldap_memfree(diagnostic);
    if (code != LDAP_SUCCESS)
        return search_fail(s, -EPROTO, _("the search came to nothing: %s"), text);
    if (s->step == POLL_IDS)
        return take_ids(s);
    /* Of changes alone nothing follows about what is not among them. */
    search_tell_end(s, s->step == POLL_CHANGES);
    return search_wait(s);
}
