#include "broker/ctl/scope.h"

#include "broker/common/i18n.h"
#include "broker/ctl/table.h"
#include "policy/base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The words of the protocol that have a translation. */
static const char *const scopes[] = {N_("grant"), N_("staff"), N_("vendor"), N_("host"), NULL};
static const char *const kinds[] = {N_("lock"), N_("revocation"), NULL};

static const char *translated(const char *const *words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return _(*words);
    return word;
}

char *scope_whom(const char *scope, const char *name)
{
    char *text = NULL;

    if (strcmp(scope, "host") == 0)
        return strdup(_("all gated logins"));
    return asprintf(&text, "%s %s", translated(scopes, scope), name) < 0 ? NULL : text;
}

static char *cell(const json_t *object, const char *member, const char *const *words)
{
    cleanup_free char *text = table_cell(json_object_get(object, member));

    return text ? strdup(translated(words, text)) : NULL;
}

char *scope_of(const json_t *object)
{
    return cell(object, "scope", scopes);
}

char *scope_kind_of(const json_t *object)
{
    return cell(object, "kind", kinds);
}
