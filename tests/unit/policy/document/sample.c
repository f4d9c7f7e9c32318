#include "tests/unit/policy/document/sample.h"

#include "policy/document/approval.h"
#include "policy/document/grant.h"
#include "policy/document/revocation.h"
#include "policy/document/status.h"
#include "policy/document/trust.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY_1 "SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
#define KEY_2 "SHA256:Yb6CeS1bD9jPZ8sSO/0MDcPIv6GXi+vw8d7dKSbmZ1I"

const char sample_grant[] = "hufu-grant: 1\n"
                            "site: cn.example.finance\n"
                            "id: 0123456789abcdef0123456789abcdef\n"
                            "version: 3\n"
                            "class: normal\n"
                            "vendor: acme\n"
                            "employer: subacme\n"
                            "contract: C-2026-017\n"
                            "staff: zhang.san\n"
                            "staff-key: " KEY_1 "\n"
                            "host: db01.finance.example\n"
                            "service: login\n"
                            "service: sshd\n"
                            "channel: shell\n"
                            "run-as: oracle\n"
                            "command: /usr/bin/systemctl restart oracle\n"
                            "source: 10.1.2.0/24\n"
                            "source: local\n"
                            "not-before: 2026-11-21T00:00:00Z\n"
                            "not-after: 2026-11-23T00:00:00Z\n"
                            "hours: mon-fri 09:00-18:00 +08:00\n"
                            "uses: 2 per-host\n"
                            "sessions: 1\n"
                            "max-session: 14400\n"
                            "recording: required\n"
                            "requester: li.si\n"
                            "ticket: CHG-2026-1142\n"
                            "purpose: 更换数据库存储阵列控制器\n";

const char sample_grant_emergency[] = "hufu-grant: 1\n"
                                      "site: s\n"
                                      "id: ffffffffffffffffffffffffffffffff\n"
                                      "version: 2147483647\n"
                                      "class: emergency\n"
                                      "incident-level: 2\n"
                                      "vendor: acme\n"
                                      "employer: acme\n"
                                      "contract: 1\n"
                                      "staff: _a\n"
                                      "staff-key: password\n"
                                      "host: @all\n"
                                      "service: sshd\n"
                                      "channel: none\n"
                                      "run-as: none\n"
                                      "command: any\n"
                                      "source: any\n"
                                      "not-before: 1970-01-01T00:00:00Z\n"
                                      "not-after: 9999-12-31T23:59:59Z\n"
                                      "hours: any\n"
                                      "uses: unlimited\n"
                                      "sessions: unlimited\n"
                                      "max-session: unlimited\n"
                                      "recording: none\n"
                                      "requester: li.si\n"
                                      "ticket: t\n"
                                      "purpose: p\n";

const char sample_grant_full[] = "hufu-grant: 1\n"
                                 "site: cn.example.finance\n"
                                 "id: 0123456789abcdef0123456789abcdef\n"
                                 "version: 1\n"
                                 "class: privileged\n"
                                 "vendor: acme\n"
                                 "employer: acme\n"
                                 "contract: C-2026-017\n"
                                 "staff: zhang.san\n"
                                 "staff-key: " KEY_1 "\n"
                                 "staff-key: " KEY_2 "\n"
                                 "host: @db\n"
                                 "host: db01\n"
                                 "host: db01.finance.example\n"
                                 "service: at\n"
                                 "service: cron\n"
                                 "service: gdm-password\n"
                                 "channel: exec\n"
                                 "channel: forward\n"
                                 "channel: shell\n"
                                 "channel: transfer\n"
                                 "run-as: oracle\n"
                                 "run-as: root\n"
                                 "command: /bin/cat *\n"
                                 "command: /usr/bin/systemctl * oracle --now=yes\n"
                                 "source: 10.0.0.0/8\n"
                                 "source: 192.0.2.7/32\n"
                                 "source: 2001:db8::/32\n"
                                 "not-before: 2026-11-21T00:00:00Z\n"
                                 "not-after: 2026-11-21T00:00:01Z\n"
                                 "hours: sat 22:00-06:00 -03:30\n"
                                 "hours: tue 00:00-24:00 +00:00\n"
                                 "uses: 1 fleet\n"
                                 "sessions: 2147483647\n"
                                 "max-session: 1\n"
                                 "recording: none\n"
                                 "requester: li.si\n"
                                 "ticket: CHG-2026-1142\n"
                                 "purpose: Größe  prüfen \xf0\x9f\x94\x92 1/2\n";

const char sample_approval[] =
    "hufu-approval: 1\n"
    "site: cn.example.finance\n"
    "approver: wang.wu\n"
    "role: leader\n"
    "alg: sm2-sm3\n"
    "cert-sha256: 0fce00112233445566778899aabbccddeeff00112233445566778899aabbccdd\n"
    "approved-at: 2026-11-21T08:30:00Z\n"
    "subject: grant 0123456789abcdef0123456789abcdef 3\n"
    "subject-length: 644\n"
    "subject-sha256: 5d4100112233445566778899aabbccddeeff00112233445566778899aabbccdd\n"
    "signature: MEYCIQ==\n";

const char sample_trust[] = "hufu-trust: 1\n"
                            "site: cn.example.finance\n"
                            "epoch: 4\n"
                            "not-before: 2026-11-01T00:00:00Z\n"
                            "not-after: 2027-11-01T00:00:00Z\n"
                            "anchor: finance-ed25519 MAAA\n"
                            "anchor: finance-sm2 MAAB\n"
                            "requester: li.si finance\n"
                            "requester: zhou.ming finance\n"
                            "approver: wang.wu finance leader sm2-sm3 MAAC\n"
                            "approver: zhou.ming finance leader,unit ed25519 MAAD\n"
                            "approver: zhou.ming finance unit ed25519 MAAE\n"
                            "revoker: sun.qi finance ecdsa-p256-sha256 MAAF\n"
                            "status-key: status-2026 rsa-pss-sha256 MAAG\n"
                            "limit: emergency validity=86400 session=28800 any=hours,source\n"
                            "limit: normal validity=2592000 session=28800 any=none\n"
                            "limit: privileged validity=604800 session=14400 any=uses\n"
                            "quorum: emergency total=1\n"
                            "quorum: normal total=2 leader=1 unit=1\n"
                            "quorum: privileged total=2 leader=1\n";

const char sample_trust_small[] = "hufu-trust: 1\n"
                                  "site: s\n"
                                  "epoch: 1\n"
                                  "not-before: 2026-11-01T00:00:00Z\n"
                                  "not-after: 2027-11-01T00:00:00Z\n"
                                  "anchor: a MA==\n"
                                  "requester: r o\n"
                                  "approver: p o x ed25519 MA==\n"
                                  "limit: emergency validity=1 session=1 "
                                  "any=command,hours,max-session,sessions,source,uses\n"
                                  "limit: normal validity=1 session=2147483647 any=none\n"
                                  "limit: privileged validity=2147483647 session=1 any=none\n"
                                  "quorum: emergency total=1 x=1\n"
                                  "quorum: normal total=1\n"
                                  "quorum: privileged total=1 x=1\n";

const char sample_revocation[] = "hufu-revocation: 1\n"
                                 "site: cn.example.finance\n"
                                 "id: 89abcdef0123456789abcdef01234567\n"
                                 "scope: staff zhang.san\n"
                                 "until: 2026-12-21T00:00:00Z\n"
                                 "revoked-at: 2026-11-21T08:30:00Z\n"
                                 "reason: 证件丢失 (lost badge)\n";

const char sample_revocation_grant[] = "hufu-revocation: 1\n"
                                       "site: s\n"
                                       "id: 00000000000000000000000000000000\n"
                                       "scope: grant 0123456789abcdef0123456789abcdef\n"
                                       "until: forever\n"
                                       "revoked-at: 1970-01-01T00:00:00Z\n"
                                       "reason: r\n";

const char sample_status[] =
    "hufu-status: 1\n"
    "site: cn.example.finance\n"
    "trust-epoch: 4\n"
    "epoch: 17\n"
    "issued: 2026-11-21T08:00:00Z\n"
    "expires: 2026-11-22T08:00:00Z\n"
    "revoked: 0123456789abcdef0123456789abcdef\n"
    "revoked: 89abcdef0123456789abcdef01234567\n"
    "revoked-certificate: 0fce00112233445566778899aabbccddeeff00112233445566778899aabbccdd\n"
    "minimum-version: 11111111111111111111111111111111 3\n"
    "minimum-version: 22222222222222222222222222222222 2147483647\n";

const char sample_status_empty[] = "hufu-status: 1\n"
                                   "site: s\n"
                                   "trust-epoch: 1\n"
                                   "epoch: 2147483647\n"
                                   "issued: 1970-01-01T00:00:00Z\n"
                                   "expires: 9999-12-31T23:59:59Z\n";

const struct sample samples[] = {
    {"grant", sample_grant, sample_round_grant},
    {"emergency grant", sample_grant_emergency, sample_round_grant},
    {"full grant", sample_grant_full, sample_round_grant},
    {"approval", sample_approval, sample_round_approval},
    {"trust", sample_trust, sample_round_trust},
    {"small trust", sample_trust_small, sample_round_trust},
    {"revocation", sample_revocation, sample_round_revocation},
    {"revocation of a grant", sample_revocation_grant, sample_round_revocation},
    {"status", sample_status, sample_round_status},
    {"empty status", sample_status_empty, sample_round_status},
};
const size_t n_samples = ARRAY_SIZE(samples);

#define DEFINE_ROUND(type)                                                                             \
    int sample_round_##type(const void *octets, size_t size, char **ret, struct document_error *error) \
    {                                                                                                  \
        static const char before[1]; /* what was there is not taken for an answer */                   \
        struct type *value = (struct type *)(uintptr_t)before;                                         \
        int r = type##_parse(octets, size, &value, error);                                             \
                                                                                                       \
        assert_true((r == 0) == (value != NULL));                                                      \
        *ret = NULL;                                                                                   \
        if (r < 0)                                                                                     \
            return r;                                                                                  \
        *ret = (char *)(uintptr_t)before;                                                              \
        r = type##_write(value, ret, error);                                                           \
        assert_true((r == 0) == (*ret != NULL));                                                       \
        assert_int_not_equal(r, -EINVAL); /* what was read can be written */                           \
        type##_free(value);                                                                            \
        return r;                                                                                      \
    }

DEFINE_ROUND(grant)
DEFINE_ROUND(approval)
DEFINE_ROUND(trust)
DEFINE_ROUND(revocation)
DEFINE_ROUND(status)

struct grant *sample_parse_grant(const char *text)
{
    struct document_error error = {0};
    struct grant *g;

    if (grant_parse(text, strlen(text), &g, &error) != 0)
        fail_msg("%u: %s", error.line, error.reason);
    return g;
}

char *sample_edit(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *edited = NULL;

    if (!at || strstr(at + 1, from))
        fail_msg("`%s` does not stand exactly once", from);
    assert_true(asprintf(&edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) >= 0);
    return edited;
}

void sample_refused(sample_round *round, const void *octets, size_t size, unsigned line, const char *part)
{
    struct document_error error = {.line = 4711};
    cleanup_free char *again = NULL;
    int r = round(octets, size, &again, &error);

    if (r != -EINVAL)
        fail_msg("result %d instead of a refusal of line %u (%s) of\n%.*s", r, line, part, (int)size,
                 (const char *)octets);
    if (error.line != line || !strstr(error.reason, part))
        fail_msg("refused with %u: %s; expected %u: %s\n%.*s", error.line, error.reason, line, part,
                 (int)size, (const char *)octets);
}

void sample_accepted(sample_round *round, const void *octets, size_t size)
{
    struct document_error error = {.line = 4711, .reason = "of something else"};
    cleanup_free char *again = NULL;
    int r = round(octets, size, &again, &error);

    if (r != 0)
        fail_msg("result %d, %u: %s\n%.*s", r, error.line, error.reason, (int)size, (const char *)octets);
    assert_int_equal(error.line, 0);
    assert_string_equal(error.reason, "");
    assert_int_equal(strlen(again), size);
    assert_memory_equal(again, octets, size);
}

void sample_edit_refused(const struct sample *s, const char *from, const char *to, unsigned line,
                         const char *part)
{
    cleanup_free char *text = sample_edit(s->text, from, to);

    sample_refused(s->round, text, strlen(text), line, part);
}

void sample_edit_accepted(const struct sample *s, const char *from, const char *to)
{
    cleanup_free char *text = sample_edit(s->text, from, to);

    sample_accepted(s->round, text, strlen(text));
}

unsigned sample_line(const char *text, const char *part)
{
    const char *at = strstr(text, part);
    unsigned line = 1;

    assert_non_null(at);
    for (const char *c = text; c < at; c++)
        line += *c == '\n';
    return line;
}
