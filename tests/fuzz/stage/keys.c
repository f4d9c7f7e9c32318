#include "tests/fuzz/stage/keys.h"

#define BIT(key) (1U << (key))
#define LEADERS  (BIT(KEYS_LEADER) | BIT(KEYS_NEW) | BIT(KEYS_OTHER))
#define UNITS    (BIT(KEYS_UNIT) | BIT(KEYS_UNIT_NEW))

#define STATUSES (BIT(KEYS_STATUS) | BIT(KEYS_STATUS_NEXT))

static const unsigned lists[KEYS_LISTS] = {
    KEYS_FIRST | BIT(KEYS_OTHER),
    BIT(KEYS_UNIT) | BIT(KEYS_OTHER),                                    /* a leader is withdrawn */
    BIT(KEYS_NEW) | BIT(KEYS_UNIT) | BIT(KEYS_OTHER),                    /* another comes */
    BIT(KEYS_LEADER) | BIT(KEYS_UNIT_NEW) | BIT(KEYS_OTHER),             /* a key is replaced */
    BIT(KEYS_LEADER) | BIT(KEYS_NEW) | BIT(KEYS_UNIT) | BIT(KEYS_OTHER), /* a leader is added */
    BIT(KEYS_NEW) | BIT(KEYS_UNIT_NEW) | BIT(KEYS_OTHER),                /* nobody of the first */
};

static const unsigned status_lists[KEYS_LISTS] = {
    BIT(KEYS_STATUS), BIT(KEYS_STATUS), STATUSES, STATUSES, BIT(KEYS_STATUS_NEXT), 0,
};

static const struct department *department;
static struct signatory signatories[KEYS_EVERY];
static struct {
    char *text, *approvals[KEYS_ALL];
} trusts[KEYS_LISTS][KEYS_EPOCHS];

void keys_make(const struct department *d)
{
    if (department)
        return;
    department = d;
    signatories[KEYS_LEADER] = d->approvers[DEPARTMENT_BOTH];
    signatories[KEYS_UNIT] = d->approvers[DEPARTMENT_UNIT];
    signatories[KEYS_OTHER] = d->approvers[DEPARTMENT_LEADER];
    signatories[KEYS_NEW] = department_signatory(d, "sun.qi", "finance", "leader", SIGNATURE_ED25519);
    signatories[KEYS_UNIT_NEW] = department_signatory(d, "zhou.ming", "finance", "unit", SIGNATURE_ED25519);
    signatories[KEYS_STATUS] = department_signatory(d, "status-2026", "finance", "status", SIGNATURE_ED25519);
    signatories[KEYS_STATUS_NEXT] =
        department_signatory(d, "status-2027", "finance", "status", SIGNATURE_ED25519);
}

bool keys_suffice(unsigned list, unsigned keys)
{
    return (keys & lists[list] & LEADERS) != 0 && (keys & lists[list] & UNITS) != 0;
}

bool keys_sign_statuses(unsigned list, unsigned keys)
{
    return (keys & status_lists[list]) != 0;
}

void keys_certificate(unsigned key, char text[static 65])
{
    issue_certificate_sha256(signatories[key].certificate, text);
}

char *keys_approval(unsigned key, const char *document, const char *about)
{
    return paper_approval(
        &(struct approval_plan){.by = &signatories[key], .document = document, .about = about});
}

const char *keys_trust(unsigned list, unsigned epoch)
{
    struct trust_plan plan = department_plan(department);
    struct signatory listed[KEYS_ALL], of_statuses[KEYS_STATUSES];

    must(epoch > 0 && epoch < KEYS_EPOCHS);
    if (trusts[list][epoch].text)
        return trusts[list][epoch].text;
    plan.n_approvers = 0;
    for (unsigned key = 0; key < KEYS_ALL; key++)
        if ((lists[list] & BIT(key)) != 0)
            listed[plan.n_approvers++] = signatories[key];
    for (unsigned key = KEYS_STATUS; key < KEYS_EVERY; key++)
        if ((status_lists[list] & BIT(key)) != 0)
            of_statuses[plan.n_status_keys++] = signatories[key];
    plan.approvers = listed;
    plan.status_keys = of_statuses;
    plan.epoch = epoch;
    plan.from = "2026-01-02T00:00:00Z"; /* a clock may be set back by months */
    plan.any_normal = "command,hours,source,uses";
    return trusts[list][epoch].text = paper_trust(&plan);
}

const char *keys_trust_approval(unsigned list, unsigned epoch, unsigned key)
{
    const char *document = keys_trust(list, epoch);
    char **approval = &trusts[list][epoch].approvals[key], *about;

    if (*approval)
        return *approval;
    about = issue_text("trust %u", epoch);
    *approval = keys_approval(key, document, about);
    free(about);
    return *approval;
}
