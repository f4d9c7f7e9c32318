#include "broker/ctl/verification.h"

#include "broker/common/files.h"
#include "broker/ctl/host_journal.h"

#include <errno.h>
#include <string.h>

#define CHECKPOINT_FILE_MAX ((size_t)16 * 1024 * 1024)

void verification_done(struct verification *v)
{
    for (size_t i = 0; i < v->n_checkpoints; i++)
        checkpoint_done(&v->checkpoints[i].checkpoint);
    free(v->checkpoints);
    free(v->witnesses);
    v->chain = chain_free(v->chain);
    ledger_keys_done(&v->keys);
    json_decref(v->filter);
    json_decref(v->segments);
    free(v->key_pem);
}

static int add_witness(struct verification *v, const struct chain_witness *w)
{
    size_t room = v->witness_room == 0 ? 256 : 2 * v->witness_room;
    struct chain_witness *more;

    if (v->n_witnesses == v->witness_room) {
        more = reallocarray(v->witnesses, room, sizeof(*more));
        if (!more)
            return -ENOMEM;
        v->witnesses = more;
        v->witness_room = room;
    }
    v->witnesses[v->n_witnesses++] = *w;
    return 0;
}

/* ---- checkpoints that were kept elsewhere ---- */

/* Takes `c` over. */
static int add_checkpoint(struct verification *v, struct checkpoint *c, bool logged)
{
    struct given_checkpoint *more = reallocarray(v->checkpoints, v->n_checkpoints + 1, sizeof(*more));

    if (!more) {
        checkpoint_done(c);
        return -ENOMEM;
    }
    v->checkpoints = more;
    v->checkpoints[v->n_checkpoints++] = (struct given_checkpoint){*c, logged};
    return 0;
}

/* A line of a log, in which a checkpoint stands last, or of an export, in which it stands in quotes. 1, 0:
 * none, -ENOMEM. */
static int take_line(struct verification *v, const char *line, size_t size, bool logged)
{
    const char *at = memmem(line, size, "sequence=", 9);
    const char *quote = at ? memchr(at, '"', size - (size_t)(at - line)) : NULL;
    cleanup_free char *text = at ? strndup(at, (size_t)((quote ? quote : line + size) - at)) : NULL;
    struct checkpoint c;
    int r;

    if (!at)
        return 0;
    if (!text)
        return -ENOMEM;
    r = checkpoint_parse(text, &c);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    r = add_checkpoint(v, &c, logged);
    return r < 0 ? r : 1;
}

static int take_lines(struct verification *v, const char *octets, size_t size, bool logged)
{
    int n = 0, r = 0;

    while (size > 0 && r >= 0) {
        const char *end = memchr(octets, '\n', size);
        size_t length = end ? (size_t)(end - octets) : size;

        r = take_line(v, octets, length, logged);
        n += r > 0;
        octets += length + (end != NULL);
        size -= length + (end != NULL);
    }
    return r < 0 ? r : n;
}

static enum exit_code take_given(struct verification *v, const char *given)
{
    cleanup_free char *octets = NULL;
    size_t size = strlen(given);
    int r = 0;

    if (strncmp(given, "sequence=", 9) != 0) {
        r = files_read(given, (uid_t)-1, CHECKPOINT_FILE_MAX, &octets, &size);
        if (r < 0)
            return cli_fail(v->cli, r == -ENOENT ? EXIT_NOT_FOUND : EXIT_REFUSED, _("%s cannot be read: %s"),
                            given, strerror(-r));
    }
    r = take_lines(v, octets ? octets : given, size, octets != NULL);
    if (r == 0)
        return cli_fail(
            v->cli, EXIT_USAGE,
            _("%s is no checkpoint, and no file with one: sequence=... hash=... to signature=..., as the "
              "records `checkpoint` have it"),
            given);
    return r < 0 ? cli_fail(v->cli, EXIT_REFUSED, _("out of memory")) : EXIT_DONE;
}

enum exit_code verification_checkpoints(struct verification *v, const struct option_list *given)
{
    enum exit_code code = EXIT_DONE;

    for (size_t i = 0; i < given->count && code == EXIT_DONE; i++)
        code = take_given(v, given->items[i]);
    return code;
}

/* Anybody on a host can write into its log, and a log server has the logs of many hosts: of what stands in a
 * file, that counts which is about this ledger and signed by a key that counts. Nobody but who has the key
 * can have it pass for more, or for less. A key that nobody knows yet is judged at the end. */
static bool is_passed_over(struct verification *v, const struct given_checkpoint *g)
{
    int r;

    if (!g->logged)
        return false;
    if (strcmp(g->checkpoint.ledger, v->ledger) != 0) {
        v->others_checkpoints++;
        return true;
    }
    r = ledger_keys_verify(&v->keys, &g->checkpoint);
    if (r == 0 || (r == -ENOKEY && v->keys.n_pinned > 0)) {
        v->strange_checkpoints++;
        return true;
    }
    return false;
}

/* What is given becomes a witness. 0, -ENOMEM. */
static int take_checkpoints(struct verification *v)
{
    size_t n = 0;
    int r = 0;

    for (size_t i = 0; i < v->n_checkpoints; i++) {
        struct given_checkpoint *g = &v->checkpoints[i];
        struct chain_witness w = {.sequence = g->checkpoint.sequence, .kind = CHAIN_BY_CHECKPOINT};

        if (r < 0 || is_passed_over(v, g)) {
            checkpoint_done(&g->checkpoint);
            continue;
        }
        memcpy(w.hash, g->checkpoint.hash, sizeof(w.hash));
        if (strcmp(g->checkpoint.ledger, v->ledger) == 0)
            r = add_witness(v, &w);
        v->checkpoints[n++] = *g;
    }
    v->n_checkpoints = n;
    return r;
}

/* Their hashes were compared on the way; by then all keys are known. */
enum exit_code verification_judge_given(const struct verification *v)
{
    for (size_t i = 0; i < v->n_checkpoints; i++) {
        const struct checkpoint *c = &v->checkpoints[i].checkpoint;
        int r = ledger_keys_verify(&v->keys, c);

        if (strcmp(c->ledger, v->ledger) != 0)
            return cli_fail(v->cli, EXIT_REFUSED,
                            _("the checkpoint of record %llu is of another ledger, %s of %s"),
                            (unsigned long long)c->sequence, c->ledger, c->host);
        if (r == -ENOKEY)
            return cli_fail(
                v->cli, EXIT_REFUSED,
                _("the checkpoint of record %llu is signed by %s, which is none of the keys here; give it "
                  "with --key"),
                (unsigned long long)c->sequence, c->key);
        if (r != 1)
            return cli_fail(v->cli, EXIT_REFUSED, _("the checkpoint of record %llu is not signed by its key"),
                            (unsigned long long)c->sequence);
    }
    return EXIT_DONE;
}

/* ---- journald ---- */

static int read_records(struct verification *v)
{
    cleanup(journal_close_p) struct journal_reader *j = NULL;
    struct journal_entry e;
    int r = host_journal_open(JOURNAL_RECORDS, 0, 0, &j);

    while (r >= 0 && (r = journal_next(j, &e)) == 1) {
        struct chain_witness w = {.sequence = e.sequence, .kind = CHAIN_BY_JOURNAL};

        if (e.ledger[0] != '\0' && v->ledger[0] != '\0' && strcmp(e.ledger, v->ledger) != 0) {
            v->other_ledgers++;
            continue;
        }
        memcpy(w.hash, e.hash, sizeof(w.hash));
        r = add_witness(v, &w);
    }
    return r;
}

static int count_forgeries(struct verification *v)
{
    cleanup(journal_close_p) struct journal_reader *j = NULL;
    struct journal_entry e;
    int r = host_journal_open(JOURNAL_FORGERIES, 0, 0, &j);

    while (r >= 0 && (r = journal_next(j, &e)) == 1)
        v->forged++;
    return r;
}

enum exit_code verification_journal(struct verification *v)
{
    v->journal_asked = true;
    v->journal_error = read_records(v);
    if (v->journal_error == 0)
        v->journal_error = count_forgeries(v);
    return v->journal_error == -ENOMEM ? cli_fail(v->cli, EXIT_REFUSED, _("out of memory")) : EXIT_DONE;
}

/* ---- records ---- */

enum exit_code verification_begin(struct verification *v, const struct sealed_segment *segments, size_t n,
                                  uint64_t ends)
{
    struct chain_options o = {.ledger = v->ledger,
                              .segments = segments,
                              .n_segments = n,
                              .ends = ends,
                              .current = !v->outsider,
                              .filtered = v->filter != NULL || v->after > 0};
    size_t given = v->n_checkpoints;
    int r = take_checkpoints(v);

    if (r < 0)
        return cli_fail(v->cli, EXIT_REFUSED, _("out of memory"));
    if (given > 0 && v->n_checkpoints == 0)
        return cli_fail(v->cli, EXIT_REFUSED,
                        _("none of the checkpoints given is of the ledger %s of %s and signed by its key"),
                        v->ledger, v->host);
    chain_sort_witnesses(v->witnesses, v->n_witnesses);
    o.witnesses = v->witnesses;
    o.n_witnesses = v->n_witnesses;
    ledger_keys_bind(&v->keys, &o);
    v->sealed = n > 0 ? segments[n - 1].last : 0;
    r = chain_new(&o, &v->chain);
    if (r == -ENOMEM)
        return cli_fail(v->cli, EXIT_REFUSED, _("out of memory"));
    return r == 0 || r == -EBADMSG ? EXIT_DONE
                                   : cli_fail(v->cli, EXIT_REFUSED, _("cannot verify: %s"), strerror(-r));
}

int verification_take(struct verification *v, const struct record *r)
{
    int e = v->hear ? v->hear(v->hear_userdata, v->host, r) : 0;

    v->fed++;
    if (e < 0)
        return e;
    e = chain_take(v->chain, r);
    return e == -EBADMSG && v->hear ? 0 : e;
}
