#include "tests/unit/broker/ctl/made_ledger.h"

#include "broker/audit/checkpoint.h"
#include "broker/audit/event.h"
#include "broker/trust/digest.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

struct made_ledger made;
const char *made_host = "db01";

struct ledger_key *made_key(void)
{
    struct ledger_key *key;
    char *private;

    assert_int_equal(ledger_key_make(&private), 0);
    assert_int_equal(ledger_key_parse(private, strlen(private), &key), 0);
    free(private);
    return key;
}

void made_seal(size_t i)
{
    cleanup_buf struct buf octets = BUF_INIT;
    struct record *r = &made.rows[i];

    memset(r->previous, 0, sizeof(r->previous));
    if (i > 0)
        memcpy(r->previous, made.rows[i - 1].hash, sizeof(r->previous));
    buf_put(&octets, r->previous, sizeof(r->previous));
    record_encode(r, &octets);
    assert_int_equal(digest_sha256(octets.data, octets.size, r->hash), 0);
}

void made_checkpoint(size_t about, char text[static 600])
{
    cleanup_buf struct buf octets = BUF_INIT, detail = BUF_INIT;
    struct checkpoint c = {.sequence = about + 1, .at = 1795219200, .host = "db01", .ledger = MADE_LEDGER};

    memcpy(c.hash, made.rows[about].hash, sizeof(c.hash));
    (void)snprintf(c.key, sizeof(c.key), "%s", ledger_public_fingerprint(ledger_key_public(made.key)));
    (void)snprintf(c.alg, sizeof(c.alg), "ed25519");
    checkpoint_signed_octets(&c, &octets);
    assert_int_equal(ledger_key_sign(made.key, octets.data, octets.size, &c.signature, &c.signature_size), 0);
    checkpoint_format(&c, &detail);
    (void)snprintf(text, 600, "%.*s", (int)detail.size, (char *)detail.data);
    checkpoint_done(&c);
}

int made_make(void **state)
{
    (void)enter_folder(state);
    made_host = "db01";
    made = (struct made_ledger){.key = made_key()};
    made.pem = ledger_public_pem(ledger_key_public(made.key));
    put_file("ledger.pub", made.pem);
    for (size_t i = 0; i < MADE_ROWS; i++) {
        made.rows[i] = (struct record){.format = RECORD_FORMAT_2_SHA256,
                                       .sequence = i + 1,
                                       .at_us = 1795219200000000 + (int64_t)i,
                                       .event = "login",
                                       .result = "success",
                                       .staff = "zhang.san",
                                       .actor = UINT32_MAX};
        if (i == 10 || i == 20) {
            made_checkpoint(i - 1, made.details[i]);
            made.rows[i].event = EVENT_CHECKPOINT;
            made.rows[i].detail = made.details[i];
        }
        made_seal(i);
    }
    return 0;
}

int made_done(void **state)
{
    ledger_key_free(made.key);
    free(made.pem);
    return leave_folder(state);
}

void made_write(const char *name, size_t first, size_t end, json_t *filter)
{
    char sealed[600];
    struct sealed_segment before = {.first = 1, .last = first, .sealed = sealed};
    const struct export_head head = {.host = made_host,
                                     .ledger = MADE_LEDGER,
                                     .first = first + 1,
                                     .last = end,
                                     .key = made.pem,
                                     .exported = 1795219200,
                                     .segments = &before,
                                     .n_segments = first > 0 && !filter,
                                     .filter = filter};
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL;

    if (first > 0) {
        made_checkpoint(first - 1, sealed);
        memcpy(before.hash, made.rows[first - 1].hash, sizeof(before.hash));
    }
    export_put_head(&b, &head);
    for (size_t i = first; i < end; i++)
        export_put_record(&b, &made.rows[i]);
    export_put_end(&b, end - first, end, made.rows[end - 1].hash);
    text = buf_steal_text(&b);
    assert_non_null(text);
    put_file(name, text);
}

void made_expect(const char *line, enum exit_code code, const char *says)
{
    cleanup_result struct result r = invoke_line(line);

    if (r.code != code)
        fail_msg("%s: %d, not %d: %s%s", line, (int)r.code, (int)code, r.out, r.error);
    if (!strstr(r.out, says) && !strstr(r.error, says))
        fail_msg("%s: said %s%s, not %s", line, r.out, r.error, says);
}
