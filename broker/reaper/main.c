/* hufu-reaper: the only program of Hufu that kills, and the only one that reads /proc. */
#include "broker/common/files.h"
#include "broker/common/log_line.h"
#include "broker/common/sockets.h"
#include "broker/reaper/census.h"
#include "broker/reaper/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define SOCKET_PATH  "/run/hufu/reaper"
#define LEASE_FOLDER "/run/hufu-reaper"
#define BROKER_USER  "hufu"

struct arguments {
    const char *config;
    const char *socket;
    const char *leases;
    const char *user;
    bool check;
};

static void log_text(int priority, const char *text)
{
    log_line(priority, "%s", text);
}

static int fail(const char *what, const char *why)
{
    char text[400];
    (void)snprintf(text, sizeof text, "hufu-reaper: %s: %s", what, why);
    log_text(LOG_ERR, text);
    return EXIT_FAILURE;
}

static void usage(FILE *f)
{
    (void)fputs("Usage: hufu-reaper [--config FILE] [--socket PATH] [--leases FOLDER] [--user NAME]\n"
                "\n"
                "Holds the deadlines of vendors' sessions and ends them, for hufud alone. It is started by\n"
                "its unit; there is nothing to type.\n"
                "\n"
                "  --config FILE    " REAPER_CONFIG_PATH "\n"
                "  --socket PATH    " SOCKET_PATH ", unless the socket was handed over\n"
                "  --leases FOLDER  " LEASE_FOLDER " (0700, in memory)\n"
                "  --user NAME      who may connect: " BROKER_USER "\n"
                "  --check          reads the configuration, says what is wrong with it, and exits\n"
                "  --help           this text\n",
                f);
}

/* 0: go on; else the exit status plus one. */
static int parse(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'},
        {"leases", required_argument, NULL, 'l'},
        {"user", required_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},
        {"check", no_argument, NULL, 'k'},
        {NULL, 0, NULL, 0},
    };
    for (int o = 0; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case 'c':
            a->config = optarg;
            break;
        case 's':
            a->socket = optarg;
            break;
        case 'l':
            a->leases = optarg;
            break;
        case 'u':
            a->user = optarg;
            break;
        case 'k':
            a->check = true;
            break;
        case 'h':
            usage(stdout);
            return EXIT_SUCCESS + 1;
        default:
            usage(stderr);
            return 2 + 1;
        }
    }
    if (optind == argc)
        return 0;
    usage(stderr);
    return 2 + 1;
}

static int open_listener(const struct arguments *a)
{
    int n = sd_listen_fds(1);
    if (n == 1 && sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_SEQPACKET, 1) > 0)
        return SD_LISTEN_FDS_START;
    if (n > 0)
        return -EINVAL;
    /* Anyone may knock; who is let in is judged by credentials. */
    return socket_listen_unix(a->socket, SOCK_SEQPACKET, 0666, 16);
}

static int open_leases(const char *path)
{
    struct stat st;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return -errno;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0 || st.st_uid != 0 || (st.st_mode & 077) != 0) {
        (void)close(fd);
        return -EPERM;
    }
    return fd;
}

struct service {
    const char *config;
    struct reaper *reaper;
};

/* A wrong file changes nothing. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    struct service *s = userdata;
    struct reaper_config config;
    struct conf_error error;
    char text[400];
    uint64_t now = 0;
    (void)info;
    (void)sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now);
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now);
    if (reaper_config_load(s->config, &config, &error) < 0) {
        (void)snprintf(text, sizeof text,
                       "not reloaded, the configuration before stays in force: %.120s, line %u: %s",
                       s->config, error.line, error.reason);
        log_text(LOG_ERR, text);
        (void)sd_notifyf(0, "READY=1\nSTATUS=%s", text);
        return 0;
    }
    reaper_configure(s->reaper, &config);
    (void)sd_notify(0, "READY=1\nSTATUS=");
    return 0;
}

static int serve(sd_event *event, struct reaper_options *options, const char *config)
{
    struct reaper *reaper cleanup(reaper_free_p) = NULL;
    sigset_t mask;
    socket_never_wait(STDERR_FILENO);
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigaddset(&mask, SIGINT);
    (void)sigaddset(&mask, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &mask, NULL);
    int r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
    if (r < 0 || (r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL)) < 0 ||
        (r = reaper_new(options, &reaper)) < 0)
        return fail("cannot start", strerror(-r));
    struct service service = {.config = config, .reaper = reaper};
    r = sd_event_add_signal(event, NULL, SIGHUP, on_reload, &service);
    if (r < 0)
        return fail("cannot start", strerror(-r));
    (void)sd_event_set_watchdog(event, 1);
    (void)sd_notify(0, "READY=1");
    r = sd_event_loop(event);
    (void)sd_notify(0, "STOPPING=1");
    return r < 0 ? fail("event loop", strerror(-r)) : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct arguments a = {REAPER_CONFIG_PATH, SOCKET_PATH, LEASE_FOLDER, BROKER_USER, false};
    struct reaper_options options = {.log = log_text};
    struct conf_error error;
    char reason[200];
    sd_event *event = NULL;

    int stop = parse(argc, argv, &a);
    if (stop > 0)
        return stop - 1;
    if (reaper_config_load(a.config, &options.config, &error) < 0) {
        (void)snprintf(reason, sizeof reason, "%s:%u", a.config, error.line);
        return fail(reason, error.reason);
    }
    if (a.check)
        return EXIT_SUCCESS;
    const struct passwd *user = getpwnam(a.user);
    if (user == NULL)
        return fail(a.user, "no such user");
    options.peer_uid = user->pw_uid;
    options.proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (options.proc < 0 || census_check_sight(options.proc, reason) < 0)
        return fail("cannot see all processes", options.proc < 0 ? "no /proc" : reason);
    options.lease_folder = open_leases(a.leases);
    if (options.lease_folder < 0)
        return fail(a.leases, strerror(-options.lease_folder));
    options.listener = open_listener(&a);
    if (options.listener < 0)
        return fail(a.socket, strerror(-options.listener));
    if (sd_event_default(&event) < 0)
        return fail("cannot start", "no event loop");
    options.event = event;
    int status = serve(event, &options, a.config);
    (void)sd_event_unref(event);
    return status;
}
