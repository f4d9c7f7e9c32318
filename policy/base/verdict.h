#ifndef HUFU_BASE_VERDICT_H
#define HUFU_BASE_VERDICT_H

#include <stdint.h>

/*
 * A verdict is compared with `== VERDICT_ALLOW` and in no other way. The values are far apart and
 * never zero, so that neither cleared memory nor a flipped bit nor a truncated integer admits anyone
 * (sudo parse.h; against HBAC, where ALLOW is 0).
 */
enum verdict {
    VERDICT_ALLOW = 0x5A3C0FF1,
    VERDICT_DENY = 0x21D94B6E,
};

/*
 * Why. One row a reason: symbol, number on the wire and in records (never reused), name as people
 * quote it. The sentence that a refused person reads is the broker's (broker/daemon/texts).
 *
 * Order within "a grant does not fit" is the order in which decide() asks: the later the failing
 * rule, the closer was the grant, and the closest one is named in the refusal. What is over for good
 * comes before what is still wanting, so that a grant that waits for a signature is named, and not the
 * one of last month.
 */
#define REASON_TABLE(ROW)                                                                      \
    /* admitted */                                                                             \
    ROW(OK, 1, "ok")                                                                           \
    ROW(SESSION_LIVE, 2, "session-live") /* allowed because a session of theirs lives */       \
    /* the host cannot decide */                                                               \
    ROW(BROKER_ERROR, 10, "broker-error")         /* out of memory and the like */             \
    ROW(BAD_REQUEST, 11, "bad-request")           /* malformed frame, unknown version */       \
    ROW(CALLER_MISMATCH, 12, "caller-mismatch")   /* pid, uid do not agree with SO_PEERCRED */ \
    ROW(CALLER_FORBIDDEN, 13, "caller-forbidden") /* this uid may not ask this */              \
    ROW(TOO_MANY_REQUESTS, 14, "too-many-requests")                                            \
    ROW(STORE_DAMAGED, 15, "store-damaged")                                                    \
    ROW(STORE_UNAVAILABLE, 16, "store-unavailable") /* the record could not be written */      \
    ROW(TRUST_MISSING, 17, "trust-missing")                                                    \
    ROW(TRUST_EXPIRED, 18, "trust-expired")       /* trust file outside its own dates */       \
    ROW(HOST_UNCONFIRMED, 19, "host-unconfirmed") /* a clone must not be its original */       \
    ROW(CLOCK_UNSURE, 20, "clock-unsure")                                                      \
    ROW(STATUS_STALE, 21, "status-stale") /* directory silent beyond the bound */              \
    ROW(REAPER_AWAY, 22, "reaper-away")   /* a deadline could not be put on lease */           \
    ROW(STOPPING, 23, "stopping")                                                              \
    ROW(STORE_RESTORED, 24, "store-restored") /* uses may have been given back by it */        \
    ROW(STORE_FULL, 25, "store-full")         /* no room to record what comes */               \
    /* the person */                                                                           \
    ROW(NOT_GATED, 30, "not-gated")     /* broker's range differs from the module's */         \
    ROW(TWO_PERSONS, 31, "two-persons") /* login uid and uid are two gated people */           \
    ROW(ACCOUNT_UNKNOWN, 32, "account-unknown")                                                \
    ROW(STAFF_LOCKED, 33, "staff-locked")                                                      \
    ROW(STAFF_REVOKED, 34, "staff-revoked")                                                    \
    ROW(HOST_LOCKED, 35, "host-locked")                                                        \
    ROW(REMAINS, 36, "remains")                 /* what they left could not be ended yet */    \
    ROW(SERVICE_UNKNOWN, 37, "service-unknown") /* no service that a grant could name */       \
    ROW(SOURCE_NOT_ADDRESS, 38, "source-not-address")                                          \
    ROW(NO_SESSION, 39, "no-session") /* su, sudo, lockers need a live session */              \
    ROW(NO_GRANT, 40, "no-grant")                                                              \
    ROW(LOGIN_UID_MISSING, 41, "login-uid-missing") /* no or another login uid at opening */   \
    /* a grant does not fit, in the order of asking */                                         \
    ROW(WRONG_SITE, 50, "wrong-site")                                                          \
    ROW(WRONG_HOST, 51, "wrong-host")                                                          \
    ROW(REVOKED, 52, "revoked")                                                                \
    ROW(VENDOR_REVOKED, 53, "vendor-revoked")                                                  \
    ROW(VENDOR_LOCKED, 54, "vendor-locked")                                                    \
    ROW(WITHDRAWN, 55, "withdrawn") /* gone from the directory, unsigned */                    \
    ROW(CLOSED, 56, "closed")       /* last use has ended */                                   \
    ROW(EXPIRED, 57, "expired")                                                                \
    ROW(APPROVAL_MISSING, 58, "approval-missing") /* quorum not met by valid signatures */     \
    ROW(CLASS_LIMIT, 59, "class-limit")           /* wider than its class may be */            \
    ROW(NOT_YET_VALID, 60, "not-yet-valid")                                                    \
    ROW(APPROVAL_EXPIRED, 61, "approval-expired") /* an approver's certificate ended */        \
    ROW(WRONG_SERVICE, 62, "wrong-service")                                                    \
    ROW(WRONG_SOURCE, 63, "wrong-source")                                                      \
    ROW(KEY_REQUIRED, 64, "key-required") /* logged in without the granted key */              \
    ROW(WRONG_KEY, 65, "wrong-key")                                                            \
    ROW(PASSWORD_REQUIRED, 66, "password-required") /* staff-key: password, but a key */       \
    ROW(OUTSIDE_HOURS, 67, "outside-hours")                                                    \
    ROW(INCIDENT_MISSING, 68, "incident-missing")                                              \
    ROW(RECORDER_MISSING, 69, "recorder-missing")                                              \
    ROW(USES_EXHAUSTED, 70, "uses-exhausted")                                                  \
    ROW(CLAIM_UNAVAILABLE, 71, "claim-unavailable") /* N fleet, no claim provider */           \
    ROW(SESSIONS_LIMIT, 72, "sessions-limit")                                                  \
    ROW(RUN_AS_NOT_GRANTED, 73, "run-as-not-granted")                                          \
    ROW(CHANNEL_NOT_GRANTED, 74, "channel-not-granted")                                        \
    ROW(COMMAND_NOT_GRANTED, 75, "command-not-granted")                                        \
    ROW(COMMAND_UNSAFE, 76, "command-unsafe")       /* it could become another: doubt.h */     \
    ROW(COMMAND_NOT_ASKED, 77, "command-not-asked") /* sudo runs it, its plugin did not ask */ \
    /* why a live session ended, when it is none of the above */                               \
    ROW(MAX_SESSION, 90, "max-session")                                                        \
    ROW(LOGGED_OUT, 91, "logged-out")                                                          \
    ROW(ENDED_BY_OPERATOR, 92, "ended-by-operator")                                            \
    ROW(KEY_MISMATCH, 93, "key-mismatch") /* SSH_AUTH_INFO_0 names another key */              \
    ROW(LEASE_LAPSED, 94, "lease-lapsed") /* reaper ended it, hufud was silent */              \
    ROW(GRANT_SUPERSEDED, 95, "grant-superseded")                                              \
    ROW(LAST_SESSION, 96, "last-session")   /* leftovers ended with the last session */        \
    ROW(RECORDER_GONE, 97, "recorder-gone") /* recording is required, and somebody is there without it */

enum reason {
#define ROW(symbol, number, name) REASON_##symbol = (number),
    REASON_TABLE(ROW)
#undef ROW
};

/** Name of a reason as printed and recorded, or NULL for a number that is no reason. */
const char *reason_name(enum reason reason);

/** The reason named `name`. Returns 0, or -ENOENT. */
int reason_from_name(const char *name, enum reason *ret);

/** The reason numbered `number`. Returns 0, or -ENOENT (a decoder must refuse it). */
int reason_from_number(uint16_t number, enum reason *ret);

#endif
