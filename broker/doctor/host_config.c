#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"

#include <errno.h>

#define REAPER_CONF "/etc/hufu/reaper.conf"
#define LDAPD_CONF  "/etc/hufu/ldapd.conf"

/* Each program judges its own file, as it does when it starts. */
static void check_file(struct doctor *d, const char *program, const char *file)
{
    const char *const argv[] = {program, "--check", NULL};
    cleanup_doctor_output struct doctor_output output = {0};
    char line[201];
    int r = doctor_run(d, argv, &output);

    if (r < 0)
        doctor_unseen(d, program, r);
    if (r < 0 || output.status == 0)
        return;
    doctor_find(d, DOCTOR_PROBLEM, "config-wrong", file, _("is not taken at the next start: %s"),
                host_first_line(output.error[0] != '\0' ? output.error : output.out, line));
    doctor_advise(d, _("Correct it; `%s --check` says whether it is right."), program);
}

static void check_range(struct doctor *d)
{
    const struct doctor_host *h = doctor_host_of(d);
    cleanup_free char *text = NULL;
    uint32_t first, last;

    /* That it cannot be read, its program says. */
    if (h->gated_first == 0 || doctor_read(d, REAPER_CONF, &text) < 0 ||
        !doctor_parse_gated_uid(text, &first, &last) || (first == h->gated_first && last == h->gated_last))
        return;
    doctor_find(
        d, DOCTOR_PROBLEM, "range-differs", REAPER_CONF,
        _("has gated-uid = %u-%u, and hufud.conf %u-%u: sessions of those in one alone are not ended"),
        (unsigned)first, (unsigned)last, (unsigned)h->gated_first, (unsigned)h->gated_last);
    doctor_advise(d, _("Make them the same, then: systemctl reload hufu-reaper hufud"));
}

void check_config(struct doctor *d)
{
    check_file(d, "/usr/sbin/hufud", "/etc/hufu/hufud.conf");
    check_file(d, HUFU_LIBEXECDIR "/hufu-reaper", REAPER_CONF);
    if (host_has(d, LDAPD_CONF))
        check_file(d, HUFU_LIBEXECDIR "/hufu-ldapd", LDAPD_CONF);
    check_range(d);
    doctor_looked(d, "%s", _("configuration of Hufu's programs"));
}
