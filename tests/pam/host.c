#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SHOWN     __attribute__((visibility("default")))
#define GATED_GID 990

struct host host;

void host_reset(void)
{
    host = (struct host){.uid = 0, .login_uid = UINT32_MAX, .release = "6.1.0-40-amd64"};
}

static const struct passwd rows[] = {
    {.pw_name = (char *)"root", .pw_uid = 0, .pw_gid = 0},
    {.pw_name = (char *)"wang", .pw_uid = 1000, .pw_gid = 1000},
    {.pw_name = (char *)"zhang.san", .pw_uid = 20001, .pw_gid = GATED_GID},
    {.pw_name = (char *)"zhao.liu", .pw_uid = 20002, .pw_gid = GATED_GID},
    {.pw_name = (char *)"before", .pw_uid = 19999, .pw_gid = 1000},
    {.pw_name = (char *)"after", .pw_uid = 30000, .pw_gid = 1000},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

SHOWN int getpwnam_r(const char *name, struct passwd *row, char *buffer, size_t size, struct passwd **ret)
{
    (void)buffer, (void)size;
    *ret = NULL;
    for (size_t i = 0; host.database_error == 0 && i < N_ROWS; i++)
        if (strcmp(rows[i].pw_name, name) == 0) {
            *row = rows[i];
            *ret = row;
        }
    return host.database_error;
}

SHOWN int getpwuid_r(uid_t uid, struct passwd *row, char *buffer, size_t size, struct passwd **ret)
{
    (void)buffer, (void)size;
    *ret = NULL;
    for (size_t i = 0; host.database_error == 0 && i < N_ROWS; i++)
        if (rows[i].pw_uid == uid) {
            *row = rows[i];
            *ret = row;
        }
    return host.database_error;
}

SHOWN int getgrnam_r(const char *name, struct group *row, char *buffer, size_t size, struct group **ret)
{
    (void)buffer, (void)size;
    *ret = NULL;
    if (host.database_error == 0 && !host.has_no_gated_group && strcmp(name, "hufu-gated") == 0) {
        *row = (struct group){.gr_name = (char *)"hufu-gated", .gr_gid = GATED_GID};
        *ret = row;
    }
    return host.database_error;
}

SHOWN uid_t getuid(void)
{
    return host.uid;
}

SHOWN int uname(struct utsname *ret)
{
    *ret = (struct utsname){.sysname = "Linux"};
    (void)snprintf(ret->release, sizeof(ret->release), "%s", host.release);
    return 0;
}

static int open_text(uint32_t number)
{
    char text[16];
    int fd = memfd_create("audit", MFD_CLOEXEC), length;

    length = snprintf(text, sizeof(text), "%u", number);
    if (fd < 0 || write(fd, text, (size_t)length) != length || lseek(fd, 0, SEEK_SET) != 0)
        return -1;
    return fd;
}

SHOWN int open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_list arguments;

        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if (strcmp(path, "/proc/self/loginuid") == 0)
        return open_text(host.login_uid);
    if (strcmp(path, "/proc/self/sessionid") == 0)
        return open_text(host.login_uid == UINT32_MAX ? UINT32_MAX : 7);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
