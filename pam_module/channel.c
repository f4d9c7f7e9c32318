/*
 * hufu-channel: sshd's ForceCommand for gated accounts. Every session channel of a connection starts here,
 * also those that never call PAM again, and it asks whether the person's own session may have a shell, run
 * this command, or move files; sshd itself cannot tell these apart.
 *
 * It runs as the person, started by their login shell (`$SHELL -c hufu-channel`), without any privilege, so
 * it guards what is asked for over ssh and not what a shell may do once there is one. A login shell that
 * reads a startup file even for -c (bash does, when sshd starts it) runs that file before this program: an
 * account that may only move files needs a login shell that reads none, as /bin/sh is where it is dash.
 *
 * What is started for a transfer is sftp-server itself, without a shell and without the client's arguments.
 * The environment is the person's and is handed on as it is; the shell is taken from the user database, not
 * from it.
 */
#include "pam_module/caller.h"
#include "pam_module/client.h"
#include "pam_module/command.h"
#include "pam_module/text.h"
#include "policy/base/cleanup.h"
#include "policy/wire/gate.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_REFUSED     1
#define EXIT_USAGE       2
#define EXIT_CANNOT_EXEC 126
#define EXIT_NOT_FOUND   127
#define DEFAULT_SHELL    "/bin/sh"
#define LOGIN_SHELL_NAME 256

static const char *const sftp_servers[] = {
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
};

static int usage(void)
{
    (void)fputs("usage: hufu-channel [-s SOCKET]\n"
                "Called by sshd: ForceCommand /usr/libexec/hufu/hufu-channel\n",
                stderr);
    return EXIT_USAGE;
}

/* What does not fit is cut: these are for the record, nothing is decided by them. */
static void copy_cut(const char *text, char *array, size_t size)
{
    size_t length = text ? strnlen(text, size - 1) : 0;

    if (length > 0)
        memcpy(array, text, length);
    array[length] = 0;
}

static int ask(const char *path, const char *command, enum gate_channel_kind kind, struct gate_reply *reply)
{
    struct gate_channel m = {.channel = (uint8_t)kind};
    uint8_t frame[FRAME_MAX];
    int size;

    caller_describe(&m.caller);
    copy_cut(command, m.command, sizeof(m.command));
    copy_cut(getenv("SSH_TTY"), m.tty, sizeof(m.tty));
    copy_cut(getenv("SSH_CONNECTION"), m.ssh_connection, sizeof(m.ssh_connection));
    size = gate_encode_channel(&m, frame);
    return size < 0 ? size : client_call(path, frame, (size_t)size, reply);
}

static int cannot_start(const char *what)
{
    int error = errno;

    (void)fprintf(stderr, "hufu-channel: %s: %s\n", what, strerror(error));
    return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
}

static int start_transfer(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(sftp_servers); i++) {
        (void)execl(sftp_servers[i], "sftp-server", (char *)NULL);
        if (errno != ENOENT)
            return cannot_start(sftp_servers[i]);
    }
    return cannot_start("sftp-server");
}

/* As sshd starts it without a ForceCommand: for a command by its name, as a login shell with a dash. */
static int start_shell(const char *command)
{
    const struct passwd *row = getpwuid(getuid());
    const char *shell = row && row->pw_shell && row->pw_shell[0] != 0 ? row->pw_shell : DEFAULT_SHELL;
    const char *slash = strrchr(shell, '/'), *name = slash ? slash + 1 : shell;
    char login_name[LOGIN_SHELL_NAME];

    if (!row) {
        errno = ENOENT;
        return cannot_start("your account");
    }
    if (command) {
        (void)execl(shell, name, "-c", command, (char *)NULL);
        return cannot_start(shell);
    }
    if ((size_t)snprintf(login_name, sizeof(login_name), "-%s", name) >= sizeof(login_name)) {
        errno = ENAMETOOLONG;
        return cannot_start(shell);
    }
    (void)execl(shell, login_name, (char *)NULL);
    return cannot_start(shell);
}

static void say(char *message)
{
    text_clean(message);
    if (message[0] != 0)
        (void)fprintf(stderr, "%s\n", message);
}

int main(int argc, char **argv)
{
    const char *path = CLIENT_GATE_PATH, *command = getenv("SSH_ORIGINAL_COMMAND");
    enum gate_channel_kind kind = command_classify(command);
    struct gate_reply reply;
    int option;

    while ((option = getopt(argc, argv, "+s:")) != -1) {
        if (option != 's')
            return usage();
        path = optarg;
    }
    if (argc != optind)
        return usage();
    if (ask(path, command, kind, &reply) < 0) {
        (void)fputs(CLIENT_AWAY_TEXT "\n", stderr);
        return EXIT_REFUSED;
    }
    if (reply.verdict != VERDICT_ALLOW) {
        say(reply.message);
        return EXIT_REFUSED;
    }
    if (kind == GATE_CHANNEL_TRANSFER)
        return start_transfer();
    if (kind == GATE_CHANNEL_SHELL)
        say(reply.message);
    return start_shell(kind == GATE_CHANNEL_EXEC ? command : NULL);
}
