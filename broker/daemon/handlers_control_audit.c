#include "broker/audit/record_json.h"
#include "broker/common/clock.h"
#include "broker/daemon/follow.h"
#include "broker/daemon/handlers_control.h"

#include <errno.h>
#include <stdlib.h>

#define AUDIT_PAGE 1000

struct audit_parameters {
    const char *since, *until;
    json_int_t session, after, limit;
    struct record_filter filter;
};

static void on_rows(void *userdata, int result, const struct record *rows, size_t n)
{
    struct control_call *call = userdata;
    json_t *records;

    if (result < 0) {
        control_store_unavailable(call, result);
        return;
    }
    records = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(records, record_json(&rows[i]));
    control_reply(call, json_pack("{so}", "records", records));
}

/* Rows come oldest first; without a start it is the newest page that is wanted, and hufuctl turns it round.
 */
static void complete(struct audit_parameters *p)
{
    struct record_filter *f = &p->filter;

    f->session = (uint64_t)p->session;
    f->after = (uint64_t)p->after;
    f->limit = p->limit > 0 && p->limit < AUDIT_PAGE ? (uint32_t)p->limit : AUDIT_PAGE;
    f->newest_first = p->after == 0;
}

void control_audit(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    struct audit_parameters p = {0};
    struct record_filter *f = &p.filter;
    const struct varlink_field fields[] = {
        {"since", VARLINK_STRING, true, &p.since},      {"until", VARLINK_STRING, true, &p.until},
        {"staff", VARLINK_STRING, true, &f->staff},     {"vendor", VARLINK_STRING, true, &f->vendor},
        {"event", VARLINK_STRING, true, &f->event},     {"result", VARLINK_STRING, true, &f->result},
        {"reason", VARLINK_STRING, true, &f->reason},   {"grant", VARLINK_STRING, true, &f->grant},
        {"ticket", VARLINK_STRING, true, &f->ticket},   {"service", VARLINK_STRING, true, &f->service},
        {"session", VARLINK_INT, true, &p.session},     {"account", VARLINK_STRING, true, &f->account},
        {"address", VARLINK_STRING, true, &f->address}, {"after", VARLINK_INT, true, &p.after},
        {"limit", VARLINK_INT, true, &p.limit}};
    int r;

    if (!control_read(call, parameters, fields, ARRAY_SIZE(fields)) ||
        !control_when(call, "since", p.since, &f->from) || !control_when(call, "until", p.until, &f->until))
        return;
    /* No records would be an answer, and a wrong one, to a name that was mistyped. */
    if (f->event && !event_message_id(f->event)) {
        control_invalid(call, "event");
        return;
    }
    if (!b->store) {
        control_store_unavailable(call, b->store_error);
        return;
    }
    complete(&p);
    r = control_call_is_more(call) ? follow_begin(b, call, f, record_json)
                                   : store_read(b->store, f, on_rows, call);
    if (r < 0)
        control_store_unavailable(call, r);
}
