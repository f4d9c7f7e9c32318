// LINK: -Wl,--wrap=getsockopt
// LAYERS: test_support
#include "broker/common/files.h"
#include "broker/common/process.h"
#include "broker/common/sockets.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* errno of getsockopt(SO_PEERPIDFD), as on a kernel before 6.5; 0: the kernel's own answer. */
static int peerpidfd_error;
/* Called between SO_PEERCRED and what follows. */
static void (*after_peercred)(void);

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
    int r;

    if (level == SOL_SOCKET && name == SO_PEERPIDFD && peerpidfd_error != 0) {
        errno = peerpidfd_error;
        return -1;
    }
    r = __real_getsockopt(fd, level, name, value, size);
    if (level == SOL_SOCKET && name == SO_PEERCRED && after_peercred)
        after_peercred();
    return r;
}

static int setup(void **state)
{
    peerpidfd_error = 0;
    after_peercred = NULL;
    return folder_setup(state);
}

static int connect_to(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void test_listens(void **state)
{
    const char *path = folder_path(*state, "s");
    mode_t mask = umask(077);
    cleanup_close int fd = socket_listen_unix(path, SOCK_STREAM, 0666, 5);
    cleanup_close int client = -1;
    cleanup_close int peer = -1;
    struct stat st;

    (void)umask(mask);
    assert_true(fd >= 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0666);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    client = connect_to(path, SOCK_STREAM);
    peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(peer >= 0);
}

static void test_narrow_mode_with_wide_umask(void **state)
{
    const char *path = folder_path(*state, "s");
    mode_t mask = umask(0);
    cleanup_close int fd = socket_listen_unix(path, SOCK_SEQPACKET, 0600, 5);
    struct stat st;

    (void)umask(mask);
    assert_true(fd >= 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_replaces_stale(void **state)
{
    const char *path = folder_path(*state, "s");
    int dead = socket_listen_unix(path, SOCK_STREAM, 0600, 5);
    cleanup_close int fd = -1;
    cleanup_close int client = -1;

    assert_true(dead >= 0);
    (void)close(dead);
    fd = socket_listen_unix(path, SOCK_STREAM, 0600, 5);
    assert_true(fd >= 0);
    client = connect_to(path, SOCK_STREAM);
}

static void test_leaves_live(void **state)
{
    const char *path = folder_path(*state, "s");
    cleanup_close int live = socket_listen_unix(path, SOCK_STREAM, 0600, 5);
    cleanup_close int client = -1;

    assert_true(live >= 0);
    assert_int_equal(socket_listen_unix(path, SOCK_STREAM, 0600, 5), -EADDRINUSE);
    assert_int_equal(socket_listen_unix(path, SOCK_SEQPACKET, 0600, 5), -EADDRINUSE); /* EPROTOTYPE */
    client = connect_to(path, SOCK_STREAM);
}

static void test_leaves_live_with_full_queue(void **state)
{
    const char *path = folder_path(*state, "s");
    cleanup_close int live = socket_listen_unix(path, SOCK_STREAM, 0600, 0);
    cleanup_close int first = -1;

    assert_true(live >= 0);
    first = connect_to(path, SOCK_STREAM);
    assert_int_equal(socket_listen_unix(path, SOCK_STREAM, 0600, 5), -EADDRINUSE); /* EAGAIN */
    assert_int_equal(access(path, F_OK), 0);
}

static void test_leaves_other_files(void **state)
{
    char path[200];

    folder_put(*state, "file", "x", 1);
    assert_int_equal(socket_listen_unix(folder_path(*state, "file"), SOCK_STREAM, 0600, 5), -EEXIST);
    assert_int_equal(symlink("nowhere", folder_path(*state, "link")), 0);
    assert_int_equal(socket_listen_unix(folder_path(*state, "link"), SOCK_STREAM, 0600, 5), -EEXIST);
    assert_int_equal(folder_count(*state), 2);
    assert_int_equal(socket_listen_unix("", SOCK_STREAM, 0600, 5), -EINVAL);
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(socket_listen_unix(path, SOCK_STREAM, 0600, 5), -ENAMETOOLONG);
}

/* A connection whose other end is held by a process that waits to be killed. */
struct visitor {
    int listener, fd;
    pid_t pid;
};

static struct visitor visitor;

static void visitor_start(const char *folder)
{
    const char *path = folder_path(folder, "s");
    struct pollfd p;

    visitor.listener = socket_listen_unix(path, SOCK_STREAM, 0600, 5);
    assert_true(visitor.listener >= 0);
    visitor.pid = fork();
    assert_true(visitor.pid >= 0);
    if (visitor.pid == 0) {
        (void)connect_to(path, SOCK_STREAM);
        for (;;)
            (void)pause();
    }
    p = (struct pollfd){.fd = visitor.listener, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 5000), 1);
    visitor.fd = accept4(visitor.listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(visitor.fd >= 0);
}

/* Killed, but not reaped: its pid still opens. */
static void visitor_kill(void)
{
    siginfo_t info;

    (void)kill(visitor.pid, SIGKILL);
    (void)waitid(P_PID, (id_t)visitor.pid, &info, WEXITED | WNOWAIT);
}

static void visitor_end(void)
{
    visitor_kill();
    (void)waitpid(visitor.pid, NULL, 0);
    (void)close(visitor.fd);
    (void)close(visitor.listener);
}

static void expect_visitor(int pidfd)
{
    assert_true(pidfd >= 0);
    assert_int_equal(fcntl(pidfd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(process_exited(pidfd), 0);
    visitor_kill();
    assert_int_equal(process_exited(pidfd), 1);
}

static void test_peer(void **state)
{
    pid_t pid;
    uid_t uid;
    gid_t gid;

    visitor_start(*state);
    assert_int_equal(socket_peer(visitor.fd, &pid, &uid, &gid), 0);
    assert_int_equal(pid, visitor.pid);
    assert_int_equal(uid, geteuid());
    assert_int_equal(gid, getegid());
    assert_int_equal(socket_peer(visitor.fd, NULL, NULL, NULL), 0);
    visitor_end();
}

static void test_peer_unconnected(void **state)
{
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid;

    (void)state;
    assert_int_equal(socket_peer(fd, &pid, NULL, NULL), -ESRCH);
    assert_int_equal(socket_peer(-1, &pid, NULL, NULL), -EBADF);
    assert_true(socket_peer_pidfd(fd) < 0);
}

static void test_peer_pidfd(void **state)
{
    cleanup_close int pidfd = -1;

    visitor_start(*state);
    pidfd = socket_peer_pidfd(visitor.fd);
    expect_visitor(pidfd);
    visitor_end();
}

static void test_peer_pidfd_by_pid(void **state)
{
    cleanup_close int pidfd = -1;

    peerpidfd_error = ENOPROTOOPT;
    visitor_start(*state);
    pidfd = socket_peer_pidfd(visitor.fd);
    expect_visitor(pidfd);
    visitor_end();
}

/* Its pid opens, but might by now be somebody else's. */
static void test_peer_pidfd_by_pid_gone(void **state)
{
    peerpidfd_error = ENOPROTOOPT;
    after_peercred = visitor_kill;
    visitor_start(*state);
    assert_int_equal(socket_peer_pidfd(visitor.fd), -ESRCH);
    visitor_end();
}

static void test_peer_pidfd_other_error(void **state)
{
    peerpidfd_error = ESRCH;
    visitor_start(*state);
    assert_int_equal(socket_peer_pidfd(visitor.fd), -ESRCH);
    visitor_end();
}

static void test_process(void **state)
{
    (void)state;
    assert_int_equal(process_pidfd(0), -EINVAL);
    assert_int_equal(process_pidfd(-1), -EINVAL);
    assert_int_equal(process_exited(-1), -EBADF);
}

/* A reader that never reads: what is written goes on for ever. */
static void test_never_waits(void **state)
{
    char text[1000] = "";
    int pair[2], ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    socket_never_wait(pair[0]);
    for (unsigned i = 0; i < 5000; i++)
        if (write(pair[0], text, sizeof(text)) < 0)
            assert_int_equal(errno, EAGAIN);
    (void)close(pair[0]);
    (void)close(pair[1]);
    /* A terminal or a pipe is somebody else's, too. */
    assert_int_equal(pipe(ends), 0);
    socket_never_wait(ends[1]);
    assert_false(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_listens, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_narrow_mode_with_wide_umask, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_replaces_stale, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_leaves_live, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_leaves_live_with_full_queue, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_leaves_other_files, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_peer, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_peer_unconnected, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_peer_pidfd, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_peer_pidfd_by_pid, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_peer_pidfd_by_pid_gone, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_peer_pidfd_other_error, setup, folder_teardown),
        cmocka_unit_test(test_process),
        cmocka_unit_test(test_never_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
