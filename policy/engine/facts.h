#ifndef HUFU_ENGINE_FACTS_H
#define HUFU_ENGINE_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/base/address.h"
#include "policy/base/ident.h"
#include "policy/base/verdict.h"
#include "policy/base/when.h"
#include "policy/document/grant.h"

/*
 * The question that is put to decide(): everything it may know, and nothing it could look up itself.
 * Handlers gather facts; the golden tables write them down as text.
 */

/* What a PAM service is to a gated person (3-rules, "Who" and "What a grant gives"). */
enum service_kind {
	SERVICE_LOGIN = 1,  /* sshd, login, a display manager: opens a session, uses a use */
	SERVICE_JOB,        /* cron, at: named in a grant valid now; no use, no session */
	SERVICE_SWITCH,     /* su, su-l, sudo, sudo-i, runuser, runuser-l, polkit-1: inside a live session */
	SERVICE_USER_MANAGER, /* systemd-user: while a session is open or opening */
	SERVICE_LOCKER,     /* asked by the person's own uid: while a session of their own lives */
	SERVICE_OTHER,      /* anything else: refused to a gated account */
};

/** Kind by the PAM service's name. "atd" and "crond" are at and cron. Never SERVICE_LOCKER: that
 * follows from who asks. */
enum service_kind service_kind_of(const char *pam_service);

/** The name that a grant uses for a PAM service ("atd" -> "at"), else the name itself. */
const char *service_grant_name(const char *pam_service);

/** Whether a `service:` line may name it: a login or job service, or a name not known to be anything else. */
bool service_may_be_granted(const char *name);

enum source_kind {
	SOURCE_NONE = 1,     /* no remote host, and not a console: matches nothing, not even `any` */
	SOURCE_LOCAL,        /* console, tty1-63, configured serial line, display manager, no remote host */
	SOURCE_ADDRESS,
	SOURCE_NOT_ADDRESS,  /* a name, a zone id: refused */
	SOURCE_IGNORED,      /* cron and at; su and sudo inherit the session's */
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

struct host_identity {
	const char *site; /* of the trust file */
	const char *name;
	struct grant_strings groups;
};

struct facts {
	when_t now;
	const struct host_identity *host;
	enum reason host_state; /* REASON_OK, or why this host decides nothing now (trust, store, clock ...) */
	enum reason person_state; /* REASON_OK, or STAFF_LOCKED, STAFF_REVOKED, REMAINS, TWO_PERSONS, ... */
	const char *staff;
	enum phase phase;
	enum service_kind kind;
	const char *service; /* as grants name it */
	enum source_kind source;
	struct address address; /* with SOURCE_ADDRESS */
	enum key_kind key;
	struct ident_fingerprint fingerprint; /* with KEY_FINGERPRINT */
	const char *target; /* SERVICE_SWITCH, session phase: the account to become; else NULL */
	bool session_live;  /* this person has a session open or opening on this host */
	const struct ident_id *session_grant; /* SERVICE_SWITCH: grant of the session it happens in, or NULL */
	const struct ident_id *reserved; /* grant whose use this very caller holds reserved, or NULL: that use
	                                    and session slot are not counted against it */
	bool recorder_attested;
	uint8_t incident_level; /* gravest open incident here, 1 gravest; 0: none */
};

#endif
