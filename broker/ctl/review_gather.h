#ifndef HUFU_CTL_REVIEW_GATHER_H
#define HUFU_CTL_REVIEW_GATHER_H

#include "broker/ctl/cli.h"
#include "broker/ctl/options.h"
#include "broker/ctl/review_period.h"
#include "broker/review/review.h"

/* What a review is made of, from where hufuctl finds it: the broker of this host, export files and folders of
 * documents, and files of this host. Failures have been said when these return. */

struct review_sources {
    const struct option_list *files; /* export files; none: the broker's ledger */
    const char *grants;              /* folder of documents; NULL: what the broker knows */
    const char *audit_log;           /* folder of auditd's logs */
    const char *register_file;       /* the staff register */
};

struct review_work {
    const struct cli *cli;
    struct review_period period;
    struct review *review;
    char *host; /* of the broker that was asked; NULL: none was */
    struct grant **grants;
    size_t n_grants;
};

void review_work_done(struct review_work *w);
#define cleanup_review_work cleanup(review_work_done)

/** All of it, into a review that is made here. */
enum exit_code review_gather(const struct cli *cli, const struct review_period *period,
                             const struct review_sources *sources, struct review_work *ret);

/** The end of the latest period that was signed off on this host; 0: there is none. */
enum exit_code review_reviewed_until(const struct cli *cli, when_t *ret);

/** For review_json(): recordings of this host. `userdata` is the work. */
review_find_recording review_find_file;

/* ---- parts ---- */

/** Grants, approvals, trust and status, as the broker has them. */
enum exit_code review_ask_documents(struct review_work *w);
/** Grants and approvals in files of a folder; what is no such document is left out, and counted aloud. */
enum exit_code review_read_documents(struct review_work *w, const char *folder);
/** Takes a grant over. */
enum exit_code review_put_grant(struct review_work *w, struct grant *g, const char *state);

/** Records of the broker, with their chain verified. */
enum exit_code review_ask_records(struct review_work *w);
/** Records of an export file, likewise. */
enum exit_code review_read_records(struct review_work *w, const char *path);

/** Forgeries in the journal, accesses that the kernel denied, the staff register. */
enum exit_code review_look_around(struct review_work *w, const struct review_sources *sources);

#endif
