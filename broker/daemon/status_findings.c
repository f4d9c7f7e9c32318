#include "broker/daemon/status_findings.h"

#include "broker/common/i18n.h"
#include "broker/daemon/claiming.h"
#include "broker/daemon/directory.h"

#include <stdarg.h>
#include <stdio.h>

#define HEARTBEAT_OLD 300 /* seconds */
#define CLAIM_OLD     600 /* seconds; what can be settled is, within two minutes */

#define ADD_ONE       "hufuctl document add STATUS --approval APPROVAL"

struct list {
    struct status_finding *items;
    size_t n;
};

__attribute__((format(printf, 4, 5))) static void put(struct list *l, const char *severity,
                                                      const char *subject, const char *format, ...)
{
    struct status_finding *f = &l->items[l->n++];
    va_list arguments;

    f->severity = severity;
    f->subject = subject;
    va_start(arguments, format);
    (void)vsnprintf(f->message, sizeof(f->message), format, arguments);
    va_end(arguments);
}

/* The status is what lets this host decide. */
static void find_age(const struct broker *b, when_t now, struct list *l)
{
    const struct kept_status *x = &b->status.current;
    when_t until = status_keeper_holds_until(b);
    char text[WHEN_TEXT_SIZE];

    when_format(until, text);
    if (!x->document)
        put(l, "problem", "status",
            _("No status of the site has come yet. The directory brings one (`hufuctl sync status`), or hand "
              "one "
              "in: %s"),
            ADD_ONE);
    else if (until == 0)
        put(l, "problem", "status",
            _("The key that signed the status is not in the trust file in force. Hand in a newer one: %s"),
            ADD_ONE);
    else if (now >= until)
        put(l, "problem", "status",
            _("The status held until %s. The directory brings a newer one (`hufuctl sync status`), or hand "
              "one in: "
              "%s"),
            text, ADD_ONE);
    else if (until - now < (until - x->document->issued) / 4)
        put(l, "warning", "status",
            _("The status holds until %s, and all sessions with it. A newer one is due."), text);
}

/* It goes on narrowing, also when it has ended. */
static void find_end(const struct broker *b, when_t now, struct list *l)
{
    const struct kept_status *x = &b->status.current;
    char text[WHEN_TEXT_SIZE];

    if (!x->document || now < x->document->expires)
        return;
    when_format(x->document->expires, text);
    put(l, "warning", "status",
        _("The status ended at %s. What it takes away stays away until a newer one comes."), text);
}

static void find_taken(const struct broker *b, when_t now, struct list *l)
{
    size_t n_signed, n = taken_holding(b->taken, now, &n_signed);

    if (n > 0)
        put(l, "note", "locks",
            ngettext("%zu lock or revocation holds here (signed: %zu): `hufuctl locks`.",
                     "%zu locks and revocations hold here (signed: %zu): `hufuctl locks`.", n),
            n, n_signed);
}

static void find_line(const struct broker *b, const struct directory_view *v, struct list *l)
{
    char since[WHEN_TEXT_SIZE];

    if (v->reached)
        return;
    when_format(v->reached_at != 0 ? v->reached_at : b->started, since);
    if (!v->here)
        put(l, "warning", "directory",
            _("The directory has not been reached since %s: hufu-ldapd is away (systemctl status "
              "hufu-ldapd). This "
              "host decides by what it has."),
            since);
    else
        put(l, "warning", "directory",
            _("The directory has not been reached since %s (%.120s). This host decides by what it has; "
              "`hufuctl "
              "sync status` shows more."),
            since, v->error[0] != '\0' ? v->error : "-");
}

/* Somebody writes the heartbeat every minute. */
static void find_heartbeat(const struct directory_view *v, when_t now, struct list *l)
{
    char written[WHEN_TEXT_SIZE];

    if (v->heartbeat_written == 0 || now - v->heartbeat_written <= HEARTBEAT_OLD)
        return;
    when_format(v->heartbeat_written, written);
    put(l, "warning", "directory",
        _("The latest heartbeat of the directory is of %s, %lld s ago: what was published since may not have "
          "come. "
          "Look at the servers' replication, or at who writes the heartbeat."),
        written, (long long)(now - v->heartbeat_written));
}

static void find_entries(const struct directory_view *v, struct list *l)
{
    if (v->held_back > 0)
        put(l, "warning", "directory",
            _("%zu entries, more than half, seem to be gone from the directory. A refresh of everything has "
              "to "
              "confirm it; until then nothing is withdrawn."),
            v->held_back);
    if (v->bad > 0)
        put(l, "warning", "directory",
            ngettext("%zu entry of the directory is of no use here: `hufuctl sync status` says why.",
                     "%zu entries of the directory are of no use here: `hufuctl sync status` says why.",
                     v->bad),
            v->bad);
    if (v->withdrawn > 0)
        put(l, "note", "directory",
            ngettext("%zu grant was withdrawn in the directory: `hufuctl grant list --all`.",
                     "%zu grants were withdrawn in the directory: `hufuctl grant list --all`.", v->withdrawn),
            v->withdrawn);
}

static void find_claims(const struct broker *b, when_t now, struct list *l)
{
    unsigned n = claiming_unresolved(b->claiming);
    when_t oldest = claiming_oldest(b->claiming);
    char since[WHEN_TEXT_SIZE];

    if (n == 0 || now - oldest <= CLAIM_OLD)
        return;
    when_format(oldest, since);
    put(l, "warning", "claims",
        ngettext(
            "%u use of a fleet grant that was asked for is not settled, the oldest since %s: the claim "
            "provider does not answer. It is asked again by itself; `hufuctl sync status` and `journalctl "
            "-u hufu-ldapd` say more.",
            "%u uses of fleet grants that were asked for are not settled, the oldest since %s: the claim "
            "provider does not answer. It is asked again by itself; `hufuctl sync status` and `journalctl "
            "-u hufu-ldapd` say more.",
            n),
        n, since);
}

static void find_directory(const struct broker *b, when_t now, struct list *l)
{
    struct directory_view v;

    directory_view(b->directory, &v);
    /* Whoever has just set it up wants to know why nothing comes. */
    if (!v.used && !(v.here && v.state == FEED_FAILED))
        return;
    find_line(b, &v, l);
    find_heartbeat(&v, now, l);
    find_entries(&v, l);
}

size_t status_findings(const struct broker *b, when_t now,
                       struct status_finding ret[static STATUS_FINDINGS_MAX])
{
    struct list l = {.items = ret};

    if (b->config->status_required)
        find_age(b, now, &l);
    else
        find_end(b, now, &l);
    if (b->status.waiting.n > 0)
        put(&l, "warning", "status", _("A status waits for trust epoch %u, which has not come yet."),
            b->status.waiting.items[0].document->trust_epoch);
    find_directory(b, now, &l);
    find_claims(b, now, &l);
    find_taken(b, now, &l);
    return l.n;
}
