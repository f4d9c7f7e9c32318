#ifndef HUFU_LDAP_CONFIG_H
#define HUFU_LDAP_CONFIG_H

#include "broker/common/conf.h"
#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

#define LDAPD_CONFIG_PATH  "/etc/hufu/ldapd.conf"
#define LDAPD_URIS_MAX     16
#define LDAPD_PASSWORD_MAX ((size_t)1024)

enum ldapd_method {
    LDAPD_EXTERNAL = 1, /* by the client certificate; over ldapi:// by the user that connects */
    LDAPD_SIMPLE,       /* by dn and password */
};

/* /etc/hufu/ldapd.conf, after strict parsing (ldapd.conf(5) explains each key). The one-shot modes fill one
 * by hand and let ldapd_config_check() judge it. All strings are the struct's own. */
struct ldapd_config {
    char **uris; /* [server] uri: at least one */
    size_t n_uris;
    char *base;      /* [server] base: a DN, never the root */
    bool start_tls;  /* [server] start-tls: on every ldap:// */
    char *claim_uri; /* [server] claim-uri: the one write provider, or NULL */

    enum ldapd_method method; /* [bind] */
    char *dn;                 /* for LDAPD_SIMPLE */
    char *password_file;      /* for LDAPD_SIMPLE: read at each bind; or */
    char *password;           /* the password itself (one-shot modes; never from the file) */
    bool asks;                /* one-shot modes: without a password file, a password is asked for */

    char *ca, *cert, *key, *crl; /* [tls] paths of PEM files; absent: NULL */

    uint32_t network_timeout; /* [timing], all in seconds */
    uint32_t stall_after;
    uint32_t poll_interval;
    uint32_t reconnect_max;
};

/** A struct with the defaults of [timing] and nothing else; NULL without memory. */
struct ldapd_config *ldapd_config_new(void);
struct ldapd_config *ldapd_config_free(struct ldapd_config *c);
DEFINE_CLEANUP(struct ldapd_config, ldapd_config_free);

/** Loads a file of root's that nobody else may write, and checks it. *ret is the caller's. 0, or -errno with
 * `error` filled. */
int ldapd_config_load(const char *path, struct ldapd_config **ret, struct conf_error *error);

/** The same for the one-shot modes: the file is root's or the caller's own, and need not name a password
 * file. */
int ldapd_config_load_own(const char *path, struct ldapd_config **ret, struct conf_error *error);

/** The same from octets with a NUL behind them. */
int ldapd_config_parse(const char *text, size_t size, struct ldapd_config **ret, struct conf_error *error);

/** Adds URIs separated by blanks. 0; -EINVAL with a reason (200 octets); -ENOMEM. */
int ldapd_config_add_uris(struct ldapd_config *c, const char *value, char *reason);

/** Whether what is set fits together: what each URI needs for TLS, what the method of binding needs. 0, or
 * -EINVAL with a reason (200 octets). */
int ldapd_config_check(const struct ldapd_config *c, char *reason);

/** Whether a connection to this URI of the configuration is protected by TLS. */
bool ldapd_config_uses_tls(const struct ldapd_config *c, const char *uri);

#endif
