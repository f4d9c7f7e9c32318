#include "broker/audit/message.h"
#include "broker/review/model.h"
#include "broker/review/tally.h"

#include <stdio.h>
#include <string.h>

/* What an auditor asks about: something was taken away in a hurry, could not be ended, was not recorded, or
 * the host itself was in doubt. Equal ones are one row with a count. */

enum which { FAILURES = 1, SUCCESSES = 2, ALL = 3 };

static const struct {
    const char *event;
    enum which which;
} watched[] = {{EVENT_LOCK, ALL},
               {EVENT_UNLOCK_TAKEN, ALL},
               {EVENT_SESSION_REMAINS, FAILURES},
               {EVENT_SESSION_END, ALL},
               {EVENT_RECORDING, FAILURES},
               {EVENT_RANGE_DIFFERS, FAILURES},
               {EVENT_CLOCK, FAILURES},
               {EVENT_CLOCK_STEP, ALL},
               {EVENT_CLOCK_CONFIRM, ALL},
               {EVENT_HOST_CONFIRM, ALL},
               {EVENT_TRUST_RESET, ALL},
               {EVENT_TRUST_REPLACE, FAILURES},
               {EVENT_CONTROL_REFUSED, ALL},
               {EVENT_REAPER, FAILURES},
               {EVENT_START, FAILURES},
               {EVENT_UNSIGNED, FAILURES},
               {EVENT_WITHDRAWN, FAILURES},
               {EVENT_DIRECTORY_PURGE, FAILURES},
               {EVENT_STORE_RESTORED, ALL},
               {EVENT_STORE_ROOM, ALL},
               {EVENT_LEDGER_TRIM, FAILURES}};

/* Under an emergency grant. */
static bool is_emergency(const struct review *v, const struct fact *f)
{
    const struct known_grant *k = *f->grant ? model_grant(v, f->grant) : NULL;

    return k && k->grant->class == GRANT_CLASS_EMERGENCY && f->success &&
           (model_is(f, EVENT_GRANT_ADD) || model_is(f, EVENT_SESSION_OPEN));
}

static bool is_watched(const struct fact *f)
{
    for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
        if (model_is(f, watched[i].event))
            return (watched[i].which & (f->success ? SUCCESSES : FAILURES)) != 0;
    return false;
}

void incidents_take(struct review *v, const struct fact *f)
{
    cleanup_buf struct buf b = BUF_INIT;
    cleanup_free char *text = NULL, *key = NULL;
    json_t *there;

    if (!is_watched(f) && !is_emergency(v, f))
        return;
    message_render(f->r, &b);
    text = buf_steal_text(&b);
    if (!text || asprintf(&key, "%s\t%s\t%s", f->host, f->event, text) < 0) {
        key = NULL;
        model_failed(v);
        return;
    }
    there = json_object_get(v->incident_keys, key);
    if (there) {
        (void)tally_add(there, "count", f->count);
        return;
    }
    there =
        json_pack("{so ss ss ss sI sI}", "at", model_time(f->at), "host", f->host, "event", f->event, "text",
                  model_text(v, text), "sequence", (json_int_t)f->r->sequence, "count", (json_int_t)f->count);
    if (json_object_set(v->incident_keys, key, there) < 0)
        model_failed(v);
    model_append(v, v->incidents, there);
}

json_t *incidents_json(struct review *v)
{
    return json_deep_copy(v->incidents);
}
