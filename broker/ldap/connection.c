#include "broker/ldap/connection.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/ldap/secure.h"
#include "broker/ldap/socket.h"

#include <errno.h>
#include <openldap.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SECOND       UINT64_C(1000000)
#define INCOMING_MAX ((ber_len_t)64 << 20) /* of one message: an entry with all its values */
/* Where libldap would go if it ever thought that it has to connect: nowhere. */
#define NOWHERE "ldapi://%2Fnonexistent"

struct connection {
    LDAP *ldap;
    struct ldap_socket socket;
    uint32_t seconds; /* network-timeout */
    char *uri;
};

int connection_prepare(void)
{
    static const char *const dangerous[] = {"SSLKEYLOGFILE",
                                            "GNUTLS_SYSTEM_PRIORITY_FILE",
                                            "GNUTLS_NO_EXPLICIT_INIT",
                                            "GNUTLS_DEBUG_LEVEL",
                                            "LOCALDOMAIN",
                                            "HOSTALIASES",
                                            "SASL_PATH",
                                            "SASL_CONF_PATH"};

    /* libldap reads no ldap.conf, no ldaprc and no LDAP* if this is there. */
    if (setenv("LDAPNOINIT", "1", 1) < 0 || setenv("RES_OPTIONS", "timeout:2 attempts:2", 1) < 0)
        return -errno;
    for (size_t i = 0; i < ARRAY_SIZE(dangerous); i++)
        (void)unsetenv(dangerous[i]);
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0;
}

LDAP *connection_ldap(const struct connection *c)
{
    return c->ldap;
}

const char *connection_uri(const struct connection *c)
{
    return c->uri;
}

int connection_fd(const struct connection *c)
{
    return c->socket.fd;
}

static void set_deadline(struct connection *c)
{
    c->socket.deadline = clock_boot_us() + c->seconds * SECOND;
    c->socket.timed_out = false;
}

static int say(char *error, int r, const char *text)
{
    (void)snprintf(error, CONNECTION_ERROR_SIZE, "%s", text);
    return r;
}

void connection_make_printable(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++)
        if (*c < 0x20 || *c >= 0x7f)
            *c = '?';
}

void connection_trouble(const struct connection *c, int code, char error[static CONNECTION_ERROR_SIZE])
{
    char *diagnostic = NULL;

    (void)ldap_get_option(c->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
    (void)snprintf(error, CONNECTION_ERROR_SIZE, "%s%s%.150s", ldap_err2string(code),
                   diagnostic && diagnostic[0] != '\0' ? ": " : "", diagnostic ? diagnostic : "");
    ldap_memfree(diagnostic);
    connection_make_printable(error);
    if (c->socket.timed_out) /* our own words, in the reader's language */
        (void)snprintf(error, CONNECTION_ERROR_SIZE, "%s", _("the server does not answer"));
}

/* --- TLS */

/* GnuTLS has no words for what libldap itself finds wrong with a certificate. */
static void drop_noise(char *why)
{
    char *noise = strstr(why, ": (unknown error code)");

    if (noise)
        *noise = '\0';
}

static int begin_tls(struct connection *c, const struct ldapd_config *config, char *error)
{
    char why[CONNECTION_ERROR_SIZE];
    int r = secure_tls(c->ldap, config, error), code;

    if (r < 0)
        return r;
    code = ldap_install_tls(c->ldap);
    if (code == LDAP_SUCCESS && ldap_tls_inplace(c->ldap) == 1)
        return 0;
    connection_trouble(c, code, why);
    if (c->socket.timed_out)
        return say(error, -ETIMEDOUT, why);
    drop_noise(why);
    (void)snprintf(error, CONNECTION_ERROR_SIZE,
                   _("no TLS: %.100s (the certificate must be of the CA in [tls] ca, valid now, not revoked, "
                     "and name the server)"),
                   why);
    return -EPROTO;
}

static int start_tls(struct connection *c, char *error)
{
    int msgid, code = ldap_start_tls(c->ldap, NULL, NULL, &msgid);

    if (code == LDAP_SUCCESS)
        code = connection_outcome(c, msgid, error);
    else
        connection_trouble(c, code, error);
    if (code == LDAP_SUCCESS)
        return 0;
    return c->socket.timed_out ? -ETIMEDOUT : -EPROTO;
}

/* --- bind */

static int send_bind(struct connection *c, const struct ldapd_config *config, int *msgid, char *error)
{
    cleanup_free char *password = NULL;
    struct berval credentials = {0, (char[1]){""}};
    size_t size = 0;
    int code, r;

    if (config->method == LDAPD_EXTERNAL) {
        code = ldap_sasl_bind(c->ldap, NULL, "EXTERNAL", &credentials, NULL, NULL, msgid);
    } else {
        r = secure_password(config, &password, &size, error);
        if (r < 0)
            return r;
        credentials = (struct berval){size, password};
        code = ldap_sasl_bind(c->ldap, config->dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, msgid);
        explicit_bzero(password, size);
    }
    if (code == LDAP_SUCCESS)
        return 0;
    connection_trouble(c, code, error);
    return -EPROTO;
}

static int bind_as(struct connection *c, const struct ldapd_config *config, char *error)
{
    char why[CONNECTION_ERROR_SIZE];
    int msgid = -1, code, r = send_bind(c, config, &msgid, error);

    if (r < 0)
        return r;
    code = connection_outcome(c, msgid, why);
    if (code == LDAP_SUCCESS)
        return 0;
    if (c->socket.timed_out)
        return say(error, -ETIMEDOUT, why);
    (void)snprintf(error, CONNECTION_ERROR_SIZE, _("the server does not accept who we are: %.180s"), why);
    return code > 0 ? -EACCES : -EPROTO;
}

/* --- answers */

int connection_result(struct connection *c, int msgid, LDAPMessage **ret)
{
    struct timeval limit = {.tv_sec = (time_t)c->seconds};
    int r;

    *ret = NULL;
    set_deadline(c);
    r = ldap_result(c->ldap, msgid, LDAP_MSG_ALL, &limit, ret);
    if (r > 0)
        return LDAP_SUCCESS;
    if (r == 0) {
        c->socket.timed_out = true;
        return LDAP_TIMEOUT;
    }
    (void)ldap_get_option(c->ldap, LDAP_OPT_RESULT_CODE, &r);
    return r != LDAP_SUCCESS ? r : LDAP_SERVER_DOWN;
}

int connection_outcome(struct connection *c, int msgid, char error[static CONNECTION_ERROR_SIZE])
{
    LDAPMessage *message = NULL;
    char *diagnostic = NULL;
    int answer = LDAP_SUCCESS, code = connection_result(c, msgid, &message);

    error[0] = '\0';
    if (code != LDAP_SUCCESS) {
        connection_trouble(c, code, error);
        return code;
    }
    code = ldap_parse_result(c->ldap, message, &answer, NULL, &diagnostic, NULL, NULL, 1);
    if (code == LDAP_SUCCESS && answer != LDAP_SUCCESS)
        (void)snprintf(error, CONNECTION_ERROR_SIZE, "%s%s%.150s", ldap_err2string(answer),
                       diagnostic && diagnostic[0] != '\0' ? ": " : "", diagnostic ? diagnostic : "");
    ldap_memfree(diagnostic);
    connection_make_printable(error);
    return code == LDAP_SUCCESS ? answer : code;
}

void connection_set_nonblocking(struct connection *c)
{
    c->socket.deadline = 0;
}

int connection_poll(struct connection *c, LDAPMessage **ret)
{
    struct timeval now = {0};
    int r;

    *ret = NULL;
    r = ldap_result(c->ldap, LDAP_RES_ANY, LDAP_MSG_ONE, &now, ret);
    if (r > 0)
        return 1;
    return r == 0 ? 0 : -ECONNRESET;
}

/* --- beginning and end */

static bool set_option(LDAP *ldap, int option, const void *value)
{
    return ldap_set_option(ldap, option, value) == LDAP_OPT_SUCCESS;
}

static bool set_up(struct connection *c, const struct ldapd_config *config)
{
    const int three = LDAP_VERSION3, never = LDAP_DEREF_NEVER;
    const struct timeval limit = {.tv_sec = (time_t)config->network_timeout};
    ber_len_t incoming = INCOMING_MAX;
    Sockbuf *sockbuf = NULL;

    return set_option(c->ldap, LDAP_OPT_PROTOCOL_VERSION, &three) &&
           set_option(c->ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) &&
           set_option(c->ldap, LDAP_OPT_RESTART, LDAP_OPT_OFF) &&
           set_option(c->ldap, LDAP_OPT_DEREF, &never) &&
           set_option(c->ldap, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON) &&
           set_option(c->ldap, LDAP_OPT_NETWORK_TIMEOUT, &limit) &&
           set_option(c->ldap, LDAP_OPT_TIMEOUT, &limit) && set_option(c->ldap, LDAP_OPT_URI, NOWHERE) &&
           ldap_get_option(c->ldap, LDAP_OPT_SOCKBUF, &sockbuf) == LDAP_OPT_SUCCESS && sockbuf &&
           ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_MAX_INCOMING, &incoming) >= 0 &&
           ber_sockbuf_add_io(sockbuf, &ldap_socket_io, LBER_SBIOD_LEVEL_PROVIDER, &c->socket) == 0;
}

static int open_handle(struct connection *c, const struct ldapd_config *config, char *error)
{
    bool tls = ldapd_config_uses_tls(config, c->uri);
    int code;

    c->socket.fd = ldap_socket_connect(c->uri, c->seconds, !tls, error);
    if (c->socket.fd < 0)
        return c->socket.fd;
    code = ldap_init_fd(c->socket.fd, LDAP_PROTO_EXT, c->uri, &c->ldap);
    if (code != LDAP_SUCCESS)
        return say(error, code == LDAP_NO_MEMORY ? -ENOMEM : -EPROTO, ldap_err2string(code));
    if (!set_up(c, config))
        return say(error, -EPROTO, _("libldap does not know an option that is needed"));
    return 0;
}

int connection_open(const struct ldapd_config *config, const char *uri,
                    char error[static CONNECTION_ERROR_SIZE], struct connection **ret)
{
    cleanup(connection_free_p) struct connection *c = calloc(1, sizeof(*c));
    int r;

    error[0] = '\0';
    if (!c)
        return say(error, -ENOMEM, strerrordesc_np(ENOMEM));
    c->socket.fd = -1;
    c->seconds = config->network_timeout;
    c->uri = strdup(uri);
    if (!c->uri)
        return say(error, -ENOMEM, strerrordesc_np(ENOMEM));
    r = open_handle(c, config, error);
    if (r < 0)
        return r;
    set_deadline(c);
    if (ldapd_config_uses_tls(config, uri)) {
        r = strncasecmp(uri, "ldaps:", 6) == 0 ? 0 : start_tls(c, error);
        if (r == 0)
            r = begin_tls(c, config, error);
        if (r < 0)
            return r;
    }
    r = bind_as(c, config, error);
    if (r < 0)
        return r;
    *ret = steal_pointer(&c);
    return 0;
}

struct connection *connection_free(struct connection *c)
{
    if (!c)
        return NULL;
    /* Nobody waits for a goodbye. */
    c->socket.deadline = 0;
    if (c->ldap)
        (void)ldap_unbind_ext(c->ldap, NULL, NULL);
    c->socket.fd = close_fd(c->socket.fd);
    free(c->uri);
    free(c);
    return NULL;
}
