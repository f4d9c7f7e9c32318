#include "broker/audit/message.h"

#include "broker/audit/event.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <string.h>

/*
 * Sentences are patterns. A part in braces brings its own words along and is nothing when the record has no
 * such value, so one pattern serves a record that names a grant and one that does not.
 */
static const struct sentence {
    const char *event, *success, *failure;
} sentences[] = {
    {EVENT_LOGIN, "{who} admitted{on}{from}{until}{about}", "{who} refused{on}{from}{why}{detail}{about}"},
    {EVENT_SESSION_OPEN, "{session} of {who} opened{on}{from}{until}{about}",
     "{session} of {who} refused{on}{from}{why}{detail}{about}"},
    {EVENT_SESSION_CLOSE, "{session} of {who} ended and proven so{took}{why}{detail}{about}",
     "{session} of {who} ended{why}{detail}{about}"},
    {EVENT_SESSION_REMAINS, "nothing remains of {session} of {who}{took}{detail}{about}",
     "{session} of {who} could not be ended to the last process{took}{why}{detail}{about}"},
    {EVENT_SWITCH, "{who} admitted{as}{on}{about}", "{who} refused{as}{on}{why}{detail}{about}"},
    {EVENT_JOB, "job of {who} admitted{on}{about}", "job of {who} refused{on}{why}{detail}{about}"},
    {EVENT_KEY, "key of {who} accepted{on}{from}{detail}{about}",
     "key of {who} refused{on}{from}{why}{detail}{about}"},
    {EVENT_CHANNEL, "{who} started a channel in {session}{detail}{about}",
     "{who} refused a channel in {session}{why}{detail}{about}"},
    {EVENT_COMMAND, "{who} runs a command{as} in {session}{detail}{about}",
     "{who} refused a command{as} in {session}{why}{detail}{about}"},
    {EVENT_COMMAND_END, "command of {who} in {session} ended{detail}{about}",
     "command of {who} in {session} did not succeed{detail}{about}"},
    {EVENT_RECORDING, "{session} of {who} is being recorded{detail}{about}",
     "{session} of {who} was not recorded{why}{detail}{about}"},
    {EVENT_TRANSFER, "{who} transferred in {session}{detail}{about}",
     "{who} transferred in part in {session}{detail}{about}"},
    {EVENT_UNLOCK, "screen of {who} unlocked{on}{about}", "screen of {who} stays locked{on}{why}{about}"},
    {EVENT_USER_MANAGER, "user manager of {who} started{on}{about}",
     "user manager of {who} refused{on}{why}{about}"},
    {EVENT_RELEASE, "reservation of {who} given back{on}{why}{about}",
     "reservation of {who} could not be given back{on}{why}{detail}{about}"},
    {EVENT_CLAIM, "use of {who} taken from the count over all hosts for {session}{detail}{about}",
     "nobody knows whether a use of {who} was taken from the count over all hosts{why}{detail}{about}"},
    {EVENT_CLAIM_BACK, "use of {who} given back to the count over all hosts{detail}{about}",
     "use of {who} could not be given back to the count over all hosts{why}{detail}{about}"},
    {EVENT_CLAIM_RESOLVED,
     "known again whether a use of {who} was taken from the count over all "
     "hosts{detail}{about}",
     "still not known whether a use of {who} was taken from the count over all "
     "hosts{why}{detail}{about}"},
    {EVENT_REQUEST_REFUSED, "request refused{on}{from}{by}{why}{detail}{about}",
     "request refused{on}{from}{by}{why}{detail}{about}"},
    {EVENT_GRANT_ADD, "grant for {who} added{by}{until}{detail}{about}",
     "grant for {who} not added{by}{why}{detail}{about}"},
    {EVENT_GRANT_CLOSE, "grant of {who} closed for good{why}{detail}{about}",
     "grant of {who} could not be closed{why}{detail}{about}"},
    {EVENT_GRANT_FINISH, "grant of {who} finished{by}{detail}{about}",
     "grant of {who} could not be finished{by}{why}{detail}{about}"},
    {EVENT_REVOKE, "{what} revoked{by}{took}{detail}{about}",
     "{what} revoked{by}, but not all could be ended{took}{why}{detail}{about}"},
    {EVENT_REVOCATION, "{what} revoked by signature{by}{until}{detail}{about}",
     "signed revocation not taken in{by}{why}{detail}{about}"},
    {EVENT_STATUS, "status taken in{by}{until}{detail}", "status not taken in{by}{why}{detail}"},
    {EVENT_LOCK, "{what} locked{by}{took}{detail}{about}",
     "{what} locked{by}, but not all could be ended{took}{why}{detail}{about}"},
    {EVENT_UNLOCK_TAKEN, "{what} unlocked{by}{detail}{about}", "{what} stays locked{by}{why}{detail}{about}"},
    {EVENT_SESSION_END, "{session} of {who} ended on order{by}{took}{detail}{about}",
     "{session} of {who} to be ended on order{by}, but something is left{took}{why}{detail}{about}"},
    {EVENT_WARN_UNHEARD, "{who} was warned that {session} ends{until}{about}",
     "{who} could not be warned that {session} ends{until}{detail}{about}"},
    {EVENT_TRUST_SEED, "trust file taken as the first trust{detail}", "no trust in force{why}{detail}"},
    {EVENT_TRUST_REPLACE, "trust replaced{by}{detail}", "trust not replaced{by}{why}{detail}"},
    {EVENT_TRUST_RESET, "trust started over{by}{detail}", "trust not started over{by}{why}{detail}"},
    {EVENT_CONTROL_REFUSED, "control request refused{by}{why}{detail}{about}",
     "control request refused{by}{why}{detail}{about}"},
    {EVENT_START, "broker started{detail}", "broker started and admits nobody who is gated{why}{detail}"},
    {EVENT_STOP, "broker stopped{detail}", "broker stopped{why}{detail}"},
    {EVENT_RELOAD, "configuration read anew{detail}",
     "configuration not taken, the one before stays in force{detail}"},
    {EVENT_RANGE_DIFFERS, "gated range of module and broker agree again{detail}",
     "gated range of the module is not the broker's{detail}"},
    {EVENT_REAPER, "reaper is there{detail}", "reaper is away{detail}"},
    {EVENT_CLOCK, "the clock is trusted again{detail}", "the clock is in doubt{why}{detail}"},
    {EVENT_CLOCK_STEP, "the clock was set forward{detail}", "the clock was set forward{why}{detail}"},
    {EVENT_CLOCK_CONFIRM, "the clock was confirmed{by}{detail}",
     "the clock was not confirmed{by}{why}{detail}"},
    {EVENT_HOST_CONFIRM, "this host was confirmed to be itself{by}{detail}",
     "this host was not confirmed to be itself{by}{why}{detail}"},
    {EVENT_DIRECTORY, "the directory is reached{detail}", "the directory is not reached{detail}"},
    {EVENT_DIRECTORY_REFRESH, "refresh of the directory{by}{detail}",
     "refresh of the directory not taken in{why}{detail}"},
    {EVENT_DIRECTORY_ENTRY, "entry of the directory is of use again{detail}",
     "entry of the directory is of no use{why}{detail}"},
    {EVENT_DIRECTORY_PURGE, "what is gone from the directory was confirmed{detail}",
     "much is gone from the directory, to be confirmed{detail}"},
    {EVENT_DIRECTORY_TROUBLE, "hufu-ldapd is heard again{detail}", "hufu-ldapd was hung up on{why}{detail}"},
    {EVENT_WITHDRAWN, "grant of {who} is in the directory again{detail}{about}",
     "grant of {who} withdrawn{why}{detail}{about}"},
    {EVENT_UNSIGNED, "{what} no longer revoked without signature{detail}{about}",
     "{what} revoked without signature{until}{detail}{about}"},
    {EVENT_CHECKPOINT, "checkpoint of the ledger{detail}",
     "no checkpoint of the ledger was made{why}{detail}"},
    {EVENT_LEDGER_KEY, "key that signs the ledger from here on{detail}",
     "another key than before signs the ledger from here on, or none{why}{detail}"},
    {EVENT_LEDGER_TRIM, "oldest records sealed and taken out of the ledger{detail}",
     "oldest records not taken out of the ledger{why}{detail}"},
    {EVENT_BACKUP, "backup of the store made{by}{detail}", "backup of the store not made{by}{why}{detail}"},
    {EVENT_STORE_RESTORED, "store confirmed after it was restored{by}{detail}",
     "store is not the latest of this host, it was restored{by}{why}{detail}"},
    {EVENT_STORE_ROOM, "room for records again{detail}", "room for records runs out{why}{detail}"},
    {EVENT_REVIEW, "review of the records signed off{by}{detail}",
     "review of the records not signed off{by}{why}{detail}"},
};

/* A record of an event that is not in the table, say of a newer store. */
static const char any_sentence[] = "{event} {result} of {who}{on}{from}{why}{detail}{about}";

static void put_visible(struct buf *b, const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || ident_is_visible_text(text, length)) {
        buf_puts(b, text);
        return;
    }
    for (size_t i = 0; i < length; i++)
        buf_put_u8(b, text[i] >= 0x20 && text[i] < 0x7f ? (uint8_t)text[i] : '?');
}

static void put_if(struct buf *b, const char *before, const char *text)
{
    if (!text || text[0] == '\0')
        return;
    buf_puts(b, before);
    put_visible(b, text);
}

static const char *text_or(const char *text, const char *otherwise)
{
    return text && text[0] != '\0' ? text : otherwise;
}

static void put_event(struct buf *b, const struct record *r)
{
    put_visible(b, text_or(r->event, "event"));
}

static void put_result(struct buf *b, const struct record *r)
{
    put_visible(b, text_or(r->result, "unknown"));
}

static void put_who(struct buf *b, const struct record *r)
{
    put_visible(b, text_or(r->staff, text_or(r->account, "somebody")));
}

static void put_what(struct buf *b, const struct record *r)
{
    if (text_or(r->grant, NULL))
        buf_puts(b, "grant");
    else if (text_or(r->staff, NULL))
        put_if(b, "staff ", r->staff);
    else if (text_or(r->vendor, NULL))
        put_if(b, "vendor ", r->vendor);
    else
        buf_puts(b, "this host");
}

static void put_session(struct buf *b, const struct record *r)
{
    if (r->session != 0)
        buf_printf(b, "session %llu", (unsigned long long)r->session);
    else
        buf_puts(b, "a session");
}

static void put_on(struct buf *b, const struct record *r)
{
    put_if(b, " on ", r->service);
}

static void put_from(struct buf *b, const struct record *r)
{
    if (r->address && strcmp(r->address, "local") == 0)
        put_if(b, " at ", text_or(r->tty, "the console"));
    else
        put_if(b, " from ", r->address);
}

static void put_as(struct buf *b, const struct record *r)
{
    if (strcmp(text_or(r->account, ""), text_or(r->staff, "")) != 0)
        put_if(b, " as ", r->account);
}

static void put_until(struct buf *b, const struct record *r)
{
    char text[WHEN_TEXT_SIZE];

    if (r->deadline == 0)
        return;
    when_format(r->deadline, text);
    if (r->deadline == WHEN_NEVER)
        buf_puts(b, ", without an end");
    else
        put_if(b, ", until ", text);
}

static void put_took(struct buf *b, const struct record *r)
{
    if (r->latency_us != 0)
        buf_printf(b, " after %llu.%llu ms", (unsigned long long)(r->latency_us / 1000),
                   (unsigned long long)(r->latency_us % 1000 / 100));
}

static void put_why(struct buf *b, const struct record *r)
{
    if (r->reason != 0)
        put_if(b, ": ", text_or(reason_name(r->reason), "unknown reason"));
}

static void put_detail(struct buf *b, const struct record *r)
{
    put_if(b, ": ", r->detail);
}

static void put_by(struct buf *b, const struct record *r)
{
    if (r->actor != UINT32_MAX)
        buf_printf(b, " by login uid %u", r->actor);
}

static void put_about(struct buf *b, const struct record *r)
{
    const struct {
        const char *name, *value;
    } parts[] = {
        {"grant ", r->grant}, {"vendor ", r->vendor}, {"ticket ", r->ticket}, {"reference ", r->reference}};
    const char *before = " (";

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (!text_or(parts[i].value, NULL))
            continue;
        buf_puts(b, before);
        put_if(b, parts[i].name, parts[i].value);
        before = ", ";
    }
    if (before[0] == ',')
        buf_puts(b, ")");
}

/* 1,234,567 */
static void put_grouped(struct buf *b, uint64_t n)
{
    if (n >= 1000) {
        put_grouped(b, n / 1000);
        buf_printf(b, ",%03u", (unsigned)(n % 1000));
    } else {
        buf_printf(b, "%u", (unsigned)n);
    }
}

static void put_between(struct buf *b, int64_t first_us, int64_t last_us)
{
    char first[WHEN_TEXT_SIZE], last[WHEN_TEXT_SIZE];

    when_format((when_t)(first_us / 1000000), first);
    when_format((when_t)(last_us / 1000000), last);
    if (strcmp(first, last) == 0)
        buf_printf(b, " at %s", first);
    else
        buf_printf(b, " between %s and %s", first, last);
}

/* What a record stands for beside the one that its sentence is about. */
static void put_more(struct buf *b, const struct record *r)
{
    if (r->count < 2)
        return;
    buf_puts(b, ", and ");
    put_grouped(b, r->count - 1);
    buf_puts(b, " more like it");
    if (r->sources == RECORD_SOURCES_MANY)
        buf_printf(b, " from more than %u addresses", RECORD_SOURCES_MANY - 1);
    else if (r->sources > 1)
        buf_printf(b, " from %u addresses", r->sources);
    put_between(b, r->first_us, r->at_us);
}

static const struct part {
    const char *name;
    void (*put)(struct buf *b, const struct record *r);
} parts_of_sentences[] = {
    {"event", put_event},     {"result", put_result}, {"who", put_who},   {"what", put_what},
    {"session", put_session}, {"on", put_on},         {"from", put_from}, {"as", put_as},
    {"until", put_until},     {"took", put_took},     {"why", put_why},   {"detail", put_detail},
    {"by", put_by},           {"about", put_about},
};

static void put_part(struct buf *b, const struct record *r, const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(parts_of_sentences); i++)
        if (strlen(parts_of_sentences[i].name) == length &&
            memcmp(parts_of_sentences[i].name, name, length) == 0) {
            parts_of_sentences[i].put(b, r);
            return;
        }
}

static const char *sentence_of(const struct record *r)
{
    for (size_t i = 0; i < ARRAY_SIZE(sentences); i++)
        if (strcmp(sentences[i].event, text_or(r->event, "")) == 0)
            return strcmp(text_or(r->result, ""), "success") == 0 ? sentences[i].success
                                                                  : sentences[i].failure;
    return any_sentence;
}

static void put_sentence(struct buf *b, const struct record *r)
{
    const char *at = sentence_of(r);

    while (*at != '\0') {
        const char *brace = strchr(at, '{');
        const char *end = brace ? strchr(brace, '}') : NULL;

        if (!end) {
            buf_puts(b, at);
            return;
        }
        buf_put(b, at, (size_t)(brace - at));
        put_part(b, r, brace + 1, (size_t)(end - brace - 1));
        at = end + 1;
    }
}

void message_render(const struct record *r, struct buf *b)
{
    put_sentence(b, r);
    put_more(b, r);
}
