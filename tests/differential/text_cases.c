#include "tests/differential/text_cases.h"

#include "policy/document/approval.h"
#include "policy/document/grant.h"
#include "policy/document/revocation.h"
#include "policy/document/status.h"

#include <errno.h>
#include <string.h>

static const char *said(int r)
{
    return r == 0 ? "valid" : r == -EINVAL ? "refused" : "no memory";
}

const char *text_case(const char *type, const void *octets, size_t size)
{
    cleanup(grant_free_p) struct grant *g = NULL;
    cleanup(approval_free_p) struct approval *a = NULL;
    cleanup(revocation_free_p) struct revocation *r = NULL;
    cleanup(status_free_p) struct status *s = NULL;

    if (strcmp(type, "grant") == 0)
        return said(grant_parse(octets, size, &g, NULL));
    if (strcmp(type, "approval") == 0)
        return said(approval_parse(octets, size, &a, NULL));
    if (strcmp(type, "revocation") == 0)
        return said(revocation_parse(octets, size, &r, NULL));
    return strcmp(type, "status") == 0 ? said(status_parse(octets, size, &s, NULL)) : NULL;
}
