#include "tests/unit/support/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int folder_setup(void **state)
{
    const char *above = getenv("TMPDIR");
    char *path = NULL;

    if (asprintf(&path, "%s/hufu-unit-XXXXXX", above ? above : "/tmp") < 0)
        return -1;
    *state = mkdtemp(path);
    return *state ? 0 : -1;
}

static int folder_remove(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

int folder_teardown(void **state)
{
    int r = nftw(*state, folder_remove, 8, FTW_DEPTH | FTW_PHYS);

    free(*state);
    return r;
}

const char *folder_path(const char *folder, const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

void folder_put(const char *folder, const char *name, const void *octets, size_t size)
{
    int fd = open(folder_path(folder, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, octets, size) != (ssize_t)size || close(fd) < 0)
        abort();
}

size_t folder_count(const char *folder)
{
    DIR *d = opendir(folder);
    size_t n = 0;

    if (!d)
        abort();
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            n++;
    (void)closedir(d);
    return n;
}
