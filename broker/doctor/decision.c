#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROBE HUFU_LIBEXECDIR "/hufu-probe"
/* The module gives up after 2 s. */
#define SLOW_MS 2500

/* PAM codes that mean something here; the others are the stack's own business. */
#define CODE_SUCCESS          0
#define CODE_NEW_AUTHTOK_REQD 12
#define CODE_MODULE_UNKNOWN   28

/* What hufud says of a remote host that is a name, and what the module says without an answer. */
#define EXPECTED_REASON "[source-not-address]"
#define AWAY_SENTENCE   "Hufu: access for outside staff cannot be checked"

/* The value of a line `key: value` of what the probe printed, up to its end; NULL: there is none. */
static char *value_of(const char *out, const char *key)
{
    size_t length = strlen(key);

    for (const char *line = out; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, key, length) == 0)
            return strndup(line + length, strcspn(line + length, "\n"));
    return NULL;
}

/* Runs the probe. 0 with *ret, or what was wrong is said. */
static int ask(struct doctor *d, const char *service, const char *account, struct doctor_output *ret)
{
    const char *const argv[] = {PROBE, service, account, NULL};
    int r = doctor_run(d, argv, ret);
    cleanup_free char *code = NULL;

    if (r < 0) {
        doctor_unseen(d, PROBE, r);
        return r;
    }
    code = value_of(ret->out, "code: ");
    if (ret->status == 0 && code)
        return 0;
    doctor_find(
        d, DOCTOR_PROBLEM, "decision-failed", service,
        _("asking the real module about %s ended with status %d: a module of the stack takes whoever loads "
          "it down"),
        account, ret->status);
    doctor_advise(d, "%s %s %s; journalctl -b -n 50", PROBE, service, account);
    return -EIO;
}

static void judge_speed(struct doctor *d, const char *service, const char *account,
                        const struct doctor_output *o)
{
    if (o->elapsed_ms < SLOW_MS)
        return;
    doctor_find(d, DOCTOR_WARNING, "decision-slow", service, _("the decision about %s took %u ms"), account,
                o->elapsed_ms);
    doctor_advise(d, _("The module itself gives up after 2 s, so another module of the stack, or looking up "
                       "accounts, is slow."));
}

/* A gated account that comes from a name: refused by hufud for exactly that. */
static void judge_gated(struct doctor *d, const char *service, const char *account, int code,
                        const char *text, const char *out)
{
    cleanup_free char *said = value_of(out, "said: ");

    if (code == CODE_SUCCESS || code == CODE_NEW_AUTHTOK_REQD) {
        doctor_find(d, DOCTOR_PROBLEM, "decision-allowed", service,
                    _("lets %s in from a host that no grant can name: the gate does not hold"), account);
        doctor_advise(
            d,
            _("See the findings about PAM. Until it is settled: `hufuctl lock --host`, and lock the "
              "account with `usermod --expiredate 1 %s`."),
            account);
    } else if (strstr(out, AWAY_SENTENCE)) {
        doctor_find(d, DOCTOR_PROBLEM, "decision-broker-away", service,
                    _("refuses %s because hufud did not answer the module"), account);
        doctor_advise(d, "systemctl status hufud; ls -ld /run/hufu /run/hufu/gate");
    } else if (!said || !strstr(out, "said: Hufu: ")) {
        doctor_find(
            d, DOCTOR_PROBLEM, "decision-not-by-gate", service,
            _("refuses %s without a word of Hufu (%s): the module was not asked, or could not be loaded"),
            account, text);
        doctor_advise(d, "%s %s %s; journalctl -b -n 50", PROBE, service, account);
    } else if (!strstr(out, EXPECTED_REASON)) {
        doctor_find(d, DOCTOR_WARNING, "decision-other-reason", service,
                    _("refuses %s as it should, but for another reason: %s"), account, said);
        doctor_advise(
            d, _("As long as this stays so, every gated login is refused. `hufuctl status` says more."));
    }
}

/* Staff of the department: whatever the stack says, Hufu says nothing. */
static void judge_staff(struct doctor *d, const char *service, const char *account, int code,
                        const char *text, const char *out)
{
    if (code != CODE_MODULE_UNKNOWN && !strstr(out, "said: Hufu: "))
        return;
    doctor_find(d, DOCTOR_PROBLEM, "decision-stops-staff", service,
                _("Hufu stands in the way of %s, who is not gated (%s)"), account, text);
    doctor_advise(d, _("See the findings about PAM, and keep a root shell open until it is settled."));
}

typedef void judge_answer(struct doctor *d, const char *service, const char *account, int code,
                          const char *text, const char *out);

static void decide(struct doctor *d, const char *service, const char *account, judge_answer *judge)
{
    cleanup_doctor_output struct doctor_output output = {0};
    cleanup_free char *code = NULL, *text = NULL;

    if (ask(d, service, account, &output) < 0)
        return;
    code = value_of(output.out, "code: ");
    text = value_of(output.out, "text: ");
    judge_speed(d, service, account, &output);
    judge(d, service, account, code ? (int)strtol(code, NULL, 10) : -1, text ? text : "?", output.out);
    doctor_looked(d, _("a real decision about %s at %s"), account, service);
}

static bool has_service(struct doctor *d, const char *service)
{
    char path[64];
    struct stat st;

    (void)snprintf(path, sizeof(path), "/etc/pam.d/%s", service);
    return doctor_stat(d, path, &st) == 0;
}

void check_decision(struct doctor *d)
{
    static const char *const services[] = {"sshd", "login"};
    cleanup_doctor_accounts struct doctor_accounts accounts = {0};
    int r;

    /* Of somebody else the gate would only record that they asked. */
    if (doctor_host_of(d)->caller != doctor_host_of(d)->owner) {
        doctor_unseen(d, _("a real decision"), -EPERM);
        return;
    }
    r = doctor_gated_accounts(d, &accounts);
    if (r < 0)
        doctor_unseen(d, _("gated accounts"), r);
    if (r == 0 && accounts.n == 0) {
        doctor_find(d, DOCTOR_NOTE, "decision-no-account", "hufuctl doctor",
                    _("there is no gated account on this host, so no real decision was asked for"));
        doctor_advise(d, _("Run it again when the first vendor's account has been made."));
    }
    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        if (!has_service(d, services[i]))
            continue;
        if (accounts.n > 0)
            decide(d, services[i], accounts.items[0].name, judge_gated);
        decide(d, services[i], "root", judge_staff);
    }
}
