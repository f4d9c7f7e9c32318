#include "broker/daemon/taken_text.h"

#include "broker/common/i18n.h"
#include "policy/base/buf.h"

#include <stdio.h>
#include <string.h>

static void put_signed(struct buf *b, const struct taken_entry *x, const char *until)
{
    char id[IDENT_ID_TEXT_SIZE];

    ident_format_id(&x->revocation, id);
    if (until)
        buf_printf(b, _("Signed revocation %.8s by %s (%s), until %s"), id, x->signer, x->role, until);
    else
        buf_printf(b, _("Signed revocation %.8s by %s (%s), for ever"), id, x->signer, x->role);
}

static void put_unsigned(struct buf *b, const struct taken_entry *x, const char *until)
{
    char id[IDENT_ID_TEXT_SIZE];

    ident_format_id(&x->revocation, id);
    if (until)
        buf_printf(b, _("Revocation %.8s of the directory, unsigned, as long as it is there and until %s"),
                   id, until);
    else
        buf_printf(b, _("Revocation %.8s of the directory, unsigned, as long as it is there"), id);
}

static void put_local(struct buf *b, const struct taken_entry *x, const char *until)
{
    bool tombstone = x->what.kind == STORE_TOMBSTONE;
    char by[16] = "?";

    if (x->what.by != UINT32_MAX)
        (void)snprintf(by, sizeof(by), "%u", x->what.by);
    if (tombstone && until)
        buf_printf(b, _("Revoked on this host only, by login uid %s, until %s"), by, until);
    else if (tombstone)
        buf_printf(b, _("Revoked on this host only, by login uid %s, for ever"), by);
    else if (until)
        buf_printf(b, _("Locked on this host, by login uid %s, until %s"), by, until);
    else
        buf_printf(b, _("Locked on this host, by login uid %s, until unlocked"), by);
}

/* What an operator typed was never parsed. */
static void put_why(struct buf *b, const char *why)
{
    size_t length = strlen(why);

    if (length == 0)
        return;
    buf_puts(b, ": ");
    if (ident_is_visible_text(why, length)) {
        buf_puts(b, why);
        return;
    }
    for (size_t i = 0; i < length; i++)
        buf_put_u8(b, why[i] >= 0x20 && why[i] < 0x7f ? (uint8_t)why[i] : '?');
}

void taken_text(const struct taken_entry *x, char text[static TAKEN_TEXT_SIZE])
{
    cleanup_buf struct buf b = BUF_INIT;
    char until[WHEN_TEXT_SIZE];
    bool ends = x->what.until != WHEN_NEVER;

    when_format(x->what.until, until);
    if (x->is_signed)
        put_signed(&b, x, ends ? until : NULL);
    else if (x->is_unsigned)
        put_unsigned(&b, x, ends ? until : NULL);
    else
        put_local(&b, x, ends ? until : NULL);
    put_why(&b, x->what.why);
    text[0] = '\0';
    if (buf_error(&b) == 0 && b.size < TAKEN_TEXT_SIZE)
        (void)snprintf(text, TAKEN_TEXT_SIZE, "%.*s", (int)b.size, (const char *)b.data);
}

static json_t *text_or_null(const struct taken_entry *x)
{
    char text[TAKEN_TEXT_SIZE];

    if (!x)
        return json_null();
    taken_text(x, text);
    return json_string(text);
}

/* Or of its version, or of who signed it. */
static json_t *text_of_status(const struct kept_status *x, enum reason by_status)
{
    const struct status *s = x->document;
    char text[TAKEN_TEXT_SIZE];

    if (!s || by_status == REASON_OK)
        return json_null();
    if (by_status == REASON_APPROVAL_MISSING)
        (void)snprintf(text, sizeof(text),
                       _("Status %u of trust epoch %u (%s) revokes the certificate of someone who signed"),
                       s->epoch, s->trust_epoch, x->signer);
    else
        (void)snprintf(text, sizeof(text), _("Status %u of trust epoch %u (%s) revokes this version or all"),
                       s->epoch, s->trust_epoch, x->signer);
    return json_string(text);
}

json_t *taken_text_of_grant(const struct broker *b, const struct grant_entry *e, when_t now)
{
    const struct grant g = grant_entry_grant(e);
    const struct taken_entry *x = taken_why_grant(b->taken, &g, now);

    if (!x && e->taken_away == REASON_WITHDRAWN)
        return json_string(_("It came from the directory and is there no more"));
    if (x)
        return text_or_null(x);
    /* Of what does not stand by itself, a status takes nothing. */
    return e->standing == REASON_OK || e->by_status == REASON_REVOKED
               ? text_of_status(&b->status.current, e->by_status)
               : json_null();
}

json_t *taken_text_of_staff(const struct broker *b, const char *staff, when_t now)
{
    return text_or_null(taken_why_staff(b->taken, staff, now));
}

json_t *taken_text_of_host(const struct broker *b, when_t now)
{
    return text_or_null(taken_why_host(b->taken, now));
}
