#include "broker/ldap/oneshot.h"

#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <string.h>

enum mode {
    MODE_NONE = 0,
    MODE_BASE,
    MODE_LIST,
    MODE_ENTRY,
    MODE_APPLY,
};

static const struct {
    const char *word;
    enum mode mode;
    int least, most; /* arguments; most -1: any number */
} modes[] = {
    {"--base", MODE_BASE, 0, 0},
    {"--list", MODE_LIST, 1, -1},
    {"--entry", MODE_ENTRY, 1, -1},
    {"--apply", MODE_APPLY, 0, 0},
};

struct asked {
    enum mode mode;
    const char *config, *below;
    uint32_t password_fd; /* 0: none */
    char **arguments;     /* up to NULL */
};

enum oneshot_exit oneshot_fail(const struct oneshot *o, enum oneshot_exit code, const char *format, ...)
{
    va_list arguments;

    (void)fputs("hufu-ldapd: ", o->error);
    va_start(arguments, format);
    (void)vfprintf(o->error, format, arguments);
    va_end(arguments);
    (void)fputc('\n', o->error);
    return code;
}

/* --- command line -----------------------------------------------------------------------------------------
 */

static size_t find_mode(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
        if (strcmp(word, modes[i].word) == 0)
            return i;
    return ARRAY_SIZE(modes);
}

bool oneshot_is_asked(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (find_mode(argv[i]) < ARRAY_SIZE(modes))
            return true;
    return false;
}

static bool read_password_fd(const char *value, struct asked *ret)
{
    return ident_parse_number(value, strlen(value), &ret->password_fd) == 0 && ret->password_fd > 2;
}

/* Options stand before the mode, each with its value behind it. */
static bool read_option(char **argv, struct asked *ret)
{
    if (!argv[1])
        return false;
    if (strcmp(argv[0], "--config") == 0)
        ret->config = argv[1];
    else if (strcmp(argv[0], "--below") == 0)
        ret->below = argv[1];
    else
        return strcmp(argv[0], "--password-fd") == 0 && read_password_fd(argv[1], ret);
    return true;
}

static bool read_arguments(int argc, char **argv, struct asked *ret)
{
    int i = 1;
    size_t mode;

    *ret = (struct asked){.config = LDAPD_CONFIG_PATH};
    while (i < argc && find_mode(argv[i]) == ARRAY_SIZE(modes)) {
        if (!read_option(argv + i, ret))
            return false;
        i += 2;
    }
    if (i >= argc)
        return false;
    mode = find_mode(argv[i++]);
    ret->mode = modes[mode].mode;
    ret->arguments = argv + i;
    return argc - i >= modes[mode].least && (modes[mode].most < 0 || argc - i <= modes[mode].most) &&
           (!ret->below || ret->mode == MODE_LIST);
}

/* --- configuration and password ---------------------------------------------------------------------------
 */

static enum oneshot_exit load(const struct oneshot *o, const char *path, struct ldapd_config **ret)
{
    struct conf_error error = {0};
    int r = ldapd_config_load_own(path, ret, &error);

    if (r == 0)
        return ONESHOT_DONE;
    if (error.line > 0)
        return oneshot_fail(o, ONESHOT_CONFIGURATION, _("%s, line %u: %s"), path, error.line, error.reason);
    return oneshot_fail(o, ONESHOT_CONFIGURATION, "%s: %s", path,
                        error.reason[0] ? error.reason : strerrordesc_np(-r));
}

static enum oneshot_exit read_password(const struct oneshot *o, struct ldapd_config *config, int fd)
{
    char text[ONESHOT_PASSWORD_MAX] = "";
    size_t n = 0;
    ssize_t part;

    while (n < sizeof(text) - 1 && (part = pread(fd, text + n, sizeof(text) - 1 - n, (off_t)n)) > 0)
        n += (size_t)part;
    text[strcspn(text, "\n")] = '\0';
    if (text[0])
        config->password = strdup(text);
    explicit_bzero(text, sizeof(text));
    return config->password ? ONESHOT_DONE
                            : oneshot_fail(o, ONESHOT_USAGE, _("no password comes over --password-fd"));
}

static bool lacks_password(const struct ldapd_config *c)
{
    if (c->method != LDAPD_SIMPLE || c->password)
        return false;
    return !c->password_file || (access(c->password_file, F_OK) < 0 && errno == ENOENT);
}

/* --- connection -------------------------------------------------------------------------------------------
 */

/* What is wrong is a file here, and no server. */
static bool is_ours(int r)
{
    return r == -EPERM || r == -EINVAL || r == -ENOENT || r == -EFBIG;
}

/* What is read is read where it is written, so that who writes next has seen what is there: at the one server
 * that takes changes, if it is configured, else at the first that answers. */
static enum oneshot_exit open_any(struct oneshot *o)
{
    char error[CONNECTION_ERROR_SIZE] = "";
    bool one = o->config->claim_uri != NULL;
    size_t n = one ? 1 : o->config->n_uris;

    for (size_t i = 0; i < n; i++) {
        const char *uri = one ? o->config->claim_uri : o->config->uris[i];
        int r = connection_open(o->config, uri, error, &o->connection);

        if (r == 0)
            return ONESHOT_DONE;
        if (r == -EACCES)
            return oneshot_fail(o, ONESHOT_CREDENTIALS, "%s: %s", uri, error);
        if (i + 1 == n)
            return oneshot_fail(o, is_ours(r) ? ONESHOT_CONFIGURATION : ONESHOT_AWAY, "%s: %s", uri, error);
        (void)oneshot_fail(o, ONESHOT_AWAY, "%s: %s", uri, error);
    }
    return ONESHOT_AWAY;
}

/* --- DNs --------------------------------------------------------------------------------------------------
 */

static size_t count_parts(LDAPDN dn)
{
    size_t n = 0;

    while (dn && dn[n])
        n++;
    return n;
}

static bool is_same_part(LDAPRDN a, LDAPRDN b)
{
    char *left = NULL;
    char *right = NULL;
    bool same = ldap_rdn2str(a, &left, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
                ldap_rdn2str(b, &right, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
                strcasecmp(left, right) == 0;

    ldap_memfree(left);
    ldap_memfree(right);
    return same;
}

bool oneshot_is_below(const struct oneshot *o, const char *dn)
{
    LDAPDN base = NULL;
    LDAPDN parts = NULL;
    bool below = ldap_str2dn(o->config->base, &base, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
                 ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS;
    size_t n_base = count_parts(base), n = count_parts(parts);

    below = below && n_base > 0 && n >= n_base;
    for (size_t i = 0; below && i < n_base; i++)
        below = is_same_part(base[i], parts[n - n_base + i]);
    ldap_dnfree(base);
    ldap_dnfree(parts);
    return below;
}

/* --- running ----------------------------------------------------------------------------------------------
 */

static enum oneshot_exit run_mode(struct oneshot *o, const struct asked *asked)
{
    const char *dn = asked->mode == MODE_ENTRY ? asked->arguments[0] : asked->below;
    enum oneshot_exit code;

    if (dn && !oneshot_is_below(o, dn))
        return oneshot_fail(o, ONESHOT_USAGE, _("%s is not below the base %s"), dn, o->config->base);
    code = open_any(o);
    if (code != ONESHOT_DONE)
        return code;
    if (asked->mode == MODE_APPLY)
        return oneshot_apply(o);
    if (asked->mode == MODE_ENTRY)
        return oneshot_list(o, dn, true, "(objectClass=*)", asked->arguments + 1);
    return oneshot_list(o, dn ? dn : o->config->base, false, asked->arguments[0], asked->arguments + 1);
}

static enum oneshot_exit run_configured(struct oneshot *o, const struct asked *asked,
                                        struct ldapd_config *config)
{
    enum oneshot_exit code = ONESHOT_DONE;

    o->config = config;
    if (asked->mode == MODE_BASE)
        return fprintf(o->out, "%s\n", config->base) < 0 ? ONESHOT_REFUSED : ONESHOT_DONE;
    if (asked->password_fd > 0)
        code = read_password(o, config, (int)asked->password_fd);
    if (code != ONESHOT_DONE)
        return code;
    if (lacks_password(config))
        return oneshot_fail(o, ONESHOT_PASSWORD, _("a password for %s is needed, and %s holds none"),
                            config->dn, config->password_file ? config->password_file : asked->config);
    code = run_mode(o, asked);
    o->connection = connection_free(o->connection);
    return code;
}

enum oneshot_exit oneshot_main(int argc, char **argv)
{
    cleanup(ldapd_config_free_p) struct ldapd_config *config = NULL;
    struct oneshot o = {.in = stdin, .out = stdout, .error = stderr};
    struct asked asked;
    enum oneshot_exit code;

    (void)setlocale(LC_ALL, "");
    (void)bindtextdomain("hufu", HUFU_LOCALEDIR);
    (void)textdomain("hufu");
    if (!read_arguments(argc, argv, &asked))
        return oneshot_fail(
            &o, ONESHOT_USAGE,
            _("usage: hufu-ldapd [--config FILE] [--password-fd N] --base | [--below DN] --list "
              "FILTER [ATTRIBUTE ...] | --entry DN [ATTRIBUTE ...] | --apply"));
    if (connection_prepare() < 0)
        return oneshot_fail(&o, ONESHOT_CONFIGURATION, _("cannot shut the environment out"));
    code = load(&o, asked.config, &config);
    if (code == ONESHOT_DONE)
        code = run_configured(&o, &asked, config);
    if (fflush(o.out) != 0 && code == ONESHOT_DONE)
        return oneshot_fail(&o, ONESHOT_REFUSED, _("cannot write the output"));
    return code;
}
