// LAYERS: test_support
// LINK: -Wl,--wrap=fallocate
#include "broker/store/reserve.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room that is set aside, on a small file system of the test's own. */

#define KIB ((uint64_t)1024)

int __real_fallocate(int fd, int mode, off_t offset, off_t length);
int __wrap_fallocate(int fd, int mode, off_t offset, off_t length);
static bool cannot_allocate;

int __wrap_fallocate(int fd, int mode, off_t offset, off_t length)
{
    if (!cannot_allocate)
        return __real_fallocate(fd, mode, offset, length);
    errno = EOPNOTSUPP;
    return -1;
}

static int setup(void **state)
{
    cannot_allocate = false;
    if (folder_setup(state) < 0)
        return -1;
    return mount("tmpfs", *state, "tmpfs", 0, "size=1m");
}

static int teardown(void **state)
{
    return umount(*state) < 0 ? -1 : folder_teardown(state);
}

static uint64_t on_disk(void **state)
{
    struct stat st;

    assert_int_equal(stat(folder_path(*state, "reserve"), &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

static struct reserve *opened(void **state, uint64_t wanted)
{
    struct reserve *r = NULL;

    assert_int_equal(reserve_open(folder_path(*state, "reserve"), wanted, &r), 0);
    return r;
}

static uint64_t beside(const struct reserve *r)
{
    uint64_t octets = 0;

    assert_int_equal(reserve_free_beside(r, &octets), 0);
    return octets;
}

static void check_life(void **state)
{
    struct reserve *r = opened(state, 512 * KIB);
    struct stat st;

    assert_int_equal(reserve_held(r), 0);
    assert_int_equal(beside(r), 1024 * KIB);
    assert_int_equal(reserve_grow(r, 128 * KIB), 0);
    assert_int_equal(reserve_held(r), 128 * KIB);
    assert_int_equal(reserve_grow(r, 1024 * KIB), 0);
    assert_int_equal(reserve_held(r), 512 * KIB);
    assert_int_equal(on_disk(state), 512 * KIB);
    assert_int_equal(beside(r), 512 * KIB);
    assert_int_equal(stat(folder_path(*state, "reserve"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    assert_true(reserve_give(r, 64 * KIB));
    assert_int_equal(on_disk(state), 448 * KIB);
    assert_int_equal(beside(r), 576 * KIB);
    reserve_free(r);

    r = opened(state, 512 * KIB); /* another start finds what was left */
    assert_int_equal(reserve_held(r), 448 * KIB);
    assert_true(reserve_give(r, 1024 * KIB));
    assert_int_equal(reserve_held(r), 0);
    assert_false(reserve_give(r, 1));
    reserve_free(r);
}

static void test_life(void **state)
{
    check_life(state);
}

/* Where nothing can be allocated ahead, it is written. */
static void test_zeros(void **state)
{
    cannot_allocate = true;
    check_life(state);
}

/* What does not fit is not half there: the disk is somebody else's, too. */
static void test_no_room(void **state)
{
    struct reserve *r = opened(state, 2048 * KIB);

    for (int zeros = 0; zeros < 2; zeros++) {
        cannot_allocate = zeros == 1;
        assert_int_equal(reserve_grow(r, 256 * KIB), 0);
        assert_int_equal(reserve_grow(r, 2048 * KIB), -ENOSPC);
        assert_int_equal(reserve_held(r), 256 * KIB);
        assert_int_equal(beside(r), 768 * KIB);
        assert_true(reserve_give(r, 256 * KIB));
    }
    reserve_free(r);
}

static void test_another_size(void **state)
{
    struct reserve *r = opened(state, 512 * KIB);

    assert_int_equal(reserve_grow(r, 512 * KIB), 0);
    reserve_set_wanted(r, 128 * KIB);
    assert_int_equal(reserve_grow(r, 512 * KIB), 0);
    assert_int_equal(on_disk(state), 128 * KIB);
    reserve_free(r);
}

/* A file of that size that holds nothing. */
static void test_holes(void **state)
{
    struct reserve *r;
    int fd = open(folder_path(*state, "reserve"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);

    assert_int_equal(ftruncate(fd, 512 * 1024), 0);
    assert_int_equal(pwrite(fd, "x", 1, 400 * 1024), 1);
    (void)close(fd);
    r = opened(state, 512 * KIB);
    assert_int_equal(reserve_held(r), 0);
    assert_int_equal(reserve_grow(r, 512 * KIB), 0);
    assert_int_equal(on_disk(state), 512 * KIB);
    reserve_free(r);
}

/* What stands under its name and is none is not shortened. */
static void test_another_file(void **state)
{
    struct reserve *r = NULL;

    folder_put(*state, "precious", "data", 4);
    assert_int_equal(symlink("precious", folder_path(*state, "reserve")), 0);
    assert_int_equal(reserve_open(folder_path(*state, "reserve"), 0, &r), -EPERM);
    assert_int_equal(unlink(folder_path(*state, "reserve")), 0);
    assert_int_equal(link(folder_path(*state, "precious"), folder_path(*state, "reserve")), 0);
    assert_int_equal(reserve_open(folder_path(*state, "reserve"), 0, &r), -EPERM);
    assert_null(r);
    assert_int_equal(on_disk(state), 4096);
}

static int private_mounts(void **state)
{
    (void)state;
    return unshare(CLONE_NEWNS) < 0 ? -1 : mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_life),         TEST(test_zeros), TEST(test_no_room),
        TEST(test_another_size), TEST(test_holes), TEST(test_another_file),
    };

    return cmocka_run_group_tests(tests, private_mounts, NULL);
}
