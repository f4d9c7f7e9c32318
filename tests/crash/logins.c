#include "tests/crash/clients.h"
#include "tests/crash/load.h"

#include <stdio.h>
#include <string.h>

/* What people do at the gate. */

#define BURST     12
#define LIVE_FEW  4
#define LIVE_MANY 16

static struct gate_pam question(const struct process *p, unsigned person, const char *token)
{
    struct gate_pam m = {.caller = {.pid = (uint32_t)p->pid,
                                    .parent = 1,
                                    .start_time = p->start_time,
                                    .login_uid = p->person,
                                    .audit_session = p->person == UINT32_MAX ? UINT32_MAX : (uint32_t)p->pid},
                         .range = {20000, 29999},
                         .user_uid = FACTS_UID + person,
                         .person_uid = FACTS_UID + person,
                         .service = "sshd",
                         .remote_host = "10.1.2.3",
                         .ssh_connection = "10.1.2.3 40000 10.1.2.1 22"};

    (void)snprintf(m.person, sizeof(m.person), "zhang.s%u", person);
    (void)snprintf(m.user, sizeof(m.user), "%s", m.person);
    (void)snprintf(m.tty, sizeof(m.tty), "%s", token);
    return m;
}

/* Of pam_loginuid, between both phases. */
static void tie(struct process *p, unsigned person)
{
    p->person = FACTS_UID + person;
}

/* A person who has nothing left gets a new grant, most of the time. */
static void heed_refusal(struct client *c, struct asked a, unsigned person, const struct gate_reply *reply)
{
    static const char *const uses[] = {"1 per-host", "1 per-host", "2 per-host", "100 per-host",
                                       "2 fleet",    "3 fleet",    "3 fleet",    "unlimited"};

    if (reply->reference[0] == '\0')
        lane_violation(c->lane, "a refusal (%s) has no reference", reason_name(reply->reason));
    facts_refuse(c->lane, a, reply->reference, false);
    switch (reply->reason) {
    case REASON_USES_EXHAUSTED:
    case REASON_CLOSED:
    case REASON_NO_GRANT:
    case REASON_REVOKED:
        if (lane_draw(&c->random, 3) > 0)
            orders_add_grant(c, person, uses[lane_draw(&c->random, ARRAY_SIZE(uses))]);
        break;
    default:
        break;
    }
}

/* True: allowed. */
static bool ask_account(struct client *c, const struct process *p, unsigned person)
{
    char token[TOKEN_SIZE];
    struct gate_reply reply;
    struct gate_pam m;
    struct asked a = facts_ask_gate(c->lane);

    load_token(c->lane, token);
    m = question(p, person, token);
    if (gate_ask(c->lane, p, FRAME_GATE_ACCOUNT, &m, &reply) < 0) {
        facts_hung_up(c->lane);
        return false;
    }
    if (reply.verdict != VERDICT_ALLOW) {
        heed_refusal(c, a, person, &reply);
        return false;
    }
    facts_allowed(c->lane);
    atomic_fetch_add(&c->lane->totals->logins, 1);
    facts_answer(c->lane, a, FACT_LOGIN, token);
    return true;
}

static bool ask_open(struct client *c, struct process *p, unsigned person)
{
    char token[TOKEN_SIZE];
    struct gate_reply reply;
    struct gate_pam m;
    struct asked a = facts_ask_gate(c->lane);

    load_token(c->lane, token);
    tie(p, person);
    m = question(p, person, token);
    (void)snprintf(m.auth_info, sizeof(m.auth_info), "password\n");
    if (gate_ask(c->lane, p, FRAME_GATE_OPEN, &m, &reply) < 0) {
        facts_hung_up(c->lane);
        return false;
    }
    if (reply.verdict != VERDICT_ALLOW) {
        heed_refusal(c, a, person, &reply);
        return false;
    }
    facts_allowed(c->lane);
    atomic_fetch_add(&c->lane->totals->opens, 1);
    facts_answer(c->lane, a, FACT_OPEN, token);
    facts_session_opened(c->lane, token, p, person);
    return true;
}

static void log_in(struct client *c, bool account, bool open)
{
    unsigned person = (unsigned)lane_draw(&c->random, FACTS_PERSONS);
    struct process *p = process_new(c->lane);

    if (!p)
        return;
    if (account && !ask_account(c, p, person))
        open = false;
    if (!open || !ask_open(c, p, person))
        process_end(c->lane, p);
}

static bool take_any(struct client *c, struct live *ret, size_t more_than)
{
    bool found;

    (void)pthread_mutex_lock(&c->lane->lock);
    found = c->lane->facts.n_live > more_than;
    if (found)
        *ret = facts_session_take(c->lane, lane_draw(&c->random, c->lane->facts.n_live));
    (void)pthread_mutex_unlock(&c->lane->lock);
    return found;
}

/* As sshd does: first it reports, then it is gone. */
static void log_out(struct client *c, size_t more_than)
{
    char token[TOKEN_SIZE];
    struct gate_reply reply;
    struct live session;
    struct gate_pam m;

    if (!take_any(c, &session, more_than))
        return;
    load_token(c->lane, token);
    m = question(session.process, session.person, token);
    if (lane_draw(&c->random, 2) == 0)
        (void)gate_ask(c->lane, session.process, FRAME_GATE_CLOSE, &m, &reply);
    process_end(c->lane, session.process);
}

/* From where no grant says, or to where none lets switch. */
static void be_refused(struct client *c, unsigned person, bool switches)
{
    struct process *p = process_new(c->lane);
    char token[TOKEN_SIZE];
    struct gate_reply reply;
    struct gate_pam m;
    struct asked a;

    if (!p)
        return;
    load_token(c->lane, token);
    if (switches)
        tie(p, person);
    m = question(p, person, token);
    if (switches) {
        (void)snprintf(m.service, sizeof(m.service), "su");
        (void)snprintf(m.user, sizeof(m.user), "%s", token);
        m.user_uid = 54321;
    } else {
        (void)snprintf(m.remote_host, sizeof(m.remote_host), "10.9.9.9");
        (void)snprintf(m.ssh_connection, sizeof(m.ssh_connection), "10.9.9.9 40000 10.1.2.1 22");
    }
    a = facts_ask_gate(c->lane);
    if (gate_ask(c->lane, p, FRAME_GATE_ACCOUNT, &m, &reply) == 0) {
        if (reply.verdict == VERDICT_ALLOW)
            lane_violation(c->lane, "%s from %s is allowed, and no grant does", m.service, m.remote_host);
        facts_refuse(c->lane, a, reply.reference, switches);
    } else {
        facts_hung_up(c->lane);
    }
    process_end(c->lane, p);
}

/* More than have a record of their own: the rest is counted. */
static void be_refused_often(struct client *c)
{
    unsigned person = (unsigned)lane_draw(&c->random, FACTS_PERSONS);

    for (unsigned i = 0; i < BURST; i++)
        be_refused(c, person, false);
}

void logins_step(struct client *c)
{
    uint64_t x = lane_draw(&c->random, 100);

    if (lane_take_wish(c->lane, WISH_REFUSALS))
        be_refused_often(c);
    else if (x < 50)
        log_in(c, true, true);
    else if (x < 65)
        log_in(c, true, false);
    else if (x < 70)
        log_in(c, false, true);
    else if (x < 78)
        be_refused(c, (unsigned)lane_draw(&c->random, FACTS_PERSONS), x % 2 == 0);
    else if (x < 80)
        be_refused_often(c);
    else
        log_out(c, LIVE_FEW);
    log_out(c, LIVE_MANY);
}
