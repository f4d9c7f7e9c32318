#include "broker/ctl/directory.h"

#include "broker/common/files.h"
#include "broker/ctl/helper.h"
#include "broker/ctl/terminal.h"
#include "policy/base/ident.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>

#define OWN_CONFIG    ".config/hufu/directory.conf"
#define SHARED_CONFIG "/etc/hufu/ldapd.conf"
#define WORDS_MAX     24

/* --- which file -------------------------------------------------------------------------------------------
 */

static char *find_config(const char *option)
{
    const struct passwd *own;
    char *path = NULL;

    if (option)
        return strdup(option);
    own = getpwuid(geteuid());
    if (own && own->pw_dir && asprintf(&path, "%s/" OWN_CONFIG, own->pw_dir) < 0)
        return NULL;
    /* One that is there and cannot be read is not passed over. */
    if (path && (access(path, F_OK) == 0 || errno == EACCES))
        return path;
    free(path);
    return strdup(SHARED_CONFIG);
}

/* --- one run of hufu-ldapd --------------------------------------------------------------------------------
 */

/* The words of one run, and what is done with its output. */
struct run {
    const char *words[WORDS_MAX]; /* behind --config FILE */
    size_t n_words;
    int in; /* -1: empty */
    enum exit_code (*read)(FILE *out, void *userdata);
    void *userdata;
};

static void add_word(struct run *run, const char *word)
{
    if (run->n_words < WORDS_MAX)
        run->words[run->n_words++] = word;
}

static int password_descriptor(const char *password)
{
    int fd = memfd_create("password", MFD_CLOEXEC);

    if (fd >= 0 && (pwrite(fd, password, strlen(password), 0) != (ssize_t)strlen(password)))
        return close_fd(fd);
    return fd;
}

static int start(struct directory *d, const struct run *run, struct helper *helper)
{
    const char *argv[WORDS_MAX + 6] = {d->cli->ldapd, "--config", d->config};
    cleanup_close int password = -1;
    size_t n = 3;

    if (d->password[0]) {
        password = password_descriptor(d->password);
        if (password < 0)
            return -ENOMEM;
        argv[n++] = "--password-fd";
        argv[n++] = "3";
    }
    for (size_t i = 0; i < run->n_words; i++)
        argv[n++] = run->words[i];
    if (run->in >= 0 && lseek(run->in, 0, SEEK_SET) < 0)
        return -errno;
    return helper_start(helper, (char *const *)argv, run->in, password);
}

static enum exit_code say(const struct directory *d, int status, const char *message)
{
    const char *text = message && *message ? message : "?";

    switch (status) {
    case ONESHOT_DONE:
        return EXIT_DONE;
    case ONESHOT_CONFIGURATION:
        return cli_fail(d->cli, EXIT_REFUSED, "%s", text);
    case ONESHOT_AWAY:
        return cli_fail(d->cli, EXIT_BROKER_AWAY, _("the directory cannot be reached: %s"), text);
    case ONESHOT_CREDENTIALS:
        return cli_fail(d->cli, EXIT_NOT_PERMITTED, _("the directory does not let you in: %s"), text);
    case ONESHOT_REFUSED:
        return cli_fail(d->cli, EXIT_REFUSED, _("the directory refused: %s"), text);
    default:
        return cli_fail(d->cli, EXIT_REFUSED, _("%s failed (%d): %s"), d->cli->ldapd, status, text);
    }
}

/* One run; *status is how it ended. What could not even be started has been said. */
static enum exit_code run_once(struct directory *d, const struct run *run, int *status, char **message)
{
    struct helper helper = HELPER_INIT;
    int r = start(d, run, &helper);
    enum exit_code code;

    if (r < 0)
        return cli_fail(d->cli, EXIT_REFUSED, _("cannot run %s, which speaks to the directory: %s"),
                        d->cli->ldapd, strerror(-r));
    code = run->read(helper.out, run->userdata);
    *status = helper_finish(&helper, message);
    return code;
}

static enum exit_code ask_password(struct directory *d)
{
    FILE *terminal = terminal_open();
    int r;

    if (!terminal)
        return cli_fail(d->cli, EXIT_REFUSED,
                        _("%s names no password that is there, and there is no terminal to ask for it"),
                        d->config);
    (void)fprintf(terminal, _("Password for the directory (%s): "), d->config);
    r = terminal_read_secret(terminal, d->password, sizeof(d->password));
    (void)fclose(terminal);
    if (r < 0 || !d->password[0])
        return cli_fail(d->cli, EXIT_REFUSED, _("no password was given; nothing was changed"));
    return EXIT_DONE;
}

/* *refused: the run ended with ONESHOT_REFUSED, about which the output has more to say; else it is said here.
 */
static enum exit_code run_it(struct directory *d, const struct run *run, bool *refused)
{
    cleanup_free char *message = NULL;
    int status = 0;
    enum exit_code code = run_once(d, run, &status, &message);

    if (code == EXIT_DONE && status == ONESHOT_PASSWORD && !d->password[0]) {
        code = ask_password(d);
        free(steal_pointer(&message));
        if (code == EXIT_DONE)
            code = run_once(d, run, &status, &message);
    }
    if (refused)
        *refused = status == ONESHOT_REFUSED;
    if (code != EXIT_DONE || (refused && *refused))
        return code;
    return say(d, status, message);
}

/* --- the base ---------------------------------------------------------------------------------------------
 */

static enum exit_code read_base(FILE *out, void *userdata)
{
    struct directory *d = userdata;

    if (fgets(d->base, sizeof(d->base), out))
        d->base[strcspn(d->base, "\n")] = '\0';
    return EXIT_DONE;
}

enum exit_code directory_open(const struct cli *cli, const char *option, struct directory *d)
{
    struct run run = {.words = {"--base"}, .n_words = 1, .in = -1, .read = read_base, .userdata = d};
    enum exit_code code;

    *d = (struct directory){.cli = cli, .config = find_config(option)};
    if (!d->config)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    code = run_it(d, &run, NULL);
    if (code == EXIT_DONE && !d->base[0])
        return cli_fail(cli, EXIT_REFUSED, _("%s says no base"), d->config);
    return code;
}

void directory_done(struct directory *d)
{
    free(d->config);
    d->config = NULL;
    explicit_bzero(d->password, sizeof(d->password));
}

/* --- listing ----------------------------------------------------------------------------------------------
 */

struct listening {
    directory_heard *heard;
    void *userdata;
    struct ldif_reader reader;
    int fault; /* of reading; what ended hufu-ldapd, if anything did, says more */
};

static enum exit_code read_entries(FILE *out, void *userdata)
{
    struct listening *l = userdata;
    enum exit_code code = EXIT_DONE;
    int r = 1;

    l->reader = (struct ldif_reader){.in = out};
    while (code == EXIT_DONE && r == 1) {
        cleanup(ldif_record_free_p) struct ldif_record *record = NULL;

        r = ldif_read(&l->reader, &record);
        if (r == 1)
            code = l->heard(&record, l->userdata);
    }
    l->fault = r < 0 ? r : 0;
    return code;
}

static enum exit_code list(struct directory *d, const struct run *question, const char *const *attributes,
                           directory_heard *heard, void *userdata)
{
    struct run run = *question;
    struct listening l = {.heard = heard, .userdata = userdata};
    enum exit_code code;

    for (; *attributes; attributes++)
        add_word(&run, *attributes);
    run.read = read_entries;
    run.userdata = &l;
    code = run_it(d, &run, NULL);
    if (code == EXIT_DONE && l.fault == -EINVAL)
        return cli_fail(d->cli, EXIT_REFUSED, _("what %s tells cannot be read: line %u: %s"), d->cli->ldapd,
                        l.reader.line, l.reader.reason);
    return code == EXIT_DONE && l.fault < 0 ? cli_fail(d->cli, EXIT_REFUSED, "%s", strerror(-l.fault)) : code;
}

enum exit_code directory_list(struct directory *d, const char *folder, const char *filter,
                              const char *const *attributes, directory_heard *heard, void *userdata)
{
    cleanup_free char *below = NULL;
    struct run run = {.in = -1};

    if (folder) {
        if (asprintf(&below, "%s,%s", folder, d->base) < 0)
            return cli_fail(d->cli, EXIT_REFUSED, _("out of memory"));
        add_word(&run, "--below");
        add_word(&run, below);
    }
    add_word(&run, "--list");
    add_word(&run, filter);
    return list(d, &run, attributes, heard, userdata);
}

static enum exit_code keep(struct ldif_record **record, void *userdata)
{
    struct ldif_record **kept = userdata;

    if (!*kept)
        *kept = steal_pointer(record);
    return EXIT_DONE;
}

enum exit_code directory_read(struct directory *d, const char *name, const char *const *attributes,
                              struct ldif_record **ret)
{
    cleanup_free char *dn = NULL;
    struct run run = {.words = {"--entry"}, .n_words = 1, .in = -1};

    *ret = NULL;
    if (asprintf(&dn, "%s,%s", name, d->base) < 0)
        return cli_fail(d->cli, EXIT_REFUSED, _("out of memory"));
    add_word(&run, dn);
    return list(d, &run, attributes, keep, ret);
}

/* --- changes ----------------------------------------------------------------------------------------------
 */

struct answers {
    directory_answer *answer;
    void *userdata;
    size_t n;
    bool malformed;
};

/* "3 68 Already exists". */
static bool read_answer(char *line, struct answers *a)
{
    char *words[3] = {line, strchr(line, ' '), NULL};
    uint32_t number = 0;
    char *end = NULL;
    long code;

    line[strcspn(line, "\n")] = '\0';
    if (!words[1])
        return false;
    *words[1]++ = '\0';
    words[2] = strchr(words[1], ' ');
    if (words[2])
        *words[2]++ = '\0';
    code = strtol(words[1], &end, 10);
    if (ident_parse_number(words[0], strlen(words[0]), &number) < 0 || number != a->n + 1 || *end ||
        end == words[1] || code < 0 || code > INT16_MAX)
        return false;
    a->n++;
    a->answer(number, (int)code, words[2] ? words[2] : "", a->userdata);
    return true;
}

static enum exit_code read_answers(FILE *out, void *userdata)
{
    struct answers *a = userdata;
    char line[2048];

    while (!a->malformed && fgets(line, sizeof(line), out))
        a->malformed = !read_answer(line, a);
    return EXIT_DONE;
}

/* Each begins with one such line; values cannot, since a line that goes on begins with a blank. */
static size_t count_changes(const struct buf *changes)
{
    static const char begin[] = "\nchangetype: ";
    const uint8_t *at = changes->data;
    const uint8_t *end = at + changes->size;
    size_t n = 0;

    while (at < end && (at = memmem(at, (size_t)(end - at), begin, sizeof(begin) - 1)) != NULL) {
        at += sizeof(begin) - 1;
        n++;
    }
    return n;
}

static int changes_descriptor(const struct buf *changes)
{
    int fd = memfd_create("changes", MFD_CLOEXEC);
    const uint8_t *at = changes->data;
    size_t left = changes->size;

    while (fd >= 0 && left > 0) {
        ssize_t n = write(fd, at, left);

        if (n < 0 && errno != EINTR)
            return close_fd(fd);
        if (n > 0) {
            at += n;
            left -= (size_t)n;
        }
    }
    return fd;
}

enum exit_code directory_apply(struct directory *d, const struct buf *changes, directory_answer *answer,
                               void *userdata)
{
    struct answers a = {.answer = answer, .userdata = userdata};
    struct run run = {.words = {"--apply"}, .n_words = 1, .read = read_answers, .userdata = &a};
    cleanup_close int in = -1;
    enum exit_code code;
    bool refused = false;

    if (buf_error(changes) < 0)
        return cli_fail(d->cli, EXIT_REFUSED, _("out of memory"));
    in = changes_descriptor(changes);
    if (in < 0)
        return cli_fail(d->cli, EXIT_REFUSED, "%s", strerror(errno));
    run.in = in;
    code = run_it(d, &run, &refused);
    if (code == EXIT_DONE && (a.malformed || a.n != count_changes(changes)))
        return cli_fail(d->cli, EXIT_REFUSED, _("what %s answers cannot be read"), d->cli->ldapd);
    return code;
}

static void keep_answer(size_t number, int code, const char *text, void *userdata)
{
    struct directory_reply *reply = userdata;

    (void)number;
    reply->code = code;
    (void)snprintf(reply->text, sizeof(reply->text), "%s", text);
}

enum exit_code directory_apply_one(struct directory *d, const struct buf *change, struct directory_reply *ret)
{
    enum exit_code code;

    *ret = (struct directory_reply){.code = -1};
    code = directory_apply(d, change, keep_answer, ret);
    if (code == EXIT_DONE && ret->code < 0)
        return cli_fail(d->cli, EXIT_REFUSED, _("what %s answers cannot be read"), d->cli->ldapd);
    return code;
}
