#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/review_keeper.h"
#include "broker/daemon/sealer.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An auditor has read the review of a period, and says so: the one thing that auditors add. */

struct signing {
    struct broker *broker;
    struct control_call *call;
    struct sign_off what; /* without its note */
};

static void on_signed(void *userdata, int result, uint64_t sequence)
{
    struct signing *s = userdata;

    (void)sequence;
    if (result < 0) {
        control_store_unavailable(s->call, result);
    } else {
        review_keeper_signed(s->broker, &s->what);
        sealer_checkpoint(s->broker->sealer);
        control_reply(s->call,
                      json_pack("{so}", "reviewed_until", control_time(s->broker->review.reviewed_until)));
    }
    free(s);
}

/* False: the call has been answered. */
static bool check(struct control_call *call, const struct sign_off *x, when_t now)
{
    uint8_t digest[32];

    if (ident_parse_hex(x->sha256, strlen(x->sha256), digest, sizeof(digest)) < 0) {
        control_invalid(call, "sha256");
        return false;
    }
    if (strlen(x->note) > SIGN_OFF_NOTE_MAX ||
        (x->note[0] != '\0' && !ident_is_visible_text(x->note, strlen(x->note)))) {
        control_invalid(call, "note");
        return false;
    }
    if (x->until <= x->from) {
        control_refuse(call, REASON_BAD_REQUEST, N_("The period ends before it begins."));
        return false;
    }
    if (x->until > now) {
        control_refuse(call, REASON_BAD_REQUEST,
                       N_("The period is not over yet: only what has happened can have been reviewed."));
        return false;
    }
    return true;
}

static void put_on_record(struct broker *b, struct control_call *call, const struct sign_off *x)
{
    struct record r = control_record(call, EVENT_REVIEW, REASON_OK, true);
    struct signing *s = calloc(1, sizeof(*s));
    struct store_txn *t = s ? ledger_txn(b) : NULL;
    cleanup_buf struct buf detail = BUF_INIT;
    cleanup_free char *text = NULL;

    sign_off_format(x, &detail);
    text = buf_steal_text(&detail);
    if (!s || !text) {
        free(s);
        if (t)
            store_txn_free(t);
        control_reply(call, NULL);
        return;
    }
    *s = (struct signing){b, call, *x};
    r.detail = text;
    if (t) {
        store_txn_record(t, &r);
        review_keeper_write(b, x, t);
    }
    ledger_submit(b, t, on_signed, s);
}

void control_review_sign(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    const char *from = NULL, *until = NULL, *sha256 = NULL, *note = NULL;
    const struct varlink_field fields[] = {{"from", VARLINK_STRING, false, &from},
                                           {"until", VARLINK_STRING, false, &until},
                                           {"sha256", VARLINK_STRING, false, &sha256},
                                           {"note", VARLINK_STRING, true, &note}};
    struct sign_off x = {.note = ""};

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)) ||
        !control_when(call, "from", from, &x.from) || !control_when(call, "until", until, &x.until))
        return;
    if (strlen(sha256) != sizeof(x.sha256) - 1) {
        control_invalid(call, "sha256");
        return;
    }
    memcpy(x.sha256, sha256, sizeof(x.sha256));
    x.note = note ? note : "";
    if (check(call, &x, clock_wall()))
        put_on_record(b, call, &x);
}
