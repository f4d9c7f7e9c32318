#include "broker/ldap/server.h"

#include <string.h>

static bool names_sync(LDAP *ldap, LDAPMessage *message)
{
    LDAPMessage *entry = ldap_first_entry(ldap, message);
    struct berval **values = entry ? ldap_get_values_len(ldap, entry, "supportedControl") : NULL;
    bool found = false;

    for (size_t i = 0; values && values[i] && !found; i++)
        found = values[i]->bv_len == strlen(LDAP_CONTROL_SYNC) &&
                memcmp(values[i]->bv_val, LDAP_CONTROL_SYNC, values[i]->bv_len) == 0;
    ldap_value_free_len(values);
    return found;
}

int server_offers_sync(struct connection *c, bool *offers, char error[static CONNECTION_ERROR_SIZE])
{
    char attribute[] = "supportedControl";
    char *attributes[] = {attribute, NULL};
    LDAP *ldap = connection_ldap(c);
    LDAPMessage *message = NULL;
    int msgid = -1, code;

    *offers = false;
    code = ldap_search_ext(ldap, "", LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 0, NULL, NULL, NULL,
                           LDAP_NO_LIMIT, &msgid);
    if (code == LDAP_SUCCESS)
        code = connection_result(c, msgid, &message);
    if (code == LDAP_SUCCESS)
        *offers = names_sync(ldap, message);
    else
        connection_trouble(c, code, error);
    (void)ldap_msgfree(message);
    return code;
}
