#include "tests/unit/support/papers.h"

#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <stdlib.h>
#include <string.h>

#define OR(value, usual) ((value) ? (value) : (usual))

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the lines, joins them, frees them. */
static char *join_sorted(char **lines, size_t n)
{
    char *text = issue_text("%s", "");

    qsort(lines, n, sizeof(*lines), compare_lines);
    for (size_t i = 0; i < n; i++) {
        char *longer = issue_text("%s%s", text, lines[i]);

        free(text);
        free(lines[i]);
        text = longer;
    }
    return text;
}

static char *anchor_lines(const struct trust_plan *plan)
{
    char *lines[8];

    must(plan->n_anchors <= ARRAY_SIZE(lines));
    for (size_t i = 0; i < plan->n_anchors; i++) {
        cleanup_free char *der = issue_certificate_base64(plan->anchors[i].certificate);

        lines[i] = issue_text("anchor: %s %s\n", plan->anchors[i].name, der);
    }
    return join_sorted(lines, plan->n_anchors);
}

static const char *alg_name(enum signature_algorithm alg)
{
    static const char *const names[] = {
        [SIGNATURE_ED25519] = "ed25519",
        [SIGNATURE_ECDSA_P256_SHA256] = "ecdsa-p256-sha256",
        [SIGNATURE_RSA_PSS_SHA256] = "rsa-pss-sha256",
        [SIGNATURE_SM2_SM3] = "sm2-sm3",
    };

    return names[alg];
}

static char *approver_lines(const struct trust_plan *plan)
{
    char *lines[64];

    must(plan->n_approvers <= ARRAY_SIZE(lines));
    for (size_t i = 0; i < plan->n_approvers; i++) {
        const struct signatory *s = &plan->approvers[i];
        cleanup_free char *der = issue_certificate_base64(s->certificate);

        lines[i] = issue_text("approver: %s %s %s %s %s\n", s->person, s->organisation, s->roles,
                              alg_name(s->alg), der);
    }
    return join_sorted(lines, plan->n_approvers);
}

static char *revoker_lines(const struct trust_plan *plan)
{
    char *lines[64];

    must(plan->n_revokers <= ARRAY_SIZE(lines));
    for (size_t i = 0; i < plan->n_revokers; i++) {
        const struct signatory *s = &plan->revokers[i];
        cleanup_free char *der = issue_certificate_base64(s->certificate);

        lines[i] = issue_text("revoker: %s %s %s %s\n", s->person, s->organisation, alg_name(s->alg), der);
    }
    return join_sorted(lines, plan->n_revokers);
}

static char *status_key_lines(const struct trust_plan *plan)
{
    char *lines[4];

    must(plan->n_status_keys <= ARRAY_SIZE(lines));
    for (size_t i = 0; i < plan->n_status_keys; i++) {
        const struct signatory *s = &plan->status_keys[i];
        cleanup_free char *der = issue_certificate_base64(s->certificate);

        lines[i] = issue_text("status-key: %s %s %s\n", s->person, alg_name(s->alg), der);
    }
    return join_sorted(lines, plan->n_status_keys);
}

char *paper_trust(const struct trust_plan *plan)
{
    cleanup_free char *anchors = anchor_lines(plan);
    cleanup_free char *approvers = approver_lines(plan);
    cleanup_free char *revokers = revoker_lines(plan);
    cleanup_free char *status_keys = status_key_lines(plan);

    return issue_text("hufu-trust: 1\n"
                      "site: %s\n"
                      "epoch: %u\n"
                      "not-before: %s\n"
                      "not-after: %s\n"
                      "%s"
                      "requester: %s\n"
                      "%s"
                      "%s"
                      "%s"
                      "limit: emergency validity=86400 session=28800 any=hours,source\n"
                      "limit: normal validity=2592000 session=28800 any=%s\n"
                      "limit: privileged validity=604800 session=14400 any=none\n"
                      "quorum: emergency %s\n"
                      "quorum: normal %s\n"
                      "quorum: privileged %s\n",
                      OR(plan->site, PAPERS_SITE), plan->epoch ? plan->epoch : 4,
                      OR(plan->from, "2026-11-01T00:00:00Z"), OR(plan->until, "2048-11-01T00:00:00Z"),
                      anchors, OR(plan->requester, "li.si finance"), approvers, revokers, status_keys,
                      OR(plan->any_normal, "none"), OR(plan->quorum_emergency, "total=1 leader=1"),
                      OR(plan->quorum_normal, "total=2 leader=1 unit=1"),
                      OR(plan->quorum_privileged, "total=2 leader=1 unit=1"));
}

char *paper_grant(const struct grant_plan *plan)
{
    const char *class = OR(plan->class, "normal");
    const char *vendor = OR(plan->vendor, "acme");

    return issue_text(
        "hufu-grant: 1\n"
        "site: %s\n"
        "id: %s\n"
        "version: %u\n"
        "class: %s\n"
        "%s"
        "vendor: %s\n"
        "employer: %s\n"
        "contract: %s\n"
        "staff: %s\n"
        "staff-key: %s\n"
        "host: %s\n"
        "%s%s%s"
        "service: login\n"
        "service: sshd\n"
        "channel: %s\n"
        "run-as: %s\n"
        "command: %s\n"
        "source: %s\n"
        "not-before: %s\n"
        "not-after: %s\n"
        "hours: %s\n"
        "uses: %s\n"
        "sessions: %s\n"
        "max-session: %s\n"
        "recording: %s\n"
        "requester: %s\n"
        "ticket: CHG-2026-1142\n"
        "purpose: 更换数据库存储阵列控制器\n",
        OR(plan->site, PAPERS_SITE), OR(plan->id, PAPERS_ID), plan->version ? plan->version : 3, class,
        strcmp(class, "emergency") == 0 ? "incident-level: 2\n" : "", vendor, OR(plan->employer, vendor),
        OR(plan->contract, "C-2026-017"), OR(plan->staff, "zhang.san"), OR(plan->key, "password"),
        OR(plan->host, "db01.finance.example"), plan->job ? "service: " : "", OR(plan->job, ""),
        plan->job ? "\n" : "", OR(plan->channel, "shell"), OR(plan->run_as, "none"),
        OR(plan->command, "none"), OR(plan->source, "10.1.2.0/24"), OR(plan->from, "2026-11-21T00:00:00Z"),
        OR(plan->until, "2026-11-23T00:00:00Z"), OR(plan->hours, "mon-sun 00:00-24:00 +00:00"),
        OR(plan->uses, "2 per-host"), OR(plan->sessions, "1"), OR(plan->max_session, "14400"),
        OR(plan->recording, "none"), OR(plan->requester, "li.si"));
}

char *paper_revocation(const struct revocation_plan *plan)
{
    return issue_text("hufu-revocation: 1\n"
                      "site: %s\n"
                      "id: %s\n"
                      "scope: %s\n"
                      "until: %s\n"
                      "revoked-at: 2026-11-21T08:00:00Z\n"
                      "reason: %s\n",
                      OR(plan->site, PAPERS_SITE), OR(plan->id, PAPERS_REVOCATION),
                      OR(plan->scope, "grant " PAPERS_ID), OR(plan->until, "forever"),
                      OR(plan->reason, "证件丢失"));
}

char *paper_status(const struct status_plan *plan)
{
    return issue_text("hufu-status: 1\n"
                      "site: %s\n"
                      "trust-epoch: %u\n"
                      "epoch: %u\n"
                      "issued: %s\n"
                      "expires: %s\n"
                      "%s",
                      OR(plan->site, PAPERS_SITE), plan->trust_epoch ? plan->trust_epoch : 4,
                      plan->epoch ? plan->epoch : 17, OR(plan->issued, "2026-11-21T08:00:00Z"),
                      OR(plan->expires, "2026-11-22T08:00:00Z"), OR(plan->lines, ""));
}

static char *header_of(const struct approval_plan *plan)
{
    const struct signatory *by = plan->by;
    char certificate[65];
    char digest[65];

    issue_certificate_sha256(by->certificate, certificate);
    issue_sha256(plan->document, strlen(plan->document), digest);
    return issue_text("hufu-approval: 1\n"
                      "site: %s\n"
                      "approver: %s\n"
                      "role: %.*s\n"
                      "alg: %s\n"
                      "cert-sha256: %s\n"
                      "approved-at: %s\n"
                      "subject: %s\n"
                      "subject-length: %zu\n"
                      "subject-sha256: %s\n",
                      OR(plan->site, PAPERS_SITE), OR(plan->person, by->person),
                      (int)(plan->role ? strlen(plan->role) : strcspn(by->roles, ",")),
                      OR(plan->role, by->roles), OR(plan->alg, alg_name(by->alg)),
                      OR(plan->certificate_sha256, certificate),
                      OR(plan->approved_at, "2026-11-21T08:30:00Z"), OR(plan->about, "grant " PAPERS_ID " 3"),
                      plan->length ? plan->length : strlen(plan->document), OR(plan->sha256, digest));
}

char *paper_tbs(const struct approval_plan *plan)
{
    cleanup_free char *header = header_of(plan);

    return issue_text("%s\n%s", header, plan->document);
}

char *paper_approval(const struct approval_plan *plan)
{
    cleanup_free char *header = header_of(plan);
    cleanup_free char *tbs = paper_tbs(plan);
    cleanup_free uint8_t *signature = NULL;
    cleanup_free char *base64 = NULL;
    size_t size = 0;

    if (plan->signature_base64)
        return issue_text("%ssignature: %s\n", header, plan->signature_base64);
    signature =
        issue_signature(plan->by->alg, OR(plan->key, plan->by->key), tbs, strlen(tbs), plan->sm2_id, &size);
    base64 = ident_base64_encode(signature, size);
    must(base64 != NULL);
    return issue_text("%ssignature: %s\n", header, base64);
}
