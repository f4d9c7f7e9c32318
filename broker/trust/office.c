#include "broker/trust/office.h"

#include <string.h>

static bool without_role(const struct trust_set *t, const struct signers *holders, struct office *ret)
{
    *ret = (struct office){.holders = holders, .role = (unsigned)t->document->n_roles};
    return true;
}

/* The role that no line of the trust file names, for who can only take away; else empty, which no role is. */
static const char *extra_role(enum approval_subject kind)
{
    if (kind == APPROVAL_SUBJECT_STATUS)
        return "status";
    return kind == APPROVAL_SUBJECT_REVOCATION ? "revoker" : "";
}

bool office_find(const struct trust_set *t, enum approval_subject kind, const char *role, struct office *ret)
{
    int index;

    if (kind == APPROVAL_SUBJECT_STATUS)
        return strcmp(role, "status") == 0 && without_role(t, &t->status_keys, ret);
    if (kind == APPROVAL_SUBJECT_REVOCATION && strcmp(role, "revoker") == 0)
        return without_role(t, &t->revokers, ret);
    index = trust_role_index(t->document, role);
    if (index < 0)
        return false;
    *ret = (struct office){.holders = &t->approvers, .role = (unsigned)index};
    return true;
}

bool office_of_role(const struct trust_set *t, enum approval_subject kind, unsigned role, struct office *ret)
{
    if (role < t->document->n_roles)
        return office_find(t, kind, t->document->roles[role], ret);
    return role == t->document->n_roles && office_find(t, kind, extra_role(kind), ret);
}

const char *office_role_name(const struct trust_set *t, enum approval_subject kind,
                             const struct office *office)
{
    return office->role < t->document->n_roles ? t->document->roles[office->role] : extra_role(kind);
}

bool office_is_held_by(const struct trust_set *t, const struct office *office, const struct signer *s)
{
    return office->role == t->document->n_roles || s->line->roles & (1U << office->role);
}
