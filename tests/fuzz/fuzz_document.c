// LAYERS: document base
// COVERS: policy/document/document.c policy/document/grammar.c policy/document/grammar_write.c
// COVERS: policy/document/grant.c policy/document/grant_common.c policy/document/grant_line.c
// COVERS: policy/document/grant_token.c
// COVERS: policy/document/approval.c policy/document/revocation.c policy/document/status.c
// COVERS: policy/document/trust.c policy/document/trust_line.c policy/document/trust_class.c
// COVERS: policy/document/trust_quorum.c policy/document/value.c
/*
 * Any octets into every document parser. Whatever is accepted must be written back as the very octets that
 * were read, and what an approval signs must begin with them: else the process ends.
 */
#include "policy/base/cleanup.h"
#include "policy/document/approval.h"
#include "policy/document/grant.h"
#include "policy/document/revocation.h"
#include "policy/document/status.h"
#include "policy/document/trust.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void judge(int parsed, int written, const char *text, const uint8_t *data, size_t size,
                  const struct document_error *error)
{
    enum document_type type;

    if (parsed < 0) {
        demand(error->reason[0] != 0 && memchr(error->reason, 0, sizeof(error->reason)),
               "refused without a reason");
        for (const char *c = error->reason; *c; c++)
            demand((unsigned char)*c >= 0x20 && *c != 0x7f, "a reason holds a control character");
        return;
    }
    demand(document_type_of(data, size, &type) == 0, "accepted a document without a type");
    demand(written == 0, "accepted what it cannot write");
    demand(strlen(text) == size && memcmp(text, data, size) == 0, "two texts mean the same");
}

/* Hosts keep what grants have in common once, and the document in parts: they must be the document again. */
static void put_together(const struct grant *g, const uint8_t *data, size_t size)
{
    cleanup(grant_free_p) struct grant *common = NULL;
    cleanup_buf struct buf joined = BUF_INIT;
    struct grant own = *g;

    demand(grant_common_copy(g, &common) == 0, "no memory");
    own.common = common->common;
    grant_common_join(&own, &joined);
    demand(buf_error(&joined) == 0 && joined.size == size && memcmp(joined.data, data, size) == 0,
           "a grant in parts is another");
}

static void try_grant(const uint8_t *data, size_t size)
{
    cleanup(grant_free_p) struct grant *g = NULL;
    struct document_error error = {0};
    cleanup_free char *text = NULL;
    int r = grant_parse(data, size, &g, &error), written = r == 0 ? grant_write(g, &text, NULL) : 0;

    judge(r, written, text, data, size, &error);
    if (r == 0)
        put_together(g, data, size);
}

static void try_trust(const uint8_t *data, size_t size)
{
    cleanup(trust_free_p) struct trust *t = NULL;
    struct document_error error = {0};
    cleanup_free char *text = NULL;
    int r = trust_parse(data, size, &t, &error), written = r == 0 ? trust_write(t, &text, NULL) : 0;

    judge(r, written, text, data, size, &error);
}

static void try_revocation(const uint8_t *data, size_t size)
{
    cleanup(revocation_free_p) struct revocation *x = NULL;
    struct document_error error = {0};
    cleanup_free char *text = NULL;
    int r = revocation_parse(data, size, &x, &error), written = r == 0 ? revocation_write(x, &text, NULL) : 0;

    judge(r, written, text, data, size, &error);
}

static void try_status(const uint8_t *data, size_t size)
{
    cleanup(status_free_p) struct status *s = NULL;
    struct document_error error = {0};
    cleanup_free char *text = NULL;
    int r = status_parse(data, size, &s, &error), written = r == 0 ? status_write(s, &text, NULL) : 0;

    judge(r, written, text, data, size, &error);
}

static void try_approval(const uint8_t *data, size_t size)
{
    cleanup(approval_free_p) struct approval *a = NULL;
    struct document_error error = {0};
    cleanup_free char *text = NULL;
    cleanup_free uint8_t *subject = NULL, *tbs = NULL;
    size_t tbs_size = 0;
    int r = approval_parse(data, size, &a, &error), written = r == 0 ? approval_write(a, &text, NULL) : 0;

    judge(r, written, text, data, size, &error);
    if (r < 0)
        return;
    subject = calloc(1, a->subject_length);
    demand(subject && approval_tbs_of(data, a, subject, a->subject_length, &tbs, &tbs_size) == 0,
           "no signed octets");
    demand(tbs_size == a->header_size + 1 + a->subject_length && memcmp(tbs, data, a->header_size) == 0,
           "signed octets are not those received");
}

/* Lines that documents may have, for the mutator. */
static const char *const valid_lines[] = {
    "alg: sm2-sm3",
    "anchor: a MA==",
    "anchor: fin-ed25519 MAAA",
    "anchor: finance-ed12759 MAAA",
    "anchor: finance-ed12759 MAAB",
    "approved-at: 2026-11-21T08:30:00Z",
    "approver: p o x ed25519 MA==",
    "approver: wang.wu",
    "approver: wang.wu finance leader sm2-sm3 MAA=",
    "approver: wang.wu finance leader sm2-sm3 MAAC",
    "cert-sha256: 0fce00112233445566778899aabbccddeeff00112233445566778899aabbccdd",
    "channel: exec",
    "channel: forward",
    "channel: none",
    "channel: shell",
    "class: emergency",
    "class: normal",
    "class: privileged",
    "command: /bin/cat *",
    "command: /u/systemctl * oracle --now=yes",
    "command: /usnow=yes",
    "command: /usr/bi.1.2.0/24",
    "contract: 1",
    "contract: C-2026-017",
    "contract: fleet6-017",
    "employer: acme",
    "employer: sub2222222222222222222222222222222acme",
    "employer: subWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWacme",
    "employer: subacme",
    "epoch: 1",
    "epoch: 17",
    "epoch: 2147447",
    "epoch: 2147483647",
    "expires: 2026-11-22T08:00:00Z",
    "expires: 9998-12-31T23:59:59Z",
    "expires: 9999-12-31T23:59:59Z",
    "host: @all",
    "host: @db",
    "host: @db1",
    "host: Bdb",
    "hours: any",
    "hours: mon-fri 09:00-18:00 +08:00",
    "hours: sat 22:00-06:00 -03:30",
    "hours: tue 00:00-24:00 +00:00",
    "hufu-approval: 1",
    "hufu-grant: 1",
    "hufu-revocation: 1",
    "hufu-status: 1",
    "hufu-trust: 1",
    "id: 00000000000000000000000000000000",
    "id: 0123456789abcdef0123456789abcdef",
    "id: 89abcdef0123456789abcdef01234567",
    "id: ffffffffffffffffffffffffffffffff",
    "incident-level: 2",
    "issued: 1970-01-01T00:00:00Z",
    "issued: 1970-02-01T00:00:00Z",
    "issued: 2026-11-21T08:00:00Z",
    "limit: emergency val sessi1 on,sessions,solrce,uses",
    "limit: emergency validity=1 session=1 any=command,hours,max-session,sessions,source,uses",
    "limit: emergency validity=8400 session=28800 any=hours,source",
    "limit: emergency validity=86400 session=28800 any=hours,source",
    "max-session: 1",
    "max-session: 14400",
    "max-session: unlimited",
    "minimum-version: 11111111111111111111111111111111 3",
    "minimum-version: 11111111111111111111111111111111 483647",
    "minimum-version: 22222222222222222222222222222222 2147483647",
    "not-after: 2026-11-21T00:00:01Z",
    "not-after: 2026-11-23T00:00:00Z",
    "not-after: 2027-11-01T00:00:00Z",
    "not-after: 2028-11-01T00:00:00Z",
    "not-before: 1970-01-01T00:00:00Z",
    "not-before: 1970-02-01T00:00:00Z",
    "not-before: 2024-11-01T00:00:00Z",
    "not-before: 2026-11-01T00:00:00Z",
    "purpose: p",
    "quorum: emergency total=1",
    "quorum: emergency total=1 x=1",
    "quorum: normal total=1",
    "quorum: normal total=2 leader=1 unit=1",
    "reason: r",
    "recording: none",
    "recording: required",
    "requester: li.si",
    "requester: li.si finance",
    "requester: li.si3 MAAC",
    "requester: llesi",
    "revoked: 0123456789abcdef0123456789abcdef",
    "revoked: 89abcdef0123456789abcdef01234567",
    "revoked-at: 1970-01-01T00:00:00Z",
    "revoked-at: 2026-11-21T08:30:00Z",
    "revoked-at: 2026-11-21T16:30:00Z",
    "revoked-at: 2096-11-21T08:30:00Z",
    "revoked-certificate: 0fce00112233445566778899aabbccddeeff00112233445566778899aabbccdd",
    "revoker: sun.qi fiatus-2026 rsa-pss-sha256 MAAG",
    "revoker: sun.qi financ26 rsa-pss-sha256 MAAG",
    "revoker: sun.qi finance ecdsa-p256-sha256 MAAF",
    "role: leader",
    "run-as: none",
    "run-as: nongdm-autologie",
    "run-as: oracle",
    "run-as: root",
    "scope: grant 0123456789abcdef0123456789abcdef",
    "scope: staff g.san",
    "scope: staff zhang..an",
    "scope: staff zhang.00000886620886620san",
    "service: at",
    "service: atdcron",
    "service: atfinance-sm2",
    "service: cron",
    "sessions: 1",
    "sessions: 2147483647",
    "sessions: unlimited",
    "signature: MEYCIQ==",
    "signature: MEYCnone",
    "site: cn.eXample.fice",
    "site: cn.eXample.finance",
    "site: cn.eerust-epochUminance",
    "site: cn.eerust-epochUminimum-vesironample.finance",
    "source: 10.0.0.0/8",
    "source: 10.0.0.0/9",
    "source: 10.1.2.0/24",
    "source: 120.2.9.7/32",
    "staff: _a",
    "staff: zhang.san",
    "staff-key: SHA256:AQEBAQE+AQEBAQEBAQEBAQEBAQEBAQ/BAQEBAQEBAQE",
    "staff-key: SHA256:AQEBAQE+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
    "staff-key: SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
    "staff-key: SHA256:Yb6CeS1bD9jPZ8sSO/0MDcPIv6GXi+/usr/bin/sZ1I",
    "status-key: status-2026 rsa-pss-sha256 MAAG",
    "subject: grant 0123456789abcdef0123456789abcdef 3",
    "subject-length: 644",
    "subject-sha256: 5d4100112233445566778899aabbccddeeff00112233445566778899aabbccdd",
    "ticket: CHG-2025-1142",
    "ticket: CHG-2026-1142",
    "ticket: t",
    "trust-epoch: 1",
    "trust-epoch: 4",
    "until: 2026-12-21T00:00:00Z",
    "until: 2472-12-21T00:00:00Z",
    "until: 2473-12-21T00:00:00Z",
    "until: forever",
    "uses: 1 fleet",
    "uses: 2 per-host",
    "uses: unlimited",
    "vendor: 6acme",
    "vendor: acme",
    "version: 1",
    "version: 2147483647",
    "version: 3",
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    return mutate_lines(data, size, most, seed, valid_lines, ARRAY_SIZE(valid_lines));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_grant(data, size);
    try_approval(data, size);
    try_trust(data, size);
    try_revocation(data, size);
    try_status(data, size);
    return 0;
}
