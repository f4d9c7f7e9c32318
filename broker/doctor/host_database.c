#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"
#include "broker/doctor/lines.h"
#include "broker/doctor/settings.h"

#include <errno.h>

/* Where accounts come from, and what new ones get: whoever can change an account's uid decides whether it is
 * gated. */

#define NSSWITCH "/etc/nsswitch.conf"

static void check_reachable(struct doctor *d)
{
    static const char *const argv[] = {"/usr/bin/getent", "passwd", NULL};
    cleanup_doctor_output struct doctor_output output = {0};
    int r = doctor_run(d, argv, &output);

    if (r == 0 && output.status == 0)
        return;
    doctor_find(
        d, DOCTOR_PROBLEM, "accounts-unreachable", "getent passwd",
        _("the user database does not answer: accounts that it alone knows cannot log in, gated or not"));
    doctor_advise(d, _("Look at %s and at the service that it names (sssd, nslcd)."), NSSWITCH);
}

static bool is_local(struct span source)
{
    return span_is(source, "files") || span_is(source, "compat") || span_is(source, "altfiles") ||
           span_is(source, "systemd") || span_is(source, "db") || source.text[0] == '[';
}

static void check_sources(struct doctor *d, const char *text, const char *database)
{
    struct span line, source;
    bool files = false;

    if (!nsswitch_sources(text, database, &line))
        return;
    while (span_word(&line, &source)) {
        files |= span_is(source, "files") || span_is(source, "compat");
        if (is_local(source))
            continue;
        if (!files) {
            doctor_find(d, DOCTOR_WARNING, "accounts-elsewhere-first", database,
                        _("%.*s is asked before the files of this host: who writes there gives a vendor's "
                          "account a uid that is not gated"),
                        (int)source.length, source.text);
            doctor_advise(d, _("Put `files` first in the line `%s:` of %s."), database, NSSWITCH);
        } else {
            doctor_find(d, DOCTOR_NOTE, "accounts-elsewhere", database,
                        _("come from %.*s, too: who writes there says which of them are gated"),
                        (int)source.length, source.text);
            doctor_advise(d,
                          _("Keep vendors' accounts in the files of this host, or guard their uids there."));
        }
        return;
    }
}

static bool overlaps(const struct doctor *d, uint32_t first, uint32_t last)
{
    const struct doctor_host *h = doctor_host_of(d);

    return first <= h->gated_last && last >= h->gated_first;
}

static uint32_t defined(const char *text, const char *key, uint32_t otherwise)
{
    struct span value;
    uint32_t n;

    return lines_value(text, NULL, key, &value) && span_number(value, &n) == 0 ? n : otherwise;
}

/* useradd takes the number behind the highest in its range: with a gated account there, a gated one. */
static void check_useradd(struct doctor *d, const struct users *users)
{
    cleanup_free char *text = NULL;
    uint32_t first, last;
    size_t at = 0;
    bool some = host_next_gated(d, users, &at) != NULL;

    if (doctor_read_said(d, "/etc/login.defs", &text) < 0)
        return;
    first = defined(text, "UID_MIN", 1000);
    last = defined(text, "UID_MAX", 60000);
    if (!overlaps(d, first, last))
        return;
    doctor_find(d, some ? DOCTOR_WARNING : DOCTOR_NOTE, "useradd-gives-gated", "/etc/login.defs",
                _("useradd gives uids of %u-%u, gated ones among them: the department's next account may be "
                  "gated, and kept out"),
                (unsigned)first, (unsigned)last);
    doctor_advise(
        d, _("Set UID_MAX below %u (UID_MAX %u), and give vendors' accounts their uid: useradd -u UID."),
        (unsigned)doctor_host_of(d)->gated_first, (unsigned)doctor_host_of(d)->gated_first - 1);
}

/* Somebody who may have such a uid in a container leaves processes that look like a vendor's. */
static void check_subordinate(struct doctor *d)
{
    cleanup_free char *text = NULL;
    struct subordinate s;
    const char *at;

    if (doctor_read_said(d, "/etc/subuid", &text) < 0)
        return;
    at = text;
    while (subordinate_next(&at, &s))
        if (overlaps(d, s.first, s.last)) {
            doctor_find(d, DOCTOR_WARNING, "subordinate-ids-gated", "/etc/subuid",
                        _("%s may use the uids %u-%u, gated ones among them"), s.owner, (unsigned)s.first,
                        (unsigned)s.last);
            doctor_advise(d, "usermod --del-subuids %u-%u %s", (unsigned)s.first, (unsigned)s.last, s.owner);
            return;
        }
}

void check_database(struct doctor *d)
{
    cleanup(users_free_p) struct users *users = host_users(d);
    cleanup_free char *text = NULL;

    check_reachable(d);
    if (doctor_read_said(d, NSSWITCH, &text) == 0) {
        check_sources(d, text, "passwd");
        check_sources(d, text, "group");
    }
    if (!users || doctor_host_of(d)->gated_first == 0)
        return;
    check_useradd(d, users);
    check_subordinate(d);
    doctor_looked(d, "%s", _("where accounts come from"));
}
