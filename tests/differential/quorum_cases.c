#include "tests/differential/quorum_cases.h"

#include "policy/base/cleanup.h"
#include "policy/engine/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORDS = 8,
    CERTIFICATES_MAX = 16,
};

static void certificate_of(unsigned number, uint8_t sha256[static 32])
{
    memset(sha256, (int)number, 32);
}

static void read_needed(const char *total, char *roles, struct trust *t)
{
    struct trust_quorum *q = &t->quorum[GRANT_CLASS_NORMAL];

    q->total = (uint32_t)strtoul(total, NULL, 10);
    for (char *word; (word = strsep(&roles, ",")) != NULL && t->n_roles < TRUST_ROLES_MAX;)
        q->role[t->n_roles++] = (uint32_t)strtoul(word, NULL, 10);
}

static long long take_number(char **text)
{
    const char *word = strsep(text, ":");

    return word ? strtoll(word, NULL, 10) : 0;
}

static size_t read_signatures(char *text, struct quorum_signature *signatures)
{
    size_t n = 0;

    for (char *word; (word = strsep(&text, ",")) != NULL && *word && n < QUORUM_VOTES_MAX;) {
        struct quorum_signature *s = &signatures[n++];

        s->vote.person = (size_t)take_number(&word);
        s->vote.role = (unsigned)take_number(&word);
        s->until = take_number(&word);
        certificate_of((unsigned)take_number(&word), s->certificate);
    }
    return n;
}

static size_t read_certificates(char *text, struct status_certificate *certificates)
{
    size_t n = 0;

    for (char *word; (word = strsep(&text, ",")) != NULL && *word && n < CERTIFICATES_MAX;)
        certificate_of((unsigned)strtoul(word, NULL, 10), certificates[n++].sha256);
    return n;
}

static void print(const struct trust *t, const struct quorum_signature *s, size_t n,
                  const struct status *status, const struct grant *g)
{
    const struct trust_quorum *needed = &t->quorum[GRANT_CLASS_NORMAL];
    struct quorum_vote votes[QUORUM_VOTES_MAX];
    when_t left = -1;
    enum reason reason;

    for (size_t i = 0; i < n; i++)
        votes[i] = s[i].vote;
    reason = status_of_grant(status, t, g, s, n, &left);
    printf("%s %u %" PRId64 " %s %" PRId64 "\n",
           quorum_is_met(needed, t->n_roles, votes, n) ? "met" : "unmet",
           quorum_missing(needed, t->n_roles, votes, n), quorum_holds_until(needed, t->n_roles, s, n),
           reason_name(reason), left);
}

void quorum_case(char **words, size_t n)
{
    static struct trust trust;
    struct quorum_signature signatures[QUORUM_VOTES_MAX] = {0};
    struct status_certificate certificates[CERTIFICATES_MAX];
    struct grant grant = {.site = "s", .class = GRANT_CLASS_NORMAL};
    struct status_minimum minimum = {.id = grant.id};
    struct status status = {.site = "s", .revoked_certificates = certificates};

    if (n != WORDS)
        exit(2);
    memset(&trust, 0, sizeof trust);
    trust.site = "s";
    read_needed(words[0], words[1], &trust);
    n = read_signatures(words[2], signatures);
    status.n_revoked_certificates = read_certificates(words[3], certificates);
    if (strcmp(words[4], "yes") == 0) {
        status.revoked = &grant.id;
        status.n_revoked = 1;
    }
    minimum.version = (uint32_t)strtoul(words[5], NULL, 10);
    status.minimum_versions = &minimum;
    status.n_minimum_versions = minimum.version != 0;
    grant.version = (uint32_t)strtoul(words[6], NULL, 10);
    trust.valid.until = strtoll(words[7], NULL, 10);
    print(&trust, signatures, n, &status, &grant);
}

bool limit_case(const char *validity, const char *session, char *fields, const struct grant *g)
{
    static const struct {
        const char *name;
        enum trust_any bit;
    } known[] = {{"command", TRUST_ANY_COMMAND},   {"hours", TRUST_ANY_HOURS},
                 {"sessions", TRUST_ANY_SESSIONS}, {"max-session", TRUST_ANY_MAX_SESSION},
                 {"source", TRUST_ANY_SOURCE},     {"uses", TRUST_ANY_USES}};
    struct trust_limit limit = {.validity = (uint32_t)strtoul(validity, NULL, 10),
                                .session = (uint32_t)strtoul(session, NULL, 10)};

    for (char *word; (word = strsep(&fields, ",")) != NULL;)
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
            if (strcmp(known[i].name, word) == 0)
                limit.any = (uint8_t)(limit.any | known[i].bit);
    return quorum_within_limit(&limit, g);
}
