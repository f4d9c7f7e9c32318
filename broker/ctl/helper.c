#include "broker/ctl/helper.h"

#include "broker/common/files.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX ((size_t)4096)

/* dup2() onto itself would leave close-on-exec set; posix_spawn() takes it away (POSIX issue 8, glibc 2.29).
 */
static int put_descriptors(posix_spawn_file_actions_t *actions, int in, int out, int message, int password)
{
    int r = in >= 0 ? posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO)
                    : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(actions, message, STDERR_FILENO);
    if (r == 0 && password >= 0)
        r = posix_spawn_file_actions_adddup2(actions, password, HELPER_PASSWORD_FD);
    if (r == 0)
        r = posix_spawn_file_actions_addclosefrom_np(actions, password >= 0 ? HELPER_PASSWORD_FD + 1
                                                                            : HELPER_PASSWORD_FD);
    return -r;
}

static int spawn(struct helper *h, char *const argv[], int in, int out, int password)
{
    posix_spawn_file_actions_t actions;
    int r = posix_spawn_file_actions_init(&actions);

    if (r != 0)
        return -r;
    r = put_descriptors(&actions, in, out, h->message, password);
    if (r == 0)
        r = -posix_spawn(&h->pid, argv[0], &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (r < 0)
        h->pid = 0;
    return r;
}

/* Above those that the helper gets, so that none of them is written over before it was copied. */
static int move_up(int fd)
{
    int moved = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, HELPER_PASSWORD_FD + 1) : -1;

    close_fd(fd);
    return moved;
}

int helper_start(struct helper *h, char *const argv[], int in, int password)
{
    cleanup_close int out = -1;
    int ends[2] = {-1, -1};
    int r;

    *h = HELPER_INIT;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    out = move_up(ends[1]);
    h->out = fdopen(ends[0], "re");
    if (!h->out)
        close_fd(ends[0]);
    h->message = move_up(memfd_create("message", MFD_CLOEXEC));
    r = h->out && out >= 0 && h->message >= 0 ? spawn(h, argv, in, out, password) : -ENOMEM;
    if (r < 0)
        helper_done(h);
    return r;
}

/* A line without the name of who says it: "hufu-ldapd: no route to host" is "no route to host". */
static const char *without_name(const char *line)
{
    const char *colon = strstr(line, ": ");

    return colon && strncmp(line, "hufu-", 5) == 0 && !memchr(line, ' ', (size_t)(colon - line)) ? colon + 2
                                                                                                 : line;
}

/* Its lines as one. */
static char *read_message(int fd)
{
    char text[MESSAGE_MAX] = "";
    cleanup_buf struct buf joined = BUF_INIT;
    char *rest = NULL;

    if (pread(fd, text, sizeof(text) - 1, 0) < 0)
        return NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        buf_printf(&joined, "%s%s", joined.size > 0 ? "; " : "", without_name(line));
    return buf_steal_text(&joined);
}

int helper_finish(struct helper *h, char **message)
{
    int status = 0;
    int r;

    /* It may wait for a reader who has had enough. */
    (void)fclose(h->out);
    h->out = NULL;
    do {
        r = waitpid(h->pid, &status, 0) < 0 ? -errno : 0;
    } while (r == -EINTR);
    h->pid = 0;
    *message = read_message(h->message);
    h->message = close_fd(h->message);
    if (r < 0)
        return r;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

void helper_done(struct helper *h)
{
    char *message = NULL;

    if (h->out && h->pid > 0)
        (void)helper_finish(h, &message);
    free(message);
    if (h->out)
        (void)fclose(h->out);
    h->message = close_fd(h->message);
    h->out = NULL;
}
