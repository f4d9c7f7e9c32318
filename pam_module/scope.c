#include "pam_module/scope.h"

#include <stddef.h>

static bool is_gated(const struct scope_facts *f, const struct scope_candidate *c)
{
    /* uid 0 can be in no range (it is refused as one), and no group makes root a vendor. */
    if (c->uid == UINT32_MAX || c->uid == 0)
        return false;
    return f->range ? c->uid >= f->range->first && c->uid <= f->range->last : c->member;
}

static enum scope_result judge_switch(const struct scope_facts *f, uint32_t *ret_uid)
{
    bool caller = is_gated(f, &f->caller), login = is_gated(f, &f->login);

    if (caller && login && f->caller.uid != f->login.uid)
        return SCOPE_TWO_PERSONS;
    if (!caller && !login)
        return SCOPE_FREE;
    *ret_uid = caller ? f->caller.uid : f->login.uid;
    return SCOPE_GATED;
}

/*
 * PAM_USER without an account. It has no uid, so it is no gated uid; yet "there is none" is also what a user
 * database says that lost its gated entries. Services that start something as that account cannot go on
 * without one anyway: refusing them stops nobody, and saying PAM_IGNORE would rest on every other module of
 * the stack refusing too. Other services may serve users of their own who have no account (a mail or ftp
 * daemon's virtual users): those are nobody that Hufu may stand in the way of, if the answer was a clear one.
 */
static enum scope_result judge_absent(const struct scope_facts *f)
{
    return f->service == SERVICE_OTHER ? SCOPE_FREE : SCOPE_NO_USER;
}

enum scope_result scope_judge(const struct scope_facts *f, uint32_t *ret_uid)
{
    *ret_uid = UINT32_MAX;
    if (f->service == SERVICE_SWITCH)
        return judge_switch(f, ret_uid);
    if (f->user_lookup == ACCOUNT_ABSENT)
        return judge_absent(f);
    if (f->user_lookup != 0)
        return SCOPE_UNSURE;
    if (!is_gated(f, &f->user))
        return SCOPE_FREE;
    *ret_uid = f->user.uid;
    return SCOPE_GATED;
}

const char *scope_text(enum scope_result result)
{
    switch (result) {
    case SCOPE_TWO_PERSONS:
        return SCOPE_TWO_PERSONS_TEXT;
    case SCOPE_UNSURE:
        return SCOPE_UNSURE_TEXT;
    case SCOPE_FREE:
    case SCOPE_GATED:
    case SCOPE_NO_USER:
        break;
    }
    return NULL;
}

static bool is_member(const struct account *a, const uint32_t *group)
{
    return group && a->gid == *group;
}

static struct scope_candidate candidate_of_uid(uint32_t uid, const uint32_t *group)
{
    struct account account;

    /* Without a range somebody is gated only if shown to be; a look-up that fails shows nothing. */
    if (uid == UINT32_MAX || !group || account_by_uid(uid, &account) != 0)
        return (struct scope_candidate){.uid = uid};
    return (struct scope_candidate){.uid = uid, .member = is_member(&account, group)};
}

bool scope_needs_login(const char *service)
{
    return service_kind_of(service) == SERVICE_SWITCH;
}

void scope_find(const char *service, const char *user, const struct arguments *arguments,
                const struct gate_caller *caller, struct scope *ret)
{
    bool has_range = arguments->state != ARGUMENTS_NO_RANGE;
    struct scope_facts facts = {
        .service = service_kind_of(service),
        .range = has_range ? &arguments->range : NULL,
        .user_lookup = ACCOUNT_ABSENT,
    };
    struct account account = {.uid = UINT32_MAX};
    uint32_t gid, uid;
    const uint32_t *group = !has_range && account_group(SCOPE_GATED_GROUP, &gid) == 0 ? &gid : NULL;

    if (user && user[0] != 0)
        facts.user_lookup = account_by_name(user, &account);
    facts.user = (struct scope_candidate){account.uid, is_member(&account, group)};
    facts.caller = candidate_of_uid(caller->uid, group);
    facts.login = candidate_of_uid(caller->login_uid, group);
    *ret = (struct scope){.result = scope_judge(&facts, &uid), .user_uid = account.uid};
    if (ret->result != SCOPE_GATED)
        return;
    if (facts.service != SERVICE_SWITCH)
        ret->person = account;
    else if (account_by_uid(uid, &ret->person) != 0)
        ret->result = SCOPE_UNSURE;
}
