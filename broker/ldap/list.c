#include "broker/common/i18n.h"
#include "broker/common/ldif.h"
#include "broker/ldap/oneshot.h"

#include <string.h>

/* Entries in pages (RFC 2696), so that a directory of any size passes through little memory, and a server's
 * limit on one answer is none on the whole. */

#define PAGE_SIZE 200

/* Options of an attribute (`;binary`) are nobody's here; and what is no name would be lines of the server's
 * in what is printed. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == length;
}

static void put_attribute(struct buf *text, LDAP *ldap, LDAPMessage *entry, const char *name)
{
    struct berval **values = is_name(name) ? ldap_get_values_len(ldap, entry, name) : NULL;

    for (size_t i = 0; values && values[i]; i++)
        ldif_put(text, name, values[i]->bv_val, values[i]->bv_len);
    ldap_value_free_len(values);
}

static bool print_entry(const struct oneshot *o, LDAPMessage *entry)
{
    LDAP *ldap = connection_ldap(o->connection);
    cleanup_buf struct buf text = BUF_INIT;
    char *dn = ldap_get_dn(ldap, entry);
    BerElement *ber = NULL;
    char *name;

    if (!dn)
        return false;
    ldif_put_text(&text, "dn", dn);
    ldap_memfree(dn);
    for (name = ldap_first_attribute(ldap, entry, &ber); name; name = ldap_next_attribute(ldap, entry, ber)) {
        put_attribute(&text, ldap, entry, name);
        ldap_memfree(name);
    }
    ber_free(ber, 0);
    ldif_put_end(&text);
    return buf_error(&text) == 0 && fwrite(text.data, 1, text.size, o->out) == text.size;
}

static bool print_page(const struct oneshot *o, LDAPMessage *page)
{
    LDAP *ldap = connection_ldap(o->connection);

    for (LDAPMessage *entry = ldap_first_entry(ldap, page); entry; entry = ldap_next_entry(ldap, entry))
        if (!print_entry(o, entry))
            return false;
    return true;
}

/* What the end of a page says; *cookie is that of the next one, or empty. Takes the page. */
static int read_end(const struct oneshot *o, LDAPMessage *page, struct berval *cookie, char *error)
{
    LDAP *ldap = connection_ldap(o->connection);
    LDAPControl **controls = NULL;
    char *diagnostic = NULL;
    ber_int_t estimate = 0;
    int answer = LDAP_SUCCESS;
    int code = ldap_parse_result(ldap, page, &answer, NULL, &diagnostic, NULL, &controls, 1);
    LDAPControl *control;

    ldap_memfree(cookie->bv_val);
    *cookie = (struct berval){0};
    if (code == LDAP_SUCCESS)
        code = answer;
    (void)snprintf(error, CONNECTION_ERROR_SIZE, "%s%s%.150s", ldap_err2string(code),
                   diagnostic && *diagnostic ? ": " : "", diagnostic ? diagnostic : "");
    connection_make_printable(error);
    control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (control)
        (void)ldap_parse_pageresponse_control(ldap, control, &estimate, cookie);
    ldap_memfree(diagnostic);
    ldap_controls_free(controls);
    return code;
}

struct search {
    const char *dn, *filter;
    bool only;
    char **attributes;
    struct berval cookie;
};

/* One page. LDAP's code; `error` in words. *unsaid: it could not be written. */
static int ask_page(const struct oneshot *o, struct search *s, char *error, bool *unsaid)
{
    LDAP *ldap = connection_ldap(o->connection);
    LDAPControl *controls[2] = {NULL, NULL};
    LDAPMessage *page = NULL;
    int msgid = 0;
    int code =
        s->only ? LDAP_SUCCESS : ldap_create_page_control(ldap, PAGE_SIZE, &s->cookie, 0, &controls[0]);

    if (code == LDAP_SUCCESS)
        code = ldap_search_ext(ldap, s->dn, s->only ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE, s->filter,
                               s->attributes, 0, controls, NULL, NULL, 0, &msgid);
    ldap_control_free(controls[0]);
    if (code == LDAP_SUCCESS)
        code = connection_result(o->connection, msgid, &page);
    if (code != LDAP_SUCCESS) {
        connection_trouble(o->connection, code, error);
        return code;
    }
    *unsaid = !print_page(o, page);
    return read_end(o, page, &s->cookie, error);
}

static enum oneshot_exit say(const struct oneshot *o, const struct search *s, int code, const char *error)
{
    if (code == LDAP_FILTER_ERROR)
        return oneshot_fail(o, ONESHOT_USAGE, _("%s is no filter"), s->filter);
    if (code < 0)
        return oneshot_fail(o, ONESHOT_AWAY, "%s: %s", connection_uri(o->connection), error);
    if (code == LDAP_SIZELIMIT_EXCEEDED)
        return oneshot_fail(
            o, ONESHOT_REFUSED,
            _("%s tells who you are there not all of it (its size limit); this is not complete"),
            connection_uri(o->connection));
    if (code == LDAP_NO_SUCH_OBJECT)
        return oneshot_fail(o, ONESHOT_REFUSED,
                            _("%s has no entry %s, or does not show it to who you are there"),
                            connection_uri(o->connection), s->dn);
    return oneshot_fail(o, ONESHOT_REFUSED, "%s: %s (%d)", connection_uri(o->connection), error, code);
}

enum oneshot_exit oneshot_list(const struct oneshot *o, const char *dn, bool only, const char *filter,
                               char **attributes)
{
    struct search s = {.dn = dn, .filter = filter, .only = only, .attributes = attributes};
    char error[CONNECTION_ERROR_SIZE] = "";
    bool unsaid = false;
    int code;

    if (fputs("version: 1\n\n", o->out) == EOF)
        unsaid = true;
    do {
        code = ask_page(o, &s, error, &unsaid);
    } while (code == LDAP_SUCCESS && !unsaid && s.cookie.bv_len > 0);
    ldap_memfree(s.cookie.bv_val);
    if (unsaid)
        return oneshot_fail(o, ONESHOT_REFUSED, _("cannot write the output"));
    if (code == LDAP_SUCCESS || (only && code == LDAP_NO_SUCH_OBJECT))
        return ONESHOT_DONE;
    return say(o, &s, code, error);
}
