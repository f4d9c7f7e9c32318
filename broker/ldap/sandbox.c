#include "broker/ldap/sandbox.h"

#include "broker/ldap/sandbox_files.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* What event loop, resolver, TLS library, threads and memory take; no more. */
static const char *const allowed[] = {
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "lseek",
    "close",
    "close_range",
    "fstat",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "open",
    "openat",
    "readlink",
    "readlinkat",
    "getdents64",
    "fcntl",
    "dup",
    "getcwd",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "signalfd4",
    "connect",
    "bind",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "sendmmsg",
    "recvmmsg",
    "shutdown",
    "munmap",
    "mremap",
    "madvise",
    "brk",
    "futex",
    "set_robust_list",
    "rseq",
    "set_tid_address",
    "sched_yield",
    "sched_getaffinity",
    "membarrier",
    "exit",
    "exit_group",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "restart_syscall",
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "uname",
    "sysinfo",
    "getrusage",
    "getrlimit",
    "getrandom",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "arch_prctl",
};

/* What nothing here ever calls. */
static const char *const deadly[] = {
    "execve",
    "execveat",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "bpf",
    "unshare",
    "setns",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "fsopen",
    "open_tree",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "keyctl",
    "add_key",
    "request_key",
    "open_by_handle_at",
    "memfd_create",
    "memfd_secret",
    "reboot",
    "swapon",
    "setuid",
    "setgid",
    "setresuid",
    "setresgid",
    "setgroups",
    "capset",
    "quotactl",
    "acct",
    "pidfd_getfd",
};

#define NEW_NAMESPACES                                                                                     \
    ((unsigned)CLONE_NEWNS | (unsigned)CLONE_NEWCGROUP | (unsigned)CLONE_NEWUTS | (unsigned)CLONE_NEWIPC | \
     (unsigned)CLONE_NEWUSER | (unsigned)CLONE_NEWPID | (unsigned)CLONE_NEWNET)

/* A call that this architecture does not have needs no rule. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned n,
               const struct scmp_arg_cmp *conditions)
{
    int number = seccomp_syscall_resolve_name(name);

    return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(filter, action, number, n, conditions);
}

static int allow_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp condition)
{
    return add(filter, SCMP_ACT_ALLOW, name, 1, &condition);
}

/* Threads, and no processes. clone3 has its flags where a filter cannot see them; without it glibc takes
 * clone. */
static int add_threads(scmp_filter_ctx filter)
{
    return allow_if(filter, "clone",
                    SCMP_A0(SCMP_CMP_MASKED_EQ, (uint64_t)CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD));
}

/* Nothing that can be written becomes executable. */
static int add_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp executable[] = {
        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC),
    };
    int r = allow_if(filter, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

    if (r == 0)
        r = allow_if(filter, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (r == 0) /* modules of the resolver */
        r = add(filter, SCMP_ACT_ALLOW, "mmap", 1, executable);
    return r;
}

static int add_sockets(scmp_filter_ctx filter)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}; /* netlink: getaddrinfo */
    int r = 0;

    for (size_t i = 0; i < ARRAY_SIZE(families) && r == 0; i++)
        r = allow_if(filter, "socket", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
    return r;
}

static int add_rest(scmp_filter_ctx filter)
{
    static const unsigned long requests[] = {FIONREAD, FIONBIO, TCGETS};
    int r = allow_if(filter, "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0)); /* only asks */

    for (size_t i = 0; i < ARRAY_SIZE(requests) && r == 0; i++)
        r = allow_if(filter, "ioctl", SCMP_A1(SCMP_CMP_EQ, requests[i]));
    if (r == 0)
        r = allow_if(filter, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    if (r == 0) /* abort() */
        r = allow_if(filter, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    return r;
}

static int add_rules(scmp_filter_ctx filter)
{
    int r = 0;

    for (size_t i = 0; i < ARRAY_SIZE(allowed) && r == 0; i++)
        r = add(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(deadly) && r == 0; i++)
        r = add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0, NULL);
    if (r == 0)
        r = add_threads(filter);
    if (r == 0)
        r = add_memory(filter);
    if (r == 0)
        r = add_sockets(filter);
    return r == 0 ? add_rest(filter) : r;
}

static int filter_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int r;

    if (!filter)
        return -ENOMEM;
    r = add_rules(filter);
    if (r == 0)
        r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}

int sandbox_enter(const struct ldapd_config *config)
{
    const struct rlimit nothing = {0, 0};
    int files, r;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        setrlimit(RLIMIT_CORE, &nothing) < 0)
        return -errno;
    files = sandbox_files(config);
    if (files < 0)
        return files;
    r = filter_calls();
    return r < 0 ? r : files;
}
