#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/common/process.h"
#include "broker/daemon/admission.h"
#include "broker/daemon/answer.h"
#include "broker/daemon/channel.h"
#include "broker/daemon/command.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/repetition.h"
#include "broker/daemon/state.h"
#include "broker/daemon/transfer.h"
#include "broker/trust/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is asked at the gate: one function a request. (hufu-channel's and sudo's are in channel.c
 * and command.c.) */

static void handle_account(void *userdata, struct gate_call *call, const uint8_t *body, size_t size)
{
    admission_begin(userdata, call, body, size, PHASE_ACCOUNT);
}

static void handle_open(void *userdata, struct gate_call *call, const uint8_t *body, size_t size)
{
    admission_begin(userdata, call, body, size, PHASE_SESSION);
}

/* Reported, no more: a session is over when its leader is gone. */
static void handle_close(void *userdata, struct gate_call *call, const uint8_t *body, size_t size)
{
    static const struct gate_reply noted = {.verdict = VERDICT_ALLOW, .reason = REASON_OK};
    struct gate_pam m;

    (void)userdata;
    if (gate_decode_pam(body, size, &m) < 0)
        gate_call_malformed(call, "fields of the frame");
    else
        gate_call_reply(call, &noted);
}

/* ---- keys ---- */

static int fingerprint_of(const char *base64, struct ident_fingerprint *ret)
{
    uint8_t *blob = NULL;
    size_t size;
    int r = ident_base64_decode(base64, strlen(base64), &blob, &size);

    if (r == 0)
        r = digest_sha256(blob, size, ret->octets);
    free(blob);
    return r;
}

/* `restrict` takes everything away; a terminal is given back, and forwarding if the grants give it. */
static const char *key_options(bool forward)
{
    return forward ? "restrict,pty,port-forwarding" : "restrict,pty";
}

/* Of a certificate the fingerprint is that of the whole blob, as no ssh-keygen shows it: the type says so. */
static void record_key(struct broker *b, const struct gate_keys *m, const struct ident_fingerprint *key,
                       enum reason reason)
{
    struct record r = ledger_record(EVENT_KEY, reason, reason == REASON_OK);
    char fingerprint[IDENT_FINGERPRINT_TEXT_SIZE],
        detail[sizeof(m->key_type) + IDENT_FINGERPRINT_TEXT_SIZE + 1];

    ident_format_fingerprint(key, fingerprint);
    (void)snprintf(detail, sizeof(detail), "%s %s", m->key_type, fingerprint);
    r.staff = m->user;
    r.account = m->user;
    r.service = "sshd";
    r.detail = detail;
    (void)repetition_write_some(b, &r, REPETITION_FEW_NAMED);
}

/* sshd asks about the certificate, and would take it for the key in it only under an authority. No grant
 * names an authority. */
static bool is_certificate(const char *key_type)
{
    return strstr(key_type, "-cert-v") != NULL;
}

static int remember(struct broker *b, const struct gate_keys *m, const struct key_accepted *key)
{
    int pidfd = process_pidfd((pid_t)m->parent);

    return pidfd < 0 ? pidfd : keys_remember(b->keys, m->parent, pidfd, m->user, key);
}

static void judge_key(struct broker *b, struct gate_call *call, const struct gate_keys *m)
{
    struct gate_reply reply = {.verdict = VERDICT_DENY, .reason = REASON_WRONG_KEY};
    struct facts facts = {.now = clock_wall(), .host = &b->host, .staff = m->user};
    struct key_accepted key = {.forward = false};

    if (fingerprint_of(m->key, &facts.fingerprint) < 0) {
        gate_call_malformed(call, "a key that is no base64");
        return;
    }
    facts.host_state = state_of_host(b, SERVICE_OTHER, facts.now);
    if (facts.host_state == REASON_OK)
        facts.host_state = state_of_grants(b, m->user);
    facts.status_until = state_status_until(b);
    state_refresh_grants(b, m->user, facts.now);
    key.fingerprint = facts.fingerprint;
    if (!is_certificate(m->key_type) && decide_key_is_known(grants_index(b->grants), &facts, &key.forward) &&
        remember(b, m, &key) == 0) {
        reply = (struct gate_reply){.verdict = VERDICT_ALLOW, .reason = REASON_OK, .valid_until = WHEN_NEVER};
        (void)snprintf(reply.options, sizeof(reply.options), "%s", key_options(key.forward));
    }
    /* What is accepted shows in the record of the login; what is not shows here. */
    if (reply.verdict != VERDICT_ALLOW) {
        keys_forget(b->keys, m->parent);
        record_key(b, m, &facts.fingerprint, reply.reason);
    }
    gate_call_reply(call, &reply);
}

static void handle_keys(void *userdata, struct gate_call *call, const uint8_t *body, size_t size)
{
    struct gate_keys m;

    if (gate_decode_keys(body, size, &m) < 0)
        gate_call_malformed(call, "fields of the frame");
    else
        judge_key(userdata, call, &m);
}

const struct gate_request broker_gate_requests[] = {
    {FRAME_GATE_ACCOUNT, GATE_ROOT | GATE_OTHER, handle_account},
    {FRAME_GATE_OPEN, GATE_ROOT, handle_open},
    {FRAME_GATE_CLOSE, GATE_ROOT, handle_close},
    {FRAME_GATE_KEYS, GATE_ROOT | GATE_KEYS, handle_keys},
    {FRAME_GATE_CHANNEL, GATE_ROOT | GATE_OTHER, channel_handle},
    {FRAME_GATE_TRANSFER, GATE_ROOT | GATE_OTHER, transfer_handle},
    {FRAME_GATE_COMMAND, GATE_ROOT, command_handle},
    {FRAME_GATE_COMMAND_END, GATE_ROOT, command_end_handle},
};
const size_t broker_n_gate_requests = ARRAY_SIZE(broker_gate_requests);
