/*
 * hufu-recorder NAME [COMMAND]: what hufu-channel becomes where hufud says that a shell or command is to be
 * recorded (docs/recording.md). It is set-user-id hufu-rec, a user with no other right than to write below
 * RECORDER_FOLDER, and may be run by gated accounts alone.
 *
 * All that a person decides is NAME (checked to the letter, and a file that is there is refused), COMMAND
 * (what is run with their own rights), and environment and descriptors: of the first tlog's part is taken out
 * and its settings put in, of the second only the three standard ones are kept. tlog is its child, and it
 * stays until that has ended: so what hufu-recorder's own process had started before is not mistaken for what
 * tlog started.
 */
#include "policy/base/recorder.h"

#include "pam_module/channel/relay.h"
#include "pam_module/channel/shell.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_REFUSED     1
#define EXIT_USAGE       2
#define EXIT_CANNOT_EXEC 126
#define SIGNALLED        128
#define RECORDING_ROOM   (1 << 20) /* octets for which there has to be room before anything is started */
#define BEHIND_TLOG      HUFU_LIBEXECDIR "/hufu-channel"

static volatile sig_atomic_t tlog_pid;

static int fail(const char *what, int error)
{
    (void)fprintf(stderr, "Hufu: this session has to be recorded, and cannot be: %s%s%s\n", what,
                  error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
    return EXIT_REFUSED;
}

/* A closed standard descriptor must not become the recording's. */
static int settle_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return -errno;
    (void)close(fd);
    return close_range(STDERR_FILENO + 1, ~0U, 0) < 0 ? -errno : 0;
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/*
 * tlog must not be ended by a limit that its person set, while what it records is not on the disk yet: what
 * they may not raise again is refused.
 */
static int settle_limits(void)
{
    static const struct {
        int resource;
        rlim_t least;
    } limits[] = {{RLIMIT_FSIZE, (rlim_t)1024 * 1024 * 1024}, {RLIMIT_NOFILE, 64}};
    struct rlimit now;

    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        if (getrlimit((__rlimit_resource_t)limits[i].resource, &now) < 0)
            return -errno;
        if (now.rlim_max < limits[i].least)
            return -EPERM;
        if (now.rlim_cur >= limits[i].least)
            continue;
        now.rlim_cur = limits[i].least;
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &now) < 0)
            return -errno;
    }
    return 0;
}

/* Of every name that begins like this. */
static void forget_variables(const char *beginning)
{
    for (size_t i = 0; environ[i];) {
        char name[256];
        size_t length = strcspn(environ[i], "=");

        if (!begins_with(environ[i], beginning) || length >= sizeof(name)) {
            i++;
            continue;
        }
        memcpy(name, environ[i], length);
        name[length] = '\0';
        if (unsetenv(name) < 0)
            return;
    }
}

/* tlog starts in no locale that this host has not, nor in one whose text is not UTF-8. */
static int settle_locale(void)
{
    const char *codeset = setlocale(LC_ALL, "") ? nl_langinfo(CODESET) : "";
    bool fits = strcmp(codeset, "UTF-8") == 0;

    (void)setlocale(LC_ALL, "C");
    if (fits)
        return 0;
    forget_variables("LC_");
    forget_variables("LANGUAGE");
    return setenv("LANG", "C.UTF-8", 1) < 0 ? -errno : 0;
}

static bool is_plain_path(const char *path)
{
    return path[0] == '/' &&
           path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "/._+-")] == '\0';
}

/* tlog's settings are JSON; what is put in has nothing in it that JSON would take for its own. */
static int settle_environment(const char *name, const char *shell)
{
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "{\"shell\":\"%s\",\"notice\":\"\",\"latency\":1,\"payload\":2048,"
                     "\"log\":{\"input\":true,\"output\":true,\"window\":true},"
                     "\"limit\":{\"rate\":16384,\"burst\":32768,\"action\":\"pass\"},"
                     "\"writer\":\"file\",\"file\":{\"path\":\"" RECORDER_FOLDER "/%s" RECORDER_SUFFIX "\"}}",
                     shell, name);

    if (!is_plain_path(shell) || n < 0 || (size_t)n >= sizeof(text))
        return -EINVAL;
    forget_variables("TLOG_");
    if (setenv("TLOG_REC_SESSION_CONF_TEXT", text, 1) < 0)
        return -errno;
    return settle_locale();
}

/* hufud gives a name to the process that asks: that is this one, before it became hufu-recorder. So nobody
 * makes files that look like recordings of other sessions, or has a process of theirs go by a channel's name.
 */
static bool is_mine(const char *name)
{
    uint32_t channel = 0;

    return recorder_is_name(name, NULL, &channel) && channel == (uint32_t)getpid();
}

static int make_file(const char *name)
{
    char path[sizeof(RECORDER_FOLDER) + 1 + RECORDER_NAME_SIZE + sizeof(RECORDER_SUFFIX)];
    mode_t before = umask(S_IWGRP | S_IRWXO);
    int fd, error;

    (void)snprintf(path, sizeof(path), RECORDER_FOLDER "/%s" RECORDER_SUFFIX, name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR | S_IRGRP);
    error = errno;
    (void)umask(before);
    if (fd < 0)
        return -error;
    error = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, RECORDING_ROOM) < 0 && errno != EOPNOTSUPP ? errno : 0;
    if (error == 0 && ftruncate(fd, 0) < 0)
        error = errno;
    (void)close(fd);
    return -error;
}

static void pass_on(int number)
{
    if (tlog_pid > 0)
        (void)kill((pid_t)tlog_pid, number);
}

struct recording {
    const char *command; /* NULL: a login shell */
    bool relayed;        /* input does not come from a terminal */
    int input[2];        /* pipe to tlog */
    int channel[2];      /* socket past tlog */
    int complaints[2];   /* pipe from tlog's standard error */
};

static _Noreturn void become_tlog(const struct recording *r)
{
    static const char tlog[] = RECORDER_TLOG;

    if (r->relayed && (dup2(r->input[0], STDIN_FILENO) < 0 || dup2(r->channel[1], RELAY_FD) < 0))
        _exit(EXIT_CANNOT_EXEC);
    if (dup2(r->complaints[1], STDERR_FILENO) < 0)
        _exit(EXIT_CANNOT_EXEC);
    (void)close_range(r->relayed ? RELAY_FD + 1 : STDERR_FILENO + 1, ~0U, 0);
    (void)signal(SIGPIPE, SIG_DFL);
    /* Kept over an exec, inherited by nobody: whoever loses their parent below tlog stays below tlog. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        _exit(EXIT_CANNOT_EXEC);
    if (r->command)
        (void)execl(tlog, tlog, "-c", "--", r->command, (char *)NULL);
    else
        (void)execl(tlog, tlog, "-l", (char *)NULL);
    (void)fprintf(stderr, "%s: %s\n", tlog, strerror(errno));
    _exit(EXIT_CANNOT_EXEC);
}

/* What tlog says of the lock that it cannot make is no trouble: several channels of one session are recorded.
 */
static void print_complaints(char *text)
{
    static const char *const usual[] = {
        "Failed creating lock file", "Failed removing lock file",     "Permission denied",
        "No such file or directory", "Assuming session was unlocked", "Ignoring non-existent lock file",
        "Locale charset is ",        "Assuming locale environment"};
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        bool known = false;

        for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
            known = known || begins_with(line, usual[i]);
        if (!known)
            (void)fprintf(stderr, "hufu-recorder: %s\n", line);
    }
}

/* Nobody opens the terminal by its name while what is shown on it is recorded: who does so talks past tlog.
 * What the reaper says to the person comes by tlog's own terminal. */
static void close_terminal(bool closed)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (isatty(fd))
            (void)ioctl(fd, closed ? TIOCEXCL : TIOCNXCL);
}

static int attend(struct recording *r, pid_t pid)
{
    static struct relay_heard heard;
    int status = 0;

    (void)close(r->complaints[1]);
    if (r->relayed) {
        (void)close(r->input[0]);
        (void)close(r->channel[1]);
        (void)relay_feed(STDIN_FILENO, r->input[1], r->channel[0], r->complaints[0], &heard);
    }
    while (relay_hear(r->complaints[0], &heard)) /* until tlog has ended */
        ;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    print_complaints(heard.text);
    return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int record(const char *command, bool relayed)
{
    struct recording r = {.command = command, .relayed = relayed};
    struct sigaction action = {.sa_handler = pass_on};
    sigset_t none;
    pid_t pid;
    int status;

    (void)sigemptyset(&none);
    if (pipe2(r.complaints, O_CLOEXEC) < 0 ||
        (relayed && (pipe2(r.input, O_CLOEXEC) < 0 ||
                     socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, r.channel) < 0)))
        return fail("no descriptors", errno);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGQUIT, SIG_IGN);
    close_terminal(true);
    pid = fork();
    if (pid < 0)
        return fail("no process", errno);
    if (pid == 0) {
        (void)signal(SIGINT, SIG_DFL);
        (void)signal(SIGQUIT, SIG_DFL);
        become_tlog(&r);
    }
    tlog_pid = pid;
    (void)sigaction(SIGHUP, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    status = attend(&r, pid);
    close_terminal(false);
    return status;
}

int main(int argc, char **argv)
{
    const char *command = argc == 3 ? argv[2] : NULL, *shell;
    bool relayed;
    int r = settle_descriptors();

    if (argc < 2 || argc > 3 || !recorder_is_name(argv[1], NULL, NULL)) {
        (void)fputs(
            "usage: hufu-recorder NAME [COMMAND]\nStarted by hufu-channel where a grant requires recording\n",
            stderr);
        return EXIT_USAGE;
    }
    if (geteuid() == 0 || geteuid() == getuid())
        return fail("hufu-recorder is not set-user-id " RECORDER_USER, 0);
    relayed = command && !isatty(STDIN_FILENO);
    shell = relayed ? BEHIND_TLOG : shell_of_account();
    if (r == 0)
        r = shell ? settle_environment(argv[1], shell) : -ENOENT;
    if (r < 0)
        return fail("environment or login shell", -r);
    if (!is_mine(argv[1]))
        return fail("another channel's name", 0);
    r = settle_limits();
    if (r < 0)
        return fail("a limit on files (ulimit -f, ulimit -n)", -r);
    r = make_file(argv[1]);
    if (r < 0)
        return fail("its file in " RECORDER_FOLDER, -r);
    return record(command, relayed);
}
