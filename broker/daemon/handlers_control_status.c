#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/common/reason_text.h"
#include "broker/daemon/handlers_control.h"
#include "broker/daemon/judging.h"
#include "broker/daemon/loading.h"
#include "broker/daemon/retention.h"
#include "broker/daemon/review_keeper.h"
#include "broker/daemon/room_findings.h"
#include "broker/daemon/sealer.h"
#include "broker/daemon/state.h"
#include "broker/daemon/status_findings.h"
#include "broker/daemon/texts.h"
#include "broker/daemon/timekeeper.h"
#include "broker/daemon/trust_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EXPIRES_SOON ((when_t)30 * 86400)

__attribute__((format(printf, 4, 5))) static void find(json_t *findings, const char *severity,
                                                       const char *subject, const char *format, ...)
{
    char message[512];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    (void)json_array_append_new(
        findings, json_pack("{ss ss ss}", "severity", severity, "subject", subject, "message", message));
}

static void find_clock(struct broker *b, json_t *findings)
{
    char expected[WHEN_TEXT_SIZE], found[WHEN_TEXT_SIZE];
    struct timekeeper_view v;

    timekeeper_view(b->timekeeper, &v);
    when_format(v.expected, expected);
    when_format(v.found, found);
    if (v.standing == CLOCK_BEHIND)
        find(findings, "problem", "clock",
             _("When it had to be %s at least, the clock of this host said %s. The gate opens by itself when "
               "the clock is synchronised and behind nothing that was seen; if it is right and no time "
               "service can say so: `hufuctl clock confirm`."),
             expected, found);
    else if (v.standing == CLOCK_AHEAD)
        find(findings, "problem", "clock",
             _("When it was %s, the clock of this host was set to %s without being synchronised. The gate "
               "opens by itself when the clock is synchronised; if it is right and no time service can say "
               "so: `hufuctl clock confirm`."),
             expected, found);
}

/* Before anything else: the one that somebody wants. */
static void find_lock(struct broker *b, json_t *findings, when_t now)
{
    const struct taken_entry *lock = taken_why_host(b->taken, now);
    char at[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

    if (!lock)
        return;
    when_format(lock->what.at, at);
    when_format(lock->what.until == WHEN_NEVER ? 0 : lock->what.until, until);
    if (lock->what.until == WHEN_NEVER)
        find(findings, "problem", reason_name(REASON_HOST_LOCKED),
             _("This host is locked since %s by uid %u, until `hufuctl unlock --host`: %s"), at,
             (unsigned)lock->what.by, lock->what.why);
    else
        find(findings, "problem", reason_name(REASON_HOST_LOCKED),
             _("This host is locked since %s by uid %u, until %s: %s"), at, (unsigned)lock->what.by, until,
             lock->what.why);
}

static void find_problems(struct broker *b, json_t *findings, enum reason reason)
{
    const struct reason_text *row = reason_text_of(reason);

    find_lock(b, findings, clock_wall());
    if (!b->store)
        find(findings, "problem", "store", "%s", b->store_trouble);
    else if (store_health(b->store) < 0)
        find(findings, "problem", "store", _("The last commit failed: %s"),
             strerror(-store_health(b->store)));
    if (b->restored.trouble[0] != '\0')
        find(findings, "problem", "store", "%s", b->restored.trouble);
    if (!b->trust)
        find(findings, "problem", "trust", "%s", b->trust_trouble);
    if (b->host_trouble[0] != '\0')
        find(findings, "problem", "host", "%s", b->host_trouble);
    find_clock(b, findings);
    if (!reaper_client_is_here(b->reaper))
        find(findings, "problem", "reaper", "%s",
             _("hufu-reaper is away: no session can begin, and none can be ended by hufud."));
    /* Behind those that say what to do: a small terminal has room for the first ones. */
    if (reason != REASON_OK && reason != REASON_HOST_LOCKED && row)
        find(findings, "problem", reason_name(reason), _("Gated logins are refused: %s"), _(row->sentence));
}

static void find_of_status(const struct broker *b, json_t *findings, when_t now, bool problems)
{
    struct status_finding found[STATUS_FINDINGS_MAX];
    size_t n = status_findings(b, now, found);

    for (size_t i = 0; i < n; i++)
        if (problems == (strcmp(found[i].severity, "problem") == 0))
            find(findings, found[i].severity, found[i].subject, "%s", found[i].message);
}

/* Dates are compared with a clock that is believed only. */
static void find_review(const struct broker *b, json_t *findings, when_t now, bool problems)
{
    struct status_finding f;

    if (review_keeper_finding(b, now, &f) && problems == (strcmp(f.severity, "problem") == 0))
        find(findings, f.severity, f.subject, "%s", f.message);
}

static void find_of_room(const struct broker *b, json_t *findings, bool problems)
{
    struct status_finding found[ROOM_FINDINGS_MAX];
    size_t n = room_findings(b, found);

    for (size_t i = 0; i < n; i++)
        if (problems == (strcmp(found[i].severity, "problem") == 0))
            find(findings, found[i].severity, found[i].subject, "%s", found[i].message);
}

/* Not those whose people just logged out: for an instant each of them is ending. */
static unsigned remaining(const struct broker *b)
{
    unsigned n = 0;

    for (const struct session *s = registry_first(b->registry); s; s = registry_next(s))
        n += s->state == SESSION_ENDING && !endings_are_under_way(b->endings, s->uid);
    return n;
}

static void find_classes(const struct broker *b, json_t *findings, when_t now)
{
    for (enum grant_class c = GRANT_CLASS_NORMAL; c <= GRANT_CLASS_EMERGENCY; c++)
        if (!trust_set_class_is_open(b->trust, c, now))
            find(findings, "warning", "trust",
                 _("Grants of class %s cannot be approved now: too few valid certificates."),
                 grant_class_name(c));
}

/* Grants of theirs that are in force end with it, and with them the sessions. */
static void find_certificates(const struct broker *b, json_t *findings, when_t now)
{
    when_t until = 0;
    const char *person = trust_set_first_to_end(b->trust, now, &until);
    char text[WHEN_TEXT_SIZE];

    if (!person || until - now >= EXPIRES_SOON)
        return;
    when_format(until, text);
    find(
        findings, "warning", "trust",
        _("The certificate of %s in the trust in force is valid until %s only, the first of all to end. Have "
          "the next epoch signed with a new one before, and hand it in with `hufuctl trust update`."),
        person, text);
}

/* Dates are compared with a clock that is believed only. */
static void find_trust_dates(const struct broker *b, json_t *findings, when_t now)
{
    const struct trust *t = trust_set_document(b->trust);
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

    when_format(t->valid.from, from);
    when_format(t->valid.until, until);
    if (now >= t->valid.until) {
        find(
            findings, "problem", "trust",
            _("The trust in force ended at %s. Root puts the site's new file into /etc/hufu/trust and starts "
              "over with it: `hufuctl trust reset`."),
            until);
        return;
    }
    if (now < t->valid.from) {
        find(findings, "problem", "trust",
             _("The trust in force holds from %s on. Compare the clock of this host, or wait."), from);
        return;
    }
    if (t->valid.until - now < EXPIRES_SOON)
        find(findings, "warning", "trust",
             _("The trust in force is valid until %s only. Have the next epoch signed before, and hand it in "
               "with `hufuctl trust update`."),
             until);
    find_certificates(b, findings, now);
    find_classes(b, findings, now);
}

static bool clock_is_in_doubt(struct broker *b)
{
    struct timekeeper_view v;

    timekeeper_view(b->timekeeper, &v);
    return v.standing == CLOCK_BEHIND || v.standing == CLOCK_AHEAD;
}

static void find_ledger(const struct broker *b, json_t *findings)
{
    struct status_finding found[SEALER_FINDINGS_MAX + RETENTION_FINDINGS_MAX];
    size_t n = sealer_findings(b->sealer, found);

    n += retention_findings(b->retention, found + n);
    for (size_t i = 0; i < n; i++)
        find(findings, found[i].severity, found[i].subject, "%s", found[i].message);
}

/* Nobody waits for that but who asks about all of them. */
static void find_loading(const struct broker *b, json_t *findings)
{
    uint64_t done, of;

    if (!loading_is(b))
        return;
    loading_progress(b, &done, &of);
    if (loading_error(b) < 0)
        find(findings, "problem", "grants",
             _("The grants cannot all be read from the store (%s). Who is among those is refused; what needs "
               "all of them is not answered. Look at the disk, then restart hufud."),
             strerror(-loading_error(b)));
    else
        find(
            findings, "warning", "grants",
            _("Grants are still being taken in from the store: %llu of %llu documents. Each is there as soon "
              "as somebody is asked about who has it; what needs all of them is answered when they are."),
            (unsigned long long)done, (unsigned long long)of);
}

static void find_judging(const struct broker *b, json_t *findings)
{
    uint64_t done, of;

    if (!judging_is(b))
        return;
    judging_progress(b, &done, &of);
    find(findings, "warning", "grants",
         _("Grants are still being judged by the trust that came into force: %llu of %llu. Each is judged as "
           "soon as somebody is asked about who has it; what needs all of them is answered when they are."),
         (unsigned long long)done, (unsigned long long)of);
}

static void find_warnings(struct broker *b, json_t *findings)
{
    char differs[400];
    unsigned n = remaining(b);

    if (n > 0)
        find(findings, "warning", "sessions",
             ngettext("%u session was ordered to end and is not proven gone. `hufuctl session list` shows "
                      "it, and `hufuctl session show` with its number what is left.",
                      "%u sessions were ordered to end and are not proven gone. `hufuctl session list` shows "
                      "them, and `hufuctl session show` with a number what is left.",
                      n),
             n);
    if (b->store && store_anchor_error(b->store) < 0 && !restored_is(b))
        find(findings, "warning", "anchor",
             _("How far the records have come cannot be noted in /var/lib/hufu-anchor/anchor (%s): a store "
               "that "
               "is put back from a copy would not be noticed. The folder has to be hufu's, mode 0700: "
               "`systemd-tmpfiles --create`, then restart hufud."),
             strerror(-store_anchor_error(b->store)));
    find_ledger(b, findings);
    find_loading(b, findings);
    find_judging(b, findings);
    if (b->config_trouble[0] != '\0')
        find(findings, "warning", "configuration",
             _("The changed configuration is not in force, since it is wrong (%s). Correct it and run "
               "systemctl reload hufud; hufud would not start with it."),
             b->config_trouble);
    if (b->range_differs)
        find(findings, "warning", "gated-uid", "%s",
             _("The PAM module and hufud are configured with different ranges of gated uids."));
    if (b->trust && trust_file_differs(b, differs, sizeof(differs)))
        find(findings, "warning", "trust-file", "%s", differs);
}

static unsigned live_sessions(const struct broker *b)
{
    unsigned n = 0;

    for (const struct session *s = registry_first(b->registry); s; s = registry_next(s))
        n += s->state == SESSION_OPEN;
    return n;
}

static json_t *host_groups(const struct broker *b)
{
    json_t *groups = json_array();

    for (size_t i = 0; i < b->host.groups.count; i++)
        (void)json_array_append_new(groups, json_string(b->host.groups.items[i]));
    return groups;
}

static void put_status(const struct broker *b, json_t *reply)
{
    const struct status *s = b->status.current.document;
    when_t until = status_keeper_holds_until(b);

    (void)json_object_set_new(reply, "status_trust_epoch",
                              s ? json_integer((json_int_t)s->trust_epoch) : json_null());
    (void)json_object_set_new(reply, "status_epoch", s ? json_integer((json_int_t)s->epoch) : json_null());
    (void)json_object_set_new(reply, "status_issued", control_time(s ? s->issued : 0));
    (void)json_object_set_new(reply, "status_holds_until", control_time(until));
}

void control_status(void *userdata, struct control_call *call, json_t *parameters)
{
    struct broker *b = userdata;
    when_t now = clock_wall();
    enum reason reason = state_of_host(b, SERVICE_LOGIN, now);
    const struct trust *trust = b->trust ? trust_set_document(b->trust) : NULL;
    struct gate_counters counters = gate_counters(b->gate);
    uint64_t fed = b->store ? store_fed(b->store) : 0;
    json_t *findings, *reply;

    if (!control_read(call, parameters, NULL, 0))
        return;
    findings = json_array();
    find_problems(b, findings, reason);
    find_of_room(b, findings, true);
    find_of_status(b, findings, now, true);
    if (!clock_is_in_doubt(b))
        find_review(b, findings, now, true);
    if (b->trust && !clock_is_in_doubt(b))
        find_trust_dates(b, findings, now);
    find_warnings(b, findings);
    if (!clock_is_in_doubt(b))
        find_review(b, findings, now, false);
    find_of_room(b, findings, false);
    find_of_status(b, findings, now, false);
    reply = json_pack(
        "{ss ss so so so sb ss sI sI sI sI sI sI so so}", "version", HUFU_VERSION, "host", b->host.name,
        "groups", host_groups(b), "site", control_text(trust ? trust->site : NULL), "trust_epoch",
        trust ? json_integer((json_int_t)trust->epoch) : json_null(), "deciding", reason == REASON_OK,
        "reason", reason_name(reason), "grants", (json_int_t)grant_index_count(grants_index(b->grants)),
        "sessions_live", (json_int_t)live_sessions(b), "ledger_sequence", (json_int_t)b->last_sequence,
        "journal_behind", (json_int_t)(b->last_sequence > fed ? b->last_sequence - fed : 0), "gate_requests",
        (json_int_t)counters.requests, "gate_refused", (json_int_t)counters.refused, "started",
        control_time(b->started), "findings", findings);
    put_status(b, reply);
    room_put(b, reply);
    control_reply(call, reply);
}
