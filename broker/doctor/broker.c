#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"

#include <errno.h>
#include <string.h>

static enum doctor_severity severity_of(const char *name)
{
    if (name && strcmp(name, "note") == 0)
        return DOCTOR_NOTE;
    return name && strcmp(name, "warning") == 0 ? DOCTOR_WARNING : DOCTOR_PROBLEM;
}

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text ? text : "?";
}

static void check_range(struct doctor *d)
{
    if (doctor_host_of(d)->gated_first > 0)
        return;
    doctor_find(d, DOCTOR_PROBLEM, "range-unknown", "/etc/hufu/hufud.conf",
                _("does not say which uids are gated, or cannot be read"));
    doctor_advise(d, _("Run this as root on a host where `hufuctl setup` was run; the key is `gated-uid`."));
}

static void report(struct doctor *d, const json_t *finding)
{
    enum doctor_severity severity = severity_of(json_string_value(json_object_get(finding, "severity")));
    const char *subject = text_of(finding, "subject");

    if (strcmp(subject, "review") == 0) {
        doctor_find(d, severity, "review-overdue", subject, "%s", text_of(finding, "message"));
        doctor_advise(d, "hufuctl review");
        return;
    }
    doctor_find(d, severity, "broker-reports", subject, "%s", text_of(finding, "message"));
    doctor_advise(d, "hufuctl status --all");
}

void check_broker(struct doctor *d)
{
    const json_t *status = doctor_host_of(d)->status, *finding;
    size_t i;

    check_range(d);
    if (!status && doctor_host_of(d)->not_permitted) {
        doctor_unseen(d, _("what hufud reports"), -EACCES);
        return;
    }
    if (!status) {
        doctor_find(d, DOCTOR_PROBLEM, "broker-away", "hufud",
                    _("does not answer: every gated login is refused, and nobody else's"));
        doctor_advise(d, "systemctl status hufud; journalctl -u hufud");
        return;
    }
    doctor_looked(d, "%s", _("what hufud reports"));
    if (!json_is_true(json_object_get(status, "deciding"))) {
        doctor_find(d, DOCTOR_PROBLEM, "broker-refuses", "hufud", _("refuses every gated login: %s"),
                    text_of(status, "reason"));
        doctor_advise(d, _("`hufuctl status` says more; hufuctl(1) explains each reason."));
    }
    json_array_foreach(json_object_get(status, "findings"), i, finding) report(d, finding);
}
