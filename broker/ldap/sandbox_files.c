#include "broker/ldap/sandbox_files.h"

#include "broker/common/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ldap.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/syscall.h>

/* Later than the headers of Debian 12. */
#define RULE_NET_PORT       2
#define ACCESS_FS_TRUNCATE  (UINT64_C(1) << 14)
#define ACCESS_FS_IOCTL_DEV (UINT64_C(1) << 15)
#define ACCESS_NET_BIND     (UINT64_C(1) << 0)
#define ACCESS_NET_CONNECT  (UINT64_C(1) << 1)
#define ACCESS_FS_FIRST     ((UINT64_C(1) << 13) - 1) /* all of ABI 1 */
#define ACCESS_FS_READ      (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define DNS_PORT            53

struct ruleset_attr {
    uint64_t handled_access_fs, handled_access_net;
};

struct net_port_attr {
    uint64_t allowed_access, port;
};

static int add_rule(int ruleset, unsigned type, const void *rule)
{
    return syscall(SYS_landlock_add_rule, ruleset, type, rule, 0U) < 0 ? -errno : 0;
}

/* What is not there need not be read. */
static int allow_reading(int ruleset, const char *path)
{
    cleanup_close int fd = open(path, O_PATH | O_CLOEXEC | O_DIRECTORY);
    struct landlock_path_beneath_attr rule = {.allowed_access = ACCESS_FS_READ, .parent_fd = fd};

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
    return add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule);
}

/* The folder, since a file may be replaced by a new one of its name. */
static int allow_file(int ruleset, const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    cleanup_free char *folder = NULL;

    if (!slash)
        return 0;
    folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    return folder ? allow_reading(ruleset, folder) : -ENOMEM;
}

static int allow_files(int ruleset, const struct ldapd_config *c)
{
    /* resolv.conf may be a symbolic link to below /run; the locale and zone are below /usr. */
    static const char *const folders[] = {
        "/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"};
    const char *const files[] = {c->ca, c->cert, c->key, c->crl, c->password_file};
    int r = 0;

    for (size_t i = 0; i < ARRAY_SIZE(folders) && r == 0; i++)
        r = allow_reading(ruleset, folders[i]);
    for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++)
        r = allow_file(ruleset, files[i]);
    return r;
}

static int allow_port(int ruleset, uint64_t port)
{
    const struct net_port_attr rule = {.allowed_access = ACCESS_NET_CONNECT, .port = port};

    return add_rule(ruleset, RULE_NET_PORT, &rule);
}

static int allow_uri(int ruleset, const char *uri)
{
    LDAPURLDesc *url = NULL;
    int r = 0;

    if (!uri || ldap_url_parse(uri, &url) != LDAP_URL_SUCCESS)
        return 0;
    if (url->lud_port > 0)
        r = allow_port(ruleset, (uint64_t)url->lud_port);
    ldap_free_urldesc(url);
    return r;
}

static int allow_ports(int ruleset, const struct ldapd_config *c)
{
    int r = allow_port(ruleset, DNS_PORT);

    for (size_t i = 0; i < c->n_uris && r == 0; i++)
        r = allow_uri(ruleset, c->uris[i]);
    return r == 0 ? allow_uri(ruleset, c->claim_uri) : r;
}

/* What this kernel can keep from us, by its version of landlock. */
static struct ruleset_attr all_that_is_known(long abi)
{
    struct ruleset_attr a = {.handled_access_fs = ACCESS_FS_FIRST};

    if (abi >= 2)
        a.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        a.handled_access_fs |= ACCESS_FS_TRUNCATE;
    if (abi >= 4)
        a.handled_access_net = ACCESS_NET_BIND | ACCESS_NET_CONNECT;
    if (abi >= 5)
        a.handled_access_fs |= ACCESS_FS_IOCTL_DEV;
    return a;
}

int sandbox_files(const struct ldapd_config *config)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0U, LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset_attr attributes = all_that_is_known(abi);
    size_t size = abi >= 4 ? sizeof(attributes) : sizeof(attributes.handled_access_fs);
    cleanup_close int ruleset = -1;
    int r;

    if (abi < 1) /* not built in, or not switched on */
        return errno == ENOSYS || errno == EOPNOTSUPP ? 1 : -errno;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0U);
    if (ruleset < 0)
        return -errno;
    r = allow_files(ruleset, config);
    if (r == 0 && abi >= 4)
        r = allow_ports(ruleset, config);
    if (r < 0)
        return r;
    return syscall(SYS_landlock_restrict_self, ruleset, 0U) < 0 ? -errno : 0;
}
