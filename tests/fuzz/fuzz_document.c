// LAYERS: document base
// COVERS: policy/document/document.c policy/document/grammar.c policy/document/grammar_write.c
// COVERS: policy/document/grant.c policy/document/grant_line.c policy/document/grant_token.c
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

static void try_grant(const uint8_t *data, size_t size)
{
    cleanup(grant_free_p) struct grant *g = NULL;
    struct document_error error;
    cleanup_free char *text = NULL;
    int r = grant_parse(data, size, &g, &error), written = r == 0 ? grant_write(g, &text, NULL) : 0;

    judge(r, written, text, data, size, &error);
}

static void try_trust(const uint8_t *data, size_t size)
{
    cleanup(trust_free_p) struct trust *t = NULL;
    struct document_error error;
    cleanup_free char *text = NULL;
    int r = trust_parse(data, size, &t, &error), written = r == 0 ? trust_write(t, &text, NULL) : 0;

    judge(r, written, text, data, size, &error);
}

static void try_revocation(const uint8_t *data, size_t size)
{
    cleanup(revocation_free_p) struct revocation *x = NULL;
    struct document_error error;
    cleanup_free char *text = NULL;
    int r = revocation_parse(data, size, &x, &error), written = r == 0 ? revocation_write(x, &text, NULL) : 0;

    judge(r, written, text, data, size, &error);
}

static void try_status(const uint8_t *data, size_t size)
{
    cleanup(status_free_p) struct status *s = NULL;
    struct document_error error;
    cleanup_free char *text = NULL;
    int r = status_parse(data, size, &s, &error), written = r == 0 ? status_write(s, &text, NULL) : 0;

    judge(r, written, text, data, size, &error);
}

static void try_approval(const uint8_t *data, size_t size)
{
    cleanup(approval_free_p) struct approval *a = NULL;
    struct document_error error;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_grant(data, size);
    try_approval(data, size);
    try_trust(data, size);
    try_revocation(data, size);
    try_status(data, size);
    return 0;
}
