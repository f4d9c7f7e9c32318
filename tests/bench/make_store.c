// LAYERS: daemon test_support
// LIBRARIES: libcrypto
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/verifier.h"
#include "broker/trust/workers.h"
#include "tests/unit/support/many.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A store as large as wanted: what hufud would have after taking in that many grants, written by the store's
 * own code, each grant with two signatures by which a quorum is had. The verdicts on these are written too,
 * as hufud does; they are known to be good since they were made here, and verifying the first shows it.
 */

static const char usage[] = "Usage: make_store [OPTION]... FOLDER GRANTS\n"
                            "Makes FOLDER with hufu.db, trust and hufud.conf (both for hufud's --trust and "
                            "--config), and grants that are\n"
                            "not in the store: FOLDER/more/N.grant with N.approval-1 and N.approval-2.\n"
                            "Grant I is for the person v0000000 + I, from 10.1.2.0/24 with a password, on "
                            "db01.finance.example, day and\n"
                            "night, by login and sshd, for 20 days from now, 1000000 times.\n"
                            "\n"
                            "  --each=N             grants of one person (1)\n"
                            "  --more=N             grants beside the store (10)\n"
                            "  --host=NAME          of the host that the store is for "
                            "(db01.finance.example); by the group `database` the\n"
                            "                       grants are for any\n"
                            "  --gated-uid=RANGE    (20000-29999)\n"
                            "  --machine-id=FILE    of the host that the store is for (/etc/machine-id)\n"
                            "  --unverified         no verdicts: the first start has to verify everything\n"
                            "  --help               show this, and exit\n";

#define TRANSACTION 1000 /* grants in one */
#define JOBS        64
#define VALID       ((when_t)20 * 86400)

struct make {
    const char *folder;
    const char *host, *gated_uid;
    struct broker_options options;
    struct config *config;
    struct department *department;
    struct many_plan plan;
    struct trust_set *trust;
    struct store *store;
    struct trust_verdict verdicts[2]; /* the same for each grant */
    unsigned grants, more;
    bool unverified;
    struct store_txn *txn;
    unsigned in_txn;
};

/* One grant on its way: made on a worker, written by whoever owns the store. */
struct job {
    struct make *make;
    unsigned i;
    struct many_grant grant;
    struct subject subject;
    struct trust_verdict_key keys[2];
};

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

static char *path_of(const struct make *m, const char *name)
{
    return issue_text("%s/%s", m->folder, name);
}

static void put(const struct make *m, const char *name, const char *text)
{
    cleanup_free char *path = path_of(m, name);

    must(files_write(path, 0644, text, strlen(text)) == 0);
}

/* ---- what the store is made for ---- */

static void make_trust(struct make *m)
{
    struct trust_plan plan = department_plan(m->department);
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];
    cleanup_free char *text = NULL;

    when_format(clock_wall() - 86400, from);
    when_format(clock_wall() + 2 * VALID, until);
    plan.from = from;
    plan.until = until;
    text = paper_trust(&plan);
    put(m, "trust", text);
    must(trust_set_new(text, strlen(text), &m->trust, NULL) == 0);
}

static void make_config(struct make *m)
{
    cleanup_free char *text = issue_text("[host]\nhost = %s\ngroups = database\n[gate]\ngated-uid = %s\n"
                                         "[directory]\nstatus-max-age = none\n",
                                         m->host, m->gated_uid);
    struct conf_error error = {.reason = ""};

    put(m, "hufud.conf", text);
    if (config_parse(text, strlen(text), &m->config, &error) == 0)
        return;
    (void)fprintf(stderr, "make_store: %s\n", error.reason);
    exit(EXIT_FAILURE);
}

static void open_store(struct make *m)
{
    struct store_options options;
    char path[PATH_MAX], error[256] = "";

    if (broker_create_store(&m->options, m->config, error) < 0) {
        (void)fprintf(stderr, "make_store: %s\n", error);
        exit(EXIT_FAILURE);
    }
    must(broker_store_path(&m->options, path) == 0);
    options = broker_store_options(path, m->config);
    must(store_open(&options, &m->store, error) == 0);
}

/* ---- grants ---- */

static void make_grant(void *job)
{
    struct job *j = job;
    cleanup(grant_free_p) struct grant *g = NULL;

    j->grant = many_grant(&j->make->plan, j->i);
    must(grant_parse(j->grant.document, strlen(j->grant.document), &g, NULL) == 0);
    must(subject_of_grant(g, octets_of(j->grant.document), &j->subject) == 0);
    for (size_t k = 0; k < 2; k++)
        must(trust_verdict_key_of(j->make->trust, &j->subject, octets_of(j->grant.approvals[k]),
                                  &j->keys[k]) == 0);
}

static void submit(struct make *m)
{
    if (m->txn)
        must(store_submit(m->store, steal_pointer(&m->txn), NULL, NULL) == 0);
    m->in_txn = 0;
    /* No more in memory than one transaction beside the one that is being written. */
    must(store_flush(m->store) == 0);
}

static void write_grant(struct make *m, const struct job *j)
{
    const struct store_blob approvals[] = {
        {(const uint8_t *)j->grant.approvals[0], strlen(j->grant.approvals[0])},
        {(const uint8_t *)j->grant.approvals[1], strlen(j->grant.approvals[1])}};
    const struct store_document d = {.type = DOCUMENT_GRANT,
                                     .id = j->subject.id,
                                     .version = MANY_VERSION,
                                     .octets = (const uint8_t *)j->grant.document,
                                     .size = strlen(j->grant.document),
                                     .approvals = approvals,
                                     .n_approvals = 2};

    if (!m->txn)
        must(store_txn_new(m->store, &m->txn) == 0);
    store_txn_document(m->txn, &d);
    store_txn_books(m->txn, &(struct store_books){.id = d.id, .verified_version = MANY_VERSION});
    for (size_t k = 0; k < 2 && !m->unverified; k++)
        verifier_write(m->txn, m->trust, &j->keys[k], &m->verdicts[k]);
    if (++m->in_txn == TRANSACTION)
        submit(m);
}

static void write_job(void *job, int result)
{
    struct job *j = job;

    must(result == 0);
    write_grant(j->make, j);
    many_grant_done(&j->grant);
    free(j);
}

static void find_verdicts(struct make *m)
{
    struct job j = {.make = m};

    make_grant(&j);
    for (size_t k = 0; k < 2; k++) {
        must(trust_verdict_make(m->trust, &j.subject, octets_of(j.grant.approvals[k]), &m->verdicts[k]) == 0);
        must(m->verdicts[k].outcome == SIGNATURE_COUNTED);
    }
    many_grant_done(&j.grant);
}

static void make_grants(struct make *m)
{
    cleanup(workers_free_p) struct workers *workers = NULL;

    must(workers_new(0, JOBS, &workers) == 0);
    for (unsigned i = 0; i < m->grants; i++) {
        struct job *j = calloc(1, sizeof(*j));
        int r;

        must(j != NULL);
        j->make = m;
        j->i = i;
        while ((r = workers_submit(workers, make_grant, write_job, j)) == -EAGAIN)
            (void)workers_wait(workers);
        must(r == 0);
        if (i % 100000 == 99999)
            (void)fprintf(stderr, "make_store: %u of %u\n", i + 1, m->grants);
    }
    while (workers_wait(workers) > 0)
        ;
    submit(m);
}

static void make_more(struct make *m)
{
    cleanup_free char *folder = path_of(m, "more");

    must(mkdir(folder, 0755) == 0);
    for (unsigned i = 0; i < m->more; i++) {
        cleanup_free char *name = issue_text("more/%u.grant", i);
        cleanup_free char *one = issue_text("more/%u.approval-1", i);
        cleanup_free char *two = issue_text("more/%u.approval-2", i);
        struct many_grant g = many_grant(&m->plan, m->grants + i);

        put(m, name, g.document);
        put(m, one, g.approvals[0]);
        put(m, two, g.approvals[1]);
        many_grant_done(&g);
    }
}

/* ---- usage ---- */

static unsigned number_of(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text != '\0' && *end == '\0' && n <= 100000000)
        return (unsigned)n;
    (void)fprintf(stderr, "make_store: \"%s\" is no number up to a hundred million\n", text);
    exit(2);
}

static void parse_arguments(struct make *m, int argc, char **argv)
{
    static const struct option options[] = {
        {"each", required_argument, NULL, 'e'},       {"more", required_argument, NULL, 'm'},
        {"host", required_argument, NULL, 'h'},       {"gated-uid", required_argument, NULL, 'g'},
        {"machine-id", required_argument, NULL, 'i'}, {"unverified", no_argument, NULL, 'u'},
        {"help", no_argument, NULL, '?' + 128},       {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'e')
            m->plan.grants_each = number_of(optarg);
        else if (c == 'm')
            m->more = number_of(optarg);
        else if (c == 'h')
            m->host = optarg;
        else if (c == 'g')
            m->gated_uid = optarg;
        else if (c == 'i')
            m->options.machine_id_path = optarg;
        else if (c == 'u')
            m->unverified = true;
        else
            exit(fputs(usage, c == '?' ? stderr : stdout) < 0 || c == '?' ? 2 : 0);
    }
    if (argc - optind != 2) {
        (void)fputs(usage, stderr);
        exit(2);
    }
    m->folder = argv[optind];
    m->options.state_dir = m->folder;
    m->grants = number_of(argv[optind + 1]);
}

int main(int argc, char **argv)
{
    struct make m = {.host = MANY_HOST,
                     .gated_uid = "20000-29999",
                     .more = 10,
                     .options = {.machine_id_path = "/etc/machine-id", .accounts = ACCOUNTS_NONE}};

    parse_arguments(&m, argc, argv);
    if (mkdir(m.folder, 0755) < 0 && errno != EEXIST) {
        perror(m.folder);
        return EXIT_FAILURE;
    }
    m.department = department_new();
    m.plan.department = m.department;
    m.plan.from = clock_wall() - 3600;
    m.plan.until = m.plan.from + VALID;
    make_trust(&m);
    make_config(&m);
    open_store(&m);
    if (m.grants > 0)
        find_verdicts(&m);
    make_grants(&m);
    make_more(&m);
    store_close(m.store);
    trust_set_free(m.trust);
    config_free(m.config);
    department_free(m.department);
    return EXIT_SUCCESS;
}
