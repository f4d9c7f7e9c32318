#include "broker/common/files.h"
#include "broker/ctl/call.h"
#include "broker/ctl/papers.h"
#include "broker/ctl/setup.h"
#include "broker/ctl/verbs.h"

#include <errno.h>
#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER       "/etc/hufu"
#define BROKER_CONF  FOLDER "/hufud.conf"
#define REAPER_CONF  FOLDER "/reaper.conf"
#define BROKER_USER  "hufu"
#define BROKER       "/usr/sbin/hufud"
#define STATE_FOLDER "/var/lib/hufu"
#define STORE        STATE_FOLDER "/hufu.db"

static const struct option_row rows[] = {
    {"host", 0, OPTION_TEXT, true, "NAME", N_("this host, as grants name it"), offsetof(struct setup, host)},
    {"groups", 0, OPTION_TEXT, false, "A,B", N_("groups of hosts it is in, as grants name them with @"),
     offsetof(struct setup, groups)},
    {"trust", 0, OPTION_TEXT, true, "FILE", N_("the site's trust file"), offsetof(struct setup, trust)},
    {"standalone", 0, OPTION_FLAG, false, NULL, N_("this host has no directory"),
     offsetof(struct setup, standalone)},
    {"status-max-age", 0, OPTION_TEXT, false, "DURATION",
     N_("longest time without news from the directory, such as 24h"), offsetof(struct setup, status_max_age)},
    {"gated-uid", 0, OPTION_TEXT, false, "FIRST-LAST", N_("uids of vendors' staff [20000-29999]"),
     offsetof(struct setup, gated_uid)},
    {"language", 0, OPTION_TEXT, false, "NAME", N_("of what vendors' staff are told: en or zh_CN [en]"),
     offsetof(struct setup, language)},
};

/* The three files, in the order of writing. */
struct plan {
    struct {
        const char *path;
        char *text;
    } files[3];
};

static void plan_done(struct plan *p)
{
    for (size_t i = 0; i < ARRAY_SIZE(p->files); i++)
        free(p->files[i].text);
}

static enum exit_code make_plan(const struct cli *cli, const struct setup *s, struct plan *p)
{
    cleanup(trust_set_free_p) struct trust_set *trust = NULL;
    enum exit_code code;

    *p = (struct plan){.files = {{.path = CLI_TRUST}, {.path = REAPER_CONF}, {.path = BROKER_CONF}}};
    code = papers_read_trust(cli, s->trust, &p->files[0].text, &trust);
    if (code != EXIT_DONE)
        return code;
    if (!trust_set_class_is_open(trust, GRANT_CLASS_NORMAL, cli->now))
        (void)cli_fail(
            cli, EXIT_DONE,
            _("warning: by this trust file no grant of class normal can be approved now; look at its dates "
              "and at those of its certificates"));
    p->files[1].text = setup_write_reaper_conf(s, trust_set_document(trust));
    p->files[2].text = setup_write_broker_conf(s);
    if (!p->files[1].text || !p->files[2].text)
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    return EXIT_DONE;
}

/* Nothing is overwritten, so a second run changes nothing. */
static enum exit_code check_absent(const struct cli *cli, const struct plan *p)
{
    struct stat st;

    for (size_t i = 0; i < ARRAY_SIZE(p->files); i++) {
        if (lstat(p->files[i].path, &st) == 0)
            return cli_fail(cli, EXIT_REFUSED,
                            _("%s is there already, and is not overwritten; nothing was changed"),
                            p->files[i].path);
        if (errno != ENOENT)
            return cli_fail(cli, EXIT_REFUSED, _("cannot look for %s: %s"), p->files[i].path,
                            strerror(errno));
    }
    return EXIT_DONE;
}

static void remove_files(const struct plan *p, size_t n)
{
    while (n-- > 0)
        (void)unlink(p->files[n].path);
}

static enum exit_code write_files(const struct cli *cli, const struct plan *p)
{
    if (mkdir(FOLDER, 0755) < 0 && errno != EEXIST)
        return cli_fail(cli, EXIT_REFUSED, _("cannot make %s: %s"), FOLDER, strerror(errno));
    for (size_t i = 0; i < ARRAY_SIZE(p->files); i++) {
        enum exit_code code = papers_write(cli, p->files[i].path, p->files[i].text);

        if (code == EXIT_DONE)
            continue;
        remove_files(p, i);
        return code;
    }
    return EXIT_DONE;
}

/* In the child: the broker as its own user, with nothing of root's. */
static void become_broker(const struct passwd *user)
{
    char *const argv[] = {BROKER, "--create-store", NULL};
    char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};

    if (setgroups(0, NULL) == 0 && setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0 && chdir("/") == 0)
        (void)execve(BROKER, argv, environment);
    _exit(127);
}

static enum exit_code run_broker(const struct cli *cli, const struct passwd *user)
{
    int status = 0;
    pid_t pid;

    (void)fflush(cli->out);
    (void)fflush(cli->error);
    pid = fork();
    if (pid < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot start %s: %s"), BROKER, strerror(errno));
    if (pid == 0)
        become_broker(user);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return cli_fail(cli, EXIT_REFUSED, _("cannot start %s: %s"), BROKER, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return EXIT_DONE;
    return cli_fail(
        cli, EXIT_REFUSED,
        _("`%s --create-store` failed for the user %s; what it says above has to be mended. Nothing was "
          "changed"),
        BROKER, BROKER_USER);
}

/* What has to be there before anything is written. */
static enum exit_code find_broker(const struct cli *cli, const struct passwd **ret)
{
    *ret = getpwnam(BROKER_USER);
    if (!*ret)
        return cli_fail(
            cli, EXIT_REFUSED,
            _("there is no user %s; `systemd-sysusers && systemd-tmpfiles --create` makes it and its "
              "folders. Nothing was changed"),
            BROKER_USER);
    if (access(STATE_FOLDER, F_OK) < 0)
        return cli_fail(cli, EXIT_REFUSED,
                        _("there is no folder %s; `systemd-tmpfiles --create` makes it. Nothing was changed"),
                        STATE_FOLDER);
    if (access(BROKER, X_OK) < 0)
        return cli_fail(cli, EXIT_REFUSED, _("there is no %s; install Hufu as a whole. Nothing was changed"),
                        BROKER);
    return EXIT_DONE;
}

/* A store that is there is kept: it knows what was revoked and used up. */
static enum exit_code make_store(const struct cli *cli, const struct passwd *user)
{
    if (access(STORE, F_OK) == 0) {
        (void)cli_fail(cli, EXIT_DONE, _("the store %s is there already, and is kept"), STORE);
        return EXIT_DONE;
    }
    return run_broker(cli, user);
}

static enum exit_code report(const struct cli *cli, const struct setup *s)
{
    if (cli->json) {
        cleanup_json json_t *value = json_pack("{s:[s,s,s]}", "written", CLI_TRUST, REAPER_CONF, BROKER_CONF);

        return call_print_json(cli, value);
    }
    (void)fprintf(cli->out, _("Written: %s, %s, %s.\nNext, as root:\n"), CLI_TRUST, REAPER_CONF, BROKER_CONF);
    (void)fputs("  pam-auth-update --enable hufu\n"
                "  install -m 644 /usr/share/hufu/ssh/hufu.conf /etc/ssh/sshd_config.d/00-hufu.conf\n"
                "  systemctl enable --now hufu-reaper hufud && systemctl restart ssh\n"
                "  hufuctl status\n",
                cli->out);
    if (s->standalone)
        return EXIT_DONE;
    (void)fputs(_("And once /etc/hufu/ldapd.conf says where the directory is, see ldapd.conf(5):\n"),
                cli->out);
    (void)fputs("  systemctl enable --now hufu-ldapd\n"
                "  hufuctl sync status\n",
                cli->out);
    return EXIT_DONE;
}

static enum exit_code run(const struct cli *cli, const void *settings, const struct option_list *arguments)
{
    const struct setup *s = settings;
    cleanup(plan_done) struct plan plan = {0};
    const struct passwd *user = NULL;
    enum exit_code code = setup_check_options(cli, s);

    (void)arguments;
    if (code == EXIT_DONE && geteuid() != 0)
        code = cli_fail(cli, EXIT_NOT_PERMITTED, _("setup is for root"));
    if (code == EXIT_DONE)
        code = make_plan(cli, s, &plan);
    if (code == EXIT_DONE)
        code = check_absent(cli, &plan);
    if (code == EXIT_DONE)
        code = find_broker(cli, &user);
    if (code == EXIT_DONE)
        code = write_files(cli, &plan);
    if (code != EXIT_DONE)
        return code;
    code = make_store(cli, user);
    if (code == EXIT_DONE)
        return report(cli, s);
    remove_files(&plan, ARRAY_SIZE(plan.files));
    return code;
}

const struct verb verb_setup = {
    .name = "setup",
    .arguments = "",
    .summary = N_("make this host ready, once, as root"),
    .text = N_("Checks the trust file, writes /etc/hufu/trust, /etc/hufu/reaper.conf and "
               "/etc/hufu/hufud.conf, makes the "
               "broker's store, and says what to do next. Nothing that is there already is overwritten, and "
               "PAM, ssh "
               "and sudo are left to you."),
    .example = "  hufuctl setup --host db01.finance.example --groups databases \\\n"
               "    --trust trust --standalone",
    .options = rows,
    .n_options = ARRAY_SIZE(rows),
    .settings_size = sizeof(struct setup),
    .run = run,
};
