#include "broker/ctl/review_gather.h"
#include "broker/ctl/verification.h"

#include <string.h>

/* Records go through the verification of their chain, and what passes it is told to the review: also what
 * comes behind a bad one, which the review's ledger then names. */

static int hear(void *userdata, const char *host, const struct record *r)
{
    struct review_work *w = userdata;

    return review_take(w->review, host, r);
}

static enum exit_code put_ledger(struct review_work *w, const struct verification *v)
{
    const struct chain_report *c = v->chain ? chain_report(v->chain) : NULL;
    char head[2 * RECORD_HASH_SIZE + 1], fault[600] = "";
    struct review_ledger x = {.host = v->host, .ledger = v->ledger, .head = head};

    if (!c)
        return EXIT_DONE;
    ident_format_hex(c->head, sizeof(c->head), head);
    if (c->fault.what != CHAIN_SOUND)
        (void)snprintf(fault, sizeof(fault), _("record %llu: %s"), (unsigned long long)c->fault.sequence,
                       _(chain_fault_sentence(c->fault.what)));
    else if (v->filter)
        (void)snprintf(fault, sizeof(fault), "%s",
                       _("it is a filtered export: that none is missing or altered nothing proves"));
    else if (v->outsider && c->host[0] != '\0' && strcmp(c->host, v->host) != 0)
        (void)snprintf(fault, sizeof(fault), _("its signed checkpoints are of %s"), c->host);
    x.first = c->first;
    x.last = c->last;
    x.records = c->records;
    x.verified = fault[0] == '\0';
    x.fault = x.verified ? NULL : fault;
    x.key = v->keys.n > 0 ? v->keys.fingerprints[0] : NULL;
    x.checkpoint_at = c->covered_at;
    return review_add_ledger(w->review, &x) < 0 ? cli_fail(w->cli, EXIT_REFUSED, _("out of memory"))
                                                : EXIT_DONE;
}

enum exit_code review_ask_records(struct review_work *w)
{
    cleanup_verification struct verification v = {.cli = w->cli, .hear = hear, .hear_userdata = w};
    enum exit_code code = verification_live(&v);

    return code == EXIT_DONE ? put_ledger(w, &v) : code;
}

enum exit_code review_read_records(struct review_work *w, const char *path)
{
    cleanup_verification struct verification v = {.cli = w->cli, .hear = hear, .hear_userdata = w};
    const struct option_list one = {.items = {path}, .count = 1};
    enum exit_code code = verification_files(&v, &one);

    return code == EXIT_DONE ? put_ledger(w, &v) : code;
}
