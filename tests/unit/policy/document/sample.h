#ifndef HUFU_TEST_DOCUMENT_SAMPLE_H
#define HUFU_TEST_DOCUMENT_SAMPLE_H

#include "policy/base/cleanup.h"
#include "policy/document/document.h"
#include "policy/document/grant.h"

/*
 * Valid documents to start from, and the tools to spoil them.
 */

extern const char sample_grant[];           /* class normal, the one of the manual */
extern const char sample_grant_emergency[]; /* as many `any`, `none` and `unlimited` as there can be */
extern const char sample_grant_full[];      /* several lines of every key that may repeat */
extern const char sample_approval[];
extern const char sample_trust[];
extern const char sample_trust_small[]; /* without the keys that may be absent */
extern const char sample_revocation[];  /* of a person, till a time */
extern const char sample_revocation_grant[];
extern const char sample_status[];
extern const char sample_status_empty[]; /* takes nothing away */

/** Parses octets and writes what came of it; *ret is the caller's. As the parsers. */
typedef int sample_round(const void *octets, size_t size, char **ret, struct document_error *error);
sample_round sample_round_grant, sample_round_approval, sample_round_trust, sample_round_revocation,
    sample_round_status;

struct sample {
    const char *name;
    const char *text;
    sample_round *round;
};
extern const struct sample samples[];
extern const size_t n_samples;

/** The grant that `text` is; fails the test if the parser refuses. The caller's. */
struct grant *sample_parse_grant(const char *text);

/** A copy of `text` with `from`, which stands in it exactly once, replaced. The caller's to free. */
char *sample_edit(const char *text, const char *from, const char *to);

/** Fails unless octets are refused at this line with a reason that contains `part`. */
void sample_refused(sample_round *round, const void *octets, size_t size, unsigned line, const char *part);

/** Fails unless octets are read and come back the same. */
void sample_accepted(sample_round *round, const void *octets, size_t size);

/** sample_refused() and sample_accepted() on sample_edit(). */
void sample_edit_refused(const struct sample *s, const char *from, const char *to, unsigned line,
                         const char *part);
void sample_edit_accepted(const struct sample *s, const char *from, const char *to);

/** Number of the line that contains `part`, which must be there. */
unsigned sample_line(const char *text, const char *part);

#endif
