#include "policy/engine/rules.h"

#include "policy/base/doubt.h"
#include "policy/engine/hours.h"

#include <string.h>

/* A predicate is true if the rule holds. */
typedef bool rule_holds(const struct grant_entry *e, const struct facts *f);

static bool quorum_was_met(const struct grant_entry *e, const struct facts *f)
{
    (void)f;
    /* The last two have rows of their own; a standing that is none of these is refused here. */
    return (e->standing == REASON_OK || e->standing == REASON_CLASS_LIMIT ||
            e->standing == REASON_APPROVAL_EXPIRED) &&
           e->by_status != REASON_APPROVAL_MISSING;
}

static bool within_class(const struct grant_entry *e, const struct facts *f)
{
    (void)f;
    return e->standing != REASON_CLASS_LIMIT;
}

static bool is_for_site(const struct grant_entry *e, const struct facts *f)
{
    return strcmp(e->grant->site, f->host->site) == 0;
}

static bool is_for_host(const struct grant_entry *e, const struct facts *f)
{
    return grant_names_host(e->grant, f->host->name, &f->host->groups);
}

static bool not_revoked(const struct grant_entry *e, const struct facts *f)
{
    (void)f;
    /* The others have rows of their own; whatever else takes a grant away counts as revoked. */
    return (e->taken_away == REASON_OK || e->taken_away == REASON_VENDOR_REVOKED ||
            e->taken_away == REASON_VENDOR_LOCKED || e->taken_away == REASON_WITHDRAWN) &&
           (e->by_status == REASON_OK || e->by_status == REASON_APPROVAL_MISSING);
}

static bool vendor_not_revoked(const struct grant_entry *e, const struct facts *f)
{
    (void)f;
    return e->taken_away != REASON_VENDOR_REVOKED;
}

static bool vendor_not_locked(const struct grant_entry *e, const struct facts *f)
{
    (void)f;
    return e->taken_away != REASON_VENDOR_LOCKED;
}

static bool not_withdrawn(const struct grant_entry *e, const struct facts *f)
{
    (void)f;
    return e->taken_away != REASON_WITHDRAWN;
}

static bool not_closed(const struct grant_entry *e, const struct facts *f)
{
    (void)f;
    return !e->closed;
}

static bool not_expired(const struct grant_entry *e, const struct facts *f)
{
    return f->now < e->grant->valid.until;
}

static bool has_begun(const struct grant_entry *e, const struct facts *f)
{
    return f->now >= e->grant->valid.from;
}

/* A status may have taken some of the approvals away. */
static when_t votes_until(const struct grant_entry *e)
{
    return when_min(e->votes_until, e->by_status_until);
}

static bool approvals_still_count(const struct grant_entry *e, const struct facts *f)
{
    return e->standing != REASON_APPROVAL_EXPIRED && f->now < votes_until(e);
}

static bool names_service(const struct grant_entry *e, const struct facts *f)
{
    const struct grant_strings *services = &e->grant->services;

    for (size_t i = 0; f->service && i < services->count; i++)
        if (strcmp(services->items[i], f->service) == 0)
            return true;
    return false;
}

static bool names_source(const struct grant_entry *e, const struct facts *f)
{
    const struct grant *g = e->grant;

    if (f->source == SOURCE_LOCAL)
        return g->any_source || g->local_source;
    if (f->source != SOURCE_ADDRESS)
        return false;
    for (size_t i = 0; i < g->n_networks; i++)
        if (network_contains(&g->networks[i], &f->address))
            return true;
    return g->any_source;
}

static bool key_given_if_required(const struct grant_entry *e, const struct facts *f)
{
    return e->grant->password || f->key == KEY_NOT_ASKED || f->key == KEY_FINGERPRINT;
}

static bool key_is_listed(const struct grant_entry *e, const struct facts *f)
{
    if (e->grant->password || f->key != KEY_FINGERPRINT)
        return true;
    for (size_t i = 0; i < e->grant->n_keys; i++)
        if (ident_fingerprint_equal(&e->grant->keys[i], &f->fingerprint))
            return true;
    return false;
}

static bool no_key_if_password(const struct grant_entry *e, const struct facts *f)
{
    return !e->grant->password || f->key == KEY_NOT_ASKED || f->key == KEY_NONE;
}

static bool within_hours(const struct grant_entry *e, const struct facts *f)
{
    when_t until;

    return hours_contain(e->grant, f->now, &until);
}

/* Level 1 is the gravest. */
static bool incident_is_open(const struct grant_entry *e, const struct facts *f)
{
    const struct grant *g = e->grant;

    if (g->class == GRANT_CLASS_NORMAL || g->class == GRANT_CLASS_PRIVILEGED)
        return true;
    return f->incident_level != 0 && f->incident_level <= g->incident_level;
}

static bool recorder_if_required(const struct grant_entry *e, const struct facts *f)
{
    return !e->grant->recording_required || f->recorder_attested;
}

static bool holds_reservation(const struct grant_entry *e, const struct facts *f)
{
    return f->reserved && ident_id_equal(f->reserved, &e->grant->id);
}

/* A count without what the caller itself holds of it. */
static uint32_t taken_by_others(uint32_t count, const struct grant_entry *e, const struct facts *f)
{
    return count > 0 && holds_reservation(e, f) ? count - 1 : count;
}

static bool use_is_left(const struct grant_entry *e, const struct facts *f)
{
    const struct grant_uses *uses = &e->grant->uses;

    return uses->scope == GRANT_USES_UNLIMITED || taken_by_others(e->uses_taken, e, f) < uses->count;
}

/* Who holds a reserved use has its claim already. */
static bool claim_if_fleet(const struct grant_entry *e, const struct facts *f)
{
    const struct grant_uses *uses = &e->grant->uses;

    return uses->scope == GRANT_USES_UNLIMITED || uses->scope == GRANT_USES_PER_HOST || f->claim_possible ||
           holds_reservation(e, f);
}

static bool session_is_left(const struct grant_entry *e, const struct facts *f)
{
    const struct grant_bound *sessions = &e->grant->sessions;

    return sessions->unlimited || taken_by_others(e->sessions_live, e, f) < sessions->value;
}

/* sudo's account phase does not know the target yet; in the session phase not to know it is refused. */
static bool names_target(const struct grant_entry *e, const struct facts *f)
{
    const struct grant_strings *run_as = &e->grant->run_as;

    if (!f->target)
        return f->phase == PHASE_ACCOUNT;
    for (size_t i = 0; i < run_as->count; i++)
        if (strcmp(run_as->items[i], f->target) == 0)
            return true;
    return false;
}

static bool lists_command(const struct grant *g, const struct command_run *run)
{
    for (size_t i = 0; i < g->commands.count; i++)
        if (command_matches(g->commands.items[i], run))
            return true;
    return false;
}

/* A list of commands is worth nothing beside a shell, so whoever may choose freely needs `any`. An editor or
 * a shell that sudo itself starts is refused by the next rule, which says so. */
static bool command_is_granted(const struct grant_entry *e, const struct facts *f)
{
    const struct grant *g = e->grant;

    if (g->any_command)
        return true;
    switch (f->command) {
    case COMMAND_GIVEN:
        return f->run && ((f->run->doubts & DOUBT_NOT_COMMAND) != 0 || lists_command(g, f->run));
    case COMMAND_UNKNOWN:
        return g->commands.count > 0;
    case COMMAND_JUDGED:
    case COMMAND_NOT_ASKED:
        return true;
    case COMMAND_FREE:
        break;
    }
    return false;
}

static bool command_is_safe(const struct grant_entry *e, const struct facts *f)
{
    return e->grant->any_command || f->command != COMMAND_GIVEN || f->run->doubts == 0;
}

static bool command_was_asked(const struct grant_entry *e, const struct facts *f)
{
    return e->grant->any_command || f->command != COMMAND_NOT_ASKED;
}

/* What is in use cannot be taken back one by one: a forward is sshd's, a command may have left anything. */
static bool gives_what_is_in_use(const struct grant_entry *e, const struct facts *f)
{
    return (f->channels & ~facts_given(e->grant->channels)) == 0;
}

enum {
    COUNTS = QUESTION_LOGIN,
    DOOR = QUESTION_LOGIN | QUESTION_LIVE,
    NAMED = DOOR | QUESTION_JOB,
    RECORDED = NAMED | QUESTION_SWITCH,
    NOW = RECORDED | QUESTION_VALID,
    ALL = NOW | QUESTION_STANDING,
};

static const struct rule {
    enum reason reason; /* if it does not hold; ascending */
    unsigned asked_by;  /* enum question bits */
    rule_holds *holds;
} rules[] = {
    {REASON_WRONG_SITE, ALL, is_for_site},
    {REASON_WRONG_HOST, ALL, is_for_host},
    {REASON_REVOKED, ALL, not_revoked},
    {REASON_VENDOR_REVOKED, ALL, vendor_not_revoked},
    {REASON_VENDOR_LOCKED, ALL, vendor_not_locked},
    {REASON_WITHDRAWN, ALL, not_withdrawn},
    {REASON_CLOSED, ALL, not_closed},
    {REASON_EXPIRED, ALL, not_expired},
    {REASON_APPROVAL_MISSING, ALL, quorum_was_met},
    {REASON_CLASS_LIMIT, ALL, within_class},
    {REASON_NOT_YET_VALID, ALL, has_begun},
    {REASON_APPROVAL_EXPIRED, ALL, approvals_still_count},
    {REASON_WRONG_SERVICE, NAMED, names_service},
    {REASON_WRONG_SOURCE, DOOR, names_source},
    {REASON_KEY_REQUIRED, DOOR, key_given_if_required},
    {REASON_WRONG_KEY, DOOR, key_is_listed},
    {REASON_PASSWORD_REQUIRED, DOOR, no_key_if_password},
    {REASON_OUTSIDE_HOURS, NOW, within_hours},
    {REASON_INCIDENT_MISSING, NOW, incident_is_open},
    {REASON_RECORDER_MISSING, RECORDED, recorder_if_required},
    {REASON_USES_EXHAUSTED, COUNTS, use_is_left},
    {REASON_CLAIM_UNAVAILABLE, COUNTS, claim_if_fleet},
    {REASON_SESSIONS_LIMIT, COUNTS, session_is_left},
    {REASON_RUN_AS_NOT_GRANTED, QUESTION_SWITCH, names_target},
    {REASON_CHANNEL_NOT_GRANTED, DOOR, gives_what_is_in_use},
    {REASON_COMMAND_NOT_GRANTED, QUESTION_SWITCH, command_is_granted},
    {REASON_COMMAND_UNSAFE, QUESTION_SWITCH, command_is_safe},
    {REASON_COMMAND_NOT_ASKED, QUESTION_SWITCH, command_was_asked},
};

enum reason rules_judge(enum question question, const struct grant_entry *entry, const struct facts *facts)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        if ((rules[i].asked_by & question) && !rules[i].holds(entry, facts))
            return rules[i].reason;
    return REASON_OK;
}

static enum reason refusing(enum reason state)
{
    return reason_name(state) && state != REASON_SESSION_LIVE ? state : REASON_BROKER_ERROR;
}

enum reason rules_state(const struct facts *facts)
{
    if (facts->host_state != REASON_OK)
        return refusing(facts->host_state);
    if (facts->status_until != WHEN_NEVER && facts->now >= facts->status_until)
        return REASON_STATUS_STALE;
    if (facts->person_state != REASON_OK)
        return refusing(facts->person_state);
    return facts->host && facts->staff ? REASON_OK : REASON_BROKER_ERROR;
}

when_t rules_valid_until(const struct grant_entry *entry, const struct facts *facts)
{
    when_t until;

    hours_contain(entry->grant, facts->now, &until);
    until = when_min(until, when_min(entry->grant->valid.until, votes_until(entry)));
    return when_min(until, facts->status_until);
}

uint32_t rules_session_bound(const struct grant_entry *entry)
{
    const struct grant_bound *own = &entry->grant->max_session;

    return own->unlimited || own->value > entry->session_max ? entry->session_max : own->value;
}
