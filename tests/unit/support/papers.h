#ifndef HUFU_TESTS_SUPPORT_PAPERS_H
#define HUFU_TESTS_SUPPORT_PAPERS_H

#include "tests/unit/support/issuing.h"

/*
 * Documents for tests: trust files, grants and approvals as text, put together line by line from
 * 4-documents and not by the writers of policy/document. Every field has a usual value; a test names
 * those it is about. Texts are the caller's to free.
 */

#define PAPERS_SITE       "cn.example.finance"
#define PAPERS_ID         "0123456789abcdef0123456789abcdef"
#define PAPERS_REVOCATION "89abcdef0123456789abcdef01234567"
#define PAPERS_NOW        ((when_t)1795255200) /* 2026-11-21T10:00:00Z: in the middle of everything's dates */

/* An anchor. */
struct authority {
    const char *name;
    EVP_PKEY *key;
    X509 *certificate;
};

/* An approver with one key. */
struct signatory {
    const char *person;
    const char *organisation;
    const char *roles; /* "leader,unit" */
    enum signature_algorithm alg;
    EVP_PKEY *key;
    X509 *certificate;
};

struct trust_plan {
    const char *site;  /* NULL: PAPERS_SITE */
    unsigned epoch;    /* 0: 4 */
    const char *from;  /* NULL: 2026-11-01T00:00:00Z */
    const char *until; /* NULL: 2048-11-01T00:00:00Z */
    const struct authority *anchors;
    size_t n_anchors;
    const char *requester; /* NULL: "li.si finance" */
    const struct signatory *approvers;
    size_t n_approvers;
    const struct signatory *revokers; /* roles do not matter */
    size_t n_revokers;
    const struct signatory *status_keys; /* neither roles nor organisations do */
    size_t n_status_keys;
    const char *quorum_emergency;  /* NULL: "total=1 leader=1" */
    const char *quorum_normal;     /* NULL: "total=2 leader=1 unit=1" */
    const char *quorum_privileged; /* likewise */
    const char *any_normal;        /* NULL: "none" */
};
char *paper_trust(const struct trust_plan *plan);

struct grant_plan {
    const char *site;
    const char *id;
    unsigned version;   /* 0: 3 */
    const char *class;  /* NULL: "normal"; "emergency" brings incident-level 2 */
    const char *vendor; /* NULL: "acme" */
    const char *employer;
    const char *contract;    /* NULL: "C-2026-017" */
    const char *staff;       /* NULL: "zhang.san" */
    const char *key;         /* of staff-key; NULL: "password" */
    const char *host;        /* NULL: "db01.finance.example" */
    const char *job;         /* a first service beside login and sshd: "cron"; NULL: none */
    const char *channel;     /* NULL: "shell" */
    const char *recording;   /* NULL: "none" */
    const char *run_as;      /* NULL: "none" */
    const char *command;     /* one; NULL: "none" */
    const char *source;      /* NULL: "10.1.2.0/24" */
    const char *from;        /* NULL: 2026-11-21T00:00:00Z */
    const char *until;       /* NULL: 2026-11-23T00:00:00Z */
    const char *hours;       /* NULL: "mon-sun 00:00-24:00 +00:00" */
    const char *uses;        /* NULL: "2 per-host" */
    const char *sessions;    /* NULL: "1" */
    const char *max_session; /* NULL: "14400" */
    const char *requester;   /* NULL: "li.si" */
};
char *paper_grant(const struct grant_plan *plan);

struct revocation_plan {
    const char *site;
    const char *id;     /* NULL: PAPERS_REVOCATION */
    const char *scope;  /* NULL: "grant " PAPERS_ID */
    const char *until;  /* NULL: "forever" */
    const char *reason; /* NULL: "证件丢失" */
};
char *paper_revocation(const struct revocation_plan *plan);

struct status_plan {
    const char *site;
    unsigned trust_epoch; /* 0: 4 */
    unsigned epoch;       /* 0: 17 */
    const char *issued;   /* NULL: 2026-11-21T08:00:00Z */
    const char *expires;  /* NULL: 2026-11-22T08:00:00Z */
    const char *lines;    /* sorted `revoked:`, `revoked-certificate:`, `minimum-version:`; NULL: none */
};
char *paper_status(const struct status_plan *plan);

struct approval_plan {
    const struct signatory *by;
    const char *role;     /* NULL: the first of the signatory's */
    const char *document; /* what is signed */
    const char *about;    /* subject line's value; NULL: "grant " PAPERS_ID " 3" */
    /* What a forger may write in, else NULL or 0: */
    const char *person;
    const char *site;
    const char *alg;
    const char *certificate_sha256;
    const char *approved_at;
    const char *sha256;
    size_t length;
    const char *sm2_id;           /* "": unset */
    EVP_PKEY *key;                /* signs instead of the signatory's */
    const char *signature_base64; /* stands there instead of a signature */
};
char *paper_approval(const struct approval_plan *plan);

/** The octets that an approval by this plan signs. */
char *paper_tbs(const struct approval_plan *plan);

#endif
