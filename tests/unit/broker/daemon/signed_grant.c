#include "tests/unit/broker/daemon/signed_grant.h"

#include "broker/common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct signed_grant signed_grant_new(struct world *w, struct grant_plan plan)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE], about[64];
    struct signed_grant p;

    when_format(clock_wall() - 3600, from);
    when_format(clock_wall() + 3600, until);
    plan.from = from;
    plan.until = until;
    (void)snprintf(about, sizeof(about), "grant %s %u", plan.id ? plan.id : PAPERS_ID,
                   plan.version ? plan.version : 3);
    p.document = paper_grant(&plan);
    p.one = paper_approval(&(struct approval_plan){
        .by = &w->department->approvers[DEPARTMENT_LEADER], .document = p.document, .about = about});
    p.two = paper_approval(&(struct approval_plan){
        .by = &w->department->approvers[DEPARTMENT_UNIT], .document = p.document, .about = about});
    return p;
}

void signed_grant_done(struct signed_grant *p)
{
    free(p->document);
    free(p->one);
    free(p->two);
}

int signed_grant_begin(struct world *w, const struct signed_grant *p)
{
    return world_begin_call(w, "DocumentAdd",
                            json_pack("{ss s[ss]}", "document", p->document, "approvals", p->one, p->two));
}

void signed_grant_assert_state(struct world *w, int fd, const char *state)
{
    struct varlink_reply r = world_take_reply(w, fd);

    if (r.error)
        fail_msg("%s %s", r.error, json_dumps(r.parameters, 0));
    assert_string_equal(json_string_value(json_object_get(r.parameters, "state")), state);
    varlink_reply_done(&r);
}

void signed_grant_assert_refused(struct world *w, int fd, const char *reason)
{
    struct varlink_reply r = world_take_reply(w, fd);

    assert_string_equal(r.error ? r.error : "", "org.hufu.control.Refused");
    assert_string_equal(json_string_value(json_object_get(r.parameters, "reason")), reason);
    varlink_reply_done(&r);
}
