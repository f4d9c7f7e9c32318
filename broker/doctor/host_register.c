#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/common/staff_register.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"

#include <string.h>

/* The staff register: whether it can be read, and whose papers lapsed although a grant of theirs is in force.
 * It gates nobody, so that nothing of it is a problem. */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static bool has_grant(const struct doctor *d, const char *staff)
{
    const json_t *reply = doctor_host_of(d)->grants, *grant;
    size_t i;

    json_array_foreach(json_is_array(reply) ? reply : json_object_get(reply, "grants"), i, grant)
    {
        if (strcmp(text_of(grant, "staff"), staff) == 0 && strcmp(text_of(grant, "state"), "ok") == 0)
            return true;
    }
    return false;
}

static void check_entry(struct doctor *d, const struct staff_entry *e)
{
    when_t now = doctor_host_of(d)->now;
    const struct {
        when_t until;
        const char *what;
    } papers[] = {{e->agreement, _("agreement")}, {e->training, _("training")}, {e->vetting, _("vetting")}};

    for (size_t i = 0; i < ARRAY_SIZE(papers); i++) {
        if (papers[i].until > now)
            continue;
        doctor_find(d, DOCTOR_WARNING, "staff-lapsed", e->staff,
                    _("has a grant in force here, and in the staff register no %s that holds"),
                    papers[i].what);
        doctor_advise(d, _("Have it renewed and correct %s, or revoke: the register gates nobody."),
                      STAFF_REGISTER_PATH);
    }
}

void check_register(struct doctor *d)
{
    cleanup(staff_register_free_p) struct staff_register *r = NULL;
    cleanup_free char *text = NULL;
    struct conf_error error;

    if (doctor_read_said(d, STAFF_REGISTER_PATH, &text) < 0)
        return;
    if (staff_register_parse(text, strlen(text), &r, &error) < 0) {
        doctor_find(d, DOCTOR_WARNING, "staff-register-malformed", STAFF_REGISTER_PATH,
                    _("is not taken, line %u: %s"), error.line, error.reason);
        doctor_advise(d, _("Correct it; staff.conf(5) has the form."));
        return;
    }
    doctor_looked(d, "%s", _("the staff register"));
    for (size_t i = 0; i < r->n; i++)
        if (has_grant(d, r->entries[i].staff))
            check_entry(d, &r->entries[i]);
}
