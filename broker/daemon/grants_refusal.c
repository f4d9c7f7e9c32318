#include "broker/daemon/grants_refusal.h"

#include "broker/common/i18n.h"

#include <errno.h>

/* What the index says to a version that it does not take. */
int grants_refuse_version(struct offer_refusal *refusal, int error)
{
    switch (error) {
    case -ESTALE:
        return offer_refuse(
            refusal, REASON_GRANT_SUPERSEDED,
            N_("A version at least as high is known already; a changed grant needs a higher version."));
    case -EPERM:
        return offer_refuse(refusal, REASON_APPROVAL_MISSING,
                            N_("This version is not signed by its quorum, so the one before it stays."));
    case -EINVAL:
        return offer_refuse(
            refusal, REASON_GRANT_SUPERSEDED,
            N_("Site, id, vendor, staff and class of a grant never change between versions."));
    default:
        return error;
    }
}

/* Nothing that time or another signature could put right. */
int grants_refuse_for_ever(const struct grant_standing *standing, struct offer_refusal *refusal)
{
    switch (standing->standing) {
    case REASON_WRONG_SITE:
        return offer_refuse(refusal, REASON_WRONG_SITE,
                            N_("The grant is for another site than the trust file."));
    case REASON_CLASS_LIMIT:
        return offer_refuse(refusal, REASON_CLASS_LIMIT,
                            N_("The grant is wider than the trust file lets its class be."));
    default:
        return 0;
    }
}
