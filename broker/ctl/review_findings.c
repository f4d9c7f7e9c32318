#include "broker/ctl/review_findings.h"

#include "broker/common/i18n.h"
#include "broker/common/wrap.h"
#include "broker/ctl/review_rows.h"
#include "broker/ipc/varlink.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_unverified(const json_t *row)
{
    return !json_is_true(json_object_get(row, "verified"));
}

/* Whoever has root could have written all of it anew. */
static bool is_unsigned(const json_t *row)
{
    return json_is_true(json_object_get(row, "verified")) &&
           !json_is_string(json_object_get(row, "checkpoint_at"));
}

static bool is_any(const json_t *row)
{
    return json_is_object(row);
}

static bool is_unproven(const json_t *row)
{
    return json_is_false(json_object_get(row, "proven"));
}

static bool is_missing(const json_t *row)
{
    return json_is_false(json_object_get(row, "there"));
}

static bool is_let_in_from_elsewhere(const json_t *row)
{
    return json_is_false(json_object_get(row, "inside")) &&
           json_integer_value(json_object_get(row, "admitted")) > 0;
}

static bool is_unused(const json_t *row)
{
    return json_is_false(json_object_get(row, "used"));
}

static bool is_wider(const json_t *row)
{
    return json_array_size(json_object_get(row, "wider")) > 0;
}

static bool lapses_with_grants(const json_t *row)
{
    return json_is_true(json_object_get(row, "lapsed")) &&
           json_integer_value(json_object_get(row, "grants_live")) > 0;
}

static bool ends_within_two_weeks(const json_t *row)
{
    return json_integer_value(json_object_get(row, "days")) < 14;
}

static const struct {
    const char *rows;
    json_t *(*make)(const json_t *review);
    bool (*counts)(const json_t *row);
    const char *sentence; /* msgid */
} findings[] = {
    {"ledgers", NULL, is_unverified,
     N_("ledgers that are not verified: nothing below is proven about them (part 1)")},
    {"ledgers", NULL, is_unsigned, N_("ledgers that are whole, but signed by no key (part 1)")},
    {"forged", NULL, is_any, N_("records that somebody else forged into the journal (part 2)")},
    {"incidents", NULL, is_any, N_("kinds of incidents (part 3)")},
    {"sessions", NULL, is_unproven, N_("sessions whose end is not proven (part 4)")},
    {NULL, review_rows_sources, is_let_in_from_elsewhere,
     N_("addresses that somebody was let in from and that their grant does not name now (part 9)")},
    {"grants", NULL, is_unused, N_("grants that nobody used: are they still needed? (part 10)")},
    {"grants", NULL, is_wider, N_("grants wider than they were used (part 11)")},
    {"revocations", NULL, is_unproven, N_("revocations whose effect is not proven (part 12)")},
    {"ended_rights", NULL, is_unproven,
     N_("rights that ended without proof that nobody was left in (part 13)")},
    {"recordings", NULL, is_missing, N_("recordings that are not where they should be (part 16)")},
    {"expiring", NULL, ends_within_two_weeks,
     N_("things that end within two weeks, or have ended (part 18)")},
    {"register", NULL, lapses_with_grants,
     N_("entries of the staff register that lapsed although grants are in force (part 19)")},
};

static size_t count(const json_t *rows, bool (*counts)(const json_t *row))
{
    json_t *row;
    size_t i, n = 0;

    json_array_foreach((json_t *)rows, i, row) n += counts(row);
    return n;
}

int review_findings_print(FILE *out, const json_t *review)
{
    bool any = false;

    (void)fprintf(out, "\n%s\n", _("Look at first"));
    for (size_t i = 0; i < ARRAY_SIZE(findings); i++) {
        cleanup_json json_t *made = findings[i].make ? findings[i].make(review) : NULL;
        const json_t *rows = findings[i].make ? made : json_object_get(review, findings[i].rows);
        size_t n;

        if (!rows)
            return -ENOMEM;
        n = count(rows, findings[i].counts);
        if (n == 0)
            continue;
        any = true;
        (void)fprintf(out, "  %5zu  ", n);
        wrap_line(out, _(findings[i].sentence), strlen(_(findings[i].sentence)), 9, 9);
    }
    if (!any)
        (void)fprintf(out, "  %s\n", _("Nothing stands out."));
    return 0;
}
