#include "policy/engine/rules.h"

#include "policy/base/doubt.h"
#include "policy/engine/hours.h"

#include <string.h>

/* What is judged. */
struct asked {
    const struct grant_entry *entry;
    struct grant grant; /* the entry's */
    const struct facts *facts;
};

/* A predicate is true if the rule holds. */
typedef bool rule_holds(const struct asked *a);

static bool quorum_was_met(const struct asked *a)
{
    /* The last two have rows of their own; a standing that is none of these is refused here. */
    return (a->entry->standing == REASON_OK || a->entry->standing == REASON_CLASS_LIMIT ||
            a->entry->standing == REASON_APPROVAL_EXPIRED) &&
           a->entry->by_status != REASON_APPROVAL_MISSING;
}

static bool within_class(const struct asked *a)
{
    return a->entry->standing != REASON_CLASS_LIMIT;
}

static bool is_for_site(const struct asked *a)
{
    return strcmp(a->grant.site, a->facts->host->site) == 0;
}

static bool is_for_host(const struct asked *a)
{
    return grant_names_host(&a->grant, a->facts->host->name, &a->facts->host->groups);
}

static bool not_revoked(const struct asked *a)
{
    /* The others have rows of their own; whatever else takes a grant away counts as revoked. */
    return (a->entry->taken_away == REASON_OK || a->entry->taken_away == REASON_VENDOR_REVOKED ||
            a->entry->taken_away == REASON_VENDOR_LOCKED || a->entry->taken_away == REASON_WITHDRAWN) &&
           (a->entry->by_status == REASON_OK || a->entry->by_status == REASON_APPROVAL_MISSING);
}

static bool vendor_not_revoked(const struct asked *a)
{
    return a->entry->taken_away != REASON_VENDOR_REVOKED;
}

static bool vendor_not_locked(const struct asked *a)
{
    return a->entry->taken_away != REASON_VENDOR_LOCKED;
}

static bool not_withdrawn(const struct asked *a)
{
    return a->entry->taken_away != REASON_WITHDRAWN;
}

static bool not_closed(const struct asked *a)
{
    return !a->entry->closed;
}

static bool not_expired(const struct asked *a)
{
    return a->facts->now < a->grant.valid.until;
}

static bool has_begun(const struct asked *a)
{
    return a->facts->now >= a->grant.valid.from;
}

/* A status may have taken some of the approvals away. */
static when_t votes_until(const struct grant_entry *e)
{
    return when_min(e->votes_until, e->by_status_until);
}

static bool approvals_still_count(const struct asked *a)
{
    return a->entry->standing != REASON_APPROVAL_EXPIRED && a->facts->now < votes_until(a->entry);
}

static bool names_service(const struct asked *a)
{
    const struct grant_strings *services = &a->grant.services;

    for (size_t i = 0; a->facts->service && i < services->count; i++)
        if (strcmp(services->items[i], a->facts->service) == 0)
            return true;
    return false;
}

static bool names_source(const struct asked *a)
{
    if (a->facts->source == SOURCE_LOCAL)
        return a->grant.any_source || a->grant.local_source;
    if (a->facts->source != SOURCE_ADDRESS)
        return false;
    for (size_t i = 0; i < a->grant.n_networks; i++)
        if (network_contains(&a->grant.networks[i], &a->facts->address))
            return true;
    return a->grant.any_source;
}

static bool key_given_if_required(const struct asked *a)
{
    return a->grant.password || a->facts->key == KEY_NOT_ASKED || a->facts->key == KEY_FINGERPRINT;
}

static bool key_is_listed(const struct asked *a)
{
    if (a->grant.password || a->facts->key != KEY_FINGERPRINT)
        return true;
    for (size_t i = 0; i < a->grant.n_keys; i++)
        if (ident_fingerprint_equal(&a->grant.keys[i], &a->facts->fingerprint))
            return true;
    return false;
}

static bool no_key_if_password(const struct asked *a)
{
    return !a->grant.password || a->facts->key == KEY_NOT_ASKED || a->facts->key == KEY_NONE;
}

static bool within_hours(const struct asked *a)
{
    return hours_contain(&a->grant, a->facts->now);
}

/* Level 1 is the gravest. */
static bool incident_is_open(const struct asked *a)
{
    if (a->grant.class == GRANT_CLASS_NORMAL || a->grant.class == GRANT_CLASS_PRIVILEGED)
        return true;
    return a->facts->incident_level != 0 && a->facts->incident_level <= a->grant.incident_level;
}

static bool recorder_if_required(const struct asked *a)
{
    return !a->grant.recording_required || a->facts->recorder_attested;
}

static bool holds_reservation(const struct grant_entry *e, const struct facts *f)
{
    return f->reserved && ident_id_equal(f->reserved, &e->id);
}

/* A count without what the caller itself holds of it. */
static uint32_t taken_by_others(uint32_t count, const struct grant_entry *e, const struct facts *f)
{
    return count > 0 && holds_reservation(e, f) ? count - 1 : count;
}

static bool use_is_left(const struct asked *a)
{
    const struct grant_uses *uses = &a->grant.uses;

    return uses->scope == GRANT_USES_UNLIMITED ||
           taken_by_others(a->entry->uses_taken, a->entry, a->facts) < uses->count;
}

/* Who holds a reserved use has its claim already. */
static bool claim_if_fleet(const struct asked *a)
{
    const struct grant_uses *uses = &a->grant.uses;

    return uses->scope == GRANT_USES_UNLIMITED || uses->scope == GRANT_USES_PER_HOST ||
           a->facts->claim_possible || holds_reservation(a->entry, a->facts);
}

static bool session_is_left(const struct asked *a)
{
    const struct grant_bound *sessions = &a->grant.sessions;

    return sessions->unlimited ||
           taken_by_others(a->entry->sessions_live, a->entry, a->facts) < sessions->value;
}

/* sudo's account phase does not know the target yet; in the session phase not to know it is refused. */
static bool names_target(const struct asked *a)
{
    const struct grant_strings *run_as = &a->grant.run_as;

    if (!a->facts->target)
        return a->facts->phase == PHASE_ACCOUNT;
    for (size_t i = 0; i < run_as->count; i++)
        if (strcmp(run_as->items[i], a->facts->target) == 0)
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
static bool command_is_granted(const struct asked *a)
{
    if (a->grant.any_command)
        return true;
    switch (a->facts->command) {
    case COMMAND_GIVEN:
        return a->facts->run &&
               ((a->facts->run->doubts & DOUBT_NOT_COMMAND) != 0 || lists_command(&a->grant, a->facts->run));
    case COMMAND_UNKNOWN:
        return a->grant.commands.count > 0;
    case COMMAND_JUDGED:
    case COMMAND_NOT_ASKED:
        return true;
    case COMMAND_FREE:
        break;
    }
    return false;
}

static bool command_is_safe(const struct asked *a)
{
    return a->grant.any_command || a->facts->command != COMMAND_GIVEN || a->facts->run->doubts == 0;
}

static bool command_was_asked(const struct asked *a)
{
    return a->grant.any_command || a->facts->command != COMMAND_NOT_ASKED;
}

/* What is in use cannot be taken back one by one: a forward is sshd's, a command may have left anything. */
static bool gives_what_is_in_use(const struct asked *a)
{
    return (a->facts->channels & ~facts_given(a->grant.channels)) == 0;
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
    const struct asked asked = {entry, grant_entry_grant(entry), facts};

    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        if ((rules[i].asked_by & question) && !rules[i].holds(&asked))
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
    const struct grant g = grant_entry_grant(entry);
    when_t until = when_min(hours_until(&g, facts->now), when_min(g.valid.until, votes_until(entry)));

    return when_min(until, facts->status_until);
}

uint32_t rules_session_bound(const struct grant_entry *entry)
{
    const struct grant_bound own = grant_entry_grant(entry).max_session;

    return own.unlimited || own.value > entry->session_max ? entry->session_max : own.value;
}
