#include "broker/trust/trust_set.h"
#include "policy/base/words.h"

struct outcome {
    const char *name;
    const char *sentence;
};

static const struct outcome outcomes[] = {
    [SIGNATURE_COUNTED] = {"counted", N_("the signature is valid and counts")},
    [SIGNATURE_MALFORMED] = {"malformed", N_("this is not a well-formed approval; have it signed again")},
    [SIGNATURE_OTHER_SUBJECT] = {"other-subject",
                                 N_("it approves another document, version or site; have this one signed")},
    [SIGNATURE_UNKNOWN_APPROVER] =
        {"unknown-approver",
         N_("the trust file knows no such approver with this role, algorithm and certificate")},
    [SIGNATURE_CERTIFICATE] =
        {"certificate-not-valid",
         N_("the approver's certificate is not valid now; another approver has to sign, or the certificate "
            "has to be renewed in the trust file")},
    [SIGNATURE_BAD] = {"bad-signature",
                       N_("the signature does not verify: the document was changed, or another key signed")},
    [SIGNATURE_OWN_REQUEST] = {"own-request", N_("the requester cannot approve the own request")},
    [SIGNATURE_VENDOR] = {"vendor", N_("the approver belongs to the vendor or to the person's employer")},
    [SIGNATURE_DUPLICATE] = {"duplicate",
                             N_("this person or this key has already been counted in this role")},
    [SIGNATURE_NOT_LOOKED_AT] = {"not-looked-at", N_("only the first eight approvals are looked at")},
};

static const struct outcome *find(enum signature_outcome o)
{
    if ((size_t)o >= ARRAY_SIZE(outcomes) || !outcomes[o].name)
        return NULL;
    return &outcomes[o];
}

const char *signature_outcome_name(enum signature_outcome o)
{
    const struct outcome *found = find(o);

    return found ? found->name : NULL;
}

const char *signature_outcome_sentence(enum signature_outcome o)
{
    const struct outcome *found = find(o);

    return found ? found->sentence : NULL;
}
