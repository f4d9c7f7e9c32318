#include "broker/reaper/terminals.h"

#include "broker/common/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Documentation/admin-guide/devices.txt: consoles and serial lines, and the eight majors of Unix98 ptys. */
#define MAJOR_TTY       4
#define MAJOR_PTS_FIRST 136
#define MAJOR_PTS_LAST  143
#define CONSOLES        64

int terminals_path(uint32_t device, char path[static 32])
{
    /* /proc/PID/stat packs the number as new_encode_dev() does. */
    unsigned class = (device >> 8) & 0xfff;
    unsigned number = (device & 0xff) | ((device >> 12) & 0xfff00);
    if (class == MAJOR_TTY && number >= 1 && number < CONSOLES)
        (void)snprintf(path, 32, "/dev/tty%u", number);
    else if (class == MAJOR_TTY && number >= CONSOLES)
        (void)snprintf(path, 32, "/dev/ttyS%u", number - CONSOLES);
    else if (class >= MAJOR_PTS_FIRST && class <= MAJOR_PTS_LAST)
        (void)snprintf(path, 32, "/dev/pts/%u", ((class - MAJOR_PTS_FIRST) << 20) | number);
    else
        return -ENODEV;
    return 0;
}

static size_t put_line_end(char *out)
{
    out[0] = '\r';
    out[1] = '\n';
    return 2;
}

/*
 * "\r\n" where the text has LF: the terminal may be in raw mode. What could move the cursor is left out. A
 * bell, since the person may look elsewhere; and lines of its own, since a prompt or half a command may stand
 * where the cursor is.
 */
static size_t render(const char *text, char *out, size_t size)
{
    size_t used = 0;

    out[used++] = '\a';
    used += put_line_end(out + used);
    for (; *text != '\0' && used + 5 < size; text++) {
        if (*text == '\n')
            used += put_line_end(out + used);
        else if ((unsigned char)*text >= 0x20 && *text != 0x7f)
            out[used++] = *text;
    }
    return used + put_line_end(out + used);
}

bool terminals_write_one(uint32_t device, uint32_t uid, const char *text)
{
    char path[32];
    char out[4096];
    struct stat st;
    if (terminals_path(device, path) < 0)
        return false;
    int fd cleanup_close = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
        return false;
    unsigned class = (device >> 8) & 0xfff;
    unsigned number = (device & 0xff) | ((device >> 12) & 0xfff00);
    if (st.st_rdev != makedev(class, number) || (st.st_uid != uid && st.st_uid != 0))
        return false;
    size_t size = render(text, out, sizeof out);
    return write(fd, out, size) == (ssize_t)size;
}

static bool is_first_on(const struct look *l, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (l->marked[j] && l->census.processes[j].tty == l->census.processes[i].tty)
            return false;
    return true;
}

static bool is_pty(uint32_t device)
{
    unsigned class = (device >> 8) & 0xfff;
    return class >= MAJOR_PTS_FIRST && class <= MAJOR_PTS_LAST;
}

uint32_t terminals_tell(const struct look *l, uint32_t uid, const char *text, bool *relayed)
{
    uint32_t written = 0;
    *relayed = false;
    for (size_t i = 0; i < l->census.count; i++) {
        uint32_t device = l->census.processes[i].tty;
        if (!l->marked[i] || device == 0 || !is_first_on(l, i) || !terminals_write_one(device, uid, text))
            continue;
        *relayed = *relayed || is_pty(device);
        written++;
    }
    return written;
}

uint32_t terminals_write(int proc, const struct leases *leases, const struct reap_target *target,
                         const char *text)
{
    struct look l cleanup_look = {0};
    bool relayed;
    if (look_take(proc, leases, target, &l) < 0)
        return 0;
    return terminals_tell(&l, target->uid, text, &relayed);
}
