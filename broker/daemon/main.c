#include "broker/common/descriptors.h"
#include "broker/common/log_line.h"
#include "broker/common/sockets.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/check_store.h"
#include "broker/daemon/reload.h"
#include "broker/daemon/texts.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* hufud(8). */

#define EXIT_USAGE 2
/* What hufud.service allows. The listeners and the registry have limits of their own. */
#define DESCRIPTORS 8192

static const char usage[] =
    "Usage: hufud [OPTION]...\n"
    "Decides whether a vendor may come in, keeps the records, and has sessions ended in time.\n"
    "\n"
    "  --config=FILE     configuration (/etc/hufu/hufud.conf)\n"
    "  --trust=FILE      trust file (/etc/hufu/trust)\n"
    "  --state-dir=DIR   folder of the store (/var/lib/hufu)\n"
    "  --run-dir=DIR     folder of the sockets (/run/hufu)\n"
    "  --create-store    make a new store for this host, and exit\n"
    "  --check-store=FILE\n"
    "                    check a copy of a store, say what is in it, and exit\n"
    "  --check           read the configuration, say what is wrong with it, and exit\n"
    "  --help            show this, and exit\n"
    "  --version         show the version, and exit\n"
    "\n"
    "Exit status: 0 stopped as told; 1 could not start or go on; 2 usage.\n"
    "Manual: hufud(8)\n";

struct arguments {
    bool create_store, check;
    const char *copy; /* of a store, to be checked */
    struct broker_options options;
};

/* 0: go on; otherwise the exit status plus one. */
static int parse_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},      {"trust", required_argument, NULL, 't'},
        {"state-dir", required_argument, NULL, 's'},   {"run-dir", required_argument, NULL, 'r'},
        {"create-store", no_argument, NULL, 'C'},      {"check", no_argument, NULL, 'k'},
        {"check-store", required_argument, NULL, 'S'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},           {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            a->options.config_path = optarg;
            break;
        case 't':
            a->options.trust_path = optarg;
            break;
        case 's':
            a->options.state_dir = optarg;
            break;
        case 'r':
            a->options.run_dir = optarg;
            break;
        case 'C':
            a->create_store = true;
            break;
        case 'S':
            a->copy = optarg;
            break;
        case 'k':
            a->check = true;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return EXIT_SUCCESS + 1;
        case 'V':
            (void)puts("hufud " HUFU_VERSION);
            return EXIT_SUCCESS + 1;
        default:
            (void)fputs(usage, stderr);
            return EXIT_USAGE + 1;
        }
    }
    if (optind == argc)
        return 0;
    (void)fprintf(stderr, "hufud: unexpected argument: %s\n%s", argv[optind], usage);
    return EXIT_USAGE + 1;
}

static struct config *load_config(const char *path)
{
    struct config *config = NULL;
    struct conf_error error;

    if (config_load(path, 0, &config, &error) == 0)
        return config;
    log_conf_error("hufud", path, &error);
    return NULL;
}

static int create_store(const struct broker_options *options, const struct config *config)
{
    char error[256] = "";

    if (broker_create_store(options, config, error) == 0)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "hufud: the store was not made: %s\n", error);
    return EXIT_FAILURE;
}

static int check_copy(const char *path)
{
    char error[200] = "";
    int r = check_store(path, stdout, error);

    if (r == 0)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "hufud: %s\n", error[0] != '\0' ? error : strerror(-r));
    return EXIT_FAILURE;
}

/* SIGTERM and SIGINT end the loop, SIGHUP reloads; no other thread may get them. */
static int catch_signals(sd_event *event)
{
    sigset_t set;
    int r;

    if (sigemptyset(&set) < 0 || sigaddset(&set, SIGTERM) < 0 || sigaddset(&set, SIGINT) < 0 ||
        sigaddset(&set, SIGHUP) < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    (void)signal(SIGPIPE, SIG_IGN);
    r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
    return r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
}

static void say_troubles(const struct broker *b)
{
    if (!b->store)
        log_line(LOG_ERR, "hufud: gated logins are refused: the store: %s", b->store_trouble);
    if (!b->trust)
        log_line(LOG_ERR, "hufud: gated logins are refused: %s", b->trust_trouble);
    if (b->restored.trouble[0] != '\0')
        log_line(LOG_ERR, "hufud: gated logins are refused: %s", b->restored.trouble);
    if (b->host_trouble[0] != '\0')
        log_line(LOG_ERR, "hufud: gated logins are refused: %s", b->host_trouble);
}

static void choose_language(const char *language)
{
    if (texts_init(language) < 0)
        log_line(LOG_WARNING,
                 "hufud: texts stay English: no catalogue of %s, or no locale to use it in "
                 "(locale-gen %s.UTF-8)",
                 language, language);
}

/* systemctl shows "reloading" in between, and the outcome afterwards. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    struct broker *b = userdata;
    uint64_t now = 0;

    (void)info;
    (void)sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now);
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reading the configuration anew",
                     now);
    if (broker_reload(b) < 0) {
        log_line(LOG_ERR, "hufud: not reloaded, the configuration before stays in force: %s",
                 b->config_trouble);
        (void)sd_notifyf(0, "READY=1\nSTATUS=Not reloaded, the configuration before stays in force: %s",
                         b->config_trouble);
        return 0;
    }
    choose_language(b->config->language);
    say_troubles(b);
    (void)sd_notify(0, "READY=1\nSTATUS=");
    return 0;
}

static int run(sd_event *event, const struct arguments *a, struct config *config)
{
    cleanup(broker_free_p) struct broker *b = NULL;
    char error[256];
    int r = broker_new(event, &a->options, config, &b, error);

    if (r < 0) {
        log_line(LOG_ERR, "hufud: could not start: %s", error[0] != '\0' ? error : strerror(-r));
        return r;
    }
    say_troubles(b);
    r = sd_event_add_signal(event, NULL, SIGHUP, on_reload, b);
    if (r < 0)
        return r;
    (void)sd_notify(0, "READY=1");
    r = sd_event_loop(event);
    (void)sd_notify(0, "STOPPING=1");
    return r;
}

static int serve(const struct arguments *a, struct config *config)
{
    sd_event *event = NULL;
    int r = sd_event_default(&event);

    socket_never_wait(STDERR_FILENO);
    descriptors_make_room(DESCRIPTORS);
    if (r >= 0)
        r = catch_signals(event);
    if (r >= 0)
        (void)sd_event_set_watchdog(event, true);
    if (r >= 0)
        r = run(event, a, config);
    else
        config_free(config);
    sd_event_unref(event);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct arguments a = {.options = {.config_path = "/etc/hufu/hufud.conf",
                                      .run_dir = "/run/hufu",
                                      .state_dir = "/var/lib/hufu",
                                      .anchor_path = "/var/lib/hufu-anchor/anchor",
                                      .trust_path = "/etc/hufu/trust",
                                      .machine_id_path = "/etc/machine-id",
                                      .accounts = ACCOUNTS_NONE,
                                      .find_accounts = accounts_find}};
    struct config *config;
    int r = parse_arguments(argc, argv, &a);

    if (r > 0)
        return r - 1;
    if (a.copy) {
        choose_language("en");
        return check_copy(a.copy);
    }
    config = load_config(a.options.config_path);
    if (!config)
        return EXIT_FAILURE;
    if (a.check) {
        config_free(config);
        return EXIT_SUCCESS;
    }
    choose_language(config->language);
    accounts_find(&a.options.accounts);
    if (!a.create_store)
        return serve(&a, config);
    r = create_store(&a.options, config);
    config_free(config);
    return r;
}
