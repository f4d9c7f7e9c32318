#include "tests/unit/broker/daemon/offices.h"

#include "broker/common/clock.h"
#include "tests/unit/broker/daemon/epochs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

char *offices_time(when_t seconds)
{
    char *text = malloc(WHEN_TEXT_SIZE);

    must(text != NULL);
    when_format(clock_wall() + seconds, text);
    return text;
}

char *offices_trust(const struct offices *o, unsigned epoch, bool revoker, const struct signatory *status_key)
{
    return epoch_text(o->w, (struct trust_plan){.epoch = epoch,
                                                .revokers = &o->revoker,
                                                .n_revokers = revoker,
                                                .status_keys = status_key,
                                                .n_status_keys = status_key != NULL});
}

void offices_replace_trust(struct offices *o, unsigned epoch, bool revoker,
                           const struct signatory *status_key)
{
    char *text = offices_trust(o, epoch, revoker, status_key);

    epoch_replace(o->w, text, epoch, DEPARTMENT_LEADER, DEPARTMENT_UNIT);
    free(text);
}

struct offices *offices_new(const char *status_max_age)
{
    struct offices *o = calloc(1, sizeof(*o));
    const struct department *d;
    char *trust;

    must(o != NULL);
    o->w = world_new();
    o->w->status_max_age = status_max_age;
    d = o->w->department;
    o->revoker = department_signatory(d, "sun.qi", "finance", "revoker", SIGNATURE_ED25519);
    o->status_key = department_signatory(d, "status-2026", "finance", "status", SIGNATURE_ED25519);
    o->next_key = department_signatory(d, "status-2027", "finance", "status", SIGNATURE_ED25519);
    trust = offices_trust(o, 4, true, &o->status_key);
    epoch_put_file(o->w, trust);
    free(trust);
    return o;
}

struct offices *offices_free(struct offices *o)
{
    world_free(o->w);
    signatory_done(&o->revoker);
    signatory_done(&o->status_key);
    signatory_done(&o->next_key);
    free(o);
    return NULL;
}

int offices_setup(void **state)
{
    struct offices *o = offices_new("none");

    world_start(o->w);
    *state = o;
    return 0;
}

int offices_teardown(void **state)
{
    offices_free(*state);
    return 0;
}

char *offices_sign(const struct signatory *by, const char *role, const char *document)
{
    cleanup_free char *about = NULL;
    unsigned trust_epoch = 0, epoch = 0;
    char id[33] = "";
    const char *at;

    if (strncmp(document, "hufu-status", 11) == 0) {
        at = strstr(document, "\ntrust-epoch: ");
        must(at && sscanf(at, "\ntrust-epoch: %u\nepoch: %u\n", &trust_epoch, &epoch) == 2);
        about = issue_text("status %u %u", trust_epoch, epoch);
    } else {
        at = strstr(document, "\nid: ");
        must(at && sscanf(at, "\nid: %32[0-9a-f]\n", id) == 1);
        about = issue_text("revocation %s", id);
    }
    return paper_approval(
        &(struct approval_plan){.by = by, .role = role, .document = document, .about = about});
}

struct varlink_reply offices_revoke(struct offices *o, struct revocation_plan plan)
{
    char *document = paper_revocation(&plan), *approval = offices_sign(&o->revoker, "revoker", document);
    struct varlink_reply r = world_hand_in(o->w, document, approval, NULL);

    free(document);
    free(approval);
    return r;
}

const char *offices_text(const struct varlink_reply *r, const char *member)
{
    const char *text = json_string_value(json_object_get(r->parameters, member));

    return text ? text : "";
}

const char *offices_grant_text(const struct varlink_reply *r, const char *member)
{
    const json_t *grant = json_object_get(r->parameters, "grant");
    const char *text;

    if (!grant)
        grant = json_array_get(json_object_get(r->parameters, "grants"), 0);
    text = json_string_value(json_object_get(grant, member));
    return text ? text : "";
}

void offices_refused(struct varlink_reply *r, enum reason reason)
{
    if (!r->error || strcmp(r->error, "org.hufu.control.Refused") != 0)
        fail_msg("not refused: %s %s", r->error ? r->error : "-", json_dumps(r->parameters, 0));
    assert_string_equal(offices_text(r, "reason"), reason_name(reason));
    assert_true(strlen(offices_text(r, "message")) > 0);
    varlink_reply_done(r);
}

/* ---- statuses ---- */

char *issue_status(struct issue x)
{
    char *issued = offices_time(-x.age), *expires = offices_time(x.lasts ? x.lasts : 86400), *text;

    text = paper_status(&(struct status_plan){.trust_epoch = x.trust_epoch,
                                              .epoch = x.epoch,
                                              .issued = issued,
                                              .expires = expires,
                                              .lines = x.lines});
    free(issued);
    free(expires);
    return text;
}

struct varlink_reply issue_hand_in(struct offices *o, struct issue x)
{
    char *document = issue_status(x);
    char *approval = offices_sign(x.by ? x.by : &o->status_key, "status", document);
    struct varlink_reply r = world_hand_in(o->w, document, approval, NULL);

    free(document);
    free(approval);
    return r;
}

void issue_take_in_as(struct offices *o, struct issue x, const char *state)
{
    struct varlink_reply r = issue_hand_in(o, x);

    if (r.error)
        fail_msg("%s: %s", r.error, json_dumps(r.parameters, 0));
    assert_string_equal(offices_text(&r, "type"), "status");
    assert_string_equal(offices_text(&r, "state"), state);
    assert_true(json_is_null(json_object_get(r.parameters, "id")));
    assert_int_equal(json_integer_value(json_object_get(r.parameters, "version")), x.epoch ? x.epoch : 17);
    varlink_reply_done(&r);
}

void issue_take_in(struct offices *o, struct issue x)
{
    issue_take_in_as(o, x, "ok");
}

void issue_refused(struct offices *o, struct issue x, enum reason reason)
{
    struct varlink_reply r = issue_hand_in(o, x);

    offices_refused(&r, reason);
}
