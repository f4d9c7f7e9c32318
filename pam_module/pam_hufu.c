/*
 * The PAM module. Account and session phase: is the person gated (scope, local); if so, ask the broker once
 * and do what it says. Everyone else gets PAM_IGNORE, without a connection, whatever state Hufu is in.
 *
 * It runs inside sshd, login, su, sudo: no exit, signal, thread, stdio or static state; no descriptor is open
 * after a return (it would be inherited by the user's process); CLIENT_DEADLINE_MS is the longest wait.
 */
#include "pam_module/arguments.h"
#include "pam_module/caller.h"
#include "pam_module/client.h"
#include "pam_module/items.h"
#include "pam_module/result.h"
#include "pam_module/scope.h"
#include "pam_module/text.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static void log_arguments(pam_handle_t *pamh, const struct arguments *a)
{
    if (a->state == ARGUMENTS_NO_RANGE)
        pam_syslog(
            pamh, LOG_CRIT,
            "no usable gated_uid=FIRST-LAST (at \"%s\"): members of %s are refused, others passed over",
            a->culprit, SCOPE_GATED_GROUP);
    else if (a->state != ARGUMENTS_GOOD)
        pam_syslog(pamh, LOG_CRIT, "unknown option \"%s\": gated accounts are refused", a->culprit);
}

/* /proc takes its time. A login that is only asked about has no login uid of its own yet, and is held by a
 * pidfd until it begins; what then begins is told in full. */
static void find_caller(enum frame_type type, const char *service, struct gate_caller *caller)
{
    bool login = type == FRAME_GATE_ACCOUNT && service_kind_of(service) == SERVICE_LOGIN;

    if (!login && !scope_needs_login(service))
        caller_find_login(caller);
    if (!login || !caller_is_counted())
        caller_find_start(caller);
}

/* A function of its own, because its frame of the stack is large: what the kernel has to put there is put
 * there while the broker wakes up. */
__attribute__((noinline)) static int say(pam_handle_t *pamh, enum frame_type type, const struct arguments *a,
                                         const struct gate_caller *caller, const struct scope *scope,
                                         const struct client *c, struct gate_reply *reply)
{
    uint8_t frame[FRAME_MAX];
    struct gate_pam m = {
        .caller = *caller,
        .range = a->range,
        .user_uid = scope->user_uid,
        .person_uid = scope->person.uid,
    };
    int r = items_fill(pamh, &m);

    if (r < 0)
        return r;
    _Static_assert(sizeof(m.person) == sizeof(scope->person.name), "a person's name fits the frame");
    memcpy(m.person, scope->person.name, sizeof(m.person));
    r = gate_encode_pam(type, &m, frame);
    return r < 0 ? r : client_ask(c, frame, (size_t)r, reply);
}

/* Whatever takes its time is known before the connection is made, and the rest is said at once: the broker,
 * who wakes up meanwhile, finds the whole question and need not go back to sleep. */
static int ask_broker(pam_handle_t *pamh, enum frame_type type, const struct arguments *a,
                      struct gate_caller *caller, const struct scope *scope, struct gate_reply *reply)
{
    struct client c;
    int r;

    find_caller(type, items_service(pamh), caller);
    r = client_connect(a->socket, &c);
    if (r < 0)
        return r;
    r = say(pamh, type, a, caller, scope, &c, reply);
    client_close(&c);
    return r;
}

static int refuse_locally(pam_handle_t *pamh, int flags, int code, const char *text, const char *why)
{
    pam_syslog(pamh, LOG_NOTICE, "refused: %s", why);
    result_tell(pamh, flags, code, text);
    return code;
}

/* pkexec, who alone opens polkit's sessions, aborts when its conversation is used (polkit 122). polkit's
 * agent, who asks in the account phase, shows what it is told. */
static bool listens(pam_handle_t *pamh, enum frame_type type)
{
    const char *service = items_service(pamh);

    return type == FRAME_GATE_ACCOUNT || !service || strcmp(service, "polkit-1") != 0;
}

/* A close is reported only, and nobody is there to read. */
static int flags_of_refusal(int flags, enum frame_type type, const struct arguments *a)
{
    return a->refusals_shown && type != FRAME_GATE_CLOSE ? (int)((unsigned)flags & ~(unsigned)PAM_SILENT)
                                                         : flags;
}

static int answer(pam_handle_t *pamh, int flags, enum frame_type type, const struct arguments *a,
                  const struct scope *scope, struct gate_reply *reply)
{
    const char *name = reason_name(reply->reason);
    int code = result_of_reply(reply);

    if (code == PAM_SUCCESS && type == FRAME_GATE_OPEN &&
        result_set_runtime_max(pamh, reply->runtime_max) != PAM_SUCCESS)
        return refuse_locally(pamh, flags, PAM_PERM_DENIED, CLIENT_AWAY_TEXT, "no memory");
    if (code != PAM_SUCCESS) {
        flags = flags_of_refusal(flags, type, a);
        text_clean(reply->reference);
        pam_syslog(pamh, LOG_NOTICE, "refused %s: %s, reference %s", scope->person.name,
                   name ? name : "no reason", reply->reference);
    }
    text_clean(reply->message);
    result_tell(pamh, flags, code, reply->message);
    return code;
}

static int gate(pam_handle_t *pamh, int flags, enum frame_type type, int argc, const char **argv)
{
    struct arguments a;
    struct gate_caller caller;
    struct scope scope;
    struct gate_reply reply = {.verdict = VERDICT_DENY, .reason = REASON_BROKER_ERROR};
    int r, refusal_flags;

    arguments_parse(argc, argv, &a);
    log_arguments(pamh, &a);
    if (!listens(pamh, type)) {
        flags = (int)((unsigned)flags | (unsigned)PAM_SILENT);
        a.refusals_shown = false;
    }
    caller_identify(&caller);
    if (scope_needs_login(items_service(pamh)))
        caller_find_login(&caller);
    /* Not secure_getenv(), which hides everything from a setuid program. */
    caller_of_pkexec(items_service(pamh), getenv("PKEXEC_UID"), &caller);
    scope_find(items_service(pamh), items_user(pamh), &a, &caller, &scope);
    refusal_flags = flags_of_refusal(flags, type, &a);
    if (scope.result != SCOPE_GATED) {
        r = result_of_scope(scope.result);
        return r == PAM_IGNORE ? PAM_IGNORE
                               : refuse_locally(pamh, refusal_flags, r, scope_text(scope.result),
                                                "whose login this is cannot be told");
    }
    if (a.state != ARGUMENTS_GOOD)
        return refuse_locally(pamh, refusal_flags, PAM_PERM_DENIED, SCOPE_MISCONFIGURED_TEXT,
                              "the module's arguments are faulty");
    r = ask_broker(pamh, type, &a, &caller, &scope, &reply);
    if (r < 0) {
        errno = -r;
        pam_syslog(pamh, LOG_ERR, "no answer at %s: %m", a.socket);
        return refuse_locally(pamh, refusal_flags, PAM_PERM_DENIED, CLIENT_AWAY_TEXT,
                              "the broker did not answer");
    }
    return answer(pamh, flags, type, &a, &scope, &reply);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return gate(pamh, flags, FRAME_GATE_ACCOUNT, argc, argv);
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return gate(pamh, flags, FRAME_GATE_OPEN, argc, argv);
}

/* Reports only: the session is over whatever the broker says, and an application that is told that closing
 * failed can do nothing but leave the rest of its stack undone. Silent, because nobody is there to read. */
int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return gate(pamh, (int)((unsigned)flags | PAM_SILENT), FRAME_GATE_CLOSE, argc, argv) == PAM_IGNORE
               ? PAM_IGNORE
               : PAM_SUCCESS;
}

/* Hufu neither authenticates nor changes tokens; a stack that lists it there by mistake is not harmed. */
int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_IGNORE;
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_IGNORE;
}

int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_IGNORE;
}
