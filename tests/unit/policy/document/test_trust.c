/*
 * Trust files: who and what their lines name, and the files that could not work or would need nothing.
 */
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/document/trust.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TRUST (&samples[4])

static struct trust *parse(const char *text)
{
    struct document_error error = {0};
    struct trust *t;

    if (trust_parse(text, strlen(text), &t, &error) != 0)
        fail_msg("%u: %s", error.line, error.reason);
    return t;
}

static void assert_signer(const struct trust_signer *s, const char *person, const char *organisation,
                          unsigned roles, enum signature_algorithm alg, uint8_t last)
{
    const uint8_t der[] = {0x30, 0, last};

    assert_string_equal(s->person, person);
    if (organisation)
        assert_string_equal(s->organisation, organisation);
    else
        assert_null(s->organisation);
    assert_int_equal(s->roles, roles);
    assert_int_equal(s->alg, alg);
    assert_int_equal(s->certificate.size, sizeof(der));
    assert_memory_equal(s->certificate.der, der, sizeof(der));
}

static void assert_limit(const struct trust_limit *l, uint32_t validity, uint32_t session, unsigned any)
{
    assert_int_equal(l->validity, validity);
    assert_int_equal(l->session, session);
    assert_int_equal(l->any, any);
}

static void test_every_member(void **state)
{
    cleanup(trust_free_p) struct trust *t = parse(sample_trust);

    (void)state;
    assert_string_equal(t->site, "cn.example.finance");
    assert_int_equal(t->epoch, 4);
    assert_true(t->valid.from < t->valid.until);
    assert_int_equal(t->n_anchors, 2);
    assert_string_equal(t->anchors[1].name, "finance-sm2");
    assert_int_equal(t->anchors[1].certificate.size, 3);
    assert_int_equal(t->anchors[1].certificate.der[2], 1);
    assert_int_equal(t->n_requesters, 2);
    assert_string_equal(t->requesters[0].person, "li.si");
    assert_string_equal(t->requesters[0].organisation, "finance");
    assert_int_equal(t->n_roles, 2);
    assert_string_equal(t->roles[0], "leader");
    assert_string_equal(t->roles[1], "unit");
    assert_int_equal(t->n_approvers, 3);
    assert_signer(&t->approvers[0], "wang.wu", "finance", 1, SIGNATURE_SM2_SM3, 2);
    assert_signer(&t->approvers[1], "zhou.ming", "finance", 3, SIGNATURE_ED25519, 3);
    assert_signer(&t->approvers[2], "zhou.ming", "finance", 2, SIGNATURE_ED25519, 4);
    assert_int_equal(t->n_revokers, 1);
    assert_signer(&t->revokers[0], "sun.qi", "finance", 0, SIGNATURE_ECDSA_P256_SHA256, 5);
    assert_int_equal(t->n_status_keys, 1);
    assert_signer(&t->status_keys[0], "status-2026", NULL, 0, SIGNATURE_RSA_PSS_SHA256, 6);
    assert_limit(&t->limit[GRANT_CLASS_EMERGENCY], 86400, 28800, TRUST_ANY_HOURS | TRUST_ANY_SOURCE);
    assert_limit(&t->limit[GRANT_CLASS_NORMAL], 2592000, 28800, 0);
    assert_limit(&t->limit[GRANT_CLASS_PRIVILEGED], 604800, 14400, TRUST_ANY_USES);
    assert_int_equal(t->quorum[GRANT_CLASS_EMERGENCY].total, 1);
    assert_int_equal(t->quorum[GRANT_CLASS_EMERGENCY].role[0], 0);
    assert_int_equal(t->quorum[GRANT_CLASS_NORMAL].total, 2);
    assert_int_equal(t->quorum[GRANT_CLASS_NORMAL].role[0], 1);
    assert_int_equal(t->quorum[GRANT_CLASS_NORMAL].role[1], 1);
    assert_int_equal(t->quorum[GRANT_CLASS_PRIVILEGED].total, 2);
    assert_int_equal(t->quorum[GRANT_CLASS_PRIVILEGED].role[0], 1);
    assert_int_equal(t->quorum[GRANT_CLASS_PRIVILEGED].role[1], 0);
}

static void test_all_of_any(void **state)
{
    cleanup(trust_free_p) struct trust *t = parse(sample_trust_small);

    (void)state;
    assert_int_equal(t->limit[GRANT_CLASS_EMERGENCY].any, 63);
    assert_int_equal(t->n_revokers, 0);
    assert_int_equal(t->n_status_keys, 0);
}

static void test_lookups(void **state)
{
    cleanup(trust_free_p) struct trust *t = parse(sample_trust);

    (void)state;
    assert_int_equal(trust_role_index(t, "leader"), 0);
    assert_int_equal(trust_role_index(t, "unit"), 1);
    assert_int_equal(trust_role_index(t, "uni"), -ENOENT);
    assert_int_equal(trust_role_index(t, "total"), -ENOENT);
    assert_ptr_equal(trust_find_requester(t, "zhou.ming"), &t->requesters[1]);
    assert_null(trust_find_requester(t, "wang.wu"));
    assert_null(trust_find_requester(t, ""));
    assert_null(trust_free(NULL));
}

struct edit {
    const char *from;
    const char *to;
    unsigned line;
    const char *part; /* NULL: accepted */
};

static const struct edit edits[] = {
    {"not-after: 2027-11-01", "not-after: 2026-11-01", 5, "not later"},
    {"epoch: 4", "epoch: 0", 3, "not a whole number"},
    /* anchors */
    {"anchor: finance-sm2 MAAB", "anchor: finance-ed25519 MAAB", 7, "`finance-ed25519` names two anchors"},
    {"anchor: finance-sm2 MAAB", "anchor: finance-sm2", 7, "not `NAME CERTIFICATE`"},
    {"anchor: finance-sm2 MAAB", "anchor: finance-sm2 x MAAB", 7, "not `NAME CERTIFICATE`"},
    {"anchor: finance-sm2 MAAB", "anchor: finance-sm2  MAAB", 7, "not `NAME CERTIFICATE`"},
    {"anchor: finance-sm2 MAAB", "anchor: finance-sm2 MAE=", 7, NULL},
    {"anchor: finance-sm2 MAAB", "anchor: finance-sm2 MAB=", 7, "not canonical base64"},
    {"anchor: finance-sm2 MAAB", "anchor: finance-sm2 MAB", 7, "not canonical base64"},
    {"anchor: finance-sm2 MAAB", "anchor: finance-sm2 MB==", 7, "not canonical base64"},
    {"anchor: finance-sm2 MAAB", "anchor: finance/sm2 MAAB", 7, "not a name"},
    /* requesters, and one organisation a person */
    {"requester: li.si finance", "requester: li.si", 8, "not `PERSON ORGANISATION`"},
    {"requester: li.si finance", "requester: li.si finance x", 8, "not `PERSON ORGANISATION`"},
    {"requester: li.si finance\n", "requester: li.si acme\nrequester: li.si finance\n", 9,
     "two organisations"},
    {"requester: zhou.ming finance", "requester: zhou.ming acme", 11,
     "`zhou.ming` belongs to two organisations"},
    {"approver: zhou.ming finance unit", "approver: zhou.ming other unit", 12,
     "two organisations (see line 9)"},
    {"revoker: sun.qi finance", "revoker: wang.wu acme", 13, "two organisations (see line 10)"},
    {"revoker: sun.qi finance", "revoker: wang.wu finance", 13, NULL},
    {"status-key: status-2026", "status-key: wang.wu", 14, NULL},
    /* approvers */
    {"approver: wang.wu finance leader sm2-sm3 MAAC", "approver: wang.wu finance sm2-sm3 MAAC", 10,
     "not `PERSON ORGANISATION ROLES ALGORITHM CERTIFICATE`"},
    {"finance leader sm2-sm3", "finance unit,leader sm2-sm3", 10, "a sorted list of different roles"},
    {"finance leader,unit ed25519", "finance leader,leader ed25519", 11, "a sorted list of different roles"},
    {"finance leader,unit ed25519", "finance leader,,unit ed25519", 11, "a sorted list of different roles"},
    {"finance leader,unit ed25519", "finance ,leader ed25519", 11, "a sorted list of different roles"},
    {"finance leader,unit ed25519", "finance leader, ed25519", 11, "a sorted list of different roles"},
    {"finance leader,unit ed25519", "finance a,leader,unit ed25519", 11, NULL},
    /* A role may begin as another does, and the shorter stands first. */
    {"finance leader,unit ed25519", "finance leader,leaders,unit ed25519", 11, NULL},
    {"finance leader,unit ed25519", "finance l,le,lea,leader ed25519", 11, NULL},
    {"finance leader,unit ed25519", "finance leader,lead ed25519", 11, "a sorted list of different roles"},
    {"finance leader sm2-sm3", "finance unit,unit,v sm2-sm3", 10, "a sorted list of different roles"},
    {"finance leader sm2-sm3", "finance unit,unhxy,v sm2-sm3", 10, "a sorted list of different roles"},
    {"finance leader sm2-sm3", "finance unit,unhx,v sm2-sm3", 10, "a sorted list of different roles"},
    {"finance leader,unit ed25519", "finance leader,total ed25519", 11, "other than total, revoker, status"},
    {"finance leader,unit ed25519", "finance leader,revoker ed25519", 11,
     "other than total, revoker, status"},
    {"finance leader,unit ed25519", "finance leader,status ed25519", 11, "other than total, revoker, status"},
    {"finance leader,unit ed25519", "finance leader,Unit ed25519", 11, "sorted"},
    {"finance leader,unit ed25519", "finance Leader,unit ed25519", 11, "not a role"},
    {"finance leader,unit ed25519", "finance leader,unit rsa", 11, "not an algorithm"},
    {"finance leader sm2-sm3", "finance x leader sm2-sm3", 10,
     "not `PERSON ORGANISATION ROLES ALGORITHM CERTIFICATE`"},
    {"revoker: sun.qi finance ecdsa-p256-sha256 MAAF", "revoker: sun.qi finance leader ed25519 MAAF", 13,
     "not `PERSON ORGANISATION ALGORITHM CERTIFICATE`"},
    {"status-key: status-2026 rsa-pss-sha256 MAAG", "status-key: status-2026 finance ed25519 MAAG", 14,
     "not `NAME ALGORITHM CERTIFICATE`"},
    /* limits */
    {"limit: normal validity=2592000", "limit: norma validity=2592000", 16, "not a class"},
    {"limit: normal validity=2592000", "limit: emergency validity=9592000", 16,
     "class emergency has two lines"},
    {"limit: normal validity=2592000", "limit: normal validity=0", 16, "not a whole number"},
    {"limit: normal validity=2592000", "limit: normal validity=unlimited", 16, "not a whole number"},
    {"limit: normal validity=2592000", "limit: normal valid=2592000", 16,
     "`valid=2592000` is not `validity=N`"},
    {"limit: normal validity=2592000", "limit: normal 2592000", 16, "is not `validity=N`"},
    {"limit: normal validity=2592000 session=28800", "limit: normal session=28800 validity=2592000", 16,
     "is not `validity=N`"},
    {"any=hours,source", "any=source,hours", 15, "a sorted list of command, hours"},
    {"any=hours,source", "any=hours,hours", 15, "a sorted list of command, hours"},
    {"any=hours,source", "any=hours,none", 15, "a sorted list of command, hours"},
    {"any=hours,source", "any=", 15, "a sorted list of command, hours"},
    {"any=hours,source", "any=all", 15, "a sorted list of command, hours"},
    {"any=hours,source", "any=run-as", 15, "a sorted list of command, hours"},
    {"any=hours,source", "none", 15, "a sorted list of command, hours"},
    {" any=hours,source", "", 15, "not `CLASS validity=SECONDS session=SECONDS any=FIELDS`"},
    /* quorums */
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=0", 19, "not a whole number"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal", 19, "not `CLASS total=N`"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal leader=1 unit=1", 19, "is not `total=N`"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=2 leader=0 unit=1", 19,
     "not a whole number"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=1 leader=1 unit=1", 19,
     "less than its roles"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=2 leader=2147483647 unit=2147483647", 19,
     "less than its roles"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=2 unit=1 leader=1", 19,
     "`leader` is not a role of the approver lines, in sorted order"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=2 leader=1 leader=1", 19,
     "in sorted order"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=2 leader=1 boss=1", 19,
     "not a role of the"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=2 leader", 19, "not `ROLE=N`"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=2 leader=", 19, "not `ROLE=N`"},
    {"quorum: normal total=2", "quorum: emergency total=2", 19, "class emergency has two lines"},
    {"quorum: normal total=2", "quorum: n total=2", 19, "not a class"},
    /* Two people: no third vote, and no two leaders and a unit. */
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=3", 19, "cannot be met by 2 approvers"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=2 leader=2", 19, NULL},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=2 unit=2", 19,
     "cannot fill these roles"},
    {"quorum: normal total=2 leader=1 unit=1", "quorum: normal total=9", 19,
     "at most 8 approvals are looked at"},
    {"quorum: privileged total=2 leader=1", "quorum: privileged total=2 unit=2", 20,
     "cannot fill these roles"},
    {"quorum: emergency total=1", "quorum: emergency total=2 unit=2", 18, "cannot fill these roles"},
};

static void test_edits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
        if (edits[i].part)
            sample_edit_refused(TRUST, edits[i].from, edits[i].to, edits[i].line, edits[i].part);
        else
            sample_edit_accepted(TRUST, edits[i].from, edits[i].to);
    }
}

/* --- the writer -------------------------------------------------------------------------------------- */

/* A trust with something in it that has no text. */
struct spoilt {
    struct trust t;
    struct trust_signer approvers[3];
    struct document_error error;
};

static void spoilt_begin(struct spoilt *s, const struct trust *valid)
{
    s->t = *valid;
    memcpy(s->approvers, valid->approvers, sizeof(s->approvers));
    s->t.approvers = s->approvers;
}

static void assert_refused(struct spoilt *s, const char *part)
{
    char *text = (char *)"";

    s->error = (struct document_error){.line = 4711};
    assert_int_equal(trust_write(&s->t, &text, &s->error), -EINVAL);
    assert_null(text);
    if (!strstr(s->error.reason, part))
        fail_msg("refused with `%s`, expected `%s`", s->error.reason, part);
}

#define REFUSED(part, ...)        \
    do {                          \
        spoilt_begin(&s, valid);  \
        __VA_ARGS__;              \
        assert_refused(&s, part); \
    } while (0)

static void test_people_without_a_text_are_not_written(void **state)
{
    cleanup(trust_free_p) struct trust *valid = parse(sample_trust);
    struct trust_signer revoker = valid->revokers[0];
    struct trust_anchor anchor = valid->anchors[0];
    struct trust_requester requester = valid->requesters[0];
    struct spoilt s;

    (void)state;
    REFUSED("`approver` is missing", s.t.n_approvers = 0);
    REFUSED("`anchor` is missing", s.t.n_anchors = 0);
    REFUSED("approver:", s.approvers[0].roles = 0);
    REFUSED("approver:", s.approvers[0].roles = 4);
    /* One bit has a name: the other must not get lost. */
    REFUSED("approver:", s.approvers[0].roles = 5);
    REFUSED("approver:", s.approvers[0].alg = (enum signature_algorithm)0);
    REFUSED("approver:", s.approvers[0].certificate.der = NULL);
    REFUSED("approver:", s.approvers[0].certificate.size = 0);
    REFUSED("approver: `a b` is not a name", s.approvers[0].person = "a b");
    REFUSED("approver:", s.approvers[0].organisation = NULL);
    REFUSED("two organisations", s.approvers[2].organisation = "other");
    REFUSED("revoker:", (revoker.person = "a\nrevoker: b", s.t.revokers = &revoker));
    REFUSED("anchor:", (anchor.name = "", s.t.anchors = &anchor, s.t.n_anchors = 1));
    REFUSED("requester: `x y` is not a name",
            (requester.organisation = "x y", s.t.requesters = &requester, s.t.n_requesters = 1));
}

static void test_roles_and_numbers_without_a_text_are_not_written(void **state)
{
    cleanup(trust_free_p) struct trust *valid = parse(sample_trust);
    struct spoilt s;

    (void)state;
    REFUSED("approver:", s.t.roles[0] = "revoker");
    REFUSED("approver:", (s.t.roles[0] = "unit", s.t.roles[1] = "leader"));
    REFUSED("roles are not the sorted list", (s.t.roles[2] = "vice", s.t.n_roles = 3));
    /* In the wrong order, though no line and no quorum names two of them. */
    REFUSED("roles are not the sorted list",
            (s.t.roles[0] = "unit", s.t.roles[1] = "leader", s.approvers[1].roles = 1,
             s.t.quorum[GRANT_CLASS_NORMAL].role[1] = 0));
    assert_int_equal(s.error.line, 0); /* no line is at fault */
    REFUSED("more than 16 roles", s.t.n_roles = 17);
    assert_int_equal(s.error.line, 0);
    REFUSED("limit:", s.t.limit[GRANT_CLASS_NORMAL].validity = 0);
    REFUSED("limit:", s.t.limit[GRANT_CLASS_NORMAL].session = 0);
    REFUSED("limit:", s.t.limit[GRANT_CLASS_NORMAL].any = 64);
    REFUSED("quorum:", s.t.quorum[GRANT_CLASS_NORMAL].total = 0);
    REFUSED("quorum:", s.t.quorum[GRANT_CLASS_NORMAL].total = 1);
    REFUSED("quorum:", s.t.quorum[GRANT_CLASS_NORMAL].total = 3);
    REFUSED("not a quorum of the file's roles", s.t.quorum[GRANT_CLASS_NORMAL].role[5] = 1);
    REFUSED("not a quorum of the file's roles", s.t.quorum[GRANT_CLASS_NORMAL].role[2] = 1);
    REFUSED("epoch:", s.t.epoch = 0);
}

/* The example that people copy, whose words in place of certificates are base64. */
static void test_example_of_the_manual(void **state)
{
    FILE *page = fopen("docs/man/hufu-trust.5", "r");
    char text[32768];
    char *start, *end;
    size_t size;

    (void)state;
    assert_non_null(page);
    size = fread(text, 1, sizeof(text) - 1, page);
    fclose(page);
    text[size] = 0;
    start = strstr(text, "hufu-trust: 1\n");
    assert_non_null(start);
    end = strstr(start, ".Ed\n");
    assert_non_null(end);
    sample_accepted(sample_round_trust, start, (size_t)(end - start));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member),
        cmocka_unit_test(test_all_of_any),
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_people_without_a_text_are_not_written),
        cmocka_unit_test(test_roles_and_numbers_without_a_text_are_not_written),
        cmocka_unit_test(test_example_of_the_manual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
