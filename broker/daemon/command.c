#include "broker/daemon/command.h"

#include "broker/common/clock.h"
#include "broker/daemon/answer.h"
#include "broker/daemon/command_text.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/question.h"
#include "broker/daemon/repetition.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUDO "sudo"

struct command_call {
    struct broker *broker;
    struct gate_call *call;
    struct gate_command m;
    struct question q;
    struct command_run run;
    struct decision decision;
    char reference[LEDGER_REFERENCE_SIZE];
};

/* What a record holds beside the run itself. */
struct command_memory {
    char address[ADDRESS_TEXT_SIZE];
    char id[IDENT_ID_TEXT_SIZE];
    char *detail;
};

static void memory_done(struct command_memory *m)
{
    free(m->detail);
}

#define cleanup_memory cleanup(memory_done)

static char *detail_of(const struct gate_command *m)
{
    cleanup_buf struct buf b = BUF_INIT;

    command_text_line(m, &b);
    command_text_folder(m, &b);
    if (m->doubts != 0)
        buf_puts(&b, "; ");
    command_text_doubts(m, &b);
    return buf_steal_text(&b);
}

static struct record record_of(const struct command_call *c, enum reason reason,
                               struct command_memory *memory)
{
    struct record r = ledger_record(EVENT_COMMAND, reason, reason == REASON_OK);
    const struct session *s = registry_find(c->broker->registry, c->q.session);

    memory->address[0] = '\0';
    memory->detail = detail_of(&c->m);
    if (s)
        life_record(&r, s, memory->address);
    ledger_grant(&r, c->decision.entry, memory->id);
    r.staff = c->m.person;
    r.account = c->m.target;
    r.service = SUDO;
    r.tty = c->m.tty;
    r.deadline = 0;
    r.detail = memory->detail ? memory->detail : c->m.path;
    r.reference = c->reference;
    r.latency_us = clock_boot_us() - gate_call_since(c->call);
    return r;
}

/* What the refusal is about: the doubts, or the command as it was understood. */
static char *concern_of(const struct command_call *c, enum reason reason)
{
    cleanup_buf struct buf b = BUF_INIT;

    if (reason == REASON_COMMAND_UNSAFE)
        command_text_doubts(&c->m, &b);
    else if (reason == REASON_COMMAND_NOT_GRANTED)
        command_text_line(&c->m, &b);
    else
        return NULL;
    return buf_steal_text(&b);
}

static void refuse(struct command_call *c, enum reason reason)
{
    cleanup_memory struct command_memory memory = {0};
    struct record r = record_of(c, reason, &memory);
    cleanup_free char *concern = concern_of(c, reason);
    struct gate_reply reply;

    answer_refuse_about(reason, c->decision.entry, c->q.facts.now,
                        repetition_write_some(c->broker, &r, REPETITION_FEW_NAMED), concern, &reply);
    gate_call_reply(c->call, &reply);
    free(c);
}

static void judge(struct command_call *c)
{
    question_refresh(c->broker, &c->q);
    c->q.facts.command = COMMAND_GIVEN;
    c->q.facts.run = &c->run;
    c->decision = question_decide(c->broker, &c->q);
}

static void allow(struct command_call *c)
{
    struct gate_reply reply = {
        .verdict = VERDICT_ALLOW, .reason = REASON_OK, .valid_until = c->decision.valid_until};
    struct run run = {.pid = c->m.caller.pid,
                      .start_time = c->m.caller.start_time,
                      .person_uid = c->m.person_uid,
                      .since = clock_boot_us()};

    (void)snprintf(run.target, sizeof(run.target), "%s", c->m.target);
    runs_remember(&c->broker->runs, &run);
    (void)snprintf(reply.reference, sizeof(reply.reference), "%s", c->reference);
    gate_call_reply(c->call, &reply);
    free(c);
}

static void on_written(void *userdata, int result, uint64_t sequence)
{
    struct command_call *c = userdata;

    (void)sequence;
    /* Something may have been taken away while it was being written. */
    judge(c);
    if (result < 0)
        refuse(c, ledger_reason(result));
    else if (c->decision.verdict != VERDICT_ALLOW)
        refuse(c, c->decision.reason);
    else
        allow(c);
}

static void write_run(struct command_call *c)
{
    cleanup_memory struct command_memory memory = {0};
    struct record r = record_of(c, REASON_OK, &memory);
    struct store_txn *t = ledger_txn(c->broker);

    if (!memory.detail) {
        if (t)
            store_txn_free(t);
        refuse(c, REASON_BROKER_ERROR);
        return;
    }
    if (t)
        store_txn_record(t, &r);
    ledger_submit(c->broker, t, on_written, c);
}

/* The session phase of sudo, in which the target is known: the same question, with the command beside it. */
static void take(struct command_call *c)
{
    struct gate_pam *m = &c->q.m;

    *m = (struct gate_pam){.caller = c->m.caller,
                           .range = c->m.range,
                           .user_uid = c->m.target_uid,
                           .person_uid = c->m.person_uid,
                           .service = SUDO};
    (void)snprintf(m->user, sizeof(m->user), "%s", c->m.target);
    (void)snprintf(m->person, sizeof(m->person), "%s", c->m.person);
    (void)snprintf(m->tty, sizeof(m->tty), "%s", c->m.tty);
    question_take(c->broker, gate_call_peer(c->call), PHASE_SESSION, &c->q);
    c->run = (struct command_run){c->m.path, c->m.arguments, c->m.doubts};
}

void command_handle(void *userdata, struct gate_call *call, const uint8_t *body, size_t size)
{
    struct command_call *c = calloc(1, sizeof(*c));

    if (!c || gate_decode_command(body, size, &c->m) < 0) {
        gate_call_malformed(call, c ? "fields of the frame" : "no memory");
        free(c);
        return;
    }
    c->broker = userdata;
    c->call = call;
    ledger_reference(c->reference);
    take(c);
    judge(c);
    if (c->decision.verdict == VERDICT_ALLOW)
        write_run(c);
    else
        refuse(c, c->decision.reason);
}

/* ---- what came of it ---- */

static void record_end(struct broker *b, const struct gate_command_end *m)
{
    struct record r =
        ledger_record(EVENT_COMMAND_END, REASON_OK, m->outcome == GATE_COMMAND_EXITED && m->status == 0);
    const struct session *s = registry_find_current(b->registry, m->person_uid, m->caller.audit_session);
    char address[ADDRESS_TEXT_SIZE] = "", id[IDENT_ID_TEXT_SIZE] = "";
    cleanup_free char *detail = NULL;
    cleanup_buf struct buf text = BUF_INIT;

    command_text_outcome(m, &text);
    if (m->command[0] != '\0')
        buf_printf(&text, ": %s", m->command);
    detail = buf_steal_text(&text);
    if (s) {
        life_record(&r, s, address);
        ledger_grant(&r, life_entry(b, s), id);
    }
    r.staff = m->person;
    r.account = m->person;
    r.service = SUDO;
    r.tty = m->tty;
    r.deadline = 0;
    r.detail = detail ? detail : "";
    r.reference = m->reference;
    /* What sudo itself refused, they may try as often as they like. */
    if (m->outcome == GATE_COMMAND_EXITED || m->outcome == GATE_COMMAND_SIGNALLED)
        ledger_write(b, &r);
    else
        (void)repetition_write_some(b, &r, REPETITION_FEW_NAMED);
}

void command_end_handle(void *userdata, struct gate_call *call, const uint8_t *body, size_t size)
{
    static const struct gate_reply noted = {.verdict = VERDICT_ALLOW, .reason = REASON_OK};
    struct gate_command_end m;

    if (gate_decode_command_end(body, size, &m) < 0) {
        gate_call_malformed(call, "fields of the frame");
        return;
    }
    record_end(userdata, &m);
    gate_call_reply(call, &noted);
}
