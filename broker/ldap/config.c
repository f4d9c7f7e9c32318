#include "broker/ldap/config.h"

#include "broker/common/files.h"
#include "broker/common/i18n.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ldap.h>
#include <stdio.h>
#include <string.h>

#define NETWORK_TIMEOUT_DEFAULT 5
#define NETWORK_TIMEOUT_MAX     60
#define STALL_AFTER_DEFAULT     180
#define POLL_INTERVAL_DEFAULT   60
#define RECONNECT_MAX_DEFAULT   60
#define TIMING_MAX              3600

static bool has_scheme(const char *uri, const char *scheme)
{
    size_t length = strlen(scheme);

    return strncasecmp(uri, scheme, length) == 0 && strncmp(uri + length, "://", 3) == 0;
}

bool ldapd_config_uses_tls(const struct ldapd_config *c, const char *uri)
{
    return has_scheme(uri, "ldaps") || (has_scheme(uri, "ldap") && c->start_tls);
}

/* By the letter, so that no name service decides it; whom the socket is connected to is looked at as well. */
static bool is_loopback(const char *host)
{
    struct in_addr address;

    return strcmp(host, "::1") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

/* A URI names a server and nothing else: what it asks for is this program's to say. */
static int check_uri(const char *uri, bool *is_local, char *reason)
{
    LDAPURLDesc *url = NULL;
    const char *rest;
    bool bare, ipc;

    if (!has_scheme(uri, "ldap") && !has_scheme(uri, "ldaps") && !has_scheme(uri, "ldapi"))
        return conf_refuse(reason, _("\"%.80s\" does not begin with ldaps://, ldap:// or ldapi://"), uri);
    if (ldap_url_parse(uri, &url) != LDAP_URL_SUCCESS)
        return conf_refuse(reason, _("\"%.80s\" is no LDAP URI"), uri);
    ipc = has_scheme(uri, "ldapi");
    rest = uri + strcspn(uri, ":") + strlen("://");
    rest += strcspn(rest, "/?");
    bare = rest[0] == '\0' || strcmp(rest, "/") == 0;
    *is_local = ipc || (url->lud_host && is_loopback(url->lud_host));
    if (!bare || !url->lud_host || url->lud_host[0] == '\0') {
        ldap_free_urldesc(url);
        return conf_refuse(reason, _("\"%.80s\" must name a server, and nothing behind it"), uri);
    }
    /* libldap would look for the machine's own name in the certificate, whatever that is just now. */
    if (has_scheme(uri, "ldaps") && strcasecmp(url->lud_host, "localhost") == 0) {
        ldap_free_urldesc(url);
        return conf_refuse(
            reason, _("\"%.80s\": no certificate can prove localhost; write a name or an address"), uri);
    }
    ldap_free_urldesc(url);
    return 0;
}

int ldapd_config_add_uris(struct ldapd_config *c, const char *value, char *reason)
{
    cleanup_free char *copy = strdup(value);
    char *rest = NULL;
    bool local;

    if (!copy)
        return -ENOMEM;
    for (char *uri = strtok_r(copy, " ", &rest); uri; uri = strtok_r(NULL, " ", &rest)) {
        char **more;

        if (check_uri(uri, &local, reason) < 0)
            return -EINVAL;
        if (c->n_uris == LDAPD_URIS_MAX)
            return conf_refuse(reason, _("more than %d URIs"), LDAPD_URIS_MAX);
        more = realloc(c->uris, (c->n_uris + 1) * sizeof(*more));
        if (!more)
            return -ENOMEM;
        c->uris = more;
        if (conf_set_text(&c->uris[c->n_uris], uri) < 0)
            return -ENOMEM;
        c->n_uris++;
    }
    return c->n_uris > 0 ? 0 : conf_refuse(reason, _("no URI"));
}

static int set_uri(void *target, const char *value, char *reason)
{
    return ldapd_config_add_uris(target, value, reason);
}

static int set_claim_uri(void *target, const char *value, char *reason)
{
    struct ldapd_config *c = target;
    bool local;

    if (check_uri(value, &local, reason) < 0)
        return -EINVAL;
    return conf_set_text(&c->claim_uri, value);
}

static bool is_dn(const char *value)
{
    LDAPDN dn = NULL;
    bool good = ldap_str2dn(value, &dn, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS && dn;

    ldap_dnfree(dn);
    return good;
}

static int set_base(void *target, const char *value, char *reason)
{
    struct ldapd_config *c = target;

    if (!is_dn(value))
        return conf_refuse(reason, _("\"%.80s\" is no DN such as ou=hufu,dc=finance,dc=example"), value);
    return conf_set_text(&c->base, value);
}

static int set_start_tls(void *target, const char *value, char *reason)
{
    struct ldapd_config *c = target;

    c->start_tls = strcmp(value, "yes") == 0;
    if (!c->start_tls && strcmp(value, "no") != 0)
        return conf_refuse(reason, _("\"%.60s\" is neither yes nor no"), value);
    return 0;
}

static int set_method(void *target, const char *value, char *reason)
{
    struct ldapd_config *c = target;

    if (strcmp(value, "external") == 0)
        c->method = LDAPD_EXTERNAL;
    else if (strcmp(value, "simple") == 0)
        c->method = LDAPD_SIMPLE;
    else
        return conf_refuse(reason, _("\"%.60s\" is neither external nor simple"), value);
    return 0;
}

static int set_dn(void *target, const char *value, char *reason)
{
    struct ldapd_config *c = target;

    if (!is_dn(value))
        return conf_refuse(reason, _("\"%.80s\" is no DN such as cn=db01,ou=hosts,dc=finance,dc=example"),
                           value);
    return conf_set_text(&c->dn, value);
}

static int set_path(char **target, const char *value, char *reason)
{
    if (value[0] != '/' || value[strlen(value) - 1] == '/')
        return conf_refuse(reason, _("\"%.80s\" is no absolute path of a file"), value);
    return conf_set_text(target, value);
}

#define PATH_SETTER(member)                                                       \
    static int set_##member(void *target, const char *value, char *reason)        \
    {                                                                             \
        return set_path(&((struct ldapd_config *)target)->member, value, reason); \
    }

PATH_SETTER(password_file)
PATH_SETTER(ca)
PATH_SETTER(cert)
PATH_SETTER(key)
PATH_SETTER(crl)

static int set_seconds(uint32_t *target, const char *value, uint32_t most, char *reason)
{
    if (conf_parse_duration(value, target) < 0 || *target > most)
        return conf_refuse(reason, _("\"%.60s\" is no duration from 1s to %us"), value, most);
    return 0;
}

#define SECONDS_SETTER(member, most)                                                       \
    static int set_##member(void *target, const char *value, char *reason)                 \
    {                                                                                      \
        return set_seconds(&((struct ldapd_config *)target)->member, value, most, reason); \
    }

SECONDS_SETTER(network_timeout, NETWORK_TIMEOUT_MAX)
SECONDS_SETTER(stall_after, TIMING_MAX)
SECONDS_SETTER(poll_interval, TIMING_MAX)
SECONDS_SETTER(reconnect_max, TIMING_MAX)

static const struct conf_key keys[] = {
    {"server", "uri", set_uri, 1},
    {"server", "base", set_base, 1},
    {"server", "start-tls", set_start_tls, 0},
    {"server", "claim-uri", set_claim_uri, 0},
    {"bind", "method", set_method, 1},
    {"bind", "dn", set_dn, 0},
    {"bind", "password-file", set_password_file, 0},
    {"tls", "ca", set_ca, 0},
    {"tls", "cert", set_cert, 0},
    {"tls", "key", set_key, 0},
    {"tls", "crl", set_crl, 0},
    {"timing", "network-timeout", set_network_timeout, 0},
    {"timing", "stall-after", set_stall_after, 0},
    {"timing", "poll-interval", set_poll_interval, 0},
    {"timing", "reconnect-max", set_reconnect_max, 0},
    {NULL, NULL, NULL, 0},
};

static int check_transport(const struct ldapd_config *c, const char *uri, char *reason)
{
    bool local = false, tls = ldapd_config_uses_tls(c, uri);

    if (check_uri(uri, &local, reason) < 0)
        return -EINVAL;
    if (tls && !c->ca)
        return conf_refuse(
            reason, _("%.80s needs TLS, and [tls] ca is missing: no certificate is believed by default"),
            uri);
    if (!tls && !local)
        return conf_refuse(
            reason, _("%.80s would be read by everybody on the way: use ldaps:// or start-tls = yes"), uri);
    if (c->method == LDAPD_EXTERNAL && !has_scheme(uri, "ldapi") && (!tls || !c->cert))
        return conf_refuse(reason, _("method = external at %.80s needs TLS, with [tls] cert and key"), uri);
    return 0;
}

static int check_bind(const struct ldapd_config *c, char *reason)
{
    if (c->method == LDAPD_SIMPLE && (!c->dn || (!c->password_file && !c->password && !c->asks)))
        return conf_refuse(reason, _("method = simple needs dn and password-file in [bind]"));
    if (c->method == LDAPD_EXTERNAL && (c->dn || c->password_file || c->password))
        return conf_refuse(reason, _("method = external has neither dn nor password-file"));
    if (c->method != LDAPD_SIMPLE && c->method != LDAPD_EXTERNAL)
        return conf_refuse(reason, _("no method of binding"));
    return 0;
}

int ldapd_config_check(const struct ldapd_config *c, char *reason)
{
    if (!c->base || !is_dn(c->base) || c->n_uris == 0)
        return conf_refuse(reason, _("no server or no base"));
    if (check_bind(c, reason) < 0)
        return -EINVAL;
    if ((c->cert == NULL) != (c->key == NULL))
        return conf_refuse(reason, _("[tls] cert and key go together"));
    for (size_t i = 0; i < c->n_uris; i++)
        if (check_transport(c, c->uris[i], reason) < 0)
            return -EINVAL;
    return c->claim_uri ? check_transport(c, c->claim_uri, reason) : 0;
}

int ldapd_config_parse(const char *text, size_t size, struct ldapd_config **ret, struct conf_error *error)
{
    cleanup(ldapd_config_free_p) struct ldapd_config *c = ldapd_config_new();
    int r;

    *error = (struct conf_error){0};
    if (!c)
        return -ENOMEM;
    r = conf_parse(text, size, keys, c, error);
    if (r == 0)
        r = ldapd_config_check(c, error->reason);
    if (r < 0)
        return r;
    *ret = steal_pointer(&c);
    return 0;
}

int ldapd_config_load(const char *path, struct ldapd_config **ret, struct conf_error *error)
{
    cleanup(ldapd_config_free_p) struct ldapd_config *c = ldapd_config_new();
    int r;

    *error = (struct conf_error){0};
    if (!c)
        return -ENOMEM;
    r = conf_load(path, keys, c, error);
    if (r == 0)
        r = ldapd_config_check(c, error->reason);
    if (r < 0)
        return r;
    *ret = steal_pointer(&c);
    return 0;
}

int ldapd_config_load_own(const char *path, struct ldapd_config **ret, struct conf_error *error)
{
    cleanup(ldapd_config_free_p) struct ldapd_config *c = ldapd_config_new();
    cleanup_free char *text = NULL;
    size_t size = 0;
    int r;

    *error = (struct conf_error){0};
    if (!c)
        return -ENOMEM;
    c->asks = true;
    r = files_read(path, 0, CONF_SIZE_MAX, &text, &size);
    if (r == -EPERM)
        r = files_read(path, geteuid(), CONF_SIZE_MAX, &text, &size);
    if (r == -EPERM)
        (void)conf_refuse(error->reason,
                          _("it has to be a file of root's or your own that nobody else may change"));
    else if (r < 0)
        (void)conf_refuse(error->reason, "%s", strerrordesc_np(-r));
    if (r == 0)
        r = conf_parse(text, size, keys, c, error);
    if (r == 0)
        r = ldapd_config_check(c, error->reason);
    if (r < 0)
        return r;
    *ret = steal_pointer(&c);
    return 0;
}

struct ldapd_config *ldapd_config_new(void)
{
    struct ldapd_config *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->network_timeout = NETWORK_TIMEOUT_DEFAULT;
    c->stall_after = STALL_AFTER_DEFAULT;
    c->poll_interval = POLL_INTERVAL_DEFAULT;
    c->reconnect_max = RECONNECT_MAX_DEFAULT;
    return c;
}

struct ldapd_config *ldapd_config_free(struct ldapd_config *c)
{
    if (!c)
        return NULL;
    for (size_t i = 0; i < c->n_uris; i++)
        free(c->uris[i]);
    free(c->uris);
    free(c->base);
    free(c->claim_uri);
    free(c->dn);
    free(c->password_file);
    if (c->password)
        explicit_bzero(c->password, strlen(c->password));
    free(c->password);
    free(c->ca);
    free(c->cert);
    free(c->key);
    free(c->crl);
    free(c);
    return NULL;
}
