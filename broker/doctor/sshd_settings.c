#include "broker/common/i18n.h"
#include "broker/doctor/sshd.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HELPERS HUFU_LIBEXECDIR

/* What a setting has to be for a gated account. */
struct row {
    const char *keyword;
    const char *wanted;
    bool may_be_absent; /* an sshd built without it */
    enum doctor_severity severity;
    const char *code;
    const char *why; /* msgid: what the other value does */
};

static const struct row rows[] = {
    {"usepam", "yes", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-no-pam"),
     N_("without PAM the gate is not asked at all")},
    {"authorizedkeysfile", "none", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-own-keys"),
     N_("keys that the person brought are accepted")},
    {"authorizedkeyscommand", HELPERS "/hufu-authorized-keys %u %t %k", false, DOCTOR_PROBLEM,
     DOCTOR_CODE("sshd-keys-command"), N_("it is not the gate that says which key is accepted")},
    {"authorizedkeyscommanduser", "hufu-keys", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-keys-command"),
     N_("only hufu-keys may ask the gate about keys")},
    {"trustedusercakeys", "none", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-certificates"),
     N_("certificates are accepted in place of the granted key")},
    {"authorizedprincipalsfile", "none", false, DOCTOR_WARNING, DOCTOR_CODE("sshd-principals"),
     N_("it says who may come in by a certificate")},
    {"authorizedprincipalscommand", "none", false, DOCTOR_WARNING, DOCTOR_CODE("sshd-principals"),
     N_("it says who may come in by a certificate")},
    {"hostbasedauthentication", "no", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-host-based"),
     N_("another host vouches for the person")},
    {"gssapiauthentication", "no", true, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-kerberos"),
     N_("a ticket is accepted in place of the granted key")},
    {"kerberosauthentication", "no", true, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-kerberos"),
     N_("a ticket is accepted in place of the granted key")},
    {"permitemptypasswords", "no", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-empty-passwords"),
     N_("an account without a password is open to anybody")},
    {"forcecommand", HELPERS "/hufu-channel", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-no-channel"),
     N_("shell, commands and transfers are not told apart, and a grant's channel lines do not hold")},
    {"permituserrc", "no", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-user-files"),
     N_("a file in the person's home runs before the gate is asked about the channel")},
    {"permituserenvironment", "no", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-user-files"),
     N_("a file in the person's home chooses what programs load")},
    {"allowagentforwarding", "no", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-forwarding"),
     N_("no grant gives this")},
    {"allowstreamlocalforwarding", "no", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-forwarding"),
     N_("no grant gives this")},
    {"x11forwarding", "no", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-forwarding"), N_("no grant gives this")},
    {"gatewayports", "no", false, DOCTOR_WARNING, DOCTOR_CODE("sshd-gateway-ports"),
     N_("no grant gives this")},
    {"permittunnel", "no", false, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-tunnel"), N_("no grant gives this")},
    {"pamservicename", "sshd", true, DOCTOR_PROBLEM, DOCTOR_CODE("sshd-other-stack"),
     N_("another PAM stack is asked than the one with the gate")},
    {"securitykeyprovider", "internal", true, DOCTOR_WARNING, DOCTOR_CODE("sshd-other-program"),
     N_("sshd runs code of another file")},
    {"chrootdirectory", "none", true, DOCTOR_WARNING, DOCTOR_CODE("sshd-chroot"),
     N_("hufu-channel is not there, so nothing can be started")},
};

/* In the bits of *told behind the rows. */
enum further {
    FURTHER_FORWARDING = ARRAY_SIZE(rows),
    FURTHER_ENVIRONMENT,
    FURTHER_GRACE,
    FURTHER_METHODS,
    FURTHER_PROGRAM,
    FURTHER_N
};
_Static_assert(FURTHER_N <= 32, "each has a bit");

char *sshd_setting(const char *settings, const char *keyword)
{
    size_t length = strlen(keyword);

    for (const char *line = settings; line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncasecmp(line, keyword, length) == 0 && (line[length] == ' ' || line[length] == '\n'))
            return strndup(line + length + strspn(line + length, " "),
                           strcspn(line + length + strspn(line + length, " "), "\n"));
    return NULL;
}

static bool is_set_to(const char *settings, const char *keyword, const char *value)
{
    cleanup_free char *is = sshd_setting(settings, keyword);

    return is && strcasecmp(is, value) == 0;
}

/* Whether this is told for the first time. */
static bool tell(uint32_t *told, unsigned bit)
{
    bool first = (*told & (UINT32_C(1) << bit)) == 0;

    *told |= UINT32_C(1) << bit;
    return first;
}

static void advise_block(struct doctor *d)
{
    doctor_advise(
        d, _("Put /usr/share/hufu/ssh/hufu.conf in place as /etc/ssh/sshd_config.d/00-hufu.conf, before any "
             "other Match block and any other Include, and restart sshd: of several blocks the first that "
             "sets a keyword wins."));
}

static void judge_row(struct doctor *d, const struct sshd_asked *asked, size_t i, uint32_t *told)
{
    const struct row *row = &rows[i];
    cleanup_free char *is = sshd_setting(asked->settings, row->keyword);

    if ((is && strcasecmp(is, row->wanted) == 0) || (!is && row->may_be_absent) || !tell(told, (unsigned)i))
        return;
    doctor_find(d, row->severity, row->code, asked->subject, _("%s: %s is \"%s\": %s"), asked->who,
                row->keyword, is ? is : "", _(row->why));
    advise_block(d);
}

/* Agent, X11 and sockets are forbidden one by one as well. */
static bool is_covered(const struct sshd_asked *asked, const struct row *row)
{
    return strcmp(row->code, "sshd-forwarding") == 0 &&
           is_set_to(asked->settings, "disableforwarding", "yes");
}

/* Members of hufu-forward forward as the granted key says, so they must not come in without one. */
static void judge_forwarding(struct doctor *d, const struct sshd_asked *asked, uint32_t *told)
{
    bool by_key_alone = is_set_to(asked->settings, "passwordauthentication", "no") &&
                        is_set_to(asked->settings, "kbdinteractiveauthentication", "no");

    if (is_set_to(asked->settings, "disableforwarding", "yes") || by_key_alone ||
        !tell(told, FURTHER_FORWARDING))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "sshd-forwarding", asked->subject,
                _("%s: who logs in with a password forwards, whatever the grant says"), asked->who);
    advise_block(d);
}

static bool has_line(const char *settings, const char *wanted)
{
    size_t length = strlen(wanted);

    for (const char *line = settings; line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncasecmp(line, wanted, length) == 0 && (line[length] == '\n' || line[length] == 0))
            return true;
    return false;
}

/* The first variable that the client may choose, and that is no word about language. NULL: none. */
static char *accepted_variable(const char *settings)
{
    static const char keyword[] = "acceptenv ";

    for (const char *line = settings; line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *value = line + strlen(keyword);
        size_t length;

        if (strncasecmp(line, keyword, strlen(keyword)) != 0)
            continue;
        length = strcspn(value, "\n");
        if (!(length == 4 && strncmp(value, "LANG", 4) == 0) && strncmp(value, "LC_", 3) != 0)
            return strndup(value, length);
    }
    return NULL;
}

static void judge_environment(struct doctor *d, const struct sshd_asked *asked, uint32_t *told)
{
    static const char *const emptied[] = {"setenv LD_PRELOAD=", "setenv LD_LIBRARY_PATH=", "setenv LD_AUDIT=",
                                          "setenv BASH_ENV=", "setenv ENV="};
    cleanup_free char *variable = accepted_variable(asked->settings);
    const char *missing = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(emptied) && !missing; i++)
        if (!has_line(asked->settings, emptied[i]))
            missing = emptied[i];
    if ((!variable && !missing) || !tell(told, FURTHER_ENVIRONMENT))
        return;
    if (variable)
        doctor_find(d, DOCTOR_PROBLEM, "sshd-environment", asked->subject,
                    _("%s: the client chooses the variable %s, which may choose what programs load"),
                    asked->who, variable);
    else
        doctor_find(d, DOCTOR_PROBLEM, "sshd-environment", asked->subject,
                    _("%s: \"%s\" is missing: a file in the person's home may choose what programs load"),
                    asked->who, missing);
    advise_block(d);
}

static void judge_grace(struct doctor *d, const struct sshd_asked *asked, uint32_t *told)
{
    cleanup_free char *is = sshd_setting(asked->settings, "logingracetime");
    long seconds = is ? strtol(is, NULL, 10) : 0;

    if (seconds == 0 || seconds >= 10 || !tell(told, FURTHER_GRACE))
        return;
    doctor_find(d, DOCTOR_WARNING, "sshd-grace-time", asked->subject,
                _("LoginGraceTime is %ld s: a decision that takes its time is cut off without a word"),
                seconds);
    doctor_advise(d, _("Set LoginGraceTime to 30 or more."));
}

static void judge_methods(struct doctor *d, const struct sshd_asked *asked, uint32_t *told)
{
    if (!is_set_to(asked->settings, "authenticationmethods", "none") || !tell(told, FURTHER_METHODS))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "sshd-no-authentication", asked->subject,
                _("%s: AuthenticationMethods is \"none\": nobody has to prove who they are"), asked->who);
    doctor_advise(d, _("Take the line out."));
}

/* OpenSSH 9.8 and later: who answers a connection, and asks PAM, is a program of its own. */
static void judge_program(struct doctor *d, const struct sshd_asked *asked, uint32_t *told)
{
    static const char *const keywords[] = {"sshdsessionpath", "sshdauthpath"};

    for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
        cleanup_free char *is = sshd_setting(asked->settings, keywords[i]);

        if (!is || strncmp(is, "/usr/lib/", 9) == 0 || strncmp(is, "/usr/lib64/", 11) == 0 ||
            strncmp(is, "/usr/libexec/", 13) == 0 || !tell(told, FURTHER_PROGRAM))
            continue;
        doctor_find(d, DOCTOR_PROBLEM, "sshd-other-program", asked->subject, _("%s: %s is \"%s\": %s"),
                    asked->who, keywords[i], is, _("sshd runs code of another file"));
        doctor_advise(d, _("Take the line out."));
    }
}

void sshd_judge_settings(struct doctor *d, const struct sshd_asked *asked, uint32_t *told)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (!is_covered(asked, &rows[i]))
            judge_row(d, asked, i, told);
    judge_forwarding(d, asked, told);
    judge_environment(d, asked, told);
    judge_grace(d, asked, told);
    judge_methods(d, asked, told);
    judge_program(d, asked, told);
}
