// LINK: -Wl,--wrap=fsync -Wl,--wrap=rename -Wl,--wrap=write
// LAYERS: test_support
#include "broker/common/files.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Injected failures: which call of fsync() fails (0: none), whether rename() or write() does, how much one
 * write() takes at most. */
static struct {
    unsigned fsync_at, fsync_calls;
    int rename_error, write_error;
    size_t write_most;
} inject;

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    if (++inject.fsync_calls == inject.fsync_at) {
        errno = EIO;
        return -1;
    }
    return __real_fsync(fd);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    if (inject.rename_error != 0) {
        errno = inject.rename_error;
        return -1;
    }
    return __real_rename(from, to);
}

ssize_t __real_write(int fd, const void *octets, size_t size);
ssize_t __wrap_write(int fd, const void *octets, size_t size);
ssize_t __wrap_write(int fd, const void *octets, size_t size)
{
    if (inject.write_error != 0) {
        errno = inject.write_error;
        return -1;
    }
    return __real_write(fd, octets,
                        inject.write_most != 0 && size > inject.write_most ? inject.write_most : size);
}

static int setup(void **state)
{
    memset(&inject, 0, sizeof(inject));
    return folder_setup(state);
}

static int teardown(void **state)
{
    memset(&inject, 0, sizeof(inject));
    return folder_teardown(state);
}

static int read_named(const char *folder, const char *name, uid_t owner, size_t limit, char **text,
                      size_t *size)
{
    return files_read(folder_path(folder, name), owner, limit, text, size);
}

static void refuses(const char *folder, const char *name, uid_t owner, size_t limit, int expected)
{
    char *text = (char *)"kept";
    size_t size = 7;

    assert_int_equal(read_named(folder, name, owner, limit, &text, &size), expected);
    assert_null(text);
    assert_int_equal(size, 0);
}

static void test_read(void **state)
{
    cleanup_free char *text = NULL;
    size_t size;

    folder_put(*state, "a", "one\0two", 7);
    assert_int_equal(read_named(*state, "a", geteuid(), 7, &text, &size), 0);
    assert_int_equal(size, 7);
    assert_memory_equal(text, "one\0two", 8);
}

static void test_read_empty(void **state)
{
    cleanup_free char *text = NULL;
    size_t size;

    folder_put(*state, "a", "", 0);
    assert_int_equal(read_named(*state, "a", (uid_t)-1, 0, &text, &size), 0);
    assert_int_equal(size, 0);
    assert_string_equal(text, "");
}

static void test_read_refuses(void **state)
{
    folder_put(*state, "a", "12345678", 8);
    refuses(*state, "absent", geteuid(), 100, -ENOENT);
    refuses(*state, "a", geteuid(), 7, -EFBIG);
    refuses(*state, "a", geteuid() + 1, 100, -EPERM);
    refuses(*state, ".", geteuid(), 100, -EPERM);

    assert_int_equal(symlink(folder_path(*state, "a"), folder_path(*state, "link")), 0);
    refuses(*state, "link", geteuid(), 100, -EPERM);
    assert_int_equal(mkfifo(folder_path(*state, "fifo"), 0600), 0);
    refuses(*state, "fifo", geteuid(), 100, -EPERM);
}

static void test_read_judges_mode(void **state)
{
    cleanup_free char *text = NULL;
    size_t size;

    folder_put(*state, "a", "x", 1);
    assert_int_equal(chmod(folder_path(*state, "a"), 0620), 0);
    refuses(*state, "a", geteuid(), 100, -EPERM);
    assert_int_equal(chmod(folder_path(*state, "a"), 0602), 0);
    refuses(*state, "a", geteuid(), 100, -EPERM);
    assert_int_equal(read_named(*state, "a", (uid_t)-1, 100, &text, &size), 0);
}

/* A file that says it is empty and is not: the limit holds for what is read, too. */
static void test_read_limit_beyond_size(void **state)
{
    char *text;
    size_t size;

    (void)state;
    assert_int_equal(files_read("/proc/self/maps", (uid_t)-1, 10, &text, &size), -EFBIG);
    assert_null(text);
}

static void expect_content(const char *folder, const char *expected)
{
    cleanup_free char *text = NULL;
    size_t size;

    assert_int_equal(read_named(folder, "f", geteuid(), 1 << 20, &text, &size), 0);
    assert_string_equal(text, expected);
}

static void test_write(void **state)
{
    struct stat st;

    inject.write_most = 3;
    assert_int_equal(files_write(folder_path(*state, "f"), 0640, "hello world", 11), 0);
    expect_content(*state, "hello world");
    assert_int_equal(stat(folder_path(*state, "f"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(inject.fsync_calls, 2); /* the file and its folder */
    assert_int_equal(folder_count(*state), 1);
}

static void test_write_in_working_directory(void **state)
{
    assert_int_equal(chdir(*state), 0);
    assert_int_equal(files_write("f", 0600, "x", 1), 0);
    assert_int_equal(chdir("/"), 0);
    expect_content(*state, "x");
}

/* Whatever fails before the rename: the old file stands, nothing else is left. */
static void write_fails(const char *folder, int expected)
{
    assert_int_equal(files_write(folder_path(folder, "f"), 0600, "new", 3), expected);
    assert_int_equal(folder_count(folder), 1);
    memset(&inject, 0, sizeof(inject));
    expect_content(folder, "old");
}

static void test_write_fails_whole(void **state)
{
    folder_put(*state, "f", "old", 3);
    inject.write_error = ENOSPC;
    write_fails(*state, -ENOSPC);
    inject.fsync_at = 1;
    write_fails(*state, -EIO);
    inject.rename_error = EROFS;
    write_fails(*state, -EROFS);
}

static void test_write_reports_folder_sync(void **state)
{
    inject.fsync_at = 2;
    assert_int_equal(files_write(folder_path(*state, "f"), 0600, "new", 3), -EIO);
    assert_int_equal(files_write(folder_path(*state, "absent/f"), 0600, "new", 3), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_judges_mode, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_limit_beyond_size, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_in_working_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_fails_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_reports_folder_sync, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
