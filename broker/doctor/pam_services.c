#include "broker/doctor/pam.h"

#include <string.h>

/* Services that open a session or run commands, which no grant knows by a kind of its own. */
static const char *const further_doors[] = {
    "remote",        "rlogin",  "rsh",  "rexec",       "telnet",   "ftp",          "vsftpd",      "proftpd",
    "pure-ftpd",     "cockpit", "xrdp", "xrdp-sesman", "dropbear", "systemd-run0", "doas",        "super",
    "machine-shell", "mosh",    "ly",   "emptty",      "lemurs",   "tigervnc",     "shellinabox", NULL,
};

/* They change a password or an account as root, greet, or unlock a screen that a live session shows. */
static const char *const harmless[] = {
    "chage",
    "chpasswd",
    "groupadd",
    "groupdel",
    "groupmems",
    "groupmod",
    "newusers",
    "passwd",
    "useradd",
    "userdel",
    "usermod",
    "chgpasswd",
    "ppp",
    "lightdm-greeter",
    "gdm-launch-environment",
    "sddm-greeter",
    "vlock",
    "xscreensaver",
    "i3lock",
    "swaylock",
    "kde",
    "kscreensaver",
    "gnome-screensaver",
    "xlock",
    "cinnamon-screensaver",
    "mate-screensaver",
    "light-locker",
    "physlock",
    "screen",
    "slock",
    "xfce4-screensaver",
    NULL,
};

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

bool pam_service_is_harmless(const char *name)
{
    return is_one_of(name, harmless);
}

void pam_service_classify(struct pam_service *s)
{
    s->kind = service_kind_of(s->name);
    /* Only root can call it, who could as well change the stack. */
    if (strncmp(s->name, "runuser", 7) == 0) {
        s->severity = DOCTOR_WARNING;
        return;
    }
    s->severity =
        s->kind != SERVICE_OTHER || is_one_of(s->name, further_doors) ? DOCTOR_PROBLEM : DOCTOR_WARNING;
}
