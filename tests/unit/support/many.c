#include "tests/unit/support/many.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void many_staff(const struct many_plan *plan, unsigned i, char name[static MANY_STAFF])
{
    (void)snprintf(name, MANY_STAFF, "v%07u", i / (plan->grants_each ? plan->grants_each : 1));
}

char *many_vendor(unsigned i)
{
    return issue_text("vendor-%u", i / MANY_CONTRACT);
}

static void id_of(unsigned i, char id[static 33])
{
    char digest[65];

    issue_sha256(&i, sizeof(i), digest);
    (void)snprintf(id, 33, "%.32s", digest);
}

struct many_grant many_grant(const struct many_plan *plan, unsigned i)
{
    unsigned contract = i / MANY_CONTRACT;
    cleanup_free char *vendor = many_vendor(i), *number = issue_text("C-2026-%u", contract);
    cleanup_free char *source =
        issue_text("10.1.2.0/24\nsource: 10.2.%u.%u/30", contract / 64 % 256, contract % 64 * 4);
    char staff[MANY_STAFF], from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];
    struct many_grant g;

    many_staff(plan, i, staff);
    id_of(i, g.id);
    when_format(plan->from, from);
    when_format(plan->until, until);
    g.document = paper_grant(&(struct grant_plan){.id = g.id,
                                                  .version = MANY_VERSION,
                                                  .vendor = vendor,
                                                  .contract = number,
                                                  .staff = staff,
                                                  .host = "@database\nhost: " MANY_HOST,
                                                  .source = source,
                                                  .from = from,
                                                  .until = until,
                                                  .uses = "1000000 per-host",
                                                  .sessions = "100000"});
    g.approvals[0] = department_approval(plan->department, DEPARTMENT_BOTH, g.document);
    g.approvals[1] = department_approval(plan->department, DEPARTMENT_UNIT, g.document);
    return g;
}

void many_grant_done(struct many_grant *g)
{
    free(g->document);
    free(g->approvals[0]);
    free(g->approvals[1]);
}
