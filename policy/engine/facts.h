#ifndef HUFU_ENGINE_FACTS_H
#define HUFU_ENGINE_FACTS_H

#include "policy/base/address.h"
#include "policy/base/ident.h"
#include "policy/base/service.h"
#include "policy/base/verdict.h"
#include "policy/base/when.h"
#include "policy/document/grant.h"
#include "policy/engine/command.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The question that is put to decide(): everything it may know, and nothing it could look up itself.
 * Handlers gather facts; the golden tables write them down as text.
 */

enum source_kind {
    SOURCE_NONE = 1, /* no remote host, and not a console: matches nothing, not even `any` */
    SOURCE_LOCAL,    /* console, tty1-63, configured serial line, display manager, no remote host */
    SOURCE_ADDRESS,
    SOURCE_NOT_ADDRESS, /* a name, a zone id: refused */
    SOURCE_IGNORED,     /* cron and at; su and sudo inherit the session's */
};

enum key_kind {
    KEY_NOT_ASKED = 1, /* not sshd, or too early to know: the field is ignored */
    KEY_NONE,          /* sshd, and no public key was used: password, keyboard-interactive */
    KEY_FINGERPRINT,
};

/* A request is judged in one of two phases: for su and sudo the target account is only judged in the
 * session phase. */
enum phase {
    PHASE_ACCOUNT = 1,
    PHASE_SESSION,
};

/* What is known of what will run as the other account. Of a grant that says `command: any` nothing is asked;
 * of every other it is, and cleared memory is then refused as what leads to anything is. */
enum command_state {
    COMMAND_FREE = 1,  /* su, runuser, polkit: whatever that account may do */
    COMMAND_UNKNOWN,   /* sudo's account phase: will be judged, unless no command is granted at all */
    COMMAND_GIVEN,     /* sudo's plugin asks about `run` */
    COMMAND_JUDGED,    /* sudo's session phase, and the plugin has asked about its run and was allowed */
    COMMAND_NOT_ASKED, /* sudo's session phase, and nobody has asked */
};

/* Beside enum grant_channel: the person's systemd, which starts with a session and runs what it finds in the
 * home. That is running commands, so a grant must give shell or exec. */
#define FACTS_UNITS 0x10U

/** What a grant with these channels gives: they, and FACTS_UNITS with those that run commands. */
static inline unsigned facts_given(unsigned channels)
{
    return channels | (channels & (GRANT_CHANNEL_SHELL | GRANT_CHANNEL_EXEC) ? FACTS_UNITS : 0);
}

struct host_identity {
    const char *site; /* of the trust file */
    const char *name;
    struct grant_strings groups;
};

struct facts {
    when_t now;
    const struct host_identity *host; /* may be NULL only while host_state refuses */
    enum reason host_state;   /* REASON_OK, or why this host decides nothing now (trust, store, clock ...) */
    when_t status_until;      /* first instant at which the host's status is too old for it to decide;
                                 WHEN_NEVER: none is needed. 0, as in cleared memory: it is too old */
    enum reason person_state; /* REASON_OK, or STAFF_LOCKED, STAFF_REVOKED, REMAINS, TWO_PERSONS, ... */
    const char *staff;
    enum phase phase;
    enum service_kind kind;
    const char *service; /* as grants name it */
    enum source_kind source;
    struct address address; /* with SOURCE_ADDRESS */
    enum key_kind key;
    struct ident_fingerprint fingerprint; /* with KEY_FINGERPRINT */
    const char *target; /* SERVICE_SWITCH: the account to become. In the session phase it must be there;
                           in the account phase it is judged if given, else left to the session phase */
    enum command_state command;           /* SERVICE_SWITCH */
    const struct command_run *run;        /* with COMMAND_GIVEN */
    bool session_live;                    /* this person has a session open or opening on this host */
    const struct ident_id *session_grant; /* SERVICE_SWITCH: grant of the session it happens in, or NULL */
    const struct ident_id *reserved; /* grant whose use this very caller holds reserved, or NULL: that use
                                        (with its claim) and session slot are not counted against it */
    uint8_t channels; /* enum grant_channel bits that this login has or may have in use already, so that its
                         grant must give them: forward, if sshd was told with the key that it may; what its
                         session was let start; FACTS_UNITS. SERVICE_USER_MANAGER: what the person's sessions
                         may have in use, all together. 0: none */
    bool recorder_attested;
    bool claim_possible;    /* the claim provider can be asked now: `N fleet` grants need it */
    uint8_t incident_level; /* gravest open incident here, 1 gravest; 0: none */
};

#endif
