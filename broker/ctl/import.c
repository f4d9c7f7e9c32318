#include "broker/ctl/import.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

__attribute__((format(printf, 2, 3))) static int refuse(char *reason, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reason, IMPORT_REASON_SIZE, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

void import_item_done(struct import_item *item)
{
    signable_done(&item->document);
    ldif_record_free(item->record);
    item->record = NULL;
}

/* --- documents --------------------------------------------------------------------------------------------
 */

static int take_approval(struct import_item *item, const struct ldif_line *line, char *reason)
{
    cleanup(approval_free_p) struct approval *approval = NULL;
    struct document_error error = {.in_words = i18n_words};
    int r = approval_parse(line->value, line->size, &approval, &error);

    if (r == -EINVAL)
        return refuse(reason, _("an approval of it is none: line %u: %s"), error.line, error.reason);
    if (r < 0)
        return r;
    if (!signable_is_subject(&item->document, approval))
        return refuse(reason, _("an approval of it, by %s, is about something else"), approval->approver);
    if (item->n_approvals == ENTRY_APPROVALS_MAX)
        return refuse(reason, _("it has more than %d approvals"), ENTRY_APPROVALS_MAX);
    item->approvals[item->n_approvals++] = (struct octets){line->value, line->size};
    return 0;
}

static int take_document(struct import_item *item, const struct ldif_line *document, char *reason)
{
    struct document_error error = {.in_words = i18n_words};
    int r = signable_parse(document->value, document->size, &item->document, &error);

    if (r == -EINVAL)
        return refuse(reason, _("its document is none: line %u: %s"), error.line, error.reason);
    if (r == -ENOTSUP)
        return refuse(reason, _("its document is neither a grant nor a trust file, revocation or status"));
    for (size_t i = 0; r == 0 && i < item->record->n_lines; i++)
        if (entry_is_approval(&item->record->lines[i]))
            r = take_approval(item, &item->record->lines[i], reason);
    if (r < 0)
        return r;
    entry_of(&item->document, &item->entry);
    (void)snprintf(item->name, sizeof(item->name), "%s", item->entry.name);
    return 0;
}

/* --- uses -------------------------------------------------------------------------------------------------
 */

/* HOST:NONCE. */
static bool is_holder(const char *text)
{
    const char *colon = strchr(text, ':');
    struct ident_id nonce;

    return colon && ident_is_name(text, (size_t)(colon - text)) &&
           ident_parse_id(colon + 1, strlen(colon + 1), &nonce) == 0;
}

static bool has_line(const struct ldif_record *r, const char *name)
{
    for (size_t i = 0; i < r->n_lines; i++)
        if (strcasecmp(r->lines[i].name, name) == 0)
            return true;
    return false;
}

static int take_host(struct import_item *item, const struct ldif_line *line, char *reason)
{
    const char *host = (const char *)line->value;
    size_t group = host[0] == '@' ? 1 : 0;

    if (strlen(host) != line->size || !ident_is_name(host + group, line->size - group))
        return refuse(reason, _("a host of this use is no name of a host or @group"));
    if (item->n_hosts == IMPORT_HOSTS_MAX)
        return refuse(reason, _("it has more than %d hosts"), IMPORT_HOSTS_MAX);
    item->hosts[item->n_hosts++] = host;
    return 0;
}

static int take_hosts(struct import_item *item, char *reason)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < item->record->n_lines; i++)
        if (strcasecmp(item->record->lines[i].name, "hufuHost") == 0)
            r = take_host(item, &item->record->lines[i], reason);
    if (r == 0 && item->n_hosts == 0)
        return refuse(reason, _("it names no host that this use is for"));
    return r;
}

static int take_use(struct import_item *item, char *reason)
{
    const char *id = ldif_text(item->record, "hufuId");
    const char *slot = ldif_text(item->record, "hufuSlot");
    struct ident_id parsed;

    item->holder = ldif_text(item->record, "hufuHolder");
    if (!id || ident_parse_id(id, strlen(id), &parsed) < 0 || !slot ||
        ident_parse_number(slot, strlen(slot), &item->slot) < 0 || item->slot > ENTRY_USES_MAX)
        return refuse(reason, _("it is neither a document nor a use of a grant"));
    if (has_line(item->record, "hufuHolder") && (!item->holder || !is_holder(item->holder)))
        return refuse(reason, _("the holder of this use is not written as HOST:NONCE"));
    (void)snprintf(item->use, sizeof(item->use), "%s", id);
    (void)snprintf(item->name, sizeof(item->name), "cn=%s.%u,ou=uses", id, item->slot);
    return take_hosts(item, reason);
}

int import_item_of(struct ldif_record **record, struct import_item *ret,
                   char reason[static IMPORT_REASON_SIZE])
{
    struct entry_held held;
    int r;

    *ret = (struct import_item){.line = (*record)->line, .record = steal_pointer(record)};
    entry_held_of(ret->record, &held);
    if (has_line(ret->record, "changetype"))
        r = refuse(reason, _("it is a change, not an entry"));
    else
        r = held.document ? take_document(ret, held.document, reason) : take_use(ret, reason);
    if (r < 0)
        import_item_done(ret);
    return r;
}
