#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"

#include <errno.h>
#include <string.h>

/* What signs the ledger, and where it leaves what is old: hufud.conf(5), section ledger. */

#define CONFIG     "/etc/hufu/hufud.conf"
#define STATE      "/var/lib/hufu"
#define USUAL_KEY  STATE "/ledger.key"
#define TOKEN_URI  "pkcs11:"
#define KEY_RIGHTS ((mode_t)(S_IRWXG | S_IRWXO))

/* The value of a key of the section, the caller's to free; NULL: it is not there. */
static char *setting(const char *conf, const char *key)
{
    struct span value;

    return lines_value(conf, "ledger", key, &value) && value.length > 0 ? span_copy(value) : NULL;
}

/* ---- the key ---- */

/* hufud takes only what nobody else may read; whoever reads it signs any ledger. Root may own a file with a
 * PIN. */
static void check_secret(struct doctor *d, const char *path, uid_t hufu, bool roots_too)
{
    struct stat st;
    int r = doctor_lstat(d, path, &st);

    if (r == -ENOENT) {
        doctor_find(d, DOCTOR_WARNING, "ledger-key-missing", path,
                    _("is not there: the ledger is not signed, and nothing leaves it"));
        doctor_advise(d,
                      _("Put it back; or make another one, as hufud(8) says under THE LEDGER AND ITS KEY."));
        return;
    }
    if (r < 0) {
        doctor_unseen(d, path, r);
        return;
    }
    if (S_ISREG(st.st_mode) && (st.st_mode & KEY_RIGHTS) == 0 &&
        (st.st_uid == hufu || (roots_too && st.st_uid == host_root_uid(d))))
        return;
    doctor_find(
        d, DOCTOR_PROBLEM, "ledger-key-open", path,
        _("is not a file that hufu alone reads (owner %u, mode %04o): the ledger is not signed with it, "
          "and whoever could read it can sign another one"),
        (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
    doctor_advise(d, "chown hufu:hufu %s && chmod 600 %s && systemctl reload hufud", path, path);
}

/* A host without a store has none to sign yet: the first start makes both. */
static void check_key(struct doctor *d, const char *conf, uid_t hufu)
{
    cleanup_free char *key = setting(conf, "key");
    cleanup_free char *pin = setting(conf, "pin-file");

    if (key && strncmp(key, TOKEN_URI, strlen(TOKEN_URI)) == 0) {
        if (pin)
            check_secret(d, pin, hufu, true);
        return;
    }
    if (key || host_has(d, STATE "/hufu.db"))
        check_secret(d, key ? key : USUAL_KEY, hufu, false);
}

/* ---- the archive ---- */

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    while (length > 1 && folder[length - 1] == '/')
        length--;
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0' || length == 1);
}

/* systemd.exec(5): paths with blanks between, each perhaps behind `-` and `+`. True also where systemd does
 * not say: then it is said that it did not. */
static bool is_let_through(struct doctor *d, const char *folder)
{
    static const char *const show[] = {"/usr/bin/systemctl", "show", "-p", "ReadWritePaths", "--value",
                                       "hufud.service",      NULL};
    cleanup_free char *paths = is_below(folder, STATE) ? NULL : host_output(d, show);
    char *word, *rest = NULL;

    if (!paths)
        return true;
    for (word = strtok_r(paths, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
        if (is_below(folder, word + strspn(word, "-+")))
            return true;
    return false;
}

static void find_unwritable(struct doctor *d, const char *folder, const char *what)
{
    doctor_find(d, DOCTOR_WARNING, "archive-unwritable", folder,
                _("%s: no records leave the ledger, which grows"), what);
}

static void check_archive(struct doctor *d, const char *conf, uid_t hufu)
{
    cleanup_free char *folder = setting(conf, "archive");
    struct stat st;
    int r;

    if (!folder)
        return;
    r = doctor_stat(d, folder, &st);
    if (r < 0 && r != -ENOENT) {
        doctor_unseen(d, folder, r);
        return;
    }
    if (r < 0 || !S_ISDIR(st.st_mode)) {
        find_unwritable(d, folder, _("is no folder that is there"));
        doctor_advise(d, "install -d -o hufu -g hufu -m 700 %s", folder);
    } else if (st.st_uid != hufu || (st.st_mode & S_IRWXU) != S_IRWXU) {
        find_unwritable(d, folder, _("does not belong to hufu, or hufu may not write it"));
        doctor_advise(d, "chown hufu:hufu %s && chmod u+rwx %s", folder, folder);
    } else if (!is_let_through(d, folder)) {
        find_unwritable(d, folder, _("may not be written by hufud.service"));
        doctor_advise(
            d,
            "mkdir -p /etc/systemd/system/hufud.service.d && printf '[Service]\\nReadWritePaths=%s\\n' "
            ">/etc/systemd/system/hufud.service.d/archive.conf && systemctl daemon-reload && systemctl "
            "restart hufud",
            folder);
    }
}

void check_ledger(struct doctor *d)
{
    cleanup(users_free_p) struct users *users = NULL;
    cleanup_free char *conf = NULL;
    uid_t hufu;

    if (doctor_read_said(d, CONFIG, &conf) < 0)
        return;
    users = host_users(d);
    hufu = users ? host_uid_of(users, "hufu") : (uid_t)-1;
    if (hufu == (uid_t)-1)
        return; /* found by check_files */
    check_key(d, conf, hufu);
    check_archive(d, conf, hufu);
    doctor_looked(d, "%s", _("what signs the ledger, and its archive"));
}
