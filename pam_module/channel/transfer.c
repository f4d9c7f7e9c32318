#include "pam_module/channel/transfer.h"

#include "pam_module/caller.h"
#include "pam_module/channel/sftp_log.h"
#include "pam_module/client.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_CANNOT_EXEC 126
#define EXIT_NOT_FOUND   127
#define SIGNALLED        128
#define LINE_SIZE        8192
#define TELL_TIMES       5

static const char *const servers[] = {
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
};

static const char *find_server(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(servers); i++)
        if (access(servers[i], F_OK) == 0)
            return servers[i];
    return NULL;
}

static int cannot_start(const char *what, int error)
{
    (void)fprintf(stderr, "hufu-channel: %s: %s\n", what, strerror(error));
    return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
}

/* A broker that is just being started anew is waited for. */
static bool tell(const char *path, struct gate_transfer *m)
{
    static const struct timespec pause = {.tv_nsec = 200L * 1000 * 1000};
    uint8_t frame[FRAME_MAX];
    struct gate_reply reply;
    int size;

    caller_describe(&m->caller);
    size = gate_encode_transfer(m, frame);
    for (unsigned i = 0; size > 0 && i < TELL_TIMES; i++) {
        if (client_call(path, frame, (size_t)size, &reply) == 0)
            return reply.verdict == VERDICT_ALLOW;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

/* Lines end with CR LF. What is longer than a line can be is cut, and no line is begun in its middle. */
static bool take_line(const char *path, char *line, size_t length)
{
    struct gate_transfer m;

    while (length > 0 && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    return !sftp_log_parse(line, &m) || tell(path, &m);
}

/* What the client sent is never waited for: only the log of what was done. */
static void follow(FILE *log, const char *path, bool required, pid_t server)
{
    char line[LINE_SIZE];
    size_t length = 0;
    bool told = true;

    for (int c; (c = getc_unlocked(log)) != EOF;) {
        if (c != '\n') {
            line[length] = (char)c;
            length += length < sizeof(line) - 1;
            continue;
        }
        told = take_line(path, line, length) && told;
        length = 0;
        if (!told && required) {
            (void)kill(server, SIGKILL);
            (void)fputs("Hufu: this transfer has to be recorded, and cannot be.\n", stderr);
            return;
        }
    }
}

static _Noreturn void become_server(const char *server, int log)
{
    if (dup2(log, STDERR_FILENO) < 0)
        _exit(EXIT_CANNOT_EXEC);
    (void)execl(server, "sftp-server", "-e", "-l", "INFO", (char *)NULL);
    _exit(EXIT_CANNOT_EXEC);
}

int transfer_run(const char *path, bool required)
{
    const char *server = find_server();
    int log[2], status = 0;
    FILE *in;
    pid_t pid;

    if (!server)
        return cannot_start("sftp-server", ENOENT);
    /* Other processes of the person have no part in what is told here. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)signal(SIGCHLD, SIG_DFL);
    if (pipe2(log, O_CLOEXEC) < 0)
        return cannot_start(server, errno);
    in = fdopen(log[0], "re");
    pid = in ? fork() : -1;
    if (pid < 0)
        return cannot_start(server, errno);
    if (pid == 0)
        become_server(server, log[1]);
    (void)close(log[1]);
    /* sshd sees the end of the channel when the server's ends of it are closed, not ours. */
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    follow(in, path, required, pid);
    (void)fclose(in);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}
