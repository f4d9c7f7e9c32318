#include "broker/common/i18n.h"
#include "broker/common/ldif.h"
#include "broker/ldap/oneshot.h"
#include "policy/base/arena.h"

#include <errno.h>
#include <string.h>

/* Change records (RFC 2849) as LDAP's operations, one after the other. Adds, modifications and deletions;
 * nothing here has to be renamed. */

/* Modifications while they are put together; all memory is the record's arena. */
struct changes {
    struct arena *arena;
    LDAPMod **mods; /* ends with NULL; has room for one a line */
    size_t n;
    size_t most; /* values of one modification at most */
};

static bool changes_begin(struct changes *c, const struct ldif_record *r)
{
    *c = (struct changes){.arena = r->arena, .most = r->n_lines};
    c->mods = arena_new_array(c->arena, LDAPMod *, r->n_lines + 1);
    return c->mods != NULL;
}

static LDAPMod *add_mod(struct changes *c, int operation, const char *name)
{
    LDAPMod *mod = arena_new_array(c->arena, LDAPMod, 1);

    if (!mod)
        return NULL;
    mod->mod_op = operation | LDAP_MOD_BVALUES;
    mod->mod_type = (char *)name;
    c->mods[c->n++] = mod;
    return mod;
}

static size_t count_values(const LDAPMod *mod)
{
    size_t n = 0;

    while (mod->mod_bvalues && mod->mod_bvalues[n])
        n++;
    return n;
}

/* Room doubles; what it leaves behind goes with the arena. */
static bool add_value(struct changes *c, LDAPMod *mod, const struct ldif_line *line)
{
    size_t n = count_values(mod);
    struct berval *value = arena_new_array(c->arena, struct berval, 1);
    struct berval **values = mod->mod_bvalues;

    if (!value)
        return false;
    *value = (struct berval){line->size, (char *)line->value};
    if (n == 0 || (n >= 4 && (n & (n - 1)) == 0)) {
        values = arena_new_array(c->arena, struct berval *, n == 0 ? 5 : 2 * n + 1);
        if (!values)
            return false;
        if (n > 0)
            memcpy(values, mod->mod_bvalues, n * sizeof(struct berval *));
        mod->mod_bvalues = values;
    }
    values[n] = value;
    return true;
}

/* --- what a record asks for -------------------------------------------------------------------------------
 */

static LDAPMod *find_mod(const struct changes *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcasecmp(c->mods[i]->mod_type, name) == 0)
            return c->mods[i];
    return NULL;
}

/* NULL, or why it is none. */
static const char *read_add(struct changes *c, const struct ldif_record *r)
{
    for (size_t i = 1; i < r->n_lines; i++) {
        const struct ldif_line *line = &r->lines[i];
        LDAPMod *mod = find_mod(c, line->name);

        if (strcmp(line->name, "-") == 0)
            return _("a line of `-` in an addition");
        if (!mod)
            mod = add_mod(c, LDAP_MOD_ADD, line->name);
        if (!mod || !add_value(c, mod, line))
            return strerrordesc_np(ENOMEM);
    }
    return c->n > 0 ? NULL : _("an addition without attributes");
}

static int operation_of(const char *word)
{
    static const struct {
        const char *word;
        int operation;
    } operations[] = {{"add", LDAP_MOD_ADD}, {"delete", LDAP_MOD_DELETE}, {"replace", LDAP_MOD_REPLACE}};

    for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
        if (strcasecmp(word, operations[i].word) == 0)
            return operations[i].operation;
    return -1;
}

/* `add: NAME`, lines of that name, `-`. Returns the line behind, or 0 with *why. */
static size_t read_part(struct changes *c, const struct ldif_record *r, size_t i, const char **why)
{
    int operation = operation_of(r->lines[i].name);
    const char *name = (const char *)r->lines[i].value;
    LDAPMod *mod = operation >= 0 && *name ? add_mod(c, operation, name) : NULL;

    *why = _("a modification has parts that begin with `add:`, `delete:` or `replace:` and end with `-`");
    if (!mod)
        return 0;
    for (i++; i < r->n_lines && strcasecmp(r->lines[i].name, name) == 0; i++)
        if (!add_value(c, mod, &r->lines[i]))
            return 0;
    if (i == r->n_lines || strcmp(r->lines[i].name, "-") != 0 ||
        (operation == LDAP_MOD_ADD && !mod->mod_bvalues))
        return 0;
    return i + 1;
}

static const char *read_modify(struct changes *c, const struct ldif_record *r)
{
    const char *why = _("a modification without parts");

    for (size_t i = 1; i < r->n_lines;) {
        i = read_part(c, r, i, &why);
        if (i == 0)
            return why;
        why = NULL;
    }
    return why;
}

/* --- sending ----------------------------------------------------------------------------------------------
 */

/* NULL and LDAP's code of sending it; else why the record is none. */
static const char *send_record(const struct oneshot *o, const struct ldif_record *r, int *msgid, int *code)
{
    LDAP *ldap = connection_ldap(o->connection);
    bool named = strcasecmp(r->lines[0].name, "changetype") == 0;
    const char *type = named ? (const char *)r->lines[0].value : "";
    struct changes changes;
    const char *why;

    if (!oneshot_is_below(o, r->dn))
        return _("its name is not below the base");
    if (!changes_begin(&changes, r))
        return strerrordesc_np(ENOMEM);
    if (strcmp(type, "delete") == 0 && r->n_lines == 1) {
        *code = ldap_delete_ext(ldap, r->dn, NULL, NULL, msgid);
        return NULL;
    }
    if (strcmp(type, "add") == 0) {
        why = read_add(&changes, r);
        if (!why)
            *code = ldap_add_ext(ldap, r->dn, changes.mods, NULL, NULL, msgid);
        return why;
    }
    if (strcmp(type, "modify") != 0)
        return _("a change begins with `changetype: add`, `modify` or `delete`");
    why = read_modify(&changes, r);
    if (!why)
        *code = ldap_modify_ext(ldap, r->dn, changes.mods, NULL, NULL, msgid);
    return why;
}

/* Sends one record and prints its line. */
static enum oneshot_exit apply(const struct oneshot *o, const struct ldif_record *r, size_t number)
{
    char error[CONNECTION_ERROR_SIZE] = "";
    int code = LDAP_SUCCESS, msgid = 0;
    const char *why = send_record(o, r, &msgid, &code);

    if (why)
        return oneshot_fail(o, ONESHOT_USAGE, _("line %u: %s"), r->line, why);
    if (code == LDAP_SUCCESS)
        code = connection_outcome(o->connection, msgid, error);
    else
        connection_trouble(o->connection, code, error);
    if (code < 0)
        return oneshot_fail(o, ONESHOT_AWAY, "%s: %s", connection_uri(o->connection), error);
    if (fprintf(o->out, "%zu %d %s\n", number, code, error) < 0 || fflush(o->out) != 0)
        return oneshot_fail(o, ONESHOT_AWAY, _("cannot write the output"));
    return code == LDAP_SUCCESS ? ONESHOT_DONE : ONESHOT_REFUSED;
}

enum oneshot_exit oneshot_apply(const struct oneshot *o)
{
    struct ldif_reader reader = {.in = o->in};
    enum oneshot_exit code = ONESHOT_DONE;
    size_t number = 0;
    int r;

    for (;;) {
        cleanup(ldif_record_free_p) struct ldif_record *record = NULL;
        enum oneshot_exit one;

        r = ldif_read(&reader, &record);
        if (r != 1)
            break;
        one = apply(o, record, ++number);
        if (one != ONESHOT_DONE && one != ONESHOT_REFUSED)
            return one;
        code = one == ONESHOT_REFUSED ? one : code;
    }
    if (r == -EINVAL)
        return oneshot_fail(o, ONESHOT_USAGE, _("line %u: %s"), reader.line, reader.reason);
    return r < 0 ? oneshot_fail(o, ONESHOT_USAGE, "%s", strerrordesc_np(-r)) : code;
}
