#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"

#define HUFUD_CONF "/etc/hufu/hufud.conf"
#define LDAPD_CONF "/etc/hufu/ldapd.conf"

/* Dates decide, and a status says how old news may be. What hufud itself knows of both it reports
 * (check_broker). */

static void check_clock(struct doctor *d)
{
    if (clock_is_synchronised())
        return;
    doctor_find(
        d, DOCTOR_WARNING, "clock-not-synchronised", "clock",
        _("is not synchronised: a step forward by hand stops the gate, and records carry the host's own "
          "idea of the time"));
    doctor_advise(d, _("Run a time service: systemctl enable --now systemd-timesyncd, or chrony."));
}

static void check_status(struct doctor *d)
{
    cleanup_free char *text = NULL;
    struct span value;

    if (!host_has(d, LDAPD_CONF) || doctor_read_said(d, HUFUD_CONF, &text) < 0 ||
        !lines_value(text, "directory", "status-max-age", &value) || !span_is(value, "none"))
        return;
    doctor_find(d, DOCTOR_WARNING, "status-not-required", HUFUD_CONF,
                _("says `status-max-age = none`, and this host has a directory: whoever keeps its news away "
                  "keeps revocations away, for as long as they like"));
    doctor_advise(d, _("Write `status-max-age = 24h` once a status comes, then: systemctl reload hufud"));
}

void check_time(struct doctor *d)
{
    check_clock(d);
    check_status(d);
}
