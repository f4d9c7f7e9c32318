#include "broker/daemon/question.h"

#include "broker/common/clock.h"
#include "broker/common/process.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/recording.h"
#include "broker/daemon/state.h"
#include "broker/sessions/auth_info.h"
#include "broker/trust/digest.h"

#include <string.h>

/* Other uids than root ask about themselves, and only a screen locker's question (3-rules, "Who may ask
 * what"). */
static enum reason judge_caller(uid_t root, const struct peer *peer, const struct gate_pam *m,
                                enum phase phase)
{
    if (m->caller.pid != (uint32_t)peer->pid)
        return REASON_CALLER_MISMATCH;
    if (peer->uid == root)
        return REASON_OK;
    if (m->caller.uid != peer->uid)
        return REASON_CALLER_MISMATCH;
    if (phase != PHASE_ACCOUNT || m->person_uid != peer->uid || m->user_uid != peer->uid)
        return REASON_CALLER_FORBIDDEN;
    return REASON_OK;
}

/* Whose name PAM_USER is: for su and sudo it may be another's, for all else it is the person's. */
static enum reason judge_user(const struct gate_pam *m, enum service_kind kind)
{
    if (kind == SERVICE_SWITCH)
        return REASON_OK;
    if (m->user_uid == UINT32_MAX)
        return REASON_ACCOUNT_UNKNOWN;
    if (m->user_uid != m->person_uid || strcmp(m->user, m->person) != 0)
        return REASON_CALLER_MISMATCH;
    return REASON_OK;
}

/* SSH_AUTH_INFO_0: what sshd says the session was authenticated with. A line that is none makes a key that no
 * grant has. */
static void take_auth_info(struct question *q)
{
    uint8_t *blob = NULL;
    size_t size = 0;
    int r = auth_info_key(q->m.auth_info, &blob, &size);

    q->claimed_key = r == 0 && !blob ? KEY_NONE : KEY_FINGERPRINT;
    q->claimed_fingerprint = (struct ident_fingerprint){0};
    if (r == 0 && blob && digest_sha256(blob, size, q->claimed_fingerprint.octets) < 0)
        q->claimed_fingerprint = (struct ident_fingerprint){0};
    free(blob);
}

static void take_source(const struct broker *b, struct question *q)
{
    const struct source_claim claim = {.kind = q->facts.kind,
                                       .service = q->m.service,
                                       .tty = q->m.tty,
                                       .remote_host = q->m.remote_host,
                                       .ssh_connection = q->m.ssh_connection,
                                       .serial = (const char *const *)b->config->serial,
                                       .n_serial = b->config->n_serial};

    q->facts.source = source_of(&claim, &q->facts.address);
}

/* Whether sudo's plugin has asked is looked up when it is judged. */
static enum command_state command_of(const struct gate_pam *m, enum phase phase)
{
    if (!service_is_sudo(m->service))
        return COMMAND_FREE;
    return phase == PHASE_ACCOUNT ? COMMAND_UNKNOWN : COMMAND_NOT_ASKED;
}

void question_take(struct broker *b, const struct peer *peer, enum phase phase, struct question *q)
{
    const struct gate_pam *m = &q->m;
    enum service_kind kind = peer->uid == b->options.root ? service_kind_of(m->service) : SERVICE_LOCKER;

    if (b->processes_counted)
        q->caller_number = process_number(peer->pidfd);
    q->refused = judge_caller(b->options.root, peer, m, phase);
    if (q->refused == REASON_OK)
        q->refused = judge_user(m, kind);
    q->sshd = kind == SERVICE_LOGIN && strcmp(m->service, "sshd") == 0;
    q->facts.host = &b->host;
    q->facts.staff = q->m.person;
    q->facts.phase = phase;
    q->facts.kind = kind;
    q->facts.service = service_grant_name(q->m.service);
    q->facts.key = KEY_NOT_ASKED;
    q->facts.command = command_of(m, phase);
    take_source(b, q);
    if (q->sshd && phase == PHASE_SESSION)
        take_auth_info(q);
    if (kind == SERVICE_SWITCH && (phase == PHASE_SESSION || strcmp(m->user, m->person) != 0))
        q->facts.target = q->m.user;
}

/* The account phase of sshd does not say which key was used; but the monitor, which asks, asked before about
 * each key (2-architecture, "The way of a login", 1 and 2). With keyboard-interactive the caller is its
 * child. In the session phase sshd says so itself; what it was told with a key that nobody here remembers
 * may have been that it forwards. */
static void refresh_key(struct broker *b, struct question *q)
{
    struct key_accepted accepted;
    bool found;

    q->facts.channels = 0;
    if (!q->sshd)
        return;
    found = keys_find(b->keys, q->m.caller.pid, q->m.person, &accepted) ||
            keys_find(b->keys, q->m.caller.parent, q->m.person, &accepted);
    if (q->facts.phase == PHASE_SESSION) {
        q->facts.key = q->claimed_key;
        q->facts.fingerprint = q->claimed_fingerprint;
    } else {
        q->facts.key = found ? KEY_FINGERPRINT : KEY_NONE;
        q->facts.fingerprint = found ? accepted.fingerprint : (struct ident_fingerprint){0};
    }
    if (q->facts.key == KEY_FINGERPRINT && (!found || accepted.forward))
        q->facts.channels = GRANT_CHANNEL_FORWARD;
}

static void refresh_reservation(struct broker *b, struct question *q)
{
    const struct session_process who = {
        .pid = q->m.caller.pid, .start_time = q->m.caller.start_time, .number = q->caller_number};
    const struct session *s = NULL;

    q->reservation = 0;
    q->facts.reserved = NULL;
    if (q->facts.kind == SERVICE_LOGIN)
        s = registry_find_reservation(b->registry, q->m.person_uid, &who);
    if (!s)
        return;
    q->reservation = s->number;
    if (q->facts.phase == PHASE_SESSION && q->sshd)
        q->facts.channels = s->channels;
    q->reserved_id = s->grant;
    q->facts.reserved = &q->reserved_id;
}

/* Inherits the source of the session that su or sudo happens in. */
static void refresh_session(struct broker *b, struct question *q)
{
    const struct session *s = registry_find_current(b->registry, q->m.person_uid, q->m.caller.audit_session);
    unsigned live = SESSION_BIT(SESSION_OPEN);

    q->session = s ? s->number : 0;
    q->facts.session_grant = NULL;
    q->facts.recorder_attested = q->facts.kind == SERVICE_LOGIN && recording_is_possible(b);
    if (q->facts.kind == SERVICE_USER_MANAGER)
        live |= SESSION_BIT(SESSION_OPENING) | SESSION_BIT(SESSION_RESERVED);
    q->facts.session_live = registry_count(b->registry, q->m.person_uid, live, NULL) > 0;
    if (q->facts.kind == SERVICE_USER_MANAGER)
        q->facts.channels = registry_channels(b->registry, q->m.person_uid, live);
    if (q->facts.kind != SERVICE_SWITCH || !s)
        return;
    q->session_id = s->grant;
    q->facts.session_grant = &q->session_id;
    q->facts.recorder_attested = recording_is_seen(b, s);
    q->facts.source = s->source;
    q->facts.address = s->address;
}

static void refresh_command(const struct broker *b, struct question *q)
{
    struct facts *f = &q->facts;

    if (f->kind != SERVICE_SWITCH || f->command == COMMAND_FREE || f->command == COMMAND_UNKNOWN)
        return;
    f->command = runs_know(&b->runs, q->m.caller.pid, q->m.caller.start_time, q->m.person_uid, q->m.user,
                           clock_boot_us())
                     ? COMMAND_JUDGED
                     : COMMAND_NOT_ASKED;
}

/* Never for a time that is not now: what an operator asks about next year must not admit anyone today. */
static void judge_grants(struct broker *b, const char *staff, when_t now)
{
    struct grant_entry *e = grants_first_of(b->grants, staff);

    for (; e; e = e->next_of_staff)
        grants_judge_again(b->grants, b->trust, now, e);
}

void question_refresh(struct broker *b, struct question *q)
{
    q->facts.now = clock_wall();
    q->facts.host_state = state_of_host(b, q->facts.kind, q->facts.now);
    if (q->facts.host_state == REASON_OK)
        q->facts.host_state = state_of_grants(b, q->m.person);
    q->facts.status_until = state_status_until(b);
    q->facts.claim_possible = q->claimed || claiming_is_possible(b->claiming);
    q->facts.person_state = state_of_person(b, q->m.person, q->m.person_uid, q->facts.now);
    state_refresh_grants(b, q->m.person, q->facts.now);
    judge_grants(b, q->m.person, q->facts.now);
    refresh_key(b, q);
    refresh_reservation(b, q);
    refresh_session(b, q);
    refresh_command(b, q);
}

struct decision question_decide(struct broker *b, const struct question *q)
{
    if (q->refused != REASON_OK)
        return (struct decision){.verdict = VERDICT_DENY, .reason = q->refused};
    return decide(grants_index(b->grants), &q->facts, NULL, NULL);
}

bool question_is_tied(const struct question *q)
{
    bool opens = q->facts.kind == SERVICE_LOGIN || q->facts.kind == SERVICE_JOB ||
                 q->facts.kind == SERVICE_USER_MANAGER;

    if (q->facts.phase != PHASE_SESSION || !opens)
        return true;
    return q->m.caller.login_uid == q->m.person_uid && q->m.caller.audit_session != UINT32_MAX;
}

bool question_key_differs(const struct question *q, const struct session *reservation)
{
    if (!q->sshd)
        return false;
    if (q->claimed_key != reservation->key)
        return true;
    return q->claimed_key == KEY_FINGERPRINT &&
           !ident_fingerprint_equal(&q->claimed_fingerprint, &reservation->fingerprint);
}
