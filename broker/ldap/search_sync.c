#include "broker/common/i18n.h"
#include "broker/ldap/search_state.h"

#include <errno.h>
#include <string.h>

/* RFC 4533. */

static const char *const attributes[] = {"objectClass",  "entryUUID", "hufuDocument",
                                         "hufuApproval", "hufuBeat",  NULL};

int search_sync_begin(struct search *s)
{
    enum sync_mode mode = s->method == SEARCH_PERSIST ? SYNC_REFRESH_AND_PERSIST : SYNC_REFRESH_ONLY;
    LDAPControl control = {.ldctl_oid = (char[]){LDAP_CONTROL_SYNC}, .ldctl_iscritical = 1};
    LDAPControl *controls[] = {&control, NULL};
    struct berval *value = NULL;
    int r = sync_write_request(mode, (const uint8_t *)s->cookie, s->cookie_size, &value);

    if (r < 0)
        return search_fail(s, r, "%s", strerrordesc_np(-r));
    control.ldctl_value = *value;
    search_tell_begin(s, s->cookie_size == 0);
    r = search_send(s, s->filter, attributes, controls);
    ber_bvfree(value);
    return r;
}

static int bad(struct search *s)
{
    return search_fail(s, -EBADMSG, _("the server's answer is not as RFC 4533 has it"));
}

static const struct berval *find_control(LDAPControl **controls, const char *oid)
{
    for (size_t i = 0; controls && controls[i]; i++)
        if (strcmp(controls[i]->ldctl_oid, oid) == 0)
            return &controls[i]->ldctl_value;
    return NULL;
}

/* --- entries */

static int take_entry(struct search *s, LDAPMessage *message, const struct sync_state *state)
{
    uint8_t uuid[SYNC_UUID_SIZE];
    int r = 0;

    switch (state->state) {
    case SYNC_ADD:
    case SYNC_MODIFY:
        r = search_tell_entry(s, message, state->uuid, uuid, NULL);
        break;
    case SYNC_DELETE:
        search_tell_uuids(s, FEED_DELETE, state->uuid, 1);
        break;
    case SYNC_PRESENT:
        if (!s->refreshing)
            return bad(s);
        s->had_present = true;
        search_tell_uuids(s, FEED_PRESENT, state->uuid, 1);
        break;
    }
    if (r < 0 || s->refreshing)
        return r;
    if (state->cookie.bv_len > 0) {
        search_keep_cookie(s, &state->cookie);
        search_tell_cookie(s);
    }
    search_flush_uuids(s);
    return 0;
}

int search_sync_entry(struct search *s, LDAPMessage *message)
{
    LDAPControl **controls = NULL;
    const struct berval *value;
    struct sync_state state;
    int r;

    if (ldap_get_entry_controls(s->ldap, message, &controls) != LDAP_SUCCESS)
        return bad(s);
    value = find_control(controls, LDAP_CONTROL_SYNC_STATE);
    r = value ? sync_parse_state(value, &state) : -EBADMSG;
    r = r < 0 ? bad(s) : take_entry(s, message, &state);
    ldap_controls_free(controls);
    return r;
}

/* --- between entries */

static int end_refresh(struct search *s, const struct berval *cookie)
{
    /* Without one, nothing was changed since the one that was asked with. */
    if (cookie->bv_len > 0)
        search_keep_cookie(s, cookie);
    search_tell_end(s, !s->had_present);
    return 0;
}

static int take_id_set(struct search *s, const struct sync_info *info)
{
    if (!s->refreshing && !info->refresh_deletes)
        return bad(s);
    s->had_present = s->had_present || !info->refresh_deletes;
    search_tell_uuids(s, info->refresh_deletes ? FEED_DELETE : FEED_PRESENT, info->uuids, info->n_uuids);
    return 0;
}

static int take_info(struct search *s, const struct sync_info *info)
{
    int r = 0;

    switch (info->kind) {
    case SYNC_REFRESH_PRESENT:
    case SYNC_REFRESH_DELETE:
        if (!s->refreshing)
            return bad(s);
        s->had_present = s->had_present || info->kind == SYNC_REFRESH_PRESENT;
        return info->refresh_done ? end_refresh(s, &info->cookie) : 0;
    case SYNC_ID_SET:
        r = take_id_set(s, info);
        break;
    case SYNC_NEW_COOKIE:
        break;
    }
    /* One in the middle of a refresh covers nothing that hufud has taken in. */
    if (r < 0 || s->refreshing)
        return r;
    if (info->cookie.bv_len > 0) {
        search_keep_cookie(s, &info->cookie);
        search_tell_cookie(s);
    }
    search_flush_uuids(s);
    return 0;
}

int search_sync_intermediate(struct search *s, LDAPMessage *message)
{
    struct berval *value = NULL;
    struct sync_info info = {0};
    char *oid = NULL;
    int r = ldap_parse_intermediate(s->ldap, message, &oid, &value, NULL, 0);

    if (r == LDAP_SUCCESS && oid && strcmp(oid, LDAP_SYNC_INFO) != 0)
        r = 0; /* RFC 4511, 4.13: what is not known is skipped */
    else if (r == LDAP_SUCCESS && oid && value && sync_parse_info(value, &info) == 0)
        r = take_info(s, &info);
    else
        r = bad(s);
    sync_info_done(&info);
    ldap_memfree(oid);
    ber_bvfree(value);
    return r;
}

/* --- the end */

static int begin_otherwise(struct search *s, enum search_method method)
{
    s->method = method;
    return search_begin_refresh(s);
}

/* The server does not do what was asked; perhaps it does something less. */
static int take_refusal(struct search *s, int code, const char *text)
{
    bool starts_over = code == LDAP_SYNC_REFRESH_REQUIRED || code == LDAP_UNWILLING_TO_PERFORM;

    if (starts_over && s->cookie_size > 0) {
        s->cookie_size = 0;
        return search_begin_refresh(s);
    }
    if (code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION)
        return begin_otherwise(s, SEARCH_POLL);
    if (code == LDAP_UNWILLING_TO_PERFORM)
        return begin_otherwise(s, s->method == SEARCH_PERSIST ? SEARCH_REFRESH : SEARCH_POLL);
    return search_fail(s, -EPROTO, _("the search came to nothing: %s"), text);
}

/* A refresh that does not go on, also where it was asked to. */
static int take_done(struct search *s, LDAPControl **controls)
{
    const struct berval *value = find_control(controls, LDAP_CONTROL_SYNC_DONE);
    struct sync_done done;

    if (!value || sync_parse_done(value, &done) < 0)
        return bad(s);
    if (!s->refreshing)
        return search_fail(s, -EPROTO, _("the server does not push changes any more"));
    s->method = SEARCH_REFRESH;
    s->had_present = s->had_present || !done.refresh_deletes;
    (void)end_refresh(s, &done.cookie);
    return search_wait(s);
}

int search_sync_result(struct search *s, LDAPMessage *message)
{
    LDAPControl **controls = NULL;
    char *diagnostic = NULL;
    char text[FEED_TEXT_MAX / 2];
    int code = LDAP_OTHER, r;

    s->msgid = -1;
    if (ldap_parse_result(s->ldap, message, &code, NULL, &diagnostic, NULL, &controls, 0) != LDAP_SUCCESS)
        return bad(s);
    search_describe(code, diagnostic, text, sizeof(text));
    r = code == LDAP_SUCCESS ? take_done(s, controls) : take_refusal(s, code, text);
    ldap_memfree(diagnostic);
    ldap_controls_free(controls);
    return r;
}
