#include "broker/ctl/restore.h"

#include "broker/common/files.h"
#include "broker/ctl/text.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define STAGED "hufu.db.restored"

/* ---- hufud is stopped ---- */

static bool somebody_listens(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* The lock that hufud has on its store; held until this ends, so that it does not open it meanwhile either.
 */
static enum exit_code lock_store(const struct restore *r, int state, int *fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool running = somebody_listens(r->cli->socket);

    *fd = openat(state, BACKUP_STORE, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (*fd >= 0 && fcntl(*fd, F_SETLK, &lock) < 0)
        running = true;
    if (running)
        return cli_fail(r->cli, EXIT_REFUSED,
                        _("hufud runs: stop it first (systemctl stop hufud). Sessions go on."));
    if (*fd < 0 && errno != ENOENT)
        return cli_fail(r->cli, EXIT_REFUSED, _("cannot open %s: %s"), BACKUP_STATE "/" BACKUP_STORE,
                        strerror(errno));
    return EXIT_DONE;
}

/* ---- the store ---- */

static enum exit_code not_put(const struct restore *r, const char *what, int error)
{
    return cli_fail(r->cli, EXIT_REFUSED, _("cannot put %s in place: %s; what was there is there"), what,
                    strerror(-error));
}

/* What was checked may have been changed since: what is copied is what the manifest lists. */
static int copy_listed(const struct restore *r, const char *name, int folder, const char *to, mode_t mode)
{
    char text[MANIFEST_DIGEST];
    uint8_t sha256[32];
    uint64_t size;
    int e = backup_copy(r->folder, name, folder, to, mode, sha256, &size);

    if (e < 0)
        return e;
    ident_format_hex(sha256, sizeof(sha256), text);
    if (strcmp(text, manifest_find(&r->manifest, name)->sha256) == 0)
        return 0;
    (void)unlinkat(folder, to, 0);
    return -EBADMSG;
}

/* The folder is hufu's, who may have put another file of root's under that name meanwhile. */
static int give(int folder, const char *name, const struct passwd *user)
{
    cleanup_close int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return -EPERM;
    return fchown(fd, user->pw_uid, user->pw_gid) < 0 ? -errno : 0;
}

static int stage(const struct restore *r, int state)
{
    const struct passwd *user = getpwnam(BACKUP_USER);
    int e;

    if (!user)
        return -ENOENT;
    (void)unlinkat(state, STAGED, 0); /* of one that was interrupted */
    e = copy_listed(r, BACKUP_STORE, state, STAGED, 0600);
    return e < 0 ? e : give(state, STAGED, user);
}

/* 1: kept; 0: there was none. */
static int keep(struct restore *r, int folder, const char *name)
{
    char kept[120];

    (void)snprintf(kept, sizeof(kept), "%s.before-%s", name, r->stamp);
    if (renameat2(folder, name, folder, kept, RENAME_NOREPLACE) < 0)
        return errno == ENOENT ? 0 : -errno;
    r->n_kept++;
    return 1;
}

static void put_back(struct restore *r, int folder, const char *name)
{
    char kept[120];

    (void)snprintf(kept, sizeof(kept), "%s.before-%s", name, r->stamp);
    (void)renameat2(folder, kept, folder, name, RENAME_NOREPLACE);
}

/* The log first: a store without its log refuses to open, and one with another's could not be told. */
static const char *const parts[] = {BACKUP_STORE "-wal", BACKUP_STORE "-journal", BACKUP_STORE};

static int exchange(struct restore *r, int state)
{
    int e = 0;

    for (size_t i = 0; i < ARRAY_SIZE(parts) && e >= 0; i++)
        e = keep(r, state, parts[i]);
    if (e >= 0)
        e = renameat2(state, STAGED, state, BACKUP_STORE, RENAME_NOREPLACE) < 0 ? -errno : 0;
    if (e == 0)
        return fsync(state) < 0 ? -errno : 0;
    for (size_t i = ARRAY_SIZE(parts); i-- > 0;)
        put_back(r, state, parts[i]);
    return e;
}

static enum exit_code put_store(struct restore *r)
{
    cleanup_close int state = open(BACKUP_STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int locked = -1;
    enum exit_code code;
    int e;

    if (state < 0)
        return not_put(r, BACKUP_STORE, -errno);
    code = lock_store(r, state, &locked);
    if (code != EXIT_DONE)
        return code;
    e = stage(r, state);
    if (e == 0)
        e = exchange(r, state);
    if (e == 0)
        return EXIT_DONE;
    (void)unlinkat(state, STAGED, 0);
    return not_put(r, BACKUP_STORE, e);
}

/* ---- the configuration ---- */

static enum exit_code put_file(struct restore *r, int etc, const char *name)
{
    int e = keep(r, etc, name);

    if (e >= 0)
        e = copy_listed(r, name, etc, name, 0644);
    if (e == 0)
        return EXIT_DONE;
    put_back(r, etc, name);
    return not_put(r, name, e);
}

static enum exit_code put_configuration(struct restore *r)
{
    cleanup_close int etc = open(BACKUP_ETC, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum exit_code code = etc < 0 ? not_put(r, BACKUP_ETC, -errno) : EXIT_DONE;

    for (size_t i = 0; backup_configuration[i] && code == EXIT_DONE; i++)
        if (manifest_find(&r->manifest, backup_configuration[i]))
            code = put_file(r, etc, backup_configuration[i]);
    return code;
}

/* ---- */

static void stamp(struct restore *r)
{
    char at[WHEN_TEXT_SIZE];
    size_t n = 0;

    when_format(r->cli->now, at);
    for (const char *p = at; *p != '\0' && n < sizeof(r->stamp) - 1; p++)
        if (*p != '-' && *p != ':')
            r->stamp[n++] = *p;
    r->stamp[n] = '\0';
}

enum exit_code restore_put_in_place(struct restore *r, const struct restore_settings *s)
{
    enum exit_code code;

    stamp(r);
    code = put_store(r);
    return code == EXIT_DONE && s->configuration ? put_configuration(r) : code;
}

void restore_say_next(const struct restore *r)
{
    FILE *out = r->cli->out;

    (void)fprintf(out, _("\nThe store is in place. What was there is kept: %s/*.before-%s\nNext, as root:\n"),
                  BACKUP_STATE, r->stamp);
    (void)fputs("  systemctl start hufud\n"
                "  hufuctl status\n"
                "  hufuctl host confirm\n",
                out);
    text_print_wrapped(
        out, _("Until the last of these, everybody gated is refused: this store does not know what "
               "was used and revoked after it was copied. On another machine the ledger's key is missing, "
               "and the records are not signed: put it back from where you keep it, or make another one "
               "(hufud(8)) and give its public part (hufuctl audit key) to who verifies the records."));
}
