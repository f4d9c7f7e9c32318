#include "tests/unit/broker/doctor/debian.h"

#include "policy/base/buf.h"
#include "tests/unit/support/issuing.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define COMMON_ACCOUNT                                                       \
    "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n" \
    "account requisite pam_deny.so\n"                                        \
    "account required pam_permit.so\n"
#define COMMON_SESSION                    \
    "session [default=1] pam_permit.so\n" \
    "session requisite pam_deny.so\n"     \
    "session required pam_permit.so\n"    \
    "%s"                                  \
    "session required pam_unix.so\n"

static const struct {
    const char *path, *text;
} files[] = {
    {"/etc/pam.d/common-auth", "auth [success=1 default=ignore] pam_unix.so nullok\n"
                               "auth requisite pam_deny.so\n"
                               "auth required pam_permit.so\n"},
    {"/etc/pam.d/common-password", "password [success=1 default=ignore] pam_unix.so obscure yescrypt\n"
                                   "password requisite pam_deny.so\n"
                                   "password required pam_permit.so\n"},
    {"/etc/pam.d/sshd",
     "@include common-auth\n"
     "account    required     pam_nologin.so\n"
     "# account  required     pam_access.so\n"
     "@include common-account\n"
     "session [success=ok ignore=ignore module_unknown=ignore default=bad]  pam_selinux.so close\n"
     "session    required     pam_loginuid.so\n"
     "session    optional     pam_keyinit.so force revoke\n"
     "@include common-session\n"
     "session    optional     pam_motd.so  motd=/run/motd.dynamic\n"
     "session    required     pam_limits.so\n"
     "@include common-password\n"},
    {"/etc/pam.d/login", "auth optional pam_faildelay.so  delay=3000000\n"
                         "auth requisite  pam_nologin.so\n"
                         "session    required     pam_loginuid.so\n"
                         "@include common-auth\n"
                         "session    required   pam_limits.so\n"
                         "@include common-account\n"
                         "@include common-session\n"
                         "@include common-password\n"},
    {"/etc/pam.d/su", "auth       sufficient pam_rootok.so\n"
                      "# auth       required   pam_wheel.so\n"
                      "session       required   pam_env.so readenv=1\n"
                      "@include common-auth\n"
                      "@include common-account\n"
                      "@include common-session\n"},
    {"/etc/pam.d/su-l",
     "auth\tinclude\t\tsu\naccount\tinclude\t\tsu\npassword\tinclude\t\tsu\nsession\tinclude\t\tsu\n"},
    {"/etc/pam.d/sudo", "session    required   pam_limits.so\n@include common-auth\n@include common-account\n"
                        "@include common-session-noninteractive\n"},
    {"/etc/pam.d/sudo-i",
     "session    required   pam_limits.so\n@include common-auth\n@include common-account\n"
     "@include common-session\n"},
    {"/etc/pam.d/cron", "@include common-auth\n"
                        "session       required     pam_loginuid.so\n"
                        "session       required   pam_env.so\n"
                        "@include common-account\n"
                        "@include common-session-noninteractive\n"
                        "session    required   pam_limits.so\n"},
    {"/etc/pam.d/other", "@include common-auth\n@include common-account\n@include common-password\n"
                         "@include common-session\n"},
    {"/etc/pam.d/chsh", "auth required pam_shells.so\nauth sufficient pam_rootok.so\n@include common-auth\n"
                        "@include common-account\n@include common-session\n"},
    {"/etc/pam.d/passwd", "@include common-password\n"},
};

/* The six lines of a phase of the profile, each with its phase before it. */
static char *profile_lines(const char *section, const char *phase)
{
    cleanup_buf struct buf b = BUF_INIT;
    char line[512];
    bool inside = false;
    FILE *f = fopen("contrib/pam-configs/hufu", "re");

    must(f != NULL);
    while (fgets(line, sizeof(line), f)) {
        if (line[0] != '\t')
            inside =
                strncmp(line, section, strlen(section)) == 0 && strcmp(line + strlen(section), ":\n") == 0;
        else if (inside)
            buf_printf(&b, "%s%s", phase, line);
    }
    must(fclose(f) == 0 && b.size > 0);
    return buf_steal_text(&b);
}

static void put_common(struct patient *p, const char *account, const char *session)
{
    cleanup_free char *accounts = issue_text("%s%s", account, COMMON_ACCOUNT);
    cleanup_free char *sessions = issue_text(COMMON_SESSION, session);
    cleanup_free char *interactive = issue_text("%ssession optional pam_systemd.so\n", sessions);

    patient_put(p, "/etc/pam.d/common-account", accounts);
    patient_put(p, "/etc/pam.d/common-session-noninteractive", sessions);
    patient_put(p, "/etc/pam.d/common-session", interactive);
}

void debian_put_modules(struct patient *p)
{
    patient_put(p, "/usr/lib/x86_64-linux-gnu/security/pam_unix.so", "");
    patient_put(p, "/usr/lib/x86_64-linux-gnu/security/pam_hufu.so", "");
}

void debian_put_pam(struct patient *p)
{
    debian_put_modules(p);
    put_common(p, "", "");
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        patient_put(p, files[i].path, files[i].text);
}

static char *read_whole(const char *path)
{
    cleanup_buf struct buf b = BUF_INIT;
    char part[1024];
    size_t got;
    FILE *f = fopen(path, "re");

    must(f != NULL);
    while ((got = fread(part, 1, sizeof(part), f)) > 0)
        buf_put(&b, part, got);
    must(fclose(f) == 0);
    return buf_steal_text(&b);
}

void debian_put_stacks(struct patient *p)
{
    static const char *const names[] = {"atd",   "chfn",     "chsh",        "cron", "login",
                                        "other", "polkit-1", "runuser",     "sshd", "su",
                                        "sudo",  "sudo-i",   "systemd-user"};

    debian_put_pam(p);
    patient_put(p, "/etc/pam.d/runuser-l", "auth include runuser\nsession include runuser\n");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        cleanup_free char *from = issue_text("contrib/pam.d/%s", names[i]);
        cleanup_free char *to = issue_text("/etc/pam.d/%s", names[i]);
        cleanup_free char *text = read_whole(from);

        patient_put(p, to, text);
    }
}

void debian_put_profile(struct patient *p)
{
    cleanup_free char *account = profile_lines("Account", "account");
    cleanup_free char *session = profile_lines("Session", "session");

    debian_put_pam(p);
    put_common(p, account, session);
}

void debian_change(struct patient *p, const char *path, const char *what, const char *to)
{
    cleanup_free char *text = read_whole(patient_path(p, path));
    char *at = strstr(text, what);
    cleanup_free char *changed = NULL;

    must(at != NULL);
    changed = issue_text("%.*s%s%s", (int)(at - text), text, to, at + strlen(what));
    patient_put(p, path, changed);
}
