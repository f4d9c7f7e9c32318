#include "place.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place place;

void place_file(const struct place *p, const char *path, unsigned mode, const char *text)
{
    int fd = openat(p->as.root, path + 1, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, (mode_t)mode), 0);
    assert_int_equal(close(fd), 0);
}

void place_link(const struct place *p, const char *path, const char *to)
{
    assert_int_equal(symlinkat(to, p->as.root, path + 1), 0);
}

void place_folder(const struct place *p, const char *path, unsigned mode)
{
    assert_int_equal(mkdirat(p->as.root, path + 1, 0700), 0);
    assert_int_equal(fchmodat(p->as.root, path + 1, (mode_t)mode, 0), 0);
}

static void place_make(struct place *p)
{
    static const char *const folders[] = {"/usr",  "/usr/bin", "/etc", "/etc/alternatives",
                                          "/home", "/home/who"};

    (void)snprintf(p->folder, sizeof(p->folder), "/tmp/hufu-place-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    assert_int_equal(chmod(p->folder, 0755), 0);
    p->as.root = open(p->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(p->as.root >= 0);
    p->as.owner = geteuid();
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        place_folder(p, folders[i], 0755);
    place_folder(p, "/open", 01777);
    place_link(p, "/bin", "usr/bin");
    place_file(p, "/usr/bin/id", 0755, "\177ELF");
    place_file(p, "/usr/bin/sh", 0755, "\177ELF");
    place_file(p, "/usr/bin/mawk", 0755, "\177ELF");
    place_file(p, "/usr/bin/report", 0755, "#! /bin/sh -e\necho\n");
    place_file(p, "/open/tool", 0755, "\177ELF");
    place_link(p, "/etc/alternatives/awk", "/usr/bin/mawk");
    place_link(p, "/usr/bin/awk", "/etc/alternatives/awk");
    place_link(p, "/home/who/link", "/usr/bin/id");
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st, (void)flag, (void)at;
    return remove(path);
}

static void place_remove(struct place *p)
{
    assert_int_equal(close(p->as.root), 0);
    assert_int_equal(nftw(p->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

int place_setup(void **state)
{
    (void)state;
    place_make(&place);
    return 0;
}

int place_teardown(void **state)
{
    (void)state;
    place_remove(&place);
    return 0;
}
