// LAYERS: test_support
// LIBRARIES: threads

/*
 * What is left to whoever takes hufu-ldapd over. Each attempt is made by a child that has entered the
 * sandbox, and says by its exit how it went: 0 if it could do it, else the errno; or it is dead.
 */
#include "broker/ldap/sandbox.h"
#include "tests/unit/support/folder.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT       38389 /* of the configuration */
#define OTHER_PORT 38390

static const char *folder;
static bool has_landlock;

static int outcome(long r)
{
    return r < 0 ? errno : 0;
}

static int outcome_of_open(const char *path, int flags)
{
    return outcome(open(path, flags | O_CLOEXEC, 0600));
}

/* --- what it may do */

static int read_configuration(void)
{
    return outcome_of_open("/etc/passwd", O_RDONLY);
}

static int read_authority(void)
{
    return outcome_of_open(folder_path(folder, "ca.pem"), O_RDONLY);
}

static void *nothing(void *argument)
{
    return argument;
}

static int start_a_thread(void)
{
    pthread_t thread;
    int r = pthread_create(&thread, NULL, nothing, NULL);

    return r != 0 ? r : pthread_join(thread, NULL);
}

static int resolve(void)
{
    struct addrinfo *list = NULL;
    int r = getaddrinfo("localhost", "389", NULL, &list);

    if (r == 0)
        freeaddrinfo(list);
    return r == 0 ? 0 : EHOSTUNREACH;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd < 0 ? errno : outcome(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* Nobody listens there; but it could ask. */
static int connect_to_the_server(void)
{
    int r = connect_to(PORT);

    return r == ECONNREFUSED ? 0 : r;
}

/* --- what it may not */

static int write_a_file(void)
{
    return outcome_of_open(folder_path(folder, "new"), O_WRONLY | O_CREAT);
}
static int change_a_file(void)
{
    return outcome_of_open(folder_path(folder, "ca.pem"), O_RDWR);
}
static int empty_a_file(void)
{
    return outcome_of_open(folder_path(folder, "ca.pem"), O_RDONLY | O_TRUNC);
}
static int remove_a_file(void)
{
    return outcome(unlink(folder_path(folder, "ca.pem")));
}
static int make_a_folder(void)
{
    return outcome(mkdir(folder_path(folder, "x"), 0700));
}
static int read_elsewhere(void)
{
    return outcome_of_open("/proc/self/status", O_RDONLY);
}
static int write_to_memory_of_devices(void)
{
    return outcome_of_open("/dev/null", O_WRONLY);
}
static int connect_elsewhere(void)
{
    return connect_to(OTHER_PORT);
}
static int listen_on_a_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(OTHER_PORT)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return errno;
    return outcome(listen(fd, 1));
}
static int use_another_family(void)
{
    return outcome(socket(AF_PACKET, SOCK_RAW, 0));
}
static int fork_a_process(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return outcome(pid);
}
static int kill_somebody(void)
{
    return outcome(kill(getppid(), 0));
}
static int make_memory_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? 0 : outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
static int map_memory_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? errno : 0;
}
static int raise_core_limit(void)
{
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

    return outcome(setrlimit(RLIMIT_CORE, &unlimited));
}
static int become_dumpable(void)
{
    return outcome(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int run_a_program(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};

    return outcome(execv("/bin/true", arguments));
}
static int trace(void)
{
    return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
static int load_bpf(void)
{
    return outcome(syscall(SYS_bpf, 0, NULL, 0));
}
static int make_a_namespace(void)
{
    return outcome(unshare(CLONE_NEWUSER));
}
static int make_a_namespace_by_clone(void)
{
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0)
        _exit(0);
    return outcome(pid);
}
static int make_a_file_in_memory(void)
{
    return outcome(syscall(SYS_memfd_create, "x", 0));
}
static int read_another_process(void)
{
    return outcome(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}
static int become_somebody(void)
{
    return outcome(setresuid(0, 0, 0));
}
static int use_io_uring(void)
{
    return outcome(syscall(SYS_io_uring_setup, 1, NULL));
}

/* --- */

static struct ldapd_config *make_config(void)
{
    struct ldapd_config *c = ldapd_config_new();
    char reason[200], uri[64];

    assert_non_null(c);
    (void)snprintf(uri, sizeof(uri), "ldaps://127.0.0.1:%d", PORT);
    assert_int_equal(ldapd_config_add_uris(c, uri, reason), 0);
    c->ca = strdup(folder_path(folder, "ca.pem"));
    assert_non_null(c->ca);
    return c;
}

/* The child's wait status. */
static int try(int (*attempt)(void))
{
    cleanup(ldapd_config_free_p) struct ldapd_config *config = make_config();
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        int r = sandbox_enter(config);

        _exit(r < 0 ? 99 : attempt());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

#define EACH(list)        \
    size_t i = 0;         \
    i < ARRAY_SIZE(list); \
    i++

struct attempt {
    const char *name;
    int (*make)(void);
};
#define A(name)     \
    {               \
#name, name \
    }

static void test_may(void **state)
{
    static const struct attempt attempts[] = {
        A(read_configuration), A(read_authority), A(start_a_thread), A(resolve), A(connect_to_the_server),
    };

    (void)state;
    for (EACH(attempts)) {
        int status = try(attempts[i].make);

        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("%s: status %#x", attempts[i].name, (unsigned)status);
    }
}

static void assert_refused(const struct attempt *attempt, int other)
{
    int status = try(attempt->make), error = WEXITSTATUS(status);

    if (!WIFEXITED(status) || (error != ENOSYS && error != EACCES && error != other))
        fail_msg("%s: status %#x", attempt->name, (unsigned)status);
}

static void test_files(void **state)
{
    static const struct attempt attempts[] = {
        A(write_a_file), A(change_a_file), A(empty_a_file), A(write_to_memory_of_devices), A(read_elsewhere),
    };
    static const struct attempt calls[] = {A(remove_a_file), A(make_a_folder)};

    (void)state;
    for (EACH(calls))
        assert_refused(&calls[i], ENOSYS);
    if (!has_landlock)
        skip();
    for (EACH(attempts))
        assert_refused(&attempts[i], EACCES);
}

static void test_network(void **state)
{
    static const struct attempt attempts[] = {A(connect_elsewhere), A(listen_on_a_port)};
    static const struct attempt family = A(use_another_family), listening = A(listen_on_a_port);

    (void)state;
    assert_refused(&family, ENOSYS);
    assert_refused(&listening, ENOSYS); /* listen() is not there; landlock refuses bind(), if it can */
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 4)
        skip();
    for (EACH(attempts))
        assert_refused(&attempts[i], EACCES);
}

static void test_calls(void **state)
{
    static const struct attempt attempts[] = {
        A(fork_a_process),   A(kill_somebody),   A(make_memory_executable),    A(map_memory_executable),
        A(raise_core_limit), A(become_dumpable), A(make_a_namespace_by_clone),
    };

    (void)state;
    for (EACH(attempts))
        assert_refused(&attempts[i], ENOSYS);
}

static void test_deadly(void **state)
{
    static const struct attempt attempts[] = {
        A(run_a_program),
        A(trace),
        A(load_bpf),
        A(make_a_namespace),
        A(make_a_file_in_memory),
        A(read_another_process),
        A(become_somebody),
        A(use_io_uring),
    };

    (void)state;
    for (EACH(attempts)) {
        int status = try(attempts[i].make);

        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS || WCOREDUMP(status))
            fail_msg("%s: status %#x", attempts[i].name, (unsigned)status);
    }
}

static int core_limit(void)
{
    struct rlimit limit = {1, 1};

    return getrlimit(RLIMIT_CORE, &limit) < 0 ? errno : (int)limit.rlim_max;
}

static void test_core(void **state)
{
    (void)state;
    assert_int_equal(try(core_limit), 0);
}

static int set_up(void **state)
{
    if (folder_setup(state) != 0)
        return -1;
    folder = *state;
    folder_put(folder, "ca.pem", "x", 1);
    has_landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_may),   cmocka_unit_test(test_files),  cmocka_unit_test(test_network),
        cmocka_unit_test(test_calls), cmocka_unit_test(test_deadly), cmocka_unit_test(test_core),
    };

    return cmocka_run_group_tests(tests, set_up, folder_teardown);
}
