#include "broker/common/reason_text.h"

#include "broker/common/i18n.h"
#include "policy/base/cleanup.h"

#define ASK_OPERATOR N_("Ask the operator of the responsible unit, and quote the reference below.")
#define ASK_ADMIN    N_("Tell the system administrator of this host, and quote the reference below.")
#define TRY_AGAIN                                                                                      \
    N_("Try again in a moment. If it stays so, tell the system administrator of this host, and quote " \
       "the reference below.")

static const struct reason_text rows[] = {
    {REASON_OK, N_("Access is granted."), N_("Nothing has to be done.")},
    {REASON_SESSION_LIVE, N_("Access is granted, since a session of yours is open."),
     N_("Nothing has to be done.")},
    {REASON_BROKER_ERROR, N_("This host could not decide about your access because of an internal error."),
     ASK_ADMIN},
    {REASON_BAD_REQUEST, N_("The request was malformed."), ASK_ADMIN},
    {REASON_CALLER_MISMATCH, N_("The program that asked is not the one it said it is."), ASK_ADMIN},
    {REASON_CALLER_FORBIDDEN, N_("The program that asked may not ask this."), ASK_ADMIN},
    {REASON_TOO_MANY_REQUESTS, N_("Too many requests at once."), TRY_AGAIN},
    {REASON_STORE_DAMAGED,
     N_("The access records of this host are damaged or missing, so nobody can be let in."), ASK_ADMIN},
    {REASON_STORE_UNAVAILABLE, N_("Your access could not be recorded, so you cannot be let in."), ASK_ADMIN},
    {REASON_TRUST_MISSING,
     N_("This host has no valid list of approvers, so no authorisation can be verified."), ASK_ADMIN},
    {REASON_TRUST_EXPIRED, N_("The list of approvers of this host is not valid at this time."), ASK_ADMIN},
    {REASON_HOST_UNCONFIRMED,
     N_("This host is not confirmed to be the one that it says it is: it may be a copy of another."),
     ASK_ADMIN},
    {REASON_CLOCK_UNSURE, N_("The clock of this host cannot be trusted at the moment."), ASK_ADMIN},
    {REASON_STATUS_STALE, N_("This host has not heard from the directory for too long."), ASK_ADMIN},
    {REASON_REAPER_AWAY, N_("The service that ends sessions is not running, so no session may begin."),
     ASK_ADMIN},
    {REASON_STOPPING, N_("The access service of this host is just being stopped."), TRY_AGAIN},
    {REASON_STORE_RESTORED, N_("The access records of this host are an unconfirmed older copy."), ASK_ADMIN},
    {REASON_STORE_FULL, N_("This host has no room left to record your access."), ASK_ADMIN},
    {REASON_NOT_GATED, N_("The gated accounts are configured differently in two places on this host."),
     ASK_ADMIN},
    {REASON_TWO_PERSONS, N_("You logged in as one vendor account and act as another."),
     N_("Log out, and log in as the account that you need.")},
    {REASON_ACCOUNT_UNKNOWN, N_("There is no such account on this host."), ASK_OPERATOR},
    {REASON_STAFF_LOCKED, N_("Your account is locked."), ASK_OPERATOR},
    {REASON_STAFF_REVOKED, N_("All your authorisations have been revoked."), ASK_OPERATOR},
    {REASON_HOST_LOCKED, N_("This host is closed to vendors at the moment."), ASK_OPERATOR},
    {REASON_REMAINS, N_("Processes of an earlier session of yours could not be ended yet."), ASK_OPERATOR},
    {REASON_SERVICE_UNKNOWN, N_("Vendors may not use this service."), ASK_OPERATOR},
    {REASON_SOURCE_NOT_ADDRESS, N_("The address that you come from is not known as a number."), ASK_ADMIN},
    {REASON_NO_SESSION, N_("You have no open session here that this could belong to."),
     N_("Log in with an authorisation first.")},
    {REASON_NO_GRANT, N_("There is no authorisation for you on this host."),
     N_("Ask the operator of the responsible unit for a grant, and quote the reference below.")},
    {REASON_APPROVAL_MISSING, N_("Your authorisation has not been signed by everyone who has to."),
     N_("Ask the operator which signature is missing, and quote the reference below.")},
    {REASON_CLASS_LIMIT, N_("Your authorisation is wider than its class may be."), ASK_OPERATOR},
    {REASON_LOGIN_UID_MISSING,
     N_("This host could not tie your session to your account (pam_loginuid is missing)."), ASK_ADMIN},
    {REASON_WRONG_SITE, N_("Your authorisation is for another site."), ASK_OPERATOR},
    {REASON_WRONG_HOST, N_("Your authorisation is for other hosts."),
     N_("Check the name of the host. Otherwise ask the operator, and quote the reference below.")},
    {REASON_REVOKED, N_("Your authorisation has been revoked."), ASK_OPERATOR},
    {REASON_VENDOR_REVOKED, N_("All authorisations of your company have been revoked."), ASK_OPERATOR},
    {REASON_VENDOR_LOCKED, N_("Your company is locked out at the moment."), ASK_OPERATOR},
    {REASON_WITHDRAWN, N_("Your authorisation is no longer in the directory."), ASK_OPERATOR},
    {REASON_CLOSED, N_("Your authorisation has been used up and is closed."),
     N_("Ask the operator for a new grant, and quote the reference below.")},
    {REASON_EXPIRED, N_("Your authorisation has expired."),
     N_("Ask the operator for a new version or a new grant, and quote the reference below.")},
    {REASON_NOT_YET_VALID, N_("Your authorisation is not valid yet."),
     N_("Come back when it begins. Otherwise ask the operator, and quote the reference below.")},
    {REASON_APPROVAL_EXPIRED,
     N_("The certificate of someone who signed your authorisation is no longer valid."), ASK_OPERATOR},
    {REASON_WRONG_SERVICE, N_("Your authorisation does not include this way of logging in."), ASK_OPERATOR},
    {REASON_WRONG_SOURCE, N_("Your authorisation does not include the address that you come from."),
     N_("Connect from a network that the grant names. Otherwise ask the operator, and quote the reference "
        "below.")},
    {REASON_KEY_REQUIRED, N_("Your authorisation requires an ssh key, and you logged in without one."),
     N_("Log in with the ssh key that the grant names.")},
    {REASON_WRONG_KEY, N_("Your authorisation names another ssh key than the one you used."),
     N_("Log in with the ssh key that the grant names.")},
    {REASON_PASSWORD_REQUIRED, N_("Your authorisation requires a password, and you used an ssh key."),
     N_("Log in with your password.")},
    {REASON_OUTSIDE_HOURS, N_("Your authorisation does not include this time of day."),
     N_("Come back within its hours. Otherwise ask the operator, and quote the reference below.")},
    {REASON_INCIDENT_MISSING,
     N_("Your emergency authorisation is valid only while an incident is open on this host."),
     N_("Ask the operator to open the incident, and quote the reference below.")},
    {REASON_RECORDER_MISSING,
     N_("Your authorisation requires recording, and no recorder is available on this host."), ASK_ADMIN},
    {REASON_USES_EXHAUSTED, N_("Your authorisation has been used as often as it allows."),
     N_("Ask the operator for a new grant, and quote the reference below.")},
    {REASON_CLAIM_UNAVAILABLE,
     N_("Your authorisation is counted over all hosts, and the directory that counts gave no use of it."),
     ASK_ADMIN},
    {REASON_SESSIONS_LIMIT, N_("You have as many sessions open as your authorisation allows."),
     N_("End another session of yours first.")},
    {REASON_RUN_AS_NOT_GRANTED, N_("Your authorisation does not include this account."), ASK_OPERATOR},
    {REASON_CHANNEL_NOT_GRANTED, N_("Your authorisation does not include this kind of access."),
     ASK_OPERATOR},
    {REASON_COMMAND_NOT_GRANTED, N_("Your authorisation does not include this command for that account."),
     N_("Run exactly a command that the grant lists, with sudo. Otherwise ask the operator, and quote the "
        "reference below.")},
    {REASON_COMMAND_UNSAFE,
     N_("The command could run otherwise than your authorisation says, so it is not run."),
     N_("Run it plainly: sudo, the program by its own name, its arguments. Otherwise ask the operator, and "
        "quote the reference below.")},
    {REASON_COMMAND_NOT_ASKED,
     N_("Your authorisation lists commands, and sudo on this host does not ask about them."),
     N_("Tell the system administrator of this host to install Hufu's plugin for sudo (hufu-sudo(8)), and "
        "quote the reference below.")},
    {REASON_MAX_SESSION, N_("Your session has lasted as long as your authorisation allows."),
     N_("Log in again if you still have a use left.")},
    {REASON_LOGGED_OUT, N_("Your session is over, since you logged out."), N_("Nothing has to be done.")},
    {REASON_ENDED_BY_OPERATOR, N_("An operator ended your session."), ASK_OPERATOR},
    {REASON_KEY_MISMATCH, N_("The ssh key of this session is not the one that was judged before."),
     ASK_OPERATOR},
    {REASON_LEASE_LAPSED, N_("Your session was ended while the access service of this host was silent."),
     N_("Log in again if you still have a use left.")},
    {REASON_GRANT_SUPERSEDED, N_("A newer version of your authorisation replaced this one."), ASK_OPERATOR},
    {REASON_LAST_SESSION, N_("What you had left running was ended with your last session."),
     N_("Nothing has to be done.")},
    {REASON_RECORDER_GONE,
     N_("Your authorisation requires recording, and something of your session was not recorded."),
     N_("Log in again. If it ends so again, tell the system administrator of this host, and quote the "
        "reference below.")},
};

const struct reason_text *reason_text_of(enum reason reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].reason == reason)
            return &rows[i];
    return NULL;
}
