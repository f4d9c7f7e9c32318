#include "broker/common/staff_register.h"
#include "broker/ctl/host_journal.h"
#include "broker/ctl/review_gather.h"
#include "broker/doctor/doctor.h"
#include "broker/review/auditd.h"
#include "policy/base/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a review takes from this host beside its broker. */

#define LOG_PREFIX "audit.log"
#define LOG_FILES  64

static enum exit_code no_memory(const struct cli *cli)
{
    return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
}

/* ---- forgeries ---- */

static int put_forgeries(struct review_work *w, struct journal_reader *j)
{
    struct journal_entry e;
    int r;

    while ((r = journal_next(j, &e)) == 1) {
        const struct review_forgery x = {.at = (when_t)(e.at_us / 1000000),
                                         .uid = (uint32_t)e.uid,
                                         .pid = (uint32_t)e.pid,
                                         .unit = e.unit,
                                         .message = e.message};

        r = review_add_forgery(w->review, &x);
        if (r < 0)
            break;
    }
    return r;
}

/* That the journal cannot be read is no reason to have no review; it is said aloud, and in it. */
static enum exit_code look_for_forgeries(struct review_work *w)
{
    cleanup(journal_close_p) struct journal_reader *j = NULL;
    cleanup_free char *why = NULL;
    int r = host_journal_open(JOURNAL_FORGERIES, w->period.from * 1000000, w->period.until * 1000000, &j);

    if (r == 0)
        r = put_forgeries(w, j);
    if (r == -ENOMEM)
        return no_memory(w->cli);
    if (r == 0)
        return EXIT_DONE;
    if (asprintf(&why,
                 _("the journal cannot be read (%s), so nobody looked for forged records there; be in "
                   "the group systemd-journal"),
                 strerror(r == -ESRCH ? ENODATA : -r)) < 0) {
        why = NULL;
        return no_memory(w->cli);
    }
    (void)cli_fail(w->cli, EXIT_DONE, "%s", why);
    return review_forgeries_unread(w->review, why) < 0 ? no_memory(w->cli) : EXIT_DONE;
}

/* ---- auditd ---- */

static int is_log(const struct dirent *d)
{
    return strncmp(d->d_name, LOG_PREFIX, strlen(LOG_PREFIX)) == 0;
}

/* The file that is written now is audit.log, the one before it audit.log.1, and so on: the oldest first. */
static long age_of(const struct dirent *d)
{
    const char *number = d->d_name + strlen(LOG_PREFIX);

    return strtol(*number == '.' ? number + 1 : number, NULL, 10);
}

static int oldest_first(const struct dirent **a, const struct dirent **b)
{
    long x = age_of(*a), y = age_of(*b);

    return (y > x) - (y < x);
}

static int read_log(struct auditd *a, int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), r = 0;
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
    cleanup_free char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (!f) {
        r = -errno;
        if (fd >= 0)
            (void)close(fd);
        return r;
    }
    while (r == 0 && (n = getline(&line, &room, f)) > 0)
        r = auditd_line(a, line, (size_t)n - (line[n - 1] == '\n'));
    if (r == 0 && ferror(f))
        r = -EIO;
    (void)fclose(f);
    return r;
}

static int read_logs(struct auditd *a, const char *path)
{
    struct dirent **names = NULL;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n, r = 0;

    if (folder < 0)
        return -errno;
    n = scandirat(folder, ".", &names, is_log, oldest_first);
    if (n < 0)
        r = -errno;
    if (n == 0)
        r = -ENOENT;
    for (int i = 0; i < n; i++) {
        if (r == 0 && n - i <= LOG_FILES)
            r = read_log(a, folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    (void)close(folder);
    return r < 0 ? r : auditd_end(a);
}

static int put_denied(struct review_work *w, const struct auditd *a)
{
    const struct auditd_row *rows;
    size_t n = auditd_rows(a, &rows);
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        const struct passwd *who = getpwuid(rows[i].uid);
        char uid[24];
        struct review_denied x = {.at = rows[i].first,
                                  .host = w->host,
                                  .what = rows[i].what,
                                  .path = rows[i].path,
                                  .count = rows[i].count};

        (void)snprintf(uid, sizeof(uid), "uid %u", (unsigned)rows[i].uid);
        x.staff = *rows[i].what == '\0' ? "" : who ? who->pw_name : uid;
        r = review_add_denied(w->review, &x);
    }
    return r;
}

static const char *why_not(int error)
{
    switch (error) {
    case -ENOENT:
        return _("auditd does not run on this host, or has written nothing yet");
    case -EACCES:
    case -EPERM:
        return _(
            "the logs of auditd may not be read; make the review as root, or as a member of the group that "
            "log_group of auditd.conf names");
    default:
        return strerror(-error);
    }
}

static enum exit_code look_for_denied(struct review_work *w, const char *folder)
{
    cleanup(auditd_free_p) struct auditd *a = NULL;
    int r = auditd_new(w->period.from, w->period.until, &a);

    if (r == 0)
        r = read_logs(a, folder);
    if (r == 0)
        r = put_denied(w, a);
    if (r < 0 && r != -ENOMEM)
        r = review_denied_unavailable(w->review, why_not(r));
    return r < 0 ? no_memory(w->cli) : EXIT_DONE;
}

/* ---- staff register ---- */

static enum exit_code read_register(struct review_work *w, const char *path)
{
    cleanup(staff_register_free_p) struct staff_register *reg = NULL;
    struct conf_error error;
    int r = staff_register_load(path, w->cli->host->owner, &reg, &error);

    if (r == -ENOENT)
        return EXIT_DONE;
    if (r < 0)
        return cli_fail(w->cli, EXIT_REFUSED, _("%s, line %u: %s"), path, error.line, error.reason);
    review_has_register(w->review);
    for (size_t i = 0; i < reg->n; i++) {
        const struct staff_entry *e = &reg->entries[i];
        const struct review_person x = {e->staff, e->vendor, e->agreement, e->training, e->vetting};

        if (review_add_person(w->review, &x) < 0)
            return no_memory(w->cli);
    }
    return EXIT_DONE;
}

enum exit_code review_look_around(struct review_work *w, const struct review_sources *sources)
{
    bool here = sources->files->count == 0;
    enum exit_code code = EXIT_DONE;

    if (here)
        code = look_for_forgeries(w);
    else if (review_forgeries_unread(
                 w->review, _("this review is made of export files, and the journals are on the hosts")) < 0)
        code = no_memory(w->cli);
    if (code == EXIT_DONE && here)
        code = look_for_denied(w, sources->audit_log);
    else if (code == EXIT_DONE &&
             review_denied_unavailable(w->review,
                                       _("this review is made of export files, and auditd's logs are "
                                         "on the hosts")) < 0)
        code = no_memory(w->cli);
    return code == EXIT_DONE ? read_register(w, sources->register_file) : code;
}

/* ---- recordings ---- */

void review_find_file(void *userdata, const char *host, const char *file, char *path, int *there)
{
    const struct review_work *w = userdata;
    char at[PATH_MAX];
    struct stat st;

    if (strchr(file, '/') || snprintf(path, PATH_MAX, "%s/%s", RECORDER_FOLDER, file) >= PATH_MAX) {
        path[0] = '\0';
        return;
    }
    if (!w->host || strcmp(w->host, host) != 0 ||
        snprintf(at, sizeof(at), "%s%s", w->cli->host->root, path) >= (int)sizeof(at))
        return;
    if (lstat(at, &st) == 0)
        *there = S_ISREG(st.st_mode);
    else if (errno == ENOENT)
        *there = 0;
}
