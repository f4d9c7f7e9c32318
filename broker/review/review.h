#ifndef HUFU_REVIEW_REVIEW_H
#define HUFU_REVIEW_REVIEW_H

#include "broker/audit/record.h"
#include "broker/review/gather.h"
#include "policy/base/cleanup.h"

#include <jansson.h>

/*
 * The review of a period: records and documents go in, one JSON value comes out, of which every rendering is
 * made (text, HTML). It reads nothing and knows no clock.
 *
 * Shape of the value (times are RFC 3339 text in UTC, counts integers; every row names its host, since a
 * review may be of several):
 *
 *   hufu-review 1, made_at, period {from, until}, utc_offset_minutes, site, hosts [text]
 *   ledgers   [host ledger first last records head verified fault? key? checkpoint_at?]
 *   summary   {sessions people vendors refusals forged revocations unproven commands denied recordings}
 *   sessions  [host number staff vendor grant ticket service source opened? ended? reason seconds proven?
 *              proof_us recordings[] commands channels[]]
 *             those that were open in the period, also in part. opened null: before what was read; ended
 * null: open at the end of what was read; seconds: all of it, up to then, or to `until` longest   [host
 * number seconds], ten at most refusals  {total, by_reason [reason sentence count people sources hours[24,
 * local]], by_staff [staff vendor count first last reasons{reason: count}], by_source [address count people],
 * sources_left_out} sources   [staff vendor grant granted[] seen[address admitted refused inside]] grants [id
 * version class staff vendor ticket purpose not_before? not_after? uses uses_taken state used wider[field
 * granted[] used[] never[]]] class "" and no dates: only the records know it. field: host hours service
 * channel run-as command source uses sessions revocations  [at host scope name actor why took_us proven]
 *   ended_rights [at host grant staff how sessions proven proof sequence]
 *             how: expired closed finished revoked withdrawn; proof: the record's words, or ""
 *   sudo      [at host staff session account command allowed reason ended? count], at: of the first
 *   denied    {available why? items[at host staff what path count]}
 *   recordings [host session staff path there?], there null: on another host, nobody looked
 *   incidents [at host event text sequence count]
 *   approvers [person roles[] approvals grants until?]
 *   expiring  [what name until days], what: certificate trust ledger-key grant status
 *   register  [staff vendor what until? lapsed grants_live], what: agreement training vetting, or entry: the
 *             register has none of somebody with a grant in force
 *   forged    [at uid pid unit message]
 *   forged_unread why nobody looked for them, or null; summary.forged and .denied are null if nobody looked
 *   reviews   [from until signed_at actor sha256 note]
 *
 * No text in it holds a character that cannot be seen; "?" stands for each octet of such.
 */

struct review;

struct review_settings {
    when_t from, until; /* the period: [from, until) */
    when_t made_at;
    int utc_offset_minutes; /* east, for hours of the day */
    const char *site;       /* NULL: not known */
};

/** 0, -EINVAL (the period ends before it begins) or -ENOMEM. */
int review_new(const struct review_settings *settings, struct review **ret);
struct review *review_free(struct review *v);
DEFINE_CLEANUP(struct review, review_free);

/* Each of these returns 0 or -ENOMEM. In any order, but for the records. */

int review_add_ledger(struct review *v, const struct review_ledger *x);
int review_add_grant(struct review *v, const struct review_grant *x);
int review_add_approval(struct review *v, const struct review_approval *x);
int review_add_approver(struct review *v, const struct review_approver *x);
int review_add_expiry(struct review *v, const struct review_expiry *x);
int review_add_person(struct review *v, const struct review_person *x);
int review_add_denied(struct review *v, const struct review_denied *x);
int review_add_forgery(struct review *v, const struct review_forgery *x);
/** Why there is nothing of auditd's; without this and without review_add_denied(), it was asked and had
 * nothing. */
int review_denied_unavailable(struct review *v, const char *why);
/** Why nobody looked for forged records; without this the journal was read. */
int review_forgeries_unread(struct review *v, const char *why);
/** There is a staff register, perhaps an empty one. */
void review_has_register(struct review *v);

/** Takes a record of that host's ledger: all of them in their order, also those before the period (sessions
 * that were open when it began) and behind it (endings that were not proven yet when it ended). */
int review_take(struct review *v, const char *host, const struct record *r);

/** Where a recording lies; *there: 1, 0, or -1 (nobody can tell). `path` is PATH_MAX octets. */
typedef void review_find_recording(void *userdata, const char *host, const char *file, char *path,
                                   int *there);

/** Makes the value; *ret is the caller's. The review stays as it is. `find` may be NULL: then paths are the
 * files' names. 0 or -ENOMEM. */
int review_json(struct review *v, review_find_recording *find, void *userdata, json_t **ret);

#endif
