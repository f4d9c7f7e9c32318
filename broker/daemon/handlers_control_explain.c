#include "broker/common/clock.h"
#include "broker/daemon/answer.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/recording.h"
#include "broker/daemon/state.h"
#include "broker/daemon/taken_text.h"
#include "policy/engine/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* explain: the question as an operator puts it, for a time, a source and a key of their choice, answered by
 * the very function that answers a login. */

struct explaining {
    struct broker *broker;
    const char *staff, *service, *source, *at, *key, *target, *command;
    char *path, *arguments; /* of the command */
    struct command_run run;
    struct facts facts;
    struct ident_id session_grant;
    json_t *considered;
};

static void explaining_done(struct explaining *x)
{
    json_decref(x->considered);
    free(x->path);
    free(x->arguments);
}

static void on_considered(void *userdata, const struct grant_entry *e, enum reason reason)
{
    struct explaining *x = userdata;
    char id[IDENT_ID_TEXT_SIZE];

    ident_format_id(&e->id, id);
    (void)json_array_append_new(x->considered,
                                json_pack("{ss sI ss so}", "id", id, "version", (json_int_t)e->version,
                                          "reason", reason_name(reason), "taken_by",
                                          taken_text_of_grant(x->broker, e, x->facts.now)));
}

static bool take_source(struct explaining *x, struct control_call *call)
{
    struct facts *f = &x->facts;

    f->source = f->kind == SERVICE_LOGIN ? SOURCE_NONE : SOURCE_IGNORED;
    if (!x->source)
        return true;
    f->source = SOURCE_LOCAL;
    if (strcmp(x->source, "local") == 0)
        return true;
    f->source = SOURCE_ADDRESS;
    if (address_parse(x->source, strlen(x->source), &f->address) == 0)
        return true;
    control_invalid(call, "source");
    return false;
}

/* Without a key the question is put as if the right one had been used. */
static bool take_key(struct explaining *x, struct control_call *call)
{
    struct facts *f = &x->facts;

    f->key = KEY_NOT_ASKED;
    if (!x->key)
        return true;
    f->key = KEY_NONE;
    if (strcmp(x->key, "password") == 0)
        return true;
    f->key = KEY_FINGERPRINT;
    if (ident_parse_fingerprint(x->key, strlen(x->key), &f->fingerprint) == 0)
        return true;
    control_invalid(call, "key");
    return false;
}

/* `/usr/bin/systemctl restart oracle`, as a grant's line, without any doubt about it. */
static bool take_command(struct explaining *x, struct control_call *call)
{
    const char *blank;

    if (!x->command)
        return true;
    if (!service_is_sudo(x->service) || x->command[0] != '/') {
        control_invalid(call, "command");
        return false;
    }
    blank = strchrnul(x->command, ' ');
    x->path = strndup(x->command, (size_t)(blank - x->command));
    if (asprintf(&x->arguments, "%s%s", *blank != '\0' ? blank + 1 : "", *blank != '\0' ? "\n" : "") < 0)
        x->arguments = NULL;
    for (char *c = x->arguments; c && *c != '\0'; c++)
        if (*c == ' ')
            *c = '\n';
    x->run = (struct command_run){x->path ? x->path : "", x->arguments ? x->arguments : "", 0};
    x->facts.run = &x->run;
    return true;
}

/* Without a command the question is put as if sudo's plugin had asked about one and was answered yes. */
static enum command_state command_of(const struct explaining *x)
{
    if (!service_is_sudo(x->service))
        return COMMAND_FREE;
    if (x->command)
        return COMMAND_GIVEN;
    return x->target ? COMMAND_JUDGED : COMMAND_UNKNOWN;
}

static const struct session *session_of(const struct broker *b, const char *staff)
{
    for (const struct session *s = registry_first(b->registry); s; s = registry_next(s))
        if (s->state == SESSION_OPEN && strcmp(s->staff, staff) == 0)
            return s;
    return NULL;
}

static void gather(struct broker *b, struct explaining *x)
{
    struct facts *f = &x->facts;
    const struct session *s = session_of(b, x->staff);

    f->host = &b->host;
    f->staff = x->staff;
    f->phase = x->target ? PHASE_SESSION : PHASE_ACCOUNT;
    f->service = service_grant_name(x->service);
    f->target = f->kind == SERVICE_SWITCH ? x->target : NULL;
    f->command = command_of(x);
    /* A time that is not now says nothing about the clock nor about the status that will be there then, and
     * the other way round. */
    f->host_state = x->at ? state_for_live(b, f->now) : state_of_host(b, f->kind, f->now);
    if (f->host_state == REASON_OK)
        f->host_state = state_of_grants(b, x->staff);
    f->status_until = x->at ? WHEN_NEVER : state_status_until(b);
    f->claim_possible = claiming_is_possible(b->claiming);
    f->person_state = taken_of_staff(b->taken, x->staff, f->now);
    state_refresh_grants(b, x->staff, f->now);
    f->session_live = s != NULL;
    f->channels = s && f->kind == SERVICE_USER_MANAGER ? s->channels : 0;
    f->recorder_attested = f->kind == SERVICE_LOGIN && recording_is_possible(b);
    if (f->kind != SERVICE_SWITCH || !s)
        return;
    x->session_grant = s->grant;
    f->session_grant = &x->session_grant;
    f->recorder_attested = recording_is_seen(b, s);
}

/* What hits the person or the host, whatever the grants say. */
static json_t *taken_by(const struct broker *b, const struct explaining *x)
{
    if (taken_of_host(b->taken, x->facts.now) != REASON_OK)
        return taken_text_of_host(b, x->facts.now);
    return taken_text_of_staff(b, x->staff, x->facts.now);
}

static void answer(struct broker *b, struct control_call *call, struct explaining *x)
{
    struct decision d = decide(grants_index(b->grants), &x->facts, on_considered, x);
    struct gate_reply reply = {.message = ""};
    char id[IDENT_ID_TEXT_SIZE] = "";
    bool allow = d.verdict == VERDICT_ALLOW;

    if (d.entry)
        ident_format_id(&d.entry->id, id);
    if (!allow)
        answer_refuse(d.reason, d.entry, x->facts.now, "-", &reply);
    control_reply(call, json_pack("{ss ss so so ss so so}", "verdict", allow ? "allow" : "deny", "reason",
                                  reason_name(d.reason), "grant", control_text(id), "valid_until",
                                  allow ? control_time(d.valid_until) : json_null(), "message", reply.message,
                                  "taken_by", taken_by(b, x), "considered", json_incref(x->considered)));
}

/* The module lets them pass before it asks anybody. */
static void answer_not_gated(struct control_call *call)
{
    control_reply(call,
                  json_pack("{ss ss so so ss so so}", "verdict", "not-judged", "reason",
                            reason_name(REASON_NOT_GATED), "grant", json_null(), "valid_until", json_null(),
                            "message", "", "taken_by", json_null(), "considered", json_array()));
}

static bool is_gated(const struct broker *b, json_int_t uid)
{
    return uid >= b->config->gated_first && uid <= b->config->gated_last;
}

void control_explain(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    cleanup(explaining_done) struct explaining x = {
        .broker = b, .service = "sshd", .facts.now = clock_wall()};
    json_int_t uid = -1;
    const struct varlink_field fields[] = {
        {"staff", VARLINK_STRING, false, &x.staff},    {"service", VARLINK_STRING, true, &x.service},
        {"source", VARLINK_STRING, true, &x.source},   {"at", VARLINK_STRING, true, &x.at},
        {"key", VARLINK_STRING, true, &x.key},         {"target", VARLINK_STRING, true, &x.target},
        {"command", VARLINK_STRING, true, &x.command}, {"uid", VARLINK_INT, true, &uid}};

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)))
        return;
    x.facts.kind = service_kind_of(x.service);
    if (!control_when(call, "at", x.at, &x.facts.now) || !take_source(&x, call) || !take_key(&x, call) ||
        !take_command(&x, call))
        return;
    if (uid >= 0 && !is_gated(b, uid)) {
        answer_not_gated(call);
        return;
    }
    gather(b, &x);
    x.considered = json_array();
    answer(b, call, &x);
}
