#include "broker/common/i18n.h"
#include "broker/ldap/entry.h"
#include "broker/ldap/search_state.h"

#include <errno.h>
#include <string.h>

static void tell(struct search *s, struct feed_message *m)
{
    m->search = s->number;
    s->options.calls.tell(s->options.userdata, m);
}

void search_flush_uuids(struct search *s)
{
    struct feed_message m = {.type = s->batch_type, .n_uuids = s->n_batch, .uuids = s->batch};

    if (s->n_batch == 0)
        return;
    s->n_batch = 0;
    tell(s, &m);
}

void search_tell_begin(struct search *s, bool full)
{
    struct feed_message m = {.type = FEED_BEGIN, .full = full};

    s->n_batch = 0; /* of a refresh that came to nothing */
    s->refreshing = true;
    s->had_present = false;
    s->count = 0;
    tell(s, &m);
    s->options.calls.state(s->options.userdata, FEED_REFRESHING, s->method == SEARCH_PERSIST, 0);
}

int search_tell_entry(struct search *s, LDAPMessage *message, const uint8_t *uuid, uint8_t told[static 16],
                      char *modified)
{
    struct entry e;
    int r = entry_read(s->ldap, message, uuid, &e);

    if (r == -EBADMSG && uuid)
        return search_fail(s, r, _("the server sent an entry that cannot be read"));
    if (r < 0)
        return r == -EBADMSG ? r : search_fail(s, r, "%s", strerrordesc_np(-r));
    search_flush_uuids(s);
    s->beats = s->beats || e.message.kind == FEED_HEARTBEAT;
    s->count++;
    tell(s, &e.message);
    memcpy(told, e.message.uuid, sizeof(e.message.uuid));
    if (modified)
        memcpy(modified, e.modified, sizeof(e.modified));
    entry_done(&e);
    return 0;
}

void search_tell_uuids(struct search *s, enum feed_type type, const uint8_t *uuids, size_t n)
{
    if (type != s->batch_type)
        search_flush_uuids(s);
    s->batch_type = type;
    s->count += type == FEED_PRESENT ? (uint32_t)n : 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(s->batch + SYNC_UUID_SIZE * s->n_batch++, uuids + SYNC_UUID_SIZE * i, SYNC_UUID_SIZE);
        if (s->n_batch == FEED_PRESENT_MAX)
            search_flush_uuids(s);
    }
}

void search_tell_end(struct search *s, bool refresh_deletes)
{
    struct feed_message m = {.type = FEED_END,
                             .refresh_deletes = refresh_deletes,
                             .count = s->count,
                             .cookie = {(const uint8_t *)s->cookie, s->cookie_size}};

    search_flush_uuids(s);
    s->refreshing = false;
    tell(s, &m);
    if (s->method == SEARCH_PERSIST)
        s->options.calls.state(s->options.userdata, FEED_LIVE, true, 0);
    else
        s->options.calls.state(s->options.userdata, FEED_POLLING, false, s->options.config->poll_interval);
}

void search_tell_cookie(struct search *s)
{
    struct feed_message m = {.type = FEED_COOKIE, .cookie = {(const uint8_t *)s->cookie, s->cookie_size}};

    search_flush_uuids(s);
    if (s->cookie_size > 0)
        tell(s, &m);
}

void search_keep_cookie(struct search *s, const struct berval *cookie)
{
    s->cookie_size = 0;
    if (!sync_cookie_is_kept(cookie))
        return;
    memcpy(s->cookie, cookie->bv_val, cookie->bv_len);
    s->cookie_size = sync_cookie_drop_server(s->cookie, cookie->bv_len);
}
