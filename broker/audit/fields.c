#include "broker/audit/fields.h"

#include "broker/audit/event.h"
#include "broker/audit/message.h"
#include "policy/base/ident.h"

#include <syslog.h>

#define IDENTIFIER "hufud"

void fields_done(struct fields *f)
{
    buf_done(&f->text);
    f->n = 0;
}

/* Ends the field that was written behind the last one. */
static void field_end(struct fields *f)
{
    f->ends[f->n++] = f->text.size;
}

static void field_text(struct fields *f, const char *name, const char *value)
{
    if (!value || value[0] == '\0')
        return;
    buf_puts(&f->text, name);
    buf_puts(&f->text, "=");
    buf_puts(&f->text, value);
    field_end(f);
}

static void field_number(struct fields *f, const char *name, uint64_t value)
{
    buf_printf(&f->text, "%s=%llu", name, (unsigned long long)value);
    field_end(f);
}

static void field_deadline(struct fields *f, when_t deadline)
{
    char text[WHEN_TEXT_SIZE];

    if (deadline == 0)
        return;
    when_format(deadline, text);
    field_text(f, "HUFU_DEADLINE", text);
}

static void field_hash(struct fields *f, const uint8_t hash[static RECORD_HASH_SIZE])
{
    char text[2 * RECORD_HASH_SIZE + 1];

    ident_format_hex(hash, RECORD_HASH_SIZE, text);
    field_text(f, "HUFU_HASH", text);
}

static void fields_of_journal(struct fields *f, const struct record *r, const char *host, const char *ledger)
{
    buf_puts(&f->text, "MESSAGE=");
    message_render(r, &f->text);
    field_end(f);
    field_text(f, "MESSAGE_ID", event_message_id(record_text(r, 0)));
    field_number(f, "PRIORITY", (uint64_t)event_priority(record_text(r, 0), record_text(r, 1)));
    field_text(f, "SYSLOG_IDENTIFIER", IDENTIFIER);
    field_number(f, "SYSLOG_FACILITY", LOG_FAC(LOG_AUTHPRIV));
    field_text(f, "HUFU_HOST", host);
    field_text(f, "HUFU_LEDGER", ledger);
}

static void fields_of_record(struct fields *f, const struct record *r)
{
    field_number(f, "HUFU_SEQUENCE", r->sequence);
    field_number(f, "HUFU_TIME_USEC", (uint64_t)r->at_us);
    field_text(f, "HUFU_EVENT", r->event);
    field_text(f, "HUFU_RESULT", r->result);
    field_text(f, "HUFU_REASON", r->reason != 0 ? reason_name(r->reason) : NULL);
    field_text(f, "HUFU_STAFF", r->staff);
    field_text(f, "HUFU_VENDOR", r->vendor);
    field_text(f, "HUFU_ACCOUNT", r->account);
    field_text(f, "HUFU_SERVICE", r->service);
    field_text(f, "HUFU_ADDRESS", r->address);
    field_text(f, "HUFU_TTY", r->tty);
    field_text(f, "HUFU_GRANT", r->grant);
    if (r->version != 0)
        field_number(f, "HUFU_VERSION", r->version);
    field_text(f, "HUFU_TICKET", r->ticket);
    if (r->session != 0)
        field_number(f, "HUFU_SESSION", r->session);
    field_deadline(f, r->deadline);
    if (r->latency_us != 0)
        field_number(f, "HUFU_LATENCY_USEC", r->latency_us);
    field_text(f, "HUFU_REFERENCE", r->reference);
    if (r->actor != UINT32_MAX)
        field_number(f, "HUFU_ACTOR", r->actor);
    field_text(f, "HUFU_DETAIL", r->detail);
    if (r->count != 0) {
        field_number(f, "HUFU_COUNT", r->count);
        field_number(f, "HUFU_FIRST_USEC", (uint64_t)r->first_us);
        field_number(f, "HUFU_SOURCES", r->sources);
    }
    field_hash(f, r->hash);
}

/* The buffer moves while it grows, so the iovecs are made at the end. */
int fields_build(const struct record *r, const char *host, const char *ledger, struct fields *ret)
{
    size_t at = 0;

    *ret = (struct fields){.n = 0};
    fields_of_journal(ret, r, host, ledger);
    fields_of_record(ret, r);
    if (buf_error(&ret->text) < 0)
        return buf_error(&ret->text);
    for (size_t i = 0; i < ret->n; i++) {
        ret->items[i] = (struct iovec){.iov_base = ret->text.data + at, .iov_len = ret->ends[i] - at};
        at = ret->ends[i];
    }
    return 0;
}
