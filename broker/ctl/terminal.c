#include "broker/ctl/terminal.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define INTERRUPT 3 /* ^C, as a character */

FILE *terminal_open(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    FILE *f;

    if (fd < 0)
        return NULL;
    f = fdopen(fd, "r+");
    if (!f)
        (void)close(fd);
    return f;
}

/* Octet by octet, so that nothing of a secret stays in a buffer of stdio. */
int terminal_read_line(FILE *terminal, char *text, size_t size)
{
    size_t length = 0;

    (void)fflush(terminal);
    for (;;) {
        char c;
        ssize_t n = read(fileno(terminal), &c, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n != 1 || length + 1 == size) {
            explicit_bzero(text, size);
            return n == 1 ? -EMSGSIZE : -EIO;
        }
        if (c == '\n')
            break;
        if (c == INTERRUPT) {
            explicit_bzero(text, size);
            return -EINTR;
        }
        text[length++] = c;
    }
    text[length] = '\0';
    return 0;
}

/* Signals that would end the program wait until echo is back. */
static void hold_signals(sigset_t *before)
{
    static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(held); i++)
        (void)sigaddset(&set, held[i]);
    (void)sigprocmask(SIG_BLOCK, &set, before);
}

int terminal_read_secret(FILE *terminal, char *text, size_t size)
{
    int fd = fileno(terminal);
    struct termios before, silent;
    sigset_t signals;
    int r;

    if (tcgetattr(fd, &before) < 0)
        return -errno;
    silent = before;
    /* Without signals from the keyboard: ^C is then a character, and ends the line. */
    silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    silent.c_cc[VEOL] = INTERRUPT;
    hold_signals(&signals);
    if (tcsetattr(fd, TCSAFLUSH, &silent) < 0)
        r = -errno;
    else
        r = terminal_read_line(terminal, text, size);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    (void)sigprocmask(SIG_SETMASK, &signals, NULL);
    (void)fputc('\n', terminal);
    return r;
}
