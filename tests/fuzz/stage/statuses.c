#include "tests/fuzz/stage/statuses.h"

#include "tests/fuzz/stage/site.h"

#include <stdlib.h>

#define REVOKED_GRANT 0
#define RENEWED_GRANT 4

static struct {
    char *text, *approvals[KEYS_STATUSES];
} statuses[STATUSES_KINDS][KEYS_EPOCHS][STATUSES_EPOCHS];

bool statuses_revoke(unsigned kind, unsigned grant, unsigned version)
{
    return (kind == STATUSES_GRANT && grant == REVOKED_GRANT) ||
           (kind == STATUSES_VERSION && grant == RENEWED_GRANT && version == 1);
}

unsigned statuses_revoked_keys(unsigned kind)
{
    if (kind == STATUSES_LEADER)
        return 1U << KEYS_LEADER;
    return kind == STATUSES_UNIT ? 1U << KEYS_UNIT : 0;
}

static char *lines_of(unsigned kind)
{
    char sha256[65];

    switch (kind) {
    case STATUSES_GRANT:
        return issue_text("revoked: %s\n", site_id(REVOKED_GRANT));
    case STATUSES_VERSION:
        return issue_text("minimum-version: %s 2\n", site_id(RENEWED_GRANT));
    case STATUSES_LEADER:
    case STATUSES_UNIT:
        keys_certificate(kind == STATUSES_LEADER ? KEYS_LEADER : KEYS_UNIT, sha256);
        return issue_text("revoked-certificate: %s\n", sha256);
    default:
        return issue_text("%s", "");
    }
}

/* Old, and without end: it tells nobody the time, and a clock may be set back by months. */
const char *statuses_text(unsigned kind, unsigned trust_epoch, unsigned epoch)
{
    char **text = &statuses[kind][trust_epoch][epoch].text, *lines;

    if (*text)
        return *text;
    lines = lines_of(kind);
    *text = paper_status(&(struct status_plan){.trust_epoch = trust_epoch,
                                               .epoch = epoch,
                                               .issued = "2026-01-02T00:00:00Z",
                                               .expires = "2048-01-01T00:00:00Z",
                                               .lines = lines});
    free(lines);
    return *text;
}

const char *statuses_approval(unsigned kind, unsigned trust_epoch, unsigned epoch, unsigned key)
{
    const char *document = statuses_text(kind, trust_epoch, epoch);
    char **approval = &statuses[kind][trust_epoch][epoch].approvals[key - KEYS_STATUS], *about;

    if (*approval)
        return *approval;
    about = issue_text("status %u %u", trust_epoch, epoch);
    *approval = keys_approval(key, document, about);
    free(about);
    return *approval;
}
