#include "broker/reaper/terminals.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* What is looked at before a word is written to a terminal, on real ones. */

#define PERSON  20001
#define ANOTHER 20002

/* As /proc/PID/stat has it. */
static uint32_t device_number(unsigned major, unsigned minor)
{
    return (uint32_t)((minor & 0xff) | (major << 8) | ((minor & ~0xffU) << 12));
}

struct pty {
    int master, slave;
    char path[64];
    uint32_t device;
};

static struct pty pty_new(void)
{
    struct pty p = {.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    struct stat st;

    assert_true(p.master >= 0 && grantpt(p.master) == 0 && unlockpt(p.master) == 0);
    assert_int_equal(ptsname_r(p.master, p.path, sizeof(p.path)), 0);
    p.slave = open(p.path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(p.slave >= 0 && fstat(p.slave, &st) == 0);
    p.device = device_number(major(st.st_rdev), minor(st.st_rdev));
    return p;
}

static void pty_end(struct pty *p)
{
    (void)close(p->slave);
    (void)close(p->master);
}

/* What arrived at the other end, where the kernel brings it in its own time and in pieces: until it has been
 * quiet for a while. */
static const char *arrived(const struct pty *p)
{
    static char text[256];
    struct pollfd in = {.fd = p->master, .events = POLLIN};
    size_t size = 0;
    ssize_t n = 1;

    while (n > 0 && size < sizeof(text) - 1 && poll(&in, 1, 200) > 0) {
        n = read(p->master, text + size, sizeof(text) - 1 - size);
        size += n > 0 ? (size_t)n : 0;
    }
    text[size] = '\0';
    return text;
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip(); /* owners of terminals, and a /dev of one's own, are root's to make */
}

static void test_own_terminal(void **state)
{
    struct pty p = pty_new();
    struct termios raw;

    (void)state;
    assert_int_equal(tcgetattr(p.slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(p.slave, TCSANOW, &raw), 0);
    assert_true(terminals_write_one(p.device, geteuid(), "ends\n\x1b[2J soon"));
    assert_string_equal(arrived(&p), "\a\r\nends\r\n[2J soon\r\n");
    pty_end(&p);
}

/* Somebody else's is left alone, though the process has it; root's own (a console) is written to. */
static void test_owner(void **state)
{
    const char *text;
    struct pty p;

    (void)state;
    need_root();
    p = pty_new();
    assert_int_equal(fchown(p.slave, ANOTHER, (gid_t)-1), 0);
    assert_false(terminals_write_one(p.device, PERSON, "x"));
    assert_string_equal(arrived(&p), "");
    assert_int_equal(fchown(p.slave, PERSON, (gid_t)-1), 0);
    assert_true(terminals_write_one(p.device, PERSON, "x"));
    assert_int_equal(fchown(p.slave, 0, (gid_t)-1), 0);
    assert_true(terminals_write_one(p.device, PERSON, "y"));
    text = arrived(&p);
    assert_true(strchr(text, 'x') < strchr(text, 'y'));
    pty_end(&p);
}

static void test_no_terminal_device(void **state)
{
    static const struct {
        unsigned major, minor;
    } devices[] = {{1, 3}, {5, 0}, {5, 1}, {4, 0}, {8, 0}, {0, 0}, {136, 1048575}, {144, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        assert_false(terminals_write_one(device_number(devices[i].major, devices[i].minor), geteuid(), "x"));
}

/* Ctrl-S: whoever is stopped is not waited for. */
static void test_stopped_terminal(void **state)
{
    struct pty p = pty_new();

    (void)state;
    assert_int_equal(tcflow(p.slave, TCOOFF), 0);
    (void)alarm(10);
    assert_false(terminals_write_one(p.device, geteuid(), "x"));
    (void)alarm(0);
    assert_int_equal(tcflow(p.slave, TCOON), 0);
    assert_true(terminals_write_one(p.device, geteuid(), "y"));
    pty_end(&p);
}

/* Runs in a child what would change this process; its exit status. */
static int in_child(void (*run)(void *), void *userdata)
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        run(userdata);
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* As hufu-reaper is there: without a capability over files, in the group tty. */
static void write_as_the_reaper(void *userdata)
{
    const struct group *tty = getgrnam("tty");
    gid_t gid = tty ? tty->gr_gid : 5;

    if (setgroups(1, &gid) < 0 || setresgid(4242, 4242, 4242) < 0 || setresuid(4242, 4242, 4242) < 0)
        _exit(98);
    _exit(terminals_write_one(*(uint32_t *)userdata, PERSON, "x"));
}

/* mesg n: who wants no messages gets none, and that is recorded by who asked. */
static void test_mesg_n(void **state)
{
    const struct group *tty = getgrnam("tty");
    const char *text;
    struct pty p;

    (void)state;
    need_root();
    p = pty_new();
    assert_int_equal(fchown(p.slave, PERSON, tty ? tty->gr_gid : 5), 0);
    assert_int_equal(fchmod(p.slave, 0620), 0);
    assert_int_equal(in_child(write_as_the_reaper, &p.device), 1);
    assert_int_equal(fchmod(p.slave, 0600), 0);
    assert_int_equal(in_child(write_as_the_reaper, &p.device), 0);
    text = arrived(&p);
    assert_non_null(strchr(text, 'x'));
    assert_ptr_equal(strchr(text, 'x'), strrchr(text, 'x'));
    pty_end(&p);
}

/* In a /dev of its own: tty5 is not what its name says. */
static void write_to_impostors(void *userdata)
{
    uint32_t tty5 = device_number(4, 5);
    struct stat st;
    int fd;

    (void)userdata;
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/dev", "tmpfs", 0, NULL) < 0)
        _exit(77);
    fd = open("/dev/file", O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (fd < 0 || symlink("/dev/file", "/dev/tty5") < 0 || terminals_write_one(tty5, 0, "x"))
        _exit(1);
    if (unlink("/dev/tty5") < 0 || link("/dev/file", "/dev/tty5") < 0 || terminals_write_one(tty5, 0, "x"))
        _exit(2);
    if (fstat(fd, &st) < 0 || st.st_size != 0)
        _exit(3);
    /* A device, but another one. */
    if (unlink("/dev/tty5") < 0 || mknod("/dev/tty5", S_IFCHR | 0666, makedev(1, 3)) < 0 ||
        terminals_write_one(tty5, 0, "x"))
        _exit(4);
    if (unlink("/dev/tty5") < 0 || mkfifo("/dev/tty5", 0666) < 0 || terminals_write_one(tty5, 0, "x"))
        _exit(5);
    _exit(0);
}

struct linked {
    const struct pty *pty;
    char folder[32];
};

/* The right terminal, its own person's, but behind a link: whoever can make links there chooses what is
 * written to. */
static void write_behind_a_link(void *userdata)
{
    const struct linked *x = userdata;
    char there[128];

    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("/dev/pts", x->folder, NULL, MS_BIND, NULL) < 0 ||
        mount("none", "/dev", "tmpfs", 0, NULL) < 0 || mkdir("/dev/pts", 0755) < 0)
        _exit(77);
    (void)snprintf(there, sizeof(there), "%s%s", x->folder, strrchr(x->pty->path, '/'));
    if (symlink(there, x->pty->path) < 0)
        _exit(1);
    _exit(terminals_write_one(x->pty->device, geteuid(), "x") ? 2 : 0);
}

static void test_link(void **state)
{
    struct pty p;
    struct linked x = {.pty = &p, .folder = "/tmp/hufu-pts.XXXXXX"};
    int status;

    (void)state;
    need_root();
    p = pty_new();
    assert_non_null(mkdtemp(x.folder));
    assert_int_equal(fchown(p.slave, geteuid(), (gid_t)-1), 0);
    status = in_child(write_behind_a_link, &x);
    (void)rmdir(x.folder);
    if (status == 77)
        skip(); /* no mount namespace to be had here */
    assert_int_equal(status, 0);
    assert_string_equal(arrived(&p), "");
    pty_end(&p);
}

static void test_impostors(void **state)
{
    int status;

    (void)state;
    need_root();
    status = in_child(write_to_impostors, NULL);
    if (status == 77)
        skip(); /* no mount namespace to be had here */
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_terminal),
        cmocka_unit_test(test_owner),
        cmocka_unit_test(test_no_terminal_device),
        cmocka_unit_test(test_stopped_terminal),
        cmocka_unit_test(test_mesg_n),
        cmocka_unit_test(test_impostors),
        cmocka_unit_test(test_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
