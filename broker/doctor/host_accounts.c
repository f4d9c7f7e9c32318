#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "broker/doctor/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GATED_GROUP "hufu-gated"

/* sshd's Match and stock pam_succeed_if know groups and no ranges of uids. */
static void find_primary_group(struct doctor *d, const struct users *users, const struct user *u)
{
    const char *name = users_group_name(users, u->gid);

    if (name && strcmp(name, GATED_GROUP) == 0)
        return;
    doctor_find(d, DOCTOR_PROBLEM, "account-not-in-group", u->name,
                _("has the gated uid %u, but its primary group is %s and not %s: sshd and PAM do not take it "
                  "for gated"),
                (unsigned)u->uid, name ? name : "?", GATED_GROUP);
    doctor_advise(d, _("A vendor's: usermod -g %s %s. Any other: give it a uid that is not gated."),
                  GATED_GROUP, u->name);
}

/* A name has a uid of its own, or two people are one. */
static void find_shared_uid(struct doctor *d, const struct users *users, const struct user *u)
{
    for (const struct user *other = users->users; other < u; other++)
        if (other->uid == u->uid && strcmp(other->name, u->name) != 0) {
            doctor_find(d, DOCTOR_PROBLEM, "account-uid-shared", u->name,
                        _("has the same uid %u as %s: what one of them may, the other does"),
                        (unsigned)u->uid, other->name);
            doctor_advise(d, _("Give each person a uid: usermod -u UID %s."), u->name);
            return;
        }
}

/* Whoever looks a name up gets its first line: the other is for show. */
static void find_double_name(struct doctor *d, const struct users *users, const struct user *u)
{
    const struct user *first = users_find(users, u->name);

    if (first->uid == u->uid)
        return;
    doctor_find(d, DOCTOR_PROBLEM, "account-name-twice", u->name,
                _("has two lines in the user database: it logs in with the uid %u of the first, not with the "
                  "gated uid %u"),
                (unsigned)first->uid, (unsigned)u->uid);
    doctor_advise(d, _("Take the line with the uid %u out (vipw), or name one of the two anew."),
                  (unsigned)first->uid);
}

static void find_members_outside(struct doctor *d, const struct users *users)
{
    const struct user_group *gated = users_find_group(users, GATED_GROUP);

    if (!gated)
        return;
    for (size_t i = 0; i < users->n_users; i++) {
        const struct user *u = &users->users[i];

        if (doctor_is_gated(d, u->uid) || !users_is_member(u, gated))
            continue;
        doctor_find(d, DOCTOR_PROBLEM, "account-outside-range", u->name,
                    _("is in the group %s, but its uid %u is not gated: PAM lets it in without a grant"),
                    GATED_GROUP, (unsigned)u->uid);
        doctor_advise(d,
                      _("A vendor's account: userdel it and make it anew with a uid of %u-%u. Any other: "
                        "gpasswd -d %s %s, or usermod -g."),
                      (unsigned)doctor_host_of(d)->gated_first, (unsigned)doctor_host_of(d)->gated_last,
                      u->name, GATED_GROUP);
    }
}

/* What sysusers.d of Hufu makes. */
static void find_missing_groups(struct doctor *d, const struct users *users)
{
    static const struct {
        const char *name;
        enum doctor_severity severity;
        const char *why;
    } groups[] = {
        {GATED_GROUP, DOCTOR_PROBLEM, N_("sshd cannot tell gated accounts from others")},
        {"hufu-forward", DOCTOR_WARNING, N_("nobody gated can be let forward")},
        {"hufu-operators", DOCTOR_WARNING, N_("root alone can revoke and end sessions")},
        {"hufu-auditors", DOCTOR_WARNING, N_("root alone can read the records")},
    };

    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (users_find_group(users, groups[i].name))
            continue;
        doctor_find(d, groups[i].severity, "group-missing", groups[i].name, _("is no group of this host: %s"),
                    _(groups[i].why));
        doctor_advise(d, "systemd-sysusers");
    }
}

static void find_second_root(struct doctor *d, const struct users *users)
{
    for (size_t i = 0; i < users->n_users; i++) {
        const struct user *u = &users->users[i];

        if (u->uid != 0 || strcmp(u->name, "root") == 0)
            continue;
        doctor_find(d, DOCTOR_WARNING, "account-second-root", u->name,
                    _("is root by another name: whoever gets its password is asked for no grant"));
        doctor_advise(d, _("Remove the account, or lock it: usermod -L %s."), u->name);
    }
}

static void find_home(struct doctor *d, const struct user *u)
{
    struct stat st;
    int r;

    if (u->home[0] != '/' || strcmp(u->home, "/") == 0)
        return;
    r = doctor_stat(d, u->home, &st);
    if (r < 0 && r != -ENOENT)
        doctor_unseen(d, u->home, r);
    if (r < 0 || !host_is_writable(&st, u->uid, (gid_t)-1))
        return;
    doctor_find(d, DOCTOR_WARNING, "account-home-writable", u->home,
                _("the home of %s can be written by others, who choose what runs at the next login"),
                u->name);
    doctor_advise(d, "chown %s %s && chmod go-w %s", u->name, u->home, u->home);
}

/* Without it, a range of subordinate ids is of no use to anybody. */
static bool has_newuidmap(struct doctor *d)
{
    return host_has(d, "/usr/bin/newuidmap");
}

static void find_subordinate(struct doctor *d, const struct user *u, const char *file, const char *text)
{
    struct subordinate s;
    char number[16];

    (void)snprintf(number, sizeof(number), "%u", (unsigned)u->uid);
    while (subordinate_next(&text, &s)) {
        if (strcmp(s.owner, u->name) != 0 && strcmp(s.owner, number) != 0)
            continue;
        doctor_find(d, DOCTOR_WARNING, "account-subordinate-ids", u->name,
                    _("may use the ids %u-%u of %s: processes and files of theirs under uids that are not "
                      "gated"),
                    (unsigned)s.first, (unsigned)s.last, file);
        doctor_advise(d, "usermod --del-subuids %u-%u --del-subgids %u-%u %s", (unsigned)s.first,
                      (unsigned)s.last, (unsigned)s.first, (unsigned)s.last, u->name);
        return;
    }
}

static void find_linger(struct doctor *d, const struct user *u)
{
    cleanup_free char *path = NULL;

    if (asprintf(&path, "/var/lib/systemd/linger/%s", u->name) < 0) {
        path = NULL;
        return;
    }
    if (!host_has(d, path))
        return;
    doctor_find(d, DOCTOR_WARNING, "account-lingers", u->name,
                _("is to have a user manager without a session; the gate refuses it at every boot"));
    doctor_advise(d, "loginctl disable-linger %s", u->name);
}

static void find_of_account(struct doctor *d, const struct users *users, const struct user *u,
                            const char *subuid)
{
    find_primary_group(d, users, u);
    find_shared_uid(d, users, u);
    find_double_name(d, users, u);
    find_home(d, u);
    find_linger(d, u);
    if (subuid)
        find_subordinate(d, u, "/etc/subuid", subuid);
}

void check_accounts(struct doctor *d)
{
    cleanup(users_free_p) struct users *users = host_users(d);
    cleanup_free char *subuid = NULL;
    const struct user *u;
    size_t i = 0, n = 0;

    if (!users || doctor_host_of(d)->gated_first == 0)
        return;
    if (has_newuidmap(d))
        (void)doctor_read_said(d, "/etc/subuid", &subuid);
    while ((u = host_next_gated(d, users, &i)) != NULL) {
        find_of_account(d, users, u, subuid);
        n++;
    }
    find_missing_groups(d, users);
    find_members_outside(d, users);
    find_second_root(d, users);
    doctor_looked(d, ngettext("%zu gated account", "%zu gated accounts", n), n);
}

/* ---- grants ---- */

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* A directory need not enumerate its accounts: it is asked by name. 1, 0, or -errno. */
static int ask_for(struct doctor *d, const struct users *users, const char *name, uint32_t *uid)
{
    const char *const argv[] = {"/usr/bin/getent", "passwd", "--", name, NULL};
    cleanup_doctor_output struct doctor_output output = {0};
    cleanup(users_free_p) struct users *asked = NULL;
    const struct user *u = users_find(users, name);
    int r = u ? 0 : doctor_run(d, argv, &output);

    if (r < 0)
        return r;
    if (!u && output.status == 0) {
        r = users_parse(output.out, "", &asked);
        u = r == 0 ? users_find(asked, name) : NULL;
    }
    if (u)
        *uid = u->uid;
    return r < 0 ? r : u != NULL;
}

/* False: the user database did not answer. */
static bool find_of_grant(struct doctor *d, const struct users *users, const json_t *grant)
{
    const char *staff = member(grant, "staff"), *id = member(grant, "id");
    uint32_t uid = 0;
    int r = ask_for(d, users, staff, &uid);

    if (r < 0) {
        doctor_unseen(d, staff, r);
    } else if (r == 0) {
        doctor_find(d, DOCTOR_WARNING, "grant-without-account", staff,
                    _("is named by grant %.8s and has no account on this host"), id);
        doctor_advise(d, _("Make one with a uid of %u-%u: useradd -m -u UID -g %s -N %s."),
                      (unsigned)doctor_host_of(d)->gated_first, (unsigned)doctor_host_of(d)->gated_last,
                      GATED_GROUP, staff);
    } else if (!doctor_is_gated(d, uid)) {
        doctor_find(d, DOCTOR_PROBLEM, "grant-account-not-gated", staff,
                    _("is named by grant %.8s, but has the uid %u, which is not gated: it gets in without "
                      "any grant"),
                    id, (unsigned)uid);
        doctor_advise(d, _("Give it a uid of %u-%u (usermod -u) and the group %s (usermod -g)."),
                      (unsigned)doctor_host_of(d)->gated_first, (unsigned)doctor_host_of(d)->gated_last,
                      GATED_GROUP);
    }
    return r >= 0;
}

/* One finding a person, however many grants they have. */
static bool was_named(const json_t *grants, size_t before, const char *staff)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(member(json_array_get(grants, i), "staff"), staff) == 0)
            return true;
    return false;
}

void check_grants(struct doctor *d)
{
    const json_t *reply = doctor_host_of(d)->grants, *grants, *grant;
    cleanup(users_free_p) struct users *users = NULL;
    size_t i;

    if (!reply || doctor_host_of(d)->gated_first == 0)
        return;
    users = host_users(d);
    grants = json_is_array(reply) ? reply : json_object_get(reply, "grants");
    json_array_foreach(grants, i, grant)
    {
        /* One that takes its time would take it for each. */
        if (users && !was_named(grants, i, member(grant, "staff")) && !find_of_grant(d, users, grant))
            break;
    }
    doctor_looked(d, ngettext("%zu grant", "%zu grants", json_array_size(grants)), json_array_size(grants));
}
