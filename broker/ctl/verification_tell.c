#include "broker/audit/export.h"
#include "broker/ctl/call.h"
#include "broker/ctl/text.h"
#include "broker/ctl/verification.h"

#include <errno.h>
#include <string.h>

/* What came of it, for people and for programs. */

#define UNCOVERED_SECONDS 5400 /* a checkpoint is made every hour */

struct told {
    struct verification *v;
    const struct chain_report *t;
    enum chain_fault fault;
    json_t *notes; /* sentences */
};

__attribute__((format(printf, 2, 3))) static void note(struct told *x, const char *format, ...)
{
    cleanup_free char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    if (text)
        (void)json_array_append_new(x->notes, json_string(text));
}

/* ---- what is not proven ---- */

static void note_key(struct told *x)
{
    const struct ledger_keys *k = &x->v->keys;

    if (x->t->checkpoints == 0)
        note(x, "%s",
             _("Nothing of it is signed: whoever could write the store could have made all of it anew."));
    else if (k->n_pinned == 0)
        note(x, "%s",
             _("The key is the one that the ledger itself names: whoever made all of it anew would name "
               "their own. Give the one "
               "that `hufuctl audit key` wrote when the host was trusted with --key, or compare the "
               "fingerprint."));
}

static void note_uncovered(struct told *x)
{
    const struct chain_report *t = x->t;
    uint64_t uncovered = t->last > t->covered ? t->last - t->covered : 0;

    if (t->covered == 0 || uncovered == 0 || x->v->filter)
        return;
    note(x,
         ngettext("The last record is not signed yet (%llu): the last checkpoint is about record %llu.",
                  "The last %llu records are not signed yet: the last checkpoint is about record %llu.",
                  uncovered),
         (unsigned long long)uncovered, (unsigned long long)t->covered);
    if (t->last_us / 1000000 - t->covered_at > UNCOVERED_SECONDS)
        note(x, "%s",
             _("That is longer than the hour within which a checkpoint is made. `hufuctl status` says "
               "whether the key can "
               "be used; if it could all the time, somebody took checkpoints away."));
}

static void note_extent(struct told *x)
{
    if (x->v->filter)
        note(x, "%s",
             _("This export was filtered. Each record in it is whole in itself. That none is missing among "
               "them, and that they "
               "are this ledger's at all, it does not prove: for that verify an export without filters."));
    if (x->v->sealed > 0)
        note(x,
             _("Records 1 to %llu were sealed and are not here; their signed heads join. Their files verify "
               "together with "
               "an export of the rest."),
             (unsigned long long)x->v->sealed);
    if (x->v->sealed > 0 && !x->t->sealed_on_record)
        note(
            x, "%s",
            _("That they were sealed no record here says. The file of an archive may have none; in any other "
              "somebody left them out."));
    if (x->t->unjudged_segments > 0)
        note(x,
             _("%llu of the sealed parts are signed by keys that are not known any more; give them with "
               "--key."),
             (unsigned long long)x->t->unjudged_segments);
}

static void note_given(struct told *x)
{
    const struct verification *v = x->v;

    if (x->t->far_checkpoints > 0)
        note(x,
             _("%llu signed checkpoints are about records that are not here, or far before them: they prove "
               "nothing."),
             (unsigned long long)x->t->far_checkpoints);
    if (x->t->witnessed[CHAIN_BY_CHECKPOINT] < v->n_checkpoints)
        note(x, "%s", _("Not all checkpoints given are about records that are here."));
    if (v->others_checkpoints > 0)
        note(x, _("%llu checkpoints in the files given are of other ledgers, and were passed over."),
             (unsigned long long)v->others_checkpoints);
    if (v->strange_checkpoints > 0)
        note(
            x,
            _("%llu checkpoints in the files given are not signed by the ledger's key, and were passed over: "
              "somebody else wrote "
              "them there."),
            (unsigned long long)v->strange_checkpoints);
}

static const char *journal_trouble(int error)
{
    switch (error) {
    case -ESRCH:
        return _("there is no user hufu here");
    case -EACCES:
        return _("you may not read it; members of systemd-journal and root may");
    case -ENODATA:
        return _("there is none");
    default:
        return strerror(-error);
    }
}

static void note_journal(struct told *x)
{
    const struct verification *v = x->v;

    if (!v->journal_asked && !v->outsider)
        note(x, "%s",
             _("journald was not asked: a ledger that was rolled back as a whole would not be noticed."));
    if (v->journal_asked && v->journal_error < 0)
        note(x,
             _("journald could not be compared (%s): a ledger that was rolled back as a whole would not be "
               "noticed."),
             journal_trouble(v->journal_error));
    if (v->outsider && v->n_checkpoints == 0 && !v->filter)
        note(x, "%s",
             _("That nothing behind its end is missing a file cannot prove: compare a later checkpoint, from "
               "the log server "
               "say, with --checkpoint."));
    if (v->forged > 0)
        note(x,
             ngettext(
                 "%llu entry in journald only pretends to be the broker's; `hufuctl audit show` has it.",
                 "%llu entries in journald only pretend to be the broker's; `hufuctl audit show` has them.",
                 v->forged),
             (unsigned long long)v->forged);
    if (v->other_ledgers > 0)
        note(x, _("%llu records in journald are of another ledger than this one: one that was here before."),
             (unsigned long long)v->other_ledgers);
}

/* A backup that was put back is a ledger that was rolled back, whoever did it and why. */
static void note_restored(struct told *x)
{
    if (x->fault == CHAIN_WITNESS && strcmp(x->t->fault.event, "store-restored") == 0)
        note(x, "%s",
             _("This record says itself that the store was put back from a copy; `hufuctl audit show --event "
               "store-restored` has when, and who confirmed it. What the copy lacks is in journald only, and "
               "wherever that is sent. If it is accounted for, --no-journal verifies what is on record "
               "since."));
}

/* ---- checkpoints that were given ---- */

/* What the first line of a file says nothing vouches for; a checkpoint of its last hour does. */
static enum exit_code judge_host(const struct told *x)
{
    if (!x->v->outsider || x->t->host[0] == '\0' || strcmp(x->t->host, x->v->host) == 0)
        return EXIT_DONE;
    return cli_fail(
        x->v->cli, EXIT_REFUSED,
        _("the file says that it is of %s, and its signed checkpoints that it is of %s; if the host was "
          "renamed, export "
          "after its next checkpoint"),
        x->v->host, x->t->host);
}

/* ---- for programs ---- */

static json_t *time_or_null(int64_t at_us)
{
    char text[EXPORT_TIME_SIZE];

    if (at_us == 0)
        return json_null();
    export_format_time(at_us, text);
    return json_string(text);
}

static json_t *fault_json(const struct told *x)
{
    if (x->fault == CHAIN_SOUND)
        return json_null();
    return json_pack("{ss sI so ss ss ss}", "what", chain_fault_name(x->fault), "sequence",
                     (json_int_t)x->t->fault.sequence, "time", time_or_null(x->t->fault.at_us), "event",
                     x->t->fault.event, "sentence", _(chain_fault_sentence(x->fault)), "detail",
                     x->t->fault.text);
}

static json_t *keys_json(const struct told *x)
{
    json_t *keys = json_array();

    for (size_t i = 0; i < x->v->keys.n; i++)
        (void)json_array_append_new(keys, json_pack("{ss sb}", "fingerprint", x->v->keys.fingerprints[i],
                                                    "pinned", i < x->v->keys.n_pinned));
    return keys;
}

static enum exit_code tell_program(const struct told *x)
{
    const struct chain_report *t = x->t;
    char head[2 * RECORD_HASH_SIZE + 1];
    cleanup_json json_t *all = NULL;

    ident_format_hex(t->head, RECORD_HASH_SIZE, head);
    all = json_pack("{sb ss ss sI sI sI so so ss sI sI so s{sb sI sI sI} sI so sO sO?}", "good",
                    x->fault == CHAIN_SOUND, "host", x->v->host, "ledger", x->v->ledger, "records",
                    (json_int_t)t->records, "first", (json_int_t)t->first, "last", (json_int_t)t->last,
                    "from", time_or_null(t->first_us), "until", time_or_null(t->last_us), "head", head,
                    "checkpoints", (json_int_t)t->checkpoints, "covered", (json_int_t)t->covered, "keys",
                    keys_json(x), "journal", "read", x->v->journal_asked && x->v->journal_error == 0,
                    "compared", (json_int_t)t->witnessed[CHAIN_BY_JOURNAL], "earlier",
                    (json_int_t)t->out_of_reach[CHAIN_BY_JOURNAL], "forged", (json_int_t)x->v->forged,
                    "checkpoints_given", (json_int_t)t->witnessed[CHAIN_BY_CHECKPOINT], "fault",
                    fault_json(x), "notes", x->notes, "filter", x->v->filter);
    if (!all)
        return cli_fail(x->v->cli, EXIT_REFUSED, _("out of memory"));
    return call_print_json(x->v->cli, all);
}

/* ---- for people ---- */

static void print_extent(const struct told *x)
{
    const struct chain_report *t = x->t;
    char from[EXPORT_TIME_SIZE], until[EXPORT_TIME_SIZE], at[WHEN_TEXT_SIZE];
    FILE *out = x->v->cli->out;

    export_format_time(t->first_us, from);
    export_format_time(t->last_us, until);
    (void)fprintf(out, _("Ledger:      %s of %s\n"), x->v->ledger, x->v->host);
    if (t->records > 0)
        (void)fprintf(out, _("Records:     %llu, from %llu (%.19sZ) to %llu (%.19sZ)\n"),
                      (unsigned long long)t->records, (unsigned long long)t->first, from,
                      (unsigned long long)t->last, until);
    if (t->covered > 0) {
        when_format(t->covered_at, at);
        (void)fprintf(out, _("Checkpoints: %llu good; the last is about record %llu, signed %s\n"),
                      (unsigned long long)t->checkpoints, (unsigned long long)t->covered, at);
    }
}

static void print_keys(const struct told *x)
{
    for (size_t i = 0; i < x->v->keys.n; i++)
        (void)fprintf(x->v->cli->out,
                      i < x->v->keys.n_pinned ? _("Key:         %s (given)\n")
                                              : _("Key:         %s (not pinned)\n"),
                      x->v->keys.fingerprints[i]);
}

static void print_witnesses(const struct told *x)
{
    const struct chain_report *t = x->t;
    FILE *out = x->v->cli->out;

    if (x->v->journal_asked && x->v->journal_error == 0)
        (void)fprintf(out, _("journald:    %llu of its records compared; of those here it lacks %llu\n"),
                      (unsigned long long)t->witnessed[CHAIN_BY_JOURNAL],
                      (unsigned long long)(t->records > t->witnessed[CHAIN_BY_JOURNAL]
                                               ? t->records - t->witnessed[CHAIN_BY_JOURNAL]
                                               : 0));
    if (x->v->n_checkpoints > 0)
        (void)fprintf(out, _("Given:       %llu of %zu checkpoints compared\n"),
                      (unsigned long long)t->witnessed[CHAIN_BY_CHECKPOINT], x->v->n_checkpoints);
}

static void print_sentence(FILE *out, struct buf *b)
{
    cleanup_free char *text = buf_steal_text(b);
    cleanup_free char *escaped = text ? text_escape(text, strlen(text), false) : NULL;

    text_print_wrapped(out, escaped ? escaped : "?");
}

static void print_fault(const struct told *x)
{
    const struct chain_report *t = x->t;
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_buf struct buf before = BUF_INIT;
    char at[EXPORT_TIME_SIZE];
    FILE *out = x->v->cli->out;

    export_format_time(t->fault.at_us, at);
    if (t->fault.at_us != 0)
        buf_printf(&b, _("BAD. Record %llu (%s, %.19sZ): %s"), (unsigned long long)t->fault.sequence,
                   t->fault.event, at, _(chain_fault_sentence(x->fault)));
    else
        buf_printf(&b, _("BAD. Record %llu: %s"), (unsigned long long)t->fault.sequence,
                   _(chain_fault_sentence(x->fault)));
    if (t->fault.text[0] != '\0')
        buf_printf(&b, _(" (%s)."), t->fault.text);
    else
        buf_puts(&b, _("."));
    (void)fputc('\n', out);
    print_sentence(out, &b);
    if (t->records == 0)
        return;
    buf_printf(&before,
               _("The %llu records before it are as they were written; what comes behind it was not looked "
                 "at."),
               (unsigned long long)t->records);
    print_sentence(out, &before);
}

static void print_good(const struct told *x)
{
    const struct chain_report *t = x->t;
    FILE *out = x->v->cli->out;

    if (x->v->filter)
        (void)fputs(_("\nEach record is whole in itself; nothing more is proven.\n"), out);
    else if (t->first > 1)
        (void)fprintf(out,
                      _("\nGood: from record %llu on no record was changed, removed, inserted or moved.\n"),
                      (unsigned long long)t->first);
    else
        (void)fputs(_("\nGood: no record was changed, removed, inserted or moved.\n"), out);
}

static enum exit_code tell_person(const struct told *x)
{
    const json_t *sentence;
    FILE *out = x->v->cli->out;
    size_t i;

    print_extent(x);
    print_keys(x);
    print_witnesses(x);
    if (x->fault != CHAIN_SOUND)
        print_fault(x);
    else
        print_good(x);
    json_array_foreach(x->notes, i, sentence)
    {
        (void)fputc('\n', out);
        text_print_wrapped(out, json_string_value(sentence));
    }
    return EXIT_DONE;
}

enum exit_code verification_tell(struct verification *v)
{
    cleanup_json json_t *notes = json_array();
    const struct chain_report *t = chain_report(v->chain);
    struct told x = {.v = v, .t = t, .fault = t->fault.what, .notes = notes};
    enum exit_code code;

    if (x.fault == CHAIN_SOUND && t->records == 0)
        return cli_fail(v->cli, EXIT_REFUSED, _("there is not one record: nothing was verified"));
    if (x.fault == CHAIN_SOUND && (judge_host(&x) != EXIT_DONE || verification_judge_given(v) != EXIT_DONE))
        return EXIT_REFUSED;
    if (x.fault == CHAIN_SOUND) {
        note_key(&x);
        note_uncovered(&x);
        note_extent(&x);
        note_given(&x);
    }
    note_restored(&x);
    note_journal(&x);
    code = v->cli->json ? tell_program(&x) : tell_person(&x);
    return code == EXIT_DONE && x.fault != CHAIN_SOUND ? EXIT_REFUSED : code;
}
