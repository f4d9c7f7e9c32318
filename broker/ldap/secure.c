#include "broker/ldap/secure.h"

#include "broker/common/files.h"
#include "broker/common/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

static int say(char *error, const char *text)
{
    (void)snprintf(error, SECURE_ERROR_SIZE, "%s", text);
    return -EPROTO;
}

/* A secret that others can read is none any more; whoever set it up so has to hear it. */
static int check_secret(const char *path, char *error)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        int r = -errno;

        (void)snprintf(error, SECURE_ERROR_SIZE, "%.150s: %s", path, strerrordesc_np(-r));
        return r;
    }
    if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        (void)snprintf(error, SECURE_ERROR_SIZE,
                       _("%.150s: only its owner may have access to it (chmod 600)"), path);
        return -EPERM;
    }
    return 0;
}

static int check_readable(const char *path, char *error)
{
    cleanup_close int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    int r = path && fd < 0 ? -errno : 0;

    if (r < 0)
        (void)snprintf(error, SECURE_ERROR_SIZE, "%.150s: %s", path, strerrordesc_np(-r));
    return r;
}

static bool set_option(LDAP *ldap, int option, const void *value)
{
    return ldap_set_option(ldap, option, value) == LDAP_OPT_SUCCESS;
}

static bool set_path(LDAP *ldap, int option, const char *path)
{
    return !path || set_option(ldap, option, path);
}

/* Only GnuTLS builds of libldap take this priority string and a CRL file; another one would be asked in vain.
 */
static bool is_known_tls(LDAP *ldap)
{
    char *package = NULL;
    bool known;

    (void)ldap_get_option(ldap, LDAP_OPT_X_TLS_PACKAGE, &package);
    known = package && strcmp(package, "GnuTLS") == 0;
    ldap_memfree(package);
    return known;
}

int secure_tls(LDAP *ldap, const struct ldapd_config *config, char error[static SECURE_ERROR_SIZE])
{
    const int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
    int r = check_readable(config->ca, error);

    if (r == 0)
        r = check_readable(config->cert, error);
    if (r == 0)
        r = check_readable(config->crl, error);
    if (r == 0 && config->key)
        r = check_secret(config->key, error);
    if (r < 0)
        return r;
    if (!is_known_tls(ldap))
        return say(error, _("this libldap's TLS is not GnuTLS, and cannot be told how strict to be"));
    if (!set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) ||
        !set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_SAN, &demand) ||
        !set_option(ldap, LDAP_OPT_X_TLS_CIPHER_SUITE, PRIORITIES) ||
        !set_path(ldap, LDAP_OPT_X_TLS_CACERTFILE, config->ca) ||
        !set_path(ldap, LDAP_OPT_X_TLS_CERTFILE, config->cert) ||
        !set_path(ldap, LDAP_OPT_X_TLS_KEYFILE, config->key) ||
        !set_path(ldap, LDAP_OPT_X_TLS_CRLFILE, config->crl) ||
        !set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &client))
        return say(error,
                   _("TLS cannot be set up: one of the files in [tls] is no PEM file of its kind, or key and "
                     "certificate do not match"));
    return 0;
}

int secure_password(const struct ldapd_config *config, char **ret, size_t *size,
                    char error[static SECURE_ERROR_SIZE])
{
    int r;

    if (config->password) {
        *ret = strdup(config->password);
        *size = strlen(config->password);
        return *ret ? 0 : -ENOMEM;
    }
    r = check_secret(config->password_file, error);
    if (r < 0)
        return r;
    r = files_read(config->password_file, (uid_t)-1, LDAPD_PASSWORD_MAX, ret, size);
    if (r < 0) {
        (void)snprintf(error, SECURE_ERROR_SIZE, "%.150s: %s", config->password_file, strerrordesc_np(-r));
        return r;
    }
    if (*size > 0 && (*ret)[*size - 1] == '\n')
        (*ret)[--*size] = '\0';
    /* A bind with a name and no password succeeds as nobody (RFC 4513, 5.1.2). */
    if (*size == 0 || strlen(*ret) != *size) {
        (void)snprintf(error, SECURE_ERROR_SIZE, _("%.150s: holds no password"), config->password_file);
        return -EINVAL;
    }
    return 0;
}
