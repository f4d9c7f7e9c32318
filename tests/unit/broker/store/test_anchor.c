// LAYERS: test_support
#include "broker/store/anchor.h"
#include "tests/unit/broker/store/shelf.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEDGER "00112233445566778899aabbccddeeff"
#define SECOND 4096 /* where the other slot begins */

static struct anchor_mark mark(uint64_t sequence)
{
    struct anchor_mark m = {.sequence = sequence, .at_us = 1795219200123456 + (int64_t)sequence};

    memset(m.hash, (int)sequence, sizeof(m.hash));
    memcpy(m.ledger, LEDGER, sizeof(LEDGER));
    return m;
}

/* An anchor after so many writes. */
static const char *made(void **state, uint64_t n)
{
    const char *path = folder_path(*state, "anchor");
    cleanup(anchor_free_p) struct anchor *a = NULL;
    struct anchor_mark m = mark(1);

    assert_int_equal(anchor_make(path, shelf_sha256, &m, &a), 0);
    for (uint64_t i = 2; i <= n; i++) {
        m = mark(i);
        assert_int_equal(anchor_set(a, &m), 0);
    }
    return path;
}

static uint64_t opened(const char *path)
{
    cleanup(anchor_free_p) struct anchor *a = NULL;
    struct anchor_mark m = {0}, expected;

    assert_int_equal(anchor_open(path, shelf_sha256, &a, &m), 0);
    expected = mark(m.sequence);
    assert_memory_equal(m.hash, expected.hash, sizeof(m.hash));
    assert_string_equal(m.ledger, LEDGER);
    assert_true(m.at_us == expected.at_us);
    return m.sequence;
}

static int refused(const char *path)
{
    struct anchor *a = NULL;
    struct anchor_mark m;
    int r = anchor_open(path, shelf_sha256, &a, &m);

    assert_null(a);
    return r;
}

static void overwrite(const char *path, off_t at, const void *octets, size_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_int_equal(pwrite(fd, octets, size, at), (int)size);
    assert_int_equal(close(fd), 0);
}

static void test_the_latest_is_read(void **state)
{
    for (uint64_t n = 1; n <= 5; n++) {
        struct stat st;
        const char *path = made(state, n);

        assert_int_equal(opened(path), n);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    assert_int_equal(folder_count(*state), 1);
}

/* It goes on in turns after it was opened again. */
static void test_goes_on(void **state)
{
    const char *path = made(state, 2);
    cleanup(anchor_free_p) struct anchor *a = NULL;
    struct anchor_mark m;

    assert_int_equal(anchor_open(path, shelf_sha256, &a, &m), 0);
    m = mark(3);
    assert_int_equal(anchor_set(a, &m), 0);
    assert_int_equal(opened(path), 3);
}

/* Whatever of the later slot is old, foreign or missing: the one before counts. */
static void test_torn(void **state)
{
    const char *path = made(state, 3); /* 3 stands in the first slot, 2 in the second */
    uint8_t whole[160];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_int_equal(pread(fd, whole, sizeof(whole), 0), (int)sizeof(whole));
    assert_int_equal(close(fd), 0);
    for (off_t i = 0; i < 137 /* a slot's octets */; i++) {
        uint8_t other = whole[i] ^ 0x20;

        overwrite(path, i, &other, 1);
        assert_int_equal(opened(path), 2);
        overwrite(path, i, &whole[i], 1);
        assert_int_equal(opened(path), 3);
    }
    overwrite(path, SECOND, "torn", 4);
    assert_int_equal(opened(path), 3);
    overwrite(path, 0, "torn", 4);
    assert_int_equal(refused(path), -EBADMSG);
}

/* A slot is good in its own place alone. */
static void test_a_slot_in_the_others_place(void **state)
{
    const char *path = made(state, 3);
    uint8_t slot[256];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_int_equal(pread(fd, slot, sizeof(slot), 0), (int)sizeof(slot));
    assert_int_equal(close(fd), 0);
    overwrite(path, SECOND, slot, sizeof(slot));
    overwrite(path, 0, "x", 1);
    assert_int_equal(refused(path), -EBADMSG);
}

static void test_cut(void **state)
{
    const char *path = made(state, 2); /* 1 stands in the first slot */

    assert_int_equal(truncate(path, SECOND + 10), 0);
    assert_int_equal(opened(path), 1);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(refused(path), -EBADMSG);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(refused(path), -EBADMSG);
}

static void test_no_file_to_trust(void **state)
{
    const char *path = made(state, 1);

    assert_int_equal(chmod(path, 0620), 0);
    assert_int_equal(refused(path), -EPERM);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(refused(path), -ENOENT);
    assert_int_equal(symlink("elsewhere", path), 0);
    assert_int_equal(refused(path), -EPERM);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(refused(path), -EPERM);
    assert_int_equal(refused(folder_path(*state, "no/anchor")), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_latest_is_read, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_goes_on, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_torn, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_a_slot_in_the_others_place, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_cut, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_no_file_to_trust, folder_setup, folder_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
