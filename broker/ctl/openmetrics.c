#include "broker/ctl/openmetrics.h"

#include "policy/base/buf.h"
#include "policy/base/when.h"

#include <string.h>

enum kind {
    COUNT = 1, /* a number */
    FLAG,      /* true is 1 */
    INSTANT,   /* RFC 3339 */
};

/* Families of one sample each. */
static const struct {
    const char *name, *member, *help;
    enum kind kind;
} families[] = {
    {"hufu_sync_since_timestamp_seconds", "since", "When the state that hufu_sync_state shows began.",
     INSTANT},
    {"hufu_sync_pushes", "pushes", "Whether the server tells changes as they happen.", FLAG},
    {"hufu_sync_heartbeat_written_timestamp_seconds", "heartbeat_written",
     "When the last heartbeat that arrived here was written on the other side.", INSTANT},
    {"hufu_sync_heartbeat_received_timestamp_seconds", "heartbeat_received", "When it arrived here.",
     INSTANT},
    {"hufu_sync_last_change_timestamp_seconds", "last_change", "When the last change was told.", INSTANT},
    {"hufu_sync_last_refresh_timestamp_seconds", "last_refresh", "When the last complete refresh ended.",
     INSTANT},
    {"hufu_sync_last_full_refresh_timestamp_seconds", "last_full_refresh",
     "When the last complete refresh ended that asked for everything.", INSTANT},
    {"hufu_sync_last_error_timestamp_seconds", "last_error_at", "When the last error was seen.", INSTANT},
    {"hufu_sync_entries", "entries", "Entries that are in the directory for this host.", COUNT},
    {"hufu_sync_grants", "grants", "Entries that hold a grant.", COUNT},
    {"hufu_sync_revocations_signed", "revocations_signed", "Entries that hold a signed revocation.", COUNT},
    {"hufu_sync_revocations_unsigned", "revocations_unsigned",
     "Entries that hold an unsigned revocation, which takes away while it is there.", COUNT},
    {"hufu_sync_withdrawn", "withdrawn", "Grants that came from the directory and are there no more.", COUNT},
    {"hufu_sync_waiting", "waiting", "Entries that wait for approvals or for a trust epoch.", COUNT},
    {"hufu_sync_waiting_trust", "waiting_trust", "Trust files and statuses among those.", COUNT},
    {"hufu_sync_bad", "bad", "Entries that are of no use.", COUNT},
    {"hufu_sync_purge_held_back", "purge_held_back",
     "Entries whose disappearance a full refresh has to confirm.", COUNT},
    {"hufu_sync_claims_possible", "claims_possible", "Whether fleet-wide uses can be claimed now.", FLAG},
    {"hufu_sync_claims_pending", "claims_pending",
     "Claims of which it is not known yet whether they are held.", COUNT},
    {"hufu_trust_epoch", "trust_epoch", "Epoch of the trust file in force.", COUNT},
    {"hufu_status_trust_epoch", "status_trust_epoch", "Trust epoch of the status in use.", COUNT},
    {"hufu_status_epoch", "status_epoch", "Epoch of the status in use.", COUNT},
    {"hufu_status_holds_until_timestamp_seconds", "status_holds_until",
     "Until when gated logins are decided by the status in use.", INSTANT},
    {"hufu_room_free_bytes", "room_free", "What is free on the disk of the ledger, beside the reserve.",
     COUNT},
    {"hufu_room_reserve_bytes", "reserve_held", "What is set aside there for the day when it is full.",
     COUNT},
    {"hufu_room_reserve_wanted_bytes", "reserve",
     "How much of it there should be: with less nobody gated is let in.", COUNT},
};

static const char *const states[] = {"away", "connecting", "refreshing", "live", "polling", "failed"};

static void put_head(struct buf *out, const char *name, const char *help)
{
    buf_printf(out, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help);
}

/* Whether there is anything to say, and what. */
static bool value_of(const json_t *value, enum kind kind, long long *ret)
{
    when_t instant = 0;

    switch (kind) {
    case COUNT:
        *ret = json_integer_value(value);
        return json_is_integer(value);
    case FLAG:
        *ret = json_is_true(value);
        return json_is_boolean(value);
    case INSTANT:
        if (!json_is_string(value) ||
            when_parse(json_string_value(value), json_string_length(value), &instant) < 0)
            return false;
        *ret = instant;
        return true;
    }
    return false;
}

static void put_state(struct buf *out, const json_t *sync)
{
    const char *state = json_string_value(json_object_get(sync, "state"));

    put_head(out, "hufu_sync_state", "What hufu-ldapd does; 1 is the state it is in.");
    for (size_t i = 0; i < ARRAY_SIZE(states); i++)
        buf_printf(out, "hufu_sync_state{state=\"%s\"} %d\n", states[i],
                   state && strcmp(state, states[i]) == 0);
}

char *openmetrics_of_sync(const json_t *sync)
{
    struct buf out = BUF_INIT;
    char *text;

    put_head(&out, "hufu_up", "Whether hufud answers.");
    buf_printf(&out, "hufu_up %d\n", sync != NULL);
    if (sync)
        put_state(&out, sync);
    for (size_t i = 0; sync && i < ARRAY_SIZE(families); i++) {
        long long value = 0;

        if (!value_of(json_object_get(sync, families[i].member), families[i].kind, &value))
            continue;
        put_head(&out, families[i].name, families[i].help);
        buf_printf(&out, "%s %lld\n", families[i].name, value);
    }
    buf_puts(&out, "# EOF\n");
    text = buf_steal_text(&out);
    buf_done(&out);
    return text;
}
