#include "broker/common/log_line.h"
#include "broker/common/sockets.h"
#include "broker/ldap/connection.h"
#include "broker/ldap/ldapd.h"
#include "broker/ldap/oneshot.h"
#include "broker/ldap/sandbox.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* hufu-ldapd(8). */

#define FEED_PATH  "/run/hufu/feed"
#define EXIT_USAGE 2

static const char usage[] =
    "Usage: hufu-ldapd [OPTION]...\n"
    "Brings hufud what the directory holds for this host, as it changes.\n"
    "\n"
    "  --config=FILE   configuration (" LDAPD_CONFIG_PATH ")\n"
    "  --feed=PATH     socket of hufud (" FEED_PATH ")\n"
    "  --check         read the configuration, say what is wrong with it, and exit\n"
    "  --help          show this, and exit\n"
    "  --version       show the version, and exit\n"
    "\n"
    "With --base, --list, --entry or --apply it does one thing for whoever runs it, which is\n"
    "what hufuctl does.\n"
    "\n"
    "Exit status: 0 stopped as told; 1 could not start or go on; 2 usage.\n"
    "Manual: hufu-ldapd(8)\n";

struct arguments {
    const char *config, *feed;
    bool check;
};

/* 0: go on; otherwise the exit status plus one. */
static int parse_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"feed", required_argument, NULL, 'f'},
        {"check", no_argument, NULL, 'k'},        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            a->config = optarg;
            break;
        case 'f':
            a->feed = optarg;
            break;
        case 'k':
            a->check = true;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return EXIT_SUCCESS + 1;
        case 'V':
            (void)puts("hufu-ldapd " HUFU_VERSION);
            return EXIT_SUCCESS + 1;
        default:
            (void)fputs(usage, stderr);
            return EXIT_USAGE + 1;
        }
    }
    if (optind == argc)
        return 0;
    (void)fprintf(stderr, "hufu-ldapd: unexpected argument: %s\n%s", argv[optind], usage);
    return EXIT_USAGE + 1;
}

static int fail(const char *what, int r)
{
    log_line(LOG_ERR, "hufu-ldapd: %s: %s", what, strerrordesc_np(-r));
    return EXIT_FAILURE;
}

static struct ldapd_config *load_config(const char *path)
{
    struct ldapd_config *config = NULL;
    struct conf_error error;

    if (ldapd_config_load(path, &config, &error) == 0)
        return config;
    log_conf_error("hufu-ldapd", path, &error);
    return NULL;
}

static int catch_signals(sd_event *event)
{
    sigset_t set;
    int r;

    if (sigemptyset(&set) < 0 || sigaddset(&set, SIGTERM) < 0 || sigaddset(&set, SIGINT) < 0 ||
        sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
    return r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
}

static int serve(sd_event *event, const struct arguments *a, const struct ldapd_config *config)
{
    cleanup(ldapd_free_p) struct ldapd *l = NULL;
    int r = catch_signals(event);

    if (r >= 0)
        r = ldapd_new(event, config, a->feed, &l);
    if (r < 0)
        return fail("could not start", r);
    (void)sd_event_set_watchdog(event, 1);
    (void)sd_notify(0, "READY=1\nSTATUS=Waiting for hufud");
    r = sd_event_loop(event);
    (void)sd_notify(0, "STOPPING=1");
    if (r < 0)
        (void)fail("could not go on", r);
    /* A thread that waits for a name server waits for nobody else; what it uses must not go away under it. */
    if (!ldapd_is_alone(l))
        _exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct arguments a = {.config = LDAPD_CONFIG_PATH, .feed = FEED_PATH};
    cleanup(ldapd_config_free_p) struct ldapd_config *config = NULL;
    sd_event *event = NULL;
    int r, status;

    if (oneshot_is_asked(argc, argv))
        return (int)oneshot_main(argc, argv);
    r = parse_arguments(argc, argv, &a);
    if (r != 0)
        return r - 1;
    r = connection_prepare();
    if (r < 0)
        return fail("could not start", r);
    config = load_config(a.config);
    if (!config)
        return EXIT_FAILURE;
    if (a.check)
        return EXIT_SUCCESS;
    socket_never_wait(STDERR_FILENO);
    r = sd_event_new(&event);
    if (r < 0)
        return fail("could not start", r);
    r = sandbox_enter(config);
    if (r == 1)
        log_line(LOG_WARNING, "hufu-ldapd: this kernel has no landlock; the unit's own sandbox has to do");
    status = r < 0 ? fail("no sandbox", r) : serve(event, &a, config);
    (void)sd_event_unref(event);
    return status;
}
