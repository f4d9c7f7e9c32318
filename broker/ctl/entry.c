#include "broker/ctl/entry.h"

#include <string.h>
#include <strings.h>

/* --- what follows from a document -------------------------------------------------------------------------
 */

static void put_value(struct entry *e, const char *name, const char *value)
{
    e->values[e->n_values++] = (struct entry_value){name, value};
}

static void describe_grant(struct entry *e, const struct grant *g)
{
    ident_format_id(&g->id, e->id);
    when_format(g->valid.until, e->not_after);
    (void)snprintf(e->number, sizeof(e->number), "%u", g->version);
    (void)snprintf(e->cn, sizeof(e->cn), "%s.%u", e->id, g->version);
    e->class = "hufuGrant";
    put_value(e, "hufuId", e->id);
    put_value(e, "hufuVersion", e->number);
    for (size_t i = 0; i < g->hosts.count; i++)
        put_value(e, "hufuHost", g->hosts.items[i]);
    put_value(e, "hufuStaff", g->staff);
    put_value(e, "hufuVendor", g->vendor);
    put_value(e, "hufuNotAfter", e->not_after);
}

static void describe_epoch(struct entry *e, const char *class, uint32_t name, uint32_t epoch)
{
    (void)snprintf(e->cn, sizeof(e->cn), "%u", name);
    (void)snprintf(e->number, sizeof(e->number), "%u", epoch);
    e->class = class;
    put_value(e, "hufuEpoch", e->number);
}

static void name_it(struct entry *e, const char *folder)
{
    (void)snprintf(e->name, sizeof(e->name), "cn=%s,ou=%s", e->cn, folder);
}

void entry_of(const struct signable *document, struct entry *ret)
{
    *ret = (struct entry){.document = document};
    if (document->grant) {
        describe_grant(ret, document->grant);
        name_it(ret, "grants");
    } else if (document->revocation) {
        ident_format_id(&document->revocation->id, ret->id);
        (void)snprintf(ret->cn, sizeof(ret->cn), "%s", ret->id);
        ret->class = "hufuRevocation";
        put_value(ret, "hufuId", ret->id);
        name_it(ret, "revocations");
    } else if (document->status) {
        describe_epoch(ret, "hufuStatus", document->status->trust_epoch, document->status->epoch);
        name_it(ret, "status");
    } else {
        describe_epoch(ret, "hufuTrust", document->trust->epoch, document->trust->epoch);
        name_it(ret, "trust");
    }
}

size_t entry_uses(const struct signable *document)
{
    const struct grant *g = document->grant;

    return g && g->uses.scope == GRANT_USES_FLEET ? g->uses.count : 0;
}

/* --- what is there ----------------------------------------------------------------------------------------
 */

bool entry_is_approval(const struct ldif_line *line)
{
    return strcasecmp(line->name, "hufuApproval") == 0;
}

void entry_held_of(const struct ldif_record *record, struct entry_held *ret)
{
    *ret = (struct entry_held){.record = record};
    for (size_t i = 0; record && i < record->n_lines; i++) {
        if (strcasecmp(record->lines[i].name, "hufuDocument") == 0)
            ret->document = &record->lines[i];
        ret->n_approvals += entry_is_approval(&record->lines[i]);
    }
}

static bool is_held(const struct entry_held *held, struct octets approval)
{
    for (size_t i = 0; i < held->record->n_lines; i++) {
        const struct ldif_line *line = &held->record->lines[i];

        if (entry_is_approval(line) && line->size == approval.size &&
            memcmp(line->value, approval.data, approval.size) == 0)
            return true;
    }
    return false;
}

/* Whether the one that is there is a status that this one does not follow. */
static bool is_newer(const struct entry_held *held, const struct signable *wanted)
{
    cleanup(signable_done) struct signable there = {0};

    if (!wanted->status || signable_parse(held->document->value, held->document->size, &there, NULL) < 0 ||
        !there.status)
        return false;
    return there.status->epoch > wanted->status->epoch;
}

/* Whether it is one that this one follows. What cannot be read there is no status and follows nothing. */
static bool is_older(const struct entry_held *held, const struct signable *wanted)
{
    cleanup(signable_done) struct signable there = {0};

    if (!wanted->status)
        return false;
    if (signable_parse(held->document->value, held->document->size, &there, NULL) < 0 || !there.status)
        return true;
    return there.status->epoch < wanted->status->epoch;
}

/* --- changes ----------------------------------------------------------------------------------------------
 */

static void put_head(struct buf *changes, const struct entry *e, const char *base, const char *change)
{
    char dn[ENTRY_NAME_SIZE + 1024];

    (void)snprintf(dn, sizeof(dn), "%s,%s", e->name, base);
    ldif_put_text(changes, "dn", dn);
    ldif_put_text(changes, "changetype", change);
}

static void put_add(struct buf *changes, const struct entry *e, const struct octets *approvals, size_t n,
                    const char *base)
{
    put_head(changes, e, base, "add");
    ldif_put_text(changes, "objectClass", e->class);
    ldif_put_text(changes, "cn", e->cn);
    for (size_t i = 0; i < e->n_values; i++)
        ldif_put_text(changes, e->values[i].name, e->values[i].value);
    ldif_put(changes, "hufuDocument", e->document->text, e->document->size);
    for (size_t i = 0; i < n; i++)
        ldif_put(changes, "hufuApproval", approvals[i].data, approvals[i].size);
    ldif_put_end(changes);
}

/* Deletes the very document that was seen: if another came in between, nothing is changed. */
static void put_replace(struct buf *changes, const struct entry *e, const struct octets *approvals, size_t n,
                        const struct entry_held *held, const char *base)
{
    put_head(changes, e, base, "modify");
    ldif_put_text(changes, "delete", "hufuDocument");
    ldif_put(changes, "hufuDocument", held->document->value, held->document->size);
    ldif_put_dash(changes);
    ldif_put_text(changes, "add", "hufuDocument");
    ldif_put(changes, "hufuDocument", e->document->text, e->document->size);
    ldif_put_dash(changes);
    ldif_put_text(changes, "replace", "hufuApproval");
    for (size_t i = 0; i < n; i++)
        ldif_put(changes, "hufuApproval", approvals[i].data, approvals[i].size);
    for (size_t i = 0; i < e->n_values; i++) {
        if (i == 0 || strcmp(e->values[i].name, e->values[i - 1].name) != 0) {
            ldif_put_dash(changes);
            ldif_put_text(changes, "replace", e->values[i].name);
        }
        ldif_put_text(changes, e->values[i].name, e->values[i].value);
    }
    ldif_put_dash(changes);
    ldif_put_end(changes);
}

/* Adds those that are not there. How many there are then. */
static enum entry_plan plan_approvals(struct buf *changes, const struct entry *e,
                                      const struct octets *approvals, size_t n, const struct entry_held *held,
                                      const char *base)
{
    size_t n_new = 0;

    for (size_t i = 0; i < n; i++)
        n_new += !is_held(held, approvals[i]);
    if (n_new == 0)
        return ENTRY_SAME;
    if (held->n_approvals + n_new > ENTRY_APPROVALS_MAX)
        return ENTRY_TOO_MANY;
    put_head(changes, e, base, "modify");
    ldif_put_text(changes, "add", "hufuApproval");
    for (size_t i = 0; i < n; i++)
        if (!is_held(held, approvals[i]))
            ldif_put(changes, "hufuApproval", approvals[i].data, approvals[i].size);
    ldif_put_dash(changes);
    ldif_put_end(changes);
    return ENTRY_APPROVE;
}

enum entry_plan entry_plan(const struct entry *e, const struct octets *approvals, size_t n_approvals,
                           const struct ldif_record *record, bool replace, const char *base,
                           struct buf *changes)
{
    struct entry_held held;

    if (n_approvals > ENTRY_APPROVALS_MAX)
        return ENTRY_TOO_MANY;
    entry_held_of(record, &held);
    if (!held.document) {
        put_add(changes, e, approvals, n_approvals, base);
        return ENTRY_ADD;
    }
    if (held.document->size == e->document->size &&
        memcmp(held.document->value, e->document->text, e->document->size) == 0)
        return plan_approvals(changes, e, approvals, n_approvals, &held, base);
    if (!replace && !is_older(&held, e->document))
        return is_newer(&held, e->document) ? ENTRY_NEWER : ENTRY_OTHER;
    put_replace(changes, e, approvals, n_approvals, &held, base);
    return ENTRY_REPLACE;
}

static void put_use_name(struct buf *changes, const struct entry_use *use, const char *base)
{
    char dn[ENTRY_NAME_SIZE + 1024];

    (void)snprintf(dn, sizeof(dn), "cn=%s.%lu,ou=uses,%s", use->grant, use->slot, base);
    ldif_put_text(changes, "dn", dn);
}

static void put_hosts(struct buf *changes, const struct entry_use *use)
{
    for (size_t i = 0; i < use->n_hosts; i++)
        ldif_put_text(changes, "hufuHost", use->hosts[i]);
}

void entry_put_use(struct buf *changes, const struct entry_use *use, const char *base)
{
    char number[24];
    char cn[64];

    (void)snprintf(number, sizeof(number), "%lu", use->slot);
    (void)snprintf(cn, sizeof(cn), "%s.%s", use->grant, number);
    put_use_name(changes, use, base);
    ldif_put_text(changes, "changetype", "add");
    ldif_put_text(changes, "objectClass", "hufuUse");
    ldif_put_text(changes, "cn", cn);
    ldif_put_text(changes, "hufuId", use->grant);
    ldif_put_text(changes, "hufuSlot", number);
    put_hosts(changes, use);
    if (use->holder)
        ldif_put_text(changes, "hufuHolder", use->holder);
    ldif_put_end(changes);
}

void entry_put_use_hosts(struct buf *changes, const struct entry_use *use, const char *base)
{
    put_use_name(changes, use, base);
    ldif_put_text(changes, "changetype", "modify");
    ldif_put_text(changes, "replace", "hufuHost");
    put_hosts(changes, use);
    ldif_put_dash(changes);
    ldif_put_end(changes);
}

static bool is_host_of(const struct entry_use *use, const struct ldif_line *line)
{
    for (size_t i = 0; i < use->n_hosts; i++)
        if (strcmp(use->hosts[i], (const char *)line->value) == 0)
            return true;
    return false;
}

/* Values of an attribute differ from one another, so that as many and each one of them are the same set. */
bool entry_use_names_hosts(const struct ldif_record *record, const struct entry_use *use)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_lines; i++) {
        if (strcasecmp(record->lines[i].name, "hufuHost") != 0)
            continue;
        if (!is_host_of(use, &record->lines[i]))
            return false;
        n++;
    }
    return n == use->n_hosts;
}

void entry_put_deletion(struct buf *changes, const char *dn)
{
    ldif_put_text(changes, "dn", dn);
    ldif_put_text(changes, "changetype", "delete");
    ldif_put_end(changes);
}
