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
 * Where the grant requires recording, hufud says so in its reply, and what is started is hufu-recorder.
 *
 * What is started for a transfer is sftp-server itself, without a shell and without the client's arguments.
 * The environment is the person's and is handed on as it is; the shell is taken from the user database, not
 * from it.
 */
#include "pam_module/caller.h"
#include "pam_module/channel/command.h"
#include "pam_module/channel/relay.h"
#include "pam_module/channel/shell.h"
#include "pam_module/channel/transfer.h"
#include "pam_module/client.h"
#include "pam_module/text.h"
#include "policy/base/recorder.h"
#include "policy/wire/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_REFUSED     1
#define EXIT_USAGE       2
#define EXIT_CANNOT_EXEC 126
#define EXIT_NOT_FOUND   127
#define LOGIN_SHELL_NAME 256

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
    const char *tty = getenv("SSH_TTY");
    uint8_t frame[FRAME_MAX];
    int size;

    caller_describe(&m.caller);
    copy_cut(command, m.command, sizeof(m.command));
    copy_cut(tty ? tty : ttyname(STDIN_FILENO), m.tty, sizeof(m.tty));
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

/* As sshd starts it without a ForceCommand: for a command by its name, as a login shell with a dash. */
static int start_shell(const char *command)
{
    const char *shell = shell_of_account();
    char login_name[LOGIN_SHELL_NAME];

    if (!shell) {
        errno = ENOENT;
        return cannot_start("your account");
    }
    if (command) {
        (void)execl(shell, shell_name(shell), "-c", command, (char *)NULL);
        return cannot_start(shell);
    }
    if ((size_t)snprintf(login_name, sizeof(login_name), "-%s", shell_name(shell)) >= sizeof(login_name)) {
        errno = ENAMETOOLONG;
        return cannot_start(shell);
    }
    (void)execl(shell, login_name, (char *)NULL);
    return cannot_start(shell);
}

/* In this very process, which is the one that hufud let record. */
static int start_recorded(const char *name, const char *command)
{
    static const char recorder[] = HUFU_LIBEXECDIR "/hufu-recorder";

    (void)execl(recorder, "hufu-recorder", name, command, (char *)NULL);
    return cannot_start(recorder);
}

/* What tlog starts for a recorded command whose input is no terminal's. */
static int run_behind_tlog(const char *command)
{
    const char *shell = shell_of_account();
    char *argv[5];
    int r;

    if (!shell || setenv("SHELL", shell, 1) < 0 || unsetenv("TLOG_REC_SESSION_CONF_TEXT") < 0)
        return cannot_start("your account");
    argv[0] = (char *)shell;
    argv[1] = (char *)shell_name(shell);
    argv[2] = (char *)"-c";
    argv[3] = (char *)command;
    argv[4] = NULL;
    r = relay_run(argv);
    if (r >= 0)
        return r;
    errno = -r;
    return cannot_start(shell);
}

static void say(char *message)
{
    text_clean(message);
    if (message[0] != 0)
        (void)fprintf(stderr, "%s\n", message);
}

/* The word behind `beginning` in the reply's options; NULL: it does not begin so. */
static const char *option(const struct gate_reply *reply, const char *beginning)
{
    size_t length = strlen(beginning);

    return strncmp(reply->options, beginning, length) == 0 ? reply->options + length : NULL;
}

static int start(const char *path, enum gate_channel_kind kind, const char *command, struct gate_reply *reply)
{
    const char *name = option(reply, "record="), *report = option(reply, "report");

    if (kind == GATE_CHANNEL_TRANSFER)
        return transfer_run(path, report && strcmp(report, "=required") == 0);
    if (kind == GATE_CHANNEL_SHELL)
        say(reply->message);
    command = kind == GATE_CHANNEL_EXEC ? command : NULL;
    /* A login shell at a console starts this, and must not do so again. */
    if (setenv("HUFU_CHANNEL", "1", 1) < 0)
        return cannot_start("environment");
    if (name && recorder_is_name(name, NULL, NULL))
        return start_recorded(name, command);
    if (reply->options[0] != '\0') {
        /* What is asked for and not understood must not be left undone. */
        (void)fputs(CLIENT_AWAY_TEXT "\n", stderr);
        return EXIT_REFUSED;
    }
    return start_shell(command);
}

int main(int argc, char **argv)
{
    const char *path = CLIENT_GATE_PATH, *command = getenv("SSH_ORIGINAL_COMMAND"), *behind = NULL;
    enum gate_channel_kind kind = command_classify(command);
    struct gate_reply reply;
    int letter;

    while ((letter = getopt(argc, argv, "+s:c:")) != -1) {
        if (letter == 's')
            path = optarg;
        else if (letter == 'c')
            behind = optarg;
        else
            return usage();
    }
    if (argc != optind)
        return usage();
    if (behind)
        return run_behind_tlog(behind);
    if (ask(path, command, kind, &reply) < 0) {
        (void)fputs(CLIENT_AWAY_TEXT "\n", stderr);
        return EXIT_REFUSED;
    }
    if (reply.verdict != VERDICT_ALLOW) {
        say(reply.message);
        return EXIT_REFUSED;
    }
    return start(path, kind, command, &reply);
}
