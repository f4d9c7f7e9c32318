// LAYERS: test_support

#include "broker/daemon/directory_internal.h"
#include "broker/trust/digest.h"
#include "tests/unit/broker/daemon/epochs.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/broker/daemon/offices.h"
#include "tests/unit/unit.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/*
 * hufu-ldapd in an attacker's hands: thousands of frames, valid and not, in any order, with genuine
 * documents, forged ones, and genuine approvals beside documents that they are not of. Whatever comes: nobody
 * gets in whom no genuine grant lets in; what was revoked by signature and which version came last is never
 * taken back; and hufud stays alive, answers, and stays small.
 */
#define STEPS     2500
#define LOOK      100 /* steps between two looks */
#define ENTRIES   48
#define FORGED_ID "fedcba9876543210fedcba9876543210"
#define GROWTH    ((size_t)24 << 20)

enum {
    GENUINE_3, /* lets zhang.san in */
    GENUINE_4, /* from another network */
    GENUINE_OTHER,
    FORGED_STAFF,   /* eve, with approvals of others */
    FORGED_VERSION, /* version 9 of the genuine one, unapproved */
    FORGED_SAME,    /* other octets of version 3 */
    REVOCATION,     /* of GENUINE_OTHER, signed */
    REVOCATION_FORGED,
    STATUS,
    STATUS_FORGED,
    STATUS_FUTURE,
    TRUST_5,
    TRUST_5_FORGED,
    TRUST_9,
    NONSENSE,
    DOCUMENTS,
};

struct attack {
    struct offices *o;
    struct ldapd l;
    uint64_t random;
    char *documents[DOCUMENTS];
    char *approvals[2 * DOCUMENTS];
    size_t n_approvals;
    struct signatory stranger;
    bool version_4; /* was in force once */
    bool revoked;
    bool trust_5;
    size_t at_first;
};

/* xorshift64*: the same sequence for the same seed. */
static unsigned below(struct attack *a, unsigned n)
{
    a->random ^= a->random >> 12;
    a->random ^= a->random << 25;
    a->random ^= a->random >> 27;
    return (unsigned)((a->random * 0x2545F4914F6CDD1DU) >> 33) % n;
}

/* ---- what there is to tell ---- */

static void add_approval(struct attack *a, char *approval)
{
    a->approvals[a->n_approvals++] = approval;
}

static void make_grants(struct attack *a)
{
    const struct world *w = a->o->w;
    const struct department *d = w->department;

    a->documents[GENUINE_3] =
        world_document((struct grant_plan){.uses = "unlimited", .sessions = "unlimited"});
    a->documents[GENUINE_4] =
        world_document((struct grant_plan){.version = 4, .source = "10.9.9.0/24", .sessions = "5"});
    a->documents[GENUINE_OTHER] =
        world_document((struct grant_plan){.id = "00000000000000000000000000000001"});
    a->documents[FORGED_STAFF] = world_document((struct grant_plan){.id = FORGED_ID, .staff = "eve"});
    a->documents[FORGED_VERSION] = world_document((struct grant_plan){.version = 9, .staff = "eve"});
    a->documents[FORGED_SAME] = world_document((struct grant_plan){.staff = "eve", .uses = "unlimited"});
    for (int i = GENUINE_3; i <= GENUINE_OTHER; i++) {
        add_approval(a, department_approval(d, DEPARTMENT_LEADER, a->documents[i]));
        add_approval(a, department_approval(d, DEPARTMENT_UNIT, a->documents[i]));
    }
    for (int i = FORGED_STAFF; i <= FORGED_SAME; i++) /* one of two, and one by somebody else's key */
        add_approval(a, department_approval(d, DEPARTMENT_UNIT, a->documents[i]));
    add_approval(a, paper_approval(&(struct approval_plan){.by = &d->approvers[DEPARTMENT_LEADER],
                                                           .document = a->documents[FORGED_STAFF],
                                                           .about = "grant " FORGED_ID " 3",
                                                           .key = a->stranger.key}));
}

static void make_others(struct attack *a)
{
    struct offices *o = a->o;
    const struct signatory *leader = &o->w->department->approvers[DEPARTMENT_LEADER];
    const struct signatory *unit = &o->w->department->approvers[DEPARTMENT_UNIT];

    a->documents[REVOCATION] =
        paper_revocation(&(struct revocation_plan){.scope = "grant 00000000000000000000000000000001"});
    a->documents[REVOCATION_FORGED] = paper_revocation(
        &(struct revocation_plan){.id = "00000000000000000000000000000002", .scope = "vendor acme"});
    a->documents[STATUS] = issue_status((struct issue){.epoch = 5});
    a->documents[STATUS_FORGED] = issue_status((struct issue){.epoch = 900});
    a->documents[STATUS_FUTURE] = issue_status((struct issue){.trust_epoch = 5, .epoch = 1});
    a->documents[TRUST_5] = offices_trust(o, 5, true, &o->status_key);
    a->documents[TRUST_5_FORGED] = offices_trust(o, 5, false, NULL);
    a->documents[TRUST_9] = offices_trust(o, 9, true, NULL);
    a->documents[NONSENSE] = strdup("hufu-grant: 1\nsite: nowhere\n");
    add_approval(a, offices_sign(&o->revoker, "revoker", a->documents[REVOCATION]));
    add_approval(a, offices_sign(&o->status_key, "status", a->documents[STATUS]));
    add_approval(a, offices_sign(&o->next_key, "status", a->documents[STATUS_FORGED]));
    add_approval(a, offices_sign(&o->status_key, "status", a->documents[STATUS_FUTURE]));
    add_approval(a, epoch_approval(leader, a->documents[TRUST_5], 5));
    add_approval(a, epoch_approval(unit, a->documents[TRUST_5], 5));
    add_approval(a, epoch_approval(unit, a->documents[TRUST_5_FORGED], 5));
    add_approval(a, epoch_approval(leader, a->documents[TRUST_9], 9));
    add_approval(a, epoch_approval(unit, a->documents[TRUST_9], 9));
}

static struct attack *attack_new(uint64_t seed)
{
    struct attack *a = calloc(1, sizeof(*a));

    must(a != NULL && offices_setup((void **)&a->o) == 0);
    a->random = seed * 0x9E3779B97F4A7C15U;
    a->l = ldapd_new(a->o->w);
    a->stranger =
        department_signatory(a->o->w->department, "wang.wu", "finance", "leader", SIGNATURE_SM2_SM3);
    make_grants(a);
    make_others(a);
    ldapd_connect(&a->l);
    return a;
}

static void attack_free(struct attack *a)
{
    ldapd_hang_up(&a->l);
    for (size_t i = 0; i < DOCUMENTS; i++)
        free(a->documents[i]);
    for (size_t i = 0; i < a->n_approvals; i++)
        free(a->approvals[i]);
    signatory_done(&a->stranger);
    offices_free(a->o);
    free(a);
}

/* ---- what the attacker does ---- */

static void tell_entry(struct attack *a)
{
    const char *approvals[FEED_APPROVALS_MAX];
    size_t n = below(a, 4) == 0 ? below(a, FEED_APPROVALS_MAX + 1) : a->n_approvals;

    if (n > FEED_APPROVALS_MAX)
        n = FEED_APPROVALS_MAX;
    for (size_t i = 0; i < n; i++)
        approvals[i] = a->approvals[n == a->n_approvals ? i : below(a, (unsigned)a->n_approvals)];
    ldapd_entry_of(&a->l, below(a, ENTRIES), a->documents[below(a, DOCUMENTS)], approvals, n);
}

static void tell_garbage(struct attack *a)
{
    uint8_t octets[64];

    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)below(a, 256);
    if (below(a, 2) == 0)
        memcpy(octets, "HUFU", 4);
    (void)send(a->l.fd, octets, sizeof(octets), MSG_DONTWAIT | MSG_NOSIGNAL);
    ldapd_hang_up(&a->l);
    ldapd_connect(&a->l);
}

static void step(struct attack *a)
{
    static const char *const cookies[] = {"", "rid=1,csn=1", "rid=2", "x"};
    uint32_t search = a->l.search;
    unsigned what = below(a, 100), from = below(a, ENTRIES);

    if (below(a, 20) == 0)
        a->l.search -= below(a, 3);
    if (what < 60)
        tell_entry(a);
    else if (what < 70)
        ldapd_delete(&a->l, from);
    else if (what < 76)
        ldapd_present(&a->l, from, from + below(a, 8));
    else if (what < 84)
        ldapd_begin(&a->l, below(a, 4) != 0);
    else if (what < 92)
        ldapd_end_as(&a->l, below(a, 2) == 0, cookies[below(a, 4)], a->l.told + (below(a, 4) == 0));
    else if (what < 95)
        ldapd_cookie(&a->l, cookies[below(a, 4)]);
    else if (what < 97)
        ldapd_state(&a->l, (enum feed_state)(FEED_CONNECTING + below(a, 5)), "what \033[31m");
    else if (what < 98)
        ldapd_entry(&a->l, from, "2026-11-21T00:00:00Z", NULL, NULL);
    else
        tell_garbage(a);
    if (a->l.search != search && what < 98)
        a->l.search = search;
    assert_true(sd_event_run(a->o->w->event, 0) >= 0);
}

/* ---- what must hold ---- */

static enum reason knock_of_eve(struct world *w)
{
    struct visitor v = visitor_new();
    struct gate_pam m = world_login(&v);
    struct gate_reply reply;

    (void)snprintf(m.user, sizeof(m.user), "eve");
    (void)snprintf(m.person, sizeof(m.person), "eve");
    m.user_uid = m.person_uid = 20002;
    reply = world_ask(w, &v, FRAME_GATE_ACCOUNT, &m);
    visitor_end(&v);
    assert_int_equal(reply.verdict, VERDICT_DENY);
    return reply.reason;
}

static const struct grant_entry *entry_of(const struct world *w, const char *text)
{
    struct ident_id id;

    assert_int_equal(ident_parse_id(text, strlen(text), &id), 0);
    return grant_index_find(grants_index(w->broker->grants), &id);
}

/* Epoch 5 is the one that was signed. */
static void look_at_trust(struct attack *a)
{
    const struct trust_keeper *k = &a->o->w->broker->trust_keeper;
    const char *text = a->documents[TRUST_5];
    uint8_t digest[32];

    assert_int_equal(digest_sha256(text, strlen(text), digest), 0);
    assert_in_range(k->papers->version, 4, 5);
    a->trust_5 = a->trust_5 || k->papers->version == 5;
    if (a->trust_5)
        assert_memory_equal(k->sha256, digest, sizeof(digest));
}

static void look_at_genuine(struct attack *a)
{
    struct world *w = a->o->w;
    const struct grant_entry *e = entry_of(w, PAPERS_ID),
                             *other = entry_of(w, "00000000000000000000000000000001");
    enum reason reason = world_knock(w);

    a->version_4 = a->version_4 || (e && e->verified_version == 4);
    if (e && e->standing == REASON_OK)
        assert_string_equal(grant_entry_staff(e), "zhang.san");
    if (a->version_4) {
        assert_int_not_equal(reason, REASON_OK);
        assert_int_equal(e->verified_version, 4);
    }
    a->revoked = a->revoked || ldapd_count(w, "revocations_signed") > 0;
    if (a->revoked && other) {
        const struct grant g = grant_entry_grant(other);

        assert_int_equal(taken_of_grant(w->broker->taken, &g, PAPERS_NOW), REASON_REVOKED);
    }
    if (a->revoked)
        assert_true(ldapd_count(w, "revocations_signed") > 0);
    look_at_trust(a);
}

static void look(struct attack *a)
{
    struct world *w = a->o->w;
    const struct directory *d = w->broker->directory;
    size_t used = mallinfo2().uordblks;

    assert_int_not_equal(knock_of_eve(w), REASON_OK);
    look_at_genuine(a);
    assert_true(d->held <= 2 * DIRECTORY_HELD_MAX);
    assert_true(shadow_count(d->shadow) <= ENTRIES + 8);
    assert_true(d->notes.n <= shadow_count(d->shadow));
    assert_true(d->published.n <= 8);
    assert_true(d->n_unsigned <= 2);
    if (a->at_first == 0)
        a->at_first = used;
    if (used > a->at_first + GROWTH)
        fail_msg("%zu octets more than at first", used - a->at_first);
}

static void attack_with(uint64_t seed)
{
    struct attack *a = attack_new(seed);

    for (unsigned i = 1; i <= STEPS; i++) {
        step(a);
        if (i % LOOK == 0)
            look(a);
    }
    /* Hufud is well: the genuine ones come, and hold. */
    ldapd_hang_up(&a->l);
    world_stop(a->o->w);
    world_start(a->o->w);
    look(a);
    assert_true(a->version_4 && a->revoked && a->trust_5); /* else nothing was tried */
    attack_free(a);
}

static void test_attack_1(void **state)
{
    (void)state;
    attack_with(1);
}

static void test_attack_2(void **state)
{
    (void)state;
    attack_with(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attack_1),
        cmocka_unit_test(test_attack_2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
