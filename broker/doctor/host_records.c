#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"
#include "broker/doctor/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The ledger is the record. The journal's copy, what leaves the host, and auditd's watch add to it. */

#define AUDIT_RULES "/etc/audit/rules.d/50-hufu.rules"

/* Files that journald reads after its own, in the order of their names. */
static void read_storage(struct doctor *d, const char *path, char *storage, size_t size)
{
    cleanup_free char *text = NULL;
    struct span value;

    if (doctor_read_said(d, path, &text) == 0 && lines_value(text, "Journal", "Storage", &value))
        (void)snprintf(storage, size, "%.*s", (int)value.length, value.text);
}

static void read_storage_folder(struct doctor *d, const char *folder, char *storage, size_t size)
{
    cleanup_doctor_names struct doctor_names names = {0};

    if (doctor_list(d, folder, &names) < 0)
        return;
    for (size_t i = 0; i < names.n; i++) {
        const char *dot = strrchr(names.items[i], '.');
        cleanup_free char *path = NULL;

        if (!dot || strcmp(dot, ".conf") != 0)
            continue;
        if (asprintf(&path, "%s/%s", folder, names.items[i]) < 0)
            path = NULL;
        else
            read_storage(d, path, storage, size);
    }
}

static void check_storage(struct doctor *d)
{
    char storage[32] = "auto";

    read_storage(d, "/etc/systemd/journald.conf", storage, sizeof(storage));
    read_storage_folder(d, "/usr/lib/systemd/journald.conf.d", storage, sizeof(storage));
    read_storage_folder(d, "/run/systemd/journald.conf.d", storage, sizeof(storage));
    read_storage_folder(d, "/etc/systemd/journald.conf.d", storage, sizeof(storage));
    if (strcmp(storage, "persistent") == 0 ||
        (strcmp(storage, "auto") == 0 && host_has(d, "/var/log/journal")))
        return;
    doctor_find(d, DOCTOR_WARNING, "journal-not-kept", "systemd-journald",
                _("does not keep the journal over a reboot (Storage=%s): the ledger has Hufu's records, and "
                  "nobody else's are left"),
                storage);
    doctor_advise(d, "mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nStorage=persistent\\n' "
                     ">/etc/systemd/journald.conf.d/zz-hufu.conf && systemctl restart systemd-journald");
}

/* rsyslog.conf(5): "@host", "@@host", omfwd, omrelp; journal-upload.conf(5): URL=. */
static bool forwards(const char *text)
{
    struct span line, value;
    const char *at = text;

    if (lines_value(text, "Upload", "URL", &value) && value.length > 0)
        return true;
    while (lines_next(&at, &line))
        if (span_holds(line, "omfwd") || span_holds(line, "omrelp") || span_holds(line, " @") ||
            span_holds(line, "\t@"))
            return true;
    return false;
}

static bool file_forwards(struct doctor *d, const char *path)
{
    cleanup_free char *text = NULL;

    return doctor_read_said(d, path, &text) == 0 && forwards(text);
}

static bool folder_forwards(struct doctor *d, const char *folder)
{
    cleanup_doctor_names struct doctor_names names = {0};
    bool found = false;

    if (doctor_list(d, folder, &names) < 0)
        return false;
    for (size_t i = 0; i < names.n && !found; i++) {
        cleanup_free char *path = NULL;

        if (asprintf(&path, "%s/%s", folder, names.items[i]) < 0)
            path = NULL;
        else
            found = file_forwards(d, path);
    }
    return found;
}

/* Others that send logs away: whether they are there is all that is asked. */
static bool has_other_sender(struct doctor *d)
{
    static const char *const programs[] = {
        "/usr/sbin/syslog-ng", "/usr/bin/fluent-bit", "/opt/fluent-bit/bin/fluent-bit",
        "/usr/bin/vector",     "/usr/bin/filebeat",   "/usr/share/filebeat/bin/filebeat"};

    for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
        if (host_has(d, programs[i]))
            return true;
    return false;
}

static void check_forwarding(struct doctor *d)
{
    if (file_forwards(d, "/etc/systemd/journal-upload.conf") || file_forwards(d, "/etc/rsyslog.conf") ||
        folder_forwards(d, "/etc/systemd/journal-upload.conf.d") || folder_forwards(d, "/etc/rsyslog.d") ||
        has_other_sender(d))
        return;
    doctor_find(d, DOCTOR_NOTE, "records-only-here", "journal",
                _("is sent nowhere: whoever becomes root here holds the only copy"));
    doctor_advise(d, _("Send it to another host: systemd-journal-upload, or rsyslog with omfwd or omrelp."));
}

static void check_catalog(struct doctor *d)
{
    if (host_has(d, "/usr/lib/systemd/catalog/hufu.catalog") ||
        host_has(d, "/lib/systemd/catalog/hufu.catalog"))
        return;
    doctor_find(d, DOCTOR_NOTE, "catalog-missing", "hufu.catalog",
                _("is not installed: `journalctl -x` explains none of Hufu's records"));
    doctor_advise(d, _("Install Hufu again, then: journalctl --update-catalog"));
}

/* ---- auditd ---- */

static void check_rules(struct doctor *d)
{
    const struct doctor_host *h = doctor_host_of(d);
    cleanup_free char *text = NULL;
    int r = doctor_read_said(d, AUDIT_RULES, &text);

    if (r == -ENOENT) {
        doctor_find(d, DOCTOR_WARNING, "audit-rules-missing", AUDIT_RULES,
                    _("is not there: auditd is, and records no denied access of gated accounts (A.4 f)"));
        doctor_advise(d, "install -m 640 /usr/share/hufu/audit/50-hufu.rules %s && augenrules --load",
                      AUDIT_RULES);
    }
    if (r < 0 || h->gated_first == 0 || audit_rules_cover(text, h->gated_first, h->gated_last))
        return;
    doctor_find(d, DOCTOR_WARNING, "audit-rules-range", AUDIT_RULES,
                _("watches other login uids than the gated ones, %u-%u, in some line at least"),
                (unsigned)h->gated_first, (unsigned)h->gated_last);
    doctor_advise(d, "sed -i -E 's/uid>=[0-9]+/uid>=%u/g; s/uid<=[0-9]+/uid<=%u/g' %s && augenrules --load",
                  (unsigned)h->gated_first, (unsigned)h->gated_last, AUDIT_RULES);
}

void check_records(struct doctor *d)
{
    check_storage(d);
    check_forwarding(d);
    check_catalog(d);
    if (host_has(d, "/usr/sbin/auditd")) {
        check_rules(d);
    } else {
        doctor_find(d, DOCTOR_NOTE, "auditd-absent", "auditd",
                    _("is not installed: access to files that was denied is on no record (A.4 f)"));
        doctor_advise(d,
                      _("Install auditd; then: install -m 640 /usr/share/hufu/audit/50-hufu.rules %s && "
                        "augenrules --load"),
                      AUDIT_RULES);
    }
    doctor_looked(d, "%s", _("where records are kept"));
}
