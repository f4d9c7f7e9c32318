#include "tests/unit/support/department.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct authority make_anchor(const char *name, enum signature_algorithm alg)
{
    struct authority a = {.name = name, .key = issue_key(alg)};

    a.certificate = issue_certificate(&(struct certificate_plan){.name = name, .key = a.key, .ca = true});
    return a;
}

struct signatory department_signatory(const struct department *d, const char *person,
                                      const char *organisation, const char *roles,
                                      enum signature_algorithm alg)
{
    const struct authority *a = &d->anchors[alg == SIGNATURE_SM2_SM3 ? DEPARTMENT_SM2 : DEPARTMENT_ED25519];
    struct signatory s = {person, organisation, roles, alg, issue_key(alg), NULL};

    s.certificate = issue_certificate(&(struct certificate_plan){
        .name = person, .key = s.key, .issuer = a->certificate, .issuer_key = a->key});
    return s;
}

void signatory_done(struct signatory *s)
{
    EVP_PKEY_free(s->key);
    X509_free(s->certificate);
    *s = (struct signatory){0};
}

struct trust_plan department_plan(const struct department *d)
{
    return (struct trust_plan){
        .anchors = d->anchors,
        .n_anchors = DEPARTMENT_ANCHORS,
        .approvers = d->approvers,
        .n_approvers = DEPARTMENT_APPROVERS,
    };
}

struct department *department_new(void)
{
    struct department *d = calloc(1, sizeof(*d));
    struct trust_plan plan;

    must(d != NULL);
    d->anchors[DEPARTMENT_ED25519] = make_anchor("finance-ed25519", SIGNATURE_ED25519);
    d->anchors[DEPARTMENT_SM2] = make_anchor("finance-sm2", SIGNATURE_SM2_SM3);
    d->approvers[DEPARTMENT_LEADER] =
        department_signatory(d, "wang.wu", "finance", "leader", SIGNATURE_SM2_SM3);
    d->approvers[DEPARTMENT_UNIT] =
        department_signatory(d, "zhou.ming", "finance", "unit", SIGNATURE_ED25519);
    d->approvers[DEPARTMENT_BOTH] =
        department_signatory(d, "chen.liu", "finance", "leader,unit", SIGNATURE_ED25519);
    plan = department_plan(d);
    d->trust = paper_trust(&plan);
    return d;
}

struct department *department_free(struct department *d)
{
    if (!d)
        return NULL;
    for (size_t i = 0; i < DEPARTMENT_APPROVERS; i++)
        signatory_done(&d->approvers[i]);
    for (size_t i = 0; i < DEPARTMENT_ANCHORS; i++) {
        EVP_PKEY_free(d->anchors[i].key);
        X509_free(d->anchors[i].certificate);
    }
    free(d->trust);
    free(d);
    return NULL;
}

char *department_approval(const struct department *d, int who, const char *document)
{
    cleanup_free char *about = NULL;
    const char *id = strstr(document, "\nid: ");
    unsigned version = 0;
    char digits[33];

    must(who >= 0 && who < DEPARTMENT_APPROVERS);
    must(id && sscanf(id, "\nid: %32[0-9a-f]\nversion: %u\n", digits, &version) == 2);
    about = issue_text("grant %s %u", digits, version);
    return paper_approval(
        &(struct approval_plan){.by = &d->approvers[who], .document = document, .about = about});
}
