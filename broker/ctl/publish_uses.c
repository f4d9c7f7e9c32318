#include "broker/ctl/publish.h"

#include <string.h>

/*
 * A use is an entry, and hosts take any free one: there must never be more of them than the grant says. Uses
 * that are held stay whatever their number, since they count; of the free ones those with the highest numbers
 * go.
 */

enum use {
    USE_ABSENT = 0,
    USE_FREE,
    USE_HELD,
};

struct uses {
    struct entry_use of;                   /* the grant and its hosts */
    enum use state[ENTRY_USES_MAX + 1];    /* by slot, from 1 */
    bool is_elsewhere[ENTRY_USES_MAX + 1]; /* is for other hosts than the document */
    size_t n;                              /* free and held ones */
};

static enum exit_code hear_use(struct ldif_record **record, void *userdata)
{
    struct uses *u = userdata;
    const char *slot = ldif_text(*record, "hufuSlot");
    uint32_t number = 0;

    u->n++;
    if (slot && ident_parse_number(slot, strlen(slot), &number) == 0 && number <= ENTRY_USES_MAX) {
        u->state[number] = ldif_text(*record, "hufuHolder") ? USE_HELD : USE_FREE;
        u->is_elsewhere[number] = !entry_use_names_hosts(*record, &u->of);
    }
    return EXIT_DONE;
}

static void plan(struct uses *u, size_t n, const char *base, struct buf *changes)
{
    struct entry_use use = u->of;
    char dn[ENTRY_NAME_SIZE + DIRECTORY_BASE_MAX];

    for (size_t slot = ENTRY_USES_MAX; slot > 0 && u->n > n; slot--) {
        if (u->state[slot] != USE_FREE)
            continue;
        (void)snprintf(dn, sizeof(dn), "cn=%s.%zu,ou=uses,%s", use.grant, slot, base);
        entry_put_deletion(changes, dn);
        u->state[slot] = USE_ABSENT;
        u->n--;
    }
    for (use.slot = 1; use.slot <= ENTRY_USES_MAX; use.slot++)
        if (u->state[use.slot] != USE_ABSENT && u->is_elsewhere[use.slot])
            entry_put_use_hosts(changes, &use, base);
    for (use.slot = 1; use.slot <= ENTRY_USES_MAX && u->n < n; use.slot++) {
        if (u->state[use.slot] != USE_ABSENT)
            continue;
        entry_put_use(changes, &use, base);
        u->n++;
    }
}

/* The first refusal that is none: another hufuctl was quicker. */
static void hear_answer(size_t number, int code, const char *text, void *userdata)
{
    struct directory_reply *r = userdata;

    (void)number;
    if (code == 0 || code == DIRECTORY_EXISTS || code == DIRECTORY_NO_OBJECT || r->code != 0)
        return;
    r->code = code;
    (void)snprintf(r->text, sizeof(r->text), "%s", text);
}

/* Versions share their uses, and the highest says how many. */
struct versions {
    uint32_t own;
    bool higher;
};

static enum exit_code hear_version(struct ldif_record **record, void *userdata)
{
    struct versions *v = userdata;
    const char *text = ldif_text(*record, "hufuVersion");
    uint32_t number = 0;

    v->higher =
        v->higher || (text && ident_parse_number(text, strlen(text), &number) == 0 && number > v->own);
    return EXIT_DONE;
}

static enum exit_code look_for_higher(struct directory *d, const char *id, uint32_t version, bool *higher)
{
    static const char *const attributes[] = {"hufuVersion", NULL};
    struct versions v = {.own = version};
    enum exit_code code;
    char filter[100];

    (void)snprintf(filter, sizeof(filter), "(&(objectClass=hufuGrant)(hufuId=%s))", id);
    code = directory_list(d, NULL, filter, attributes, hear_version, &v);
    *higher = v.higher;
    return code;
}

static enum exit_code adjust(struct directory *d, const char *id, const struct grant *g)
{
    static const char *const attributes[] = {"hufuSlot", "hufuHolder", "hufuHost", NULL};
    cleanup_free struct uses *uses = calloc(1, sizeof(*uses));
    cleanup_buf struct buf changes = BUF_INIT;
    struct directory_reply refusal = {0};
    enum exit_code code;
    char filter[100];

    if (!uses)
        return cli_fail(d->cli, EXIT_REFUSED, _("out of memory"));
    uses->of = (struct entry_use){.grant = id, .hosts = g->hosts.items, .n_hosts = g->hosts.count};
    (void)snprintf(filter, sizeof(filter), "(&(objectClass=hufuUse)(hufuId=%s))", id);
    code = directory_list(d, "ou=uses", filter, attributes, hear_use, uses);
    if (code != EXIT_DONE)
        return code;
    plan(uses, g->uses.count, d->base, &changes);
    if (changes.size == 0)
        return EXIT_DONE;
    code = directory_apply(d, &changes, hear_answer, &refusal);
    if (code == EXIT_DONE && refusal.code != 0)
        return directory_refused(d->cli, _("the uses across the fleet were not made"), refusal.code,
                                 refusal.text);
    return code;
}

enum exit_code publish_uses(struct directory *d, const struct grant *g)
{
    char id[IDENT_ID_TEXT_SIZE];
    bool higher = false;
    enum exit_code code;

    ident_format_id(&g->id, id);
    code = look_for_higher(d, id, g->version, &higher);
    return code == EXIT_DONE && !higher ? adjust(d, id, g) : code;
}
