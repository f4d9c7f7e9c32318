#include "tests/unit/broker/daemon/epochs.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/trust/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

char *epoch_text(const struct world *w, struct trust_plan plan)
{
    struct trust_plan all = department_plan(w->department);
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

    when_format(clock_wall() - 86400, from);
    when_format(clock_wall() + (when_t)90 * 86400, until);
    plan.anchors = all.anchors;
    plan.n_anchors = all.n_anchors;
    plan.from = plan.from ? plan.from : from;
    plan.until = plan.until ? plan.until : until;
    if (!plan.approvers) {
        plan.approvers = all.approvers;
        plan.n_approvers = all.n_approvers;
    }
    return paper_trust(&plan);
}

char *epoch_without_leader(const struct world *w, unsigned epoch)
{
    return epoch_text(w, (struct trust_plan){.epoch = epoch,
                                             .approvers = w->department->approvers + DEPARTMENT_UNIT,
                                             .n_approvers = DEPARTMENT_APPROVERS - DEPARTMENT_UNIT});
}

char *epoch_approval(const struct signatory *by, const char *text, unsigned epoch)
{
    char about[32];

    (void)snprintf(about, sizeof(about), "trust %u", epoch);
    return paper_approval(&(struct approval_plan){.by = by, .document = text, .about = about});
}

struct varlink_reply epoch_hand_in(struct world *w, const char *text, unsigned epoch,
                                   const struct signatory *one, const struct signatory *two)
{
    char *first = epoch_approval(one, text, epoch);
    char *second = two ? epoch_approval(two, text, epoch) : NULL;
    struct varlink_reply r = world_hand_in(w, text, first, second);

    free(first);
    free(second);
    return r;
}

void epoch_replace(struct world *w, const char *text, unsigned epoch, int one, int two)
{
    struct varlink_reply r =
        epoch_hand_in(w, text, epoch, &w->department->approvers[one], &w->department->approvers[two]);

    if (r.error)
        fail_msg("DocumentAdd: %s %s", r.error, json_dumps(r.parameters, 0));
    varlink_reply_done(&r);
}

void epoch_put_file(struct world *w, const char *text)
{
    must(files_write(world_path(w, "trust"), 0600, text, strlen(text)) == 0);
}

struct varlink_reply epoch_reset(struct world *w, const char *text)
{
    uint8_t sha256[32];
    char digits[65];

    must(digest_sha256(text, strlen(text), sha256) == 0);
    ident_format_hex(sha256, sizeof(sha256), digits);
    return world_call(w, "TrustReset", json_pack("{ss ss}", "sha256", digits, "why", "keys were lost"));
}

unsigned epoch_in_force(struct world *w, char origin[16])
{
    struct varlink_reply r = world_call(w, "TrustShow", NULL);
    const json_t *epoch = json_object_get(r.parameters, "epoch");
    unsigned number = (unsigned)json_integer_value(json_object_get(epoch, "epoch"));
    const char *text = json_string_value(json_object_get(epoch, "origin"));

    assert_null(r.error);
    if (origin)
        (void)snprintf(origin, 16, "%s", text ? text : "");
    varlink_reply_done(&r);
    return number;
}
