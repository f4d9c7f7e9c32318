#include "broker/audit/export_read.h"
#include "broker/audit/record_decode.h"
#include "broker/ctl/call.h"
#include "broker/ctl/verification.h"

#include <errno.h>
#include <string.h>

/* The ledger of this host, out of the broker's hands: chunks of the octets that were hashed. */

struct live {
    struct verification *v;
    struct record_space space;
    bool bad; /* no more is wanted */
};

/* One record of a chunk. 0, -EBADMSG (what came is no record, or it is a bad one), other -errno. */
static int take_record(struct live *l, struct view *chunk)
{
    size_t size = view_get_u32(chunk);
    const uint8_t *octets = view_get(chunk, size);
    const uint8_t *hashes = view_get(chunk, (size_t)2 * RECORD_HASH_SIZE);
    struct record r;
    int e;

    if (!octets || !hashes) {
        chain_break(l->v->chain, _("the broker said what is no record"));
        return -EBADMSG;
    }
    e = record_decode(octets, size, &l->space, &r);
    if (e == -ENOMEM)
        return e;
    if (e < 0) {
        chain_break(l->v->chain, e == -ENOTSUP ? _("it is of a format that this version does not know")
                                               : _("the broker said what is no record"));
        return -EBADMSG;
    }
    memcpy(r.previous, hashes, RECORD_HASH_SIZE);
    memcpy(r.hash, hashes + RECORD_HASH_SIZE, RECORD_HASH_SIZE);
    return verification_take(l->v, &r);
}

static enum exit_code take_chunk(struct live *l, const char *base64)
{
    cleanup_free uint8_t *octets = NULL;
    struct view chunk;
    size_t size = 0;
    int r = *base64 == '\0' ? 0 : ident_base64_decode(base64, strlen(base64), &octets, &size);

    if (r == -EINVAL) {
        chain_break(l->v->chain, _("the broker said what is no record"));
        r = -EBADMSG;
    }
    chunk = view_of(octets, size);
    while (r == 0 && chunk.left > 0)
        r = take_record(l, &chunk);
    if (r == -EBADMSG)
        l->bad = true;
    return r == 0 || r == -EBADMSG ? EXIT_DONE
                                   : cli_fail(l->v->cli, EXIT_REFUSED, _("cannot verify: %s"), strerror(-r));
}

static enum exit_code begin(struct live *l, const json_t *reply)
{
    cleanup_free struct sealed_segment *segments = NULL;
    const char *host, *ledger;
    json_int_t first, last;
    size_t n = 0;
    int r = json_unpack((json_t *)reply, "{ss ss sI sI}", "host", &host, "ledger", &ledger, "first", &first,
                        "last", &last);

    if (r == 0)
        r = export_read_segments(json_object_get(reply, "segments"), &segments, &n);
    if (r < 0 || first < 0 || last < 0)
        return cli_fail(l->v->cli, EXIT_REFUSED, _("the broker is of another version than this program"));
    (void)snprintf(l->v->host, sizeof(l->v->host), "%s", host);
    (void)snprintf(l->v->ledger, sizeof(l->v->ledger), "%s", ledger);
    l->v->segments = json_incref(json_object_get(reply, "segments"));
    l->v->first = (uint64_t)first;
    l->v->last = (uint64_t)last;
    return verification_begin(l->v, segments, n, l->v->last);
}

static enum exit_code hear(const struct cli *cli, const json_t *reply, void *userdata)
{
    struct live *l = userdata;
    const char *octets = json_string_value(json_object_get(reply, "octets"));
    enum exit_code code = l->v->chain ? EXIT_DONE : begin(l, reply);

    (void)cli;
    if (code == EXIT_DONE && !l->bad)
        code = take_chunk(l, octets ? octets : "");
    /* Hanging up is how a stream is ended. */
    return code == EXIT_DONE && l->bad ? EXIT_REFUSED : code;
}

/* A broker without a key has a ledger all the same. */
static enum exit_code ask_for_key(struct verification *v)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code = call_broker(v->cli, "LedgerKey", json_object(), CALL_TIMEOUT_MS, &reply);
    const char *pem, *ledger;

    if (code != EXIT_DONE)
        return code;
    pem = json_string_value(json_object_get(reply, "public"));
    ledger = json_string_value(json_object_get(reply, "ledger"));
    (void)snprintf(v->ledger, sizeof(v->ledger), "%s", ledger ? ledger : "");
    v->key_pem = pem ? strdup(pem) : NULL;
    return ledger_keys_name(&v->keys, pem) < 0 ? cli_fail(v->cli, EXIT_REFUSED, _("out of memory"))
                                               : EXIT_DONE;
}

/* journald is read first: what it was told by then, the ledger has. */
enum exit_code verification_live(struct verification *v)
{
    struct live l = {.v = v};
    enum exit_code code = ask_for_key(v);

    if (code == EXIT_DONE && v->journal_asked)
        code = verification_journal(v);
    if (code == EXIT_DONE)
        code = call_stream(v->cli, "LedgerRead", json_pack("{sI}", "after", (json_int_t)v->after), hear, &l);
    record_space_done(&l.space);
    if (l.bad)
        return EXIT_DONE;
    if (code == EXIT_DONE)
        (void)chain_end(v->chain);
    if (code == EXIT_REFUSED && v->chain) {
        chain_break(v->chain, _("the broker cannot read it, or one close behind it, out of its store"));
        return EXIT_DONE;
    }
    return code;
}
