#include "broker/common/clock.h"
#include "policy/base/verdict.h"
#include "tests/crash/clients.h"
#include "tests/crash/load.h"

#include <stdio.h>
#include <string.h>

/* What operators do at the control socket. */

static bool is_error(json_t *reply, const char *name)
{
    const char *error = json_string_value(json_object_get(reply, "error"));

    return error && strstr(error, name);
}

void orders_refused(struct lane *l, json_t *reply)
{
    if (!atomic_load(&l->stopping))
        lane_violation(l, "an order is refused: %s", json_dumps(reply, 0));
    json_decref(reply);
}

/* ---- grants ---- */

/* With the lane's lock held. */
static struct grant_fact *new_grant(struct lane *l, unsigned person, const char *uses)
{
    struct facts *f = &l->facts;
    struct grant_fact *g = &f->grants[f->n_grants];

    must(f->n_grants < FACTS_GRANTS);
    *g = (struct grant_fact){.person = person, .added = KNOWN_UNSURE, .limit = UINT32_MAX};
    (void)snprintf(g->id, sizeof(g->id), "%08x%08x%016llx", l->number + 1, l->round,
                   (unsigned long long)f->n_grants);
    if (strcmp(uses, "unlimited") != 0)
        g->limit = (uint32_t)strtoul(uses, NULL, 10);
    g->fleet = strstr(uses, "fleet") != NULL;
    f->n_grants++;
    return g;
}

static json_t *sign(struct lane *l, const struct grant_fact *g, const char *uses)
{
    static pthread_mutex_t desk = PTHREAD_MUTEX_INITIALIZER;
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE], staff[16], *document, *one, *two;
    json_t *parameters;

    (void)snprintf(staff, sizeof(staff), "zhang.s%u", g->person);
    when_format(clock_wall() - 3600, from);
    when_format(clock_wall() + 7200, until);
    (void)pthread_mutex_lock(&desk);
    document = paper_grant(&(struct grant_plan){.id = g->id,
                                                .version = 1,
                                                .staff = staff,
                                                .from = from,
                                                .until = until,
                                                .uses = uses,
                                                .sessions = "20"});
    one = department_approval(l->department, DEPARTMENT_BOTH, document);
    two = department_approval(l->department, DEPARTMENT_UNIT, document);
    (void)pthread_mutex_unlock(&desk);
    parameters = json_pack("{ss s[ss]}", "document", document, "approvals", one, two);
    free(document);
    free(one);
    free(two);
    must(parameters != NULL);
    return parameters;
}

void orders_add_grant(struct client *c, unsigned person, const char *uses)
{
    struct lane *l = c->lane;
    struct grant_fact *g;
    json_t *reply, *parameters;
    struct asked a;

    (void)pthread_mutex_lock(&l->lock);
    g = new_grant(l, person, uses);
    (void)pthread_mutex_unlock(&l->lock);
    parameters = sign(l, g, uses);
    a = facts_ask(l);
    if (control_ask(l, -1, "DocumentAdd", parameters, &reply) < 0)
        return;
    if (is_error(reply, "")) {
        orders_refused(l, reply);
        return;
    }
    g->added = KNOWN_YES;
    facts_answer(l, a, FACT_GRANT, g->id);
    atomic_fetch_add(&l->totals->orders, 1);
    json_decref(reply);
}

/* ---- trust ---- */

static char *sign_as(const struct lane *l, int who, const char *document, const char *about)
{
    return paper_approval(
        &(struct approval_plan){.by = &l->department->approvers[who], .document = document, .about = about});
}

static json_t *next_epoch(struct lane *l, unsigned epoch)
{
    struct trust_plan plan = lane_trust_plan(l);
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE], about[32], *document, *one, *two;
    json_t *parameters;

    when_format(clock_wall() - 86400, from);
    when_format(clock_wall() + (when_t)86400 * 60, until);
    (void)snprintf(about, sizeof(about), "trust %u", epoch);
    plan.epoch = epoch;
    plan.from = from;
    plan.until = until;
    document = paper_trust(&plan);
    one = sign_as(l, DEPARTMENT_BOTH, document, about);
    two = sign_as(l, DEPARTMENT_UNIT, document, about);
    parameters = json_pack("{ss s[ss]}", "document", document, "approvals", one, two);
    free(document);
    free(one);
    free(two);
    must(parameters != NULL);
    return parameters;
}

/* Nothing changes by it but its number, and everything is judged anew. */
static void replace_trust(struct client *c)
{
    struct lane *l = c->lane;
    json_t *reply;
    unsigned epoch;
    struct asked a;
    char key[16];

    if (control_ask(l, -1, "Status", json_object(), &reply) < 0)
        return;
    epoch = (unsigned)json_integer_value(json_object_get(reply, "trust_epoch"));
    json_decref(reply);
    if (epoch < l->facts.epoch)
        lane_violation(l, "trust epoch %u was taken in, and %u is in force", l->facts.epoch, epoch);
    a = facts_ask(l);
    if (control_ask(l, -1, "DocumentAdd", next_epoch(l, epoch + 1), &reply) < 0)
        return;
    if (is_error(reply, "")) {
        orders_refused(l, reply);
        return;
    }
    (void)snprintf(key, sizeof(key), "%u", epoch + 1);
    l->facts.epoch = epoch + 1;
    facts_answer(l, a, FACT_EPOCH, key);
    atomic_fetch_add(&l->totals->orders, 1);
    json_decref(reply);
}

/* ---- orders ---- */

/* Gives one whose record is known by event and token. 0: done; 1: refused; negative: nobody answered. */
static int order(struct client *c, const char *event, const char *method, unsigned person, const char *token,
                 json_t *parameters)
{
    struct lane *l = c->lane;
    struct asked a = facts_ask(l);
    char key[TOKEN_SIZE * 2];
    json_t *reply;
    int r;

    must(parameters != NULL);
    facts_disturb(l, person);
    r = control_ask(l, -1, method, parameters, &reply);
    facts_calm(l, person);
    if (r < 0)
        return r;
    if (is_error(reply, "NotPermitted")) {
        orders_refused(l, reply);
        return -1;
    }
    r = is_error(reply, "");
    /* What was closed already is not on record a second time. */
    if (r == 0 && !json_is_true(json_object_get(reply, "was_closed"))) {
        (void)snprintf(key, sizeof(key), "%s %s", event, token);
        facts_answer(l, a, FACT_ORDER, key);
        atomic_fetch_add(&l->totals->orders, 1);
    }
    json_decref(reply);
    return r;
}

static void set(struct lane *l, enum known *what, enum known to)
{
    (void)pthread_mutex_lock(&l->lock);
    *what = to;
    (void)pthread_mutex_unlock(&l->lock);
}

/* Locks and unlocks are told apart by nobody but us: one client gives them all. */
static void lock_person(struct client *c, unsigned person, bool lock)
{
    enum known *locked = &c->lane->facts.locked[person];
    char token[TOKEN_SIZE], name[16], why[TOKEN_SIZE + 2];
    int r;

    load_token(c->lane, token);
    (void)snprintf(name, sizeof(name), "zhang.s%u", person);
    (void)snprintf(why, sizeof(why), "#%s#", token);
    set(c->lane, locked, KNOWN_UNSURE);
    r = order(c, lock ? "lock" : "unlock", lock ? "Lock" : "Unlock", person, token,
              json_pack("{ss ss ss}", "scope", "staff", "name", name, "why", why));
    if (r == 0)
        set(c->lane, locked, lock ? KNOWN_YES : KNOWN_NO);
    else if (r == 1 && !lock) /* it was not locked */
        set(c->lane, locked, KNOWN_NO);
}

/* The newest that a person has. */
static struct grant_fact *find_to_revoke(struct lane *l, unsigned person)
{
    struct grant_fact *g;

    (void)pthread_mutex_lock(&l->lock);
    g = facts_grant_of(l, person);
    if (g)
        g->revoked = KNOWN_UNSURE;
    (void)pthread_mutex_unlock(&l->lock);
    return g;
}

static void take_grant(struct client *c, unsigned person, bool revoke)
{
    struct lane *l = c->lane;
    char token[TOKEN_SIZE], why[TOKEN_SIZE + 2];
    struct grant_fact *g = find_to_revoke(l, person);
    json_t *parameters;

    if (!g)
        return;
    load_token(l, token);
    (void)snprintf(why, sizeof(why), "#%s#", token);
    parameters = revoke ? json_pack("{ss ss ss}", "scope", "grant", "name", g->id, "why", why)
                        : json_pack("{ss ss}", "id", g->id, "why", why);
    if (order(c, revoke ? "revoke" : "grant-finish", revoke ? "Revoke" : "GrantFinish", person, token,
              parameters) == 0 &&
        revoke)
        set(l, &g->revoked, KNOWN_YES);
}

static json_t *sign_revocation(struct lane *l, const struct grant_fact *g, const char *why)
{
    char id[IDENT_ID_TEXT_SIZE], scope[IDENT_ID_TEXT_SIZE + 8], about[IDENT_ID_TEXT_SIZE + 16];
    char *document, *approval;
    json_t *parameters;

    (void)snprintf(id, sizeof(id), "%c%s", FACTS_REVOCATION, g->id + 1);
    (void)snprintf(scope, sizeof(scope), "grant %s", g->id);
    (void)snprintf(about, sizeof(about), "revocation %s", id);
    document = paper_revocation(&(struct revocation_plan){.id = id, .scope = scope, .reason = why});
    approval = sign_as(l, DEPARTMENT_BOTH, document, about);
    parameters = json_pack("{ss s[s]}", "document", document, "approvals", approval);
    free(document);
    free(approval);
    must(parameters != NULL);
    return parameters;
}

static void revoke_signed(struct client *c, unsigned person)
{
    struct grant_fact *g = find_to_revoke(c->lane, person);
    char token[TOKEN_SIZE], why[TOKEN_SIZE + 2];

    if (!g)
        return;
    load_token(c->lane, token);
    (void)snprintf(why, sizeof(why), "#%s#", token);
    g->by_signature = true;
    if (order(c, "revocation", "DocumentAdd", person, token, sign_revocation(c->lane, g, why)) == 0)
        set(c->lane, &g->revoked, KNOWN_YES);
}

static void add_and_revoke(struct client *c, unsigned person)
{
    orders_add_grant(c, person, "3 per-host");
    revoke_signed(c, person);
}

static void end_session(struct client *c)
{
    char token[TOKEN_SIZE], why[TOKEN_SIZE + 2];
    json_t *reply, *session;
    json_int_t number = 0;
    unsigned person = 0;
    size_t n;

    if (control_ask(c->lane, -1, "SessionList", json_object(), &reply) < 0)
        return;
    n = json_array_size(json_object_get(reply, "sessions"));
    if (n > 0) {
        session = json_array_get(json_object_get(reply, "sessions"), lane_draw(&c->random, n));
        number = json_integer_value(json_object_get(session, "number"));
        must(sscanf(json_string_value(json_object_get(session, "staff")), "zhang.s%u", &person) == 1);
    }
    json_decref(reply);
    if (number == 0)
        return;
    load_token(c->lane, token);
    (void)snprintf(why, sizeof(why), "#%s#", token);
    (void)order(c, "session-end", "SessionEnd", person, token,
                json_pack("{sI ss}", "number", number, "why", why));
}

void orders_step(struct client *c)
{
    unsigned person = (unsigned)lane_draw(&c->random, FACTS_PERSONS);
    uint64_t x = lane_draw(&c->random, 100);

    if (lane_take_wish(c->lane, WISH_CHECKPOINT))
        audits_checkpoint(c);
    else if (lane_take_wish(c->lane, WISH_BACKUP))
        audits_back_up(c);
    else if (lane_take_wish(c->lane, WISH_REVOCATION))
        add_and_revoke(c, person);
    else if (x % 2 == 0 && lane_take_wish(c->lane, WISH_ENDS))
        end_session(c);
    else if (x < 20)
        orders_add_grant(c, person, x % 4 < 2 ? "3 per-host" : "3 fleet");
    else if (x < 35)
        lock_person(c, person % 2, true);
    else if (x < 60)
        lock_person(c, person % 2, false);
    else if (x < 66)
        take_grant(c, person, true);
    else if (x < 70)
        revoke_signed(c, person);
    else if (x < 75)
        take_grant(c, person, false);
    else if (x < 83)
        end_session(c);
    else if (x < 90)
        replace_trust(c);
    else if (x < 93)
        audits_checkpoint(c);
    else if (x < 94)
        audits_look(c);
    else
        audits_back_up(c);
}
