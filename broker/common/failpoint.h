#ifndef HUFU_COMMON_FAILPOINT_H
#define HUFU_COMMON_FAILPOINT_H

/*
 * Places at which a debug build can be made to die, so that tests/crash sees what a kill -9 leaves behind
 * between any two steps that last. FAILPOINT(NAME) is nothing at all unless the tree was configured with
 * HUFU_FAILPOINTS, which CMake refuses for what is shipped.
 *
 * In such a build the environment variable HUFU_FAILPOINT=name:N (as it is when the program starts) has the
 * process send itself SIGKILL when it passes the place of that name for the N-th time, whichever thread that
 * is. With HUFU_FAILPOINT=name:N:MS a thread stands still there each time, for so many milliseconds in which
 * all others go on: what one of them says or writes too early is then said or written. Passing costs one
 * comparison, takes no lock and may happen anywhere, in a signal handler too.
 *
 * This table is the only list of names: a place that is not in it does not compile, and tests/arch finds a
 * row that no place has. The driver tries every row and fails if one of them never killed.
 */
/* clang-format off */
#define FAILPOINT_TABLE(ROW) \
    /* making and changing the store's file */ \
    ROW(CREATE_EMPTY, "create-empty") /* a file under another name, nothing in it yet */ \
    ROW(CREATE_MADE, "create-made") /* all tables, still under the other name */ \
    ROW(CREATE_SYNCED, "create-synced") \
    ROW(CREATE_PLACED, "create-placed") /* it has its name; the folder is not synced */ \
    ROW(MIGRATE_BEGUN, "migrate-begun") \
    ROW(MIGRATE_STEPPED, "migrate-stepped") /* the step's statements, before its commit */ \
    ROW(MIGRATE_COMMITTED, "migrate-committed") \
    /* a group of transactions */ \
    ROW(STORE_MARKED, "store-marked") /* "open" is in the log, not in the main file */ \
    ROW(STORE_MARK_COPIED, "store-mark-copied") \
    ROW(STORE_BEGUN, "store-begun") \
    ROW(STORE_APPLIED, "store-applied") /* one operation of one transaction */ \
    ROW(STORE_RELEASED, "store-released") /* one transaction of the group */ \
    ROW(STORE_COMMITTING, "store-committing") \
    ROW(STORE_COMMITTED, "store-committed") /* on disk, and nobody knows */ \
    ROW(STORE_ANSWERED, "store-answered") /* the answer is queued for the loop */ \
    ROW(STORE_DISPATCHING, "store-dispatching") /* the loop takes the answers */ \
    ROW(STORE_DISPATCHED, "store-dispatched") \
    ROW(ANCHOR_SETTING, "anchor-setting") /* committed, and the anchor is behind */ \
    ROW(ANCHOR_SET, "anchor-set") \
    ROW(ANCHOR_MAKING, "anchor-making") /* of a new store */ \
    ROW(ANCHOR_MADE, "anchor-made") /* it is there, and the store does not know that it had one */ \
    /* a copy of the store */ \
    ROW(BACKUP_BEGUN, "backup-begun") \
    ROW(BACKUP_STEPPED, "backup-stepped") /* some of its pages */ \
    ROW(BACKUP_MARKED, "backup-marked") /* all of it, under another name and not synced */ \
    ROW(BACKUP_PLACING, "backup-placing") \
    ROW(BACKUP_PLACED, "backup-placed") /* it has its name, and no record */ \
    ROW(STORE_TRIMMING, "store-trimming") /* the log is about to be copied into the main file */ \
    ROW(STORE_TRIMMED, "store-trimmed") \
    ROW(STORE_SETTLING, "store-settling") /* at stop */ \
    ROW(STORE_UNMARKED, "store-unmarked") \
    ROW(STORE_SETTLED, "store-settled") \
    /* start */ \
    ROW(START_OPENED, "start-opened") /* the store is open, nothing is read */ \
    ROW(START_LOADED, "start-loaded") /* all is read, nobody is heard */ \
    ROW(START_LISTENING, "start-listening") \
    ROW(START_SETTLING, "start-settling") /* the reaper is there; what lived before is asked about */ \
    ROW(START_SETTLED, "start-settled") /* of one session it is known */ \
    ROW(TRUST_SEEDING, "trust-seeding") /* the first epoch, before its commit */ \
    ROW(TRUST_SEEDED, "trust-seeded") \
    /* a login, as its answer comes about */ \
    ROW(GATE_REPLYING, "gate-replying") \
    ROW(GATE_REPLIED, "gate-replied") \
    ROW(ADMISSION_RESERVED, "admission-reserved") /* in memory alone */ \
    ROW(ADMISSION_WRITTEN, "admission-written") /* judged again next */ \
    ROW(OPEN_BOUND, "open-bound") /* in memory alone, and no lease */ \
    ROW(OPEN_LEASED, "open-leased") /* the reaper has it, the disk has not */ \
    ROW(OPEN_WRITTEN, "open-written") \
    ROW(RELEASING, "reservation-releasing") /* a use given back in memory */ \
    ROW(RELEASED, "reservation-released") \
    /* an end */ \
    ROW(END_ORDERED, "end-ordered") /* handed to the disk, not yet to the reaper */ \
    ROW(END_PROVEN, "end-proven") /* heard, and not yet on record */ \
    ROW(END_RECORDED, "end-recorded") \
    /* orders and documents */ \
    ROW(CONTROL_REPLYING, "control-replying") \
    ROW(CONTROL_REPLIED, "control-replied") \
    ROW(TAKING_BEGUN, "taking-begun") /* ends are ordered, the tombstone is in memory alone */ \
    ROW(TAKING_WRITTEN, "taking-written") \
    ROW(UNLOCK_WRITTEN, "unlock-written") \
    ROW(REVOCATION_TAKEN, "revocation-taken") /* a signed one, in force in memory alone */ \
    ROW(DOCUMENT_JUDGED, "document-judged") /* in force in memory alone */ \
    ROW(DOCUMENT_WRITTEN, "document-written") \
    ROW(TRUST_CHANGED, "trust-changed") /* in force in memory alone */ \
    ROW(VERDICTS_MADE, "verdicts-made") /* a start that had to verify, before it writes that */ \
    /* what is counted */ \
    ROW(REPETITION_FLUSHING, "repetition-flushing") /* in memory alone */ \
    ROW(REPETITION_FLUSHED, "repetition-flushed") \
    ROW(REPETITION_CLOSING, "repetition-closing") /* counted on disk, and no record yet */ \
    ROW(REPETITION_CLOSED, "repetition-closed") \
    /* records that leave */ \
    ROW(ARCHIVE_WRITTEN, "archive-written") /* a file under another name */ \
    ROW(ARCHIVE_NAMED, "archive-named") /* it has its name, and all is still in the store */ \
    ROW(SEGMENT_SEALING, "segment-sealing") /* its end is signed, and that is not on record */ \
    ROW(SEGMENT_SEALED, "segment-sealed") /* on record, and its rows are there */ \
    ROW(SEGMENT_LEAVING, "segment-leaving") \
    ROW(SEGMENT_LEFT, "segment-left") /* some of its rows have left */ \
    /* room set aside */ \
    ROW(RESERVE_GROWING, "reserve-growing") \
    ROW(RESERVE_GROWN, "reserve-grown") \
    ROW(RESERVE_GIVEN, "reserve-given") /* let go for a commit, which was not tried again yet */ \
    /* uses that are counted for all hosts */ \
    ROW(CLAIM_INTENDED, "claim-intended") /* on disk, and nobody was asked */ \
    ROW(CLAIM_TAKEN, "claim-taken") /* held for us, and nobody here has it */ \
    ROW(CLAIM_OWED, "claim-owed") /* on disk, to be given back */ \
    ROW(CLAIM_BACK, "claim-given-back") /* given back, and on disk it is not */ \
    ROW(CLAIM_DROPPED, "claim-dropped") \
    /* the ledger, signed */ \
    ROW(CHECKPOINT_SIGNED, "checkpoint-signed") /* and not on record */ \
    ROW(CHECKPOINT_WRITTEN, "checkpoint-written") \
    /* journald */ \
    ROW(FEEDER_SENDING, "feeder-sending") \
    ROW(FEEDER_SENT, "feeder-sent") /* journald has it, and nobody noted that */
/* clang-format on */

#define ROW(symbol, name) FAILPOINT_##symbol,
enum failpoint { FAILPOINT_TABLE(ROW) FAILPOINT_COUNT };
#undef ROW

#ifdef HUFU_FAILPOINTS
void failpoint_pass(enum failpoint here);
#define FAILPOINT(symbol) failpoint_pass(FAILPOINT_##symbol)
#else
#define FAILPOINT(symbol) ((void)0)
#endif

#endif
