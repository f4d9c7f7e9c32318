#include "broker/daemon/texts.h"

#include "broker/common/i18n.h"
#include "broker/common/wrap.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_OPERATOR N_("Ask the operator of the responsible unit, and quote the reference below.")
#define ASK_ADMIN    N_("Tell the system administrator of this host, and quote the reference below.")
#define TRY_AGAIN                                                                                      \
    N_("Try again in a moment. If it stays so, tell the system administrator of this host, and quote " \
       "the reference below.")

#define OTHER_LANGUAGE "zh_CN" /* beside English */
#define NO_HOURS_LEFT                                                                               \
    N_("No such hours are left before it ends. Ask the operator for a new version or a new grant, " \
       "and quote the reference below.")

#define EXHAUSTED_EVERYWHERE \
    N_("Your authorisation has been used as often as it allows on all hosts together.")

#define ADMITTED   N_("Hufu: you are let in for ticket %s until %s (UTC), %lld h %lld min from now.")
#define RECORDED   N_("Hufu: this session is recorded, also what you type.")
#define ENDING     N_("Hufu: session ends in %u min, at %s (UTC). Save your work.")
#define ENDING_WHY N_("Hufu: session ends at %s (UTC). Save your work.")
#define ENDED      N_("Hufu: your session ends now.")
#define OPENS      N_("It would be allowed from %s (UTC).")
#define CLOSEST    N_("Grant %.8s, ticket %s.")
#define REFERENCE  N_("Reference: %s")
#define CONCERN    N_("It is about: %.200s")

static const struct texts_reason rows[] = {
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

const struct texts_reason *texts_of(enum reason reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].reason == reason)
            return &rows[i];
    return NULL;
}

/* Lines of a width that every terminal has; the last one without LF. What memory is lacking for is left out.
 */
static void copy_wrapped(struct buf *b, char *message, size_t size)
{
    cleanup_free char *text = buf_steal_text(b);
    FILE *out = fmemopen(message, size, "w");

    message[0] = '\0';
    if (!out)
        return;
    if (text)
        wrap_print(out, text);
    (void)fclose(out);
    message[size - 1] = '\0';
    if (*message != '\0' && message[strlen(message) - 1] == '\n')
        message[strlen(message) - 1] = '\0';
}

/* In UTC, as every instant in a document and a record. */
static const char *time_text(when_t t, char text[static WHEN_TEXT_SIZE])
{
    when_format(t, text);
    return text;
}

/* A message in the English of the msgids, or in the language of the configuration. */
typedef const char *(*translate_fn)(const char *msgid);

static const char *in_english(const char *msgid)
{
    return msgid;
}

static const char *in_own(const char *msgid)
{
    return _(msgid);
}

static bool has_own(void)
{
    return strcmp(_(rows[0].sentence), rows[0].sentence) != 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_line(struct buf *b, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    buf_vprintf(b, format, arguments);
    va_end(arguments);
    buf_puts(b, "\n");
}
#pragma GCC diagnostic pop

/* Nobody is asked to come back to a door that stays shut. */
static const char *advice_of(const struct texts_reason *row, const struct texts_refusal *t)
{
    bool waits = row->reason == REASON_OUTSIDE_HOURS || row->reason == REASON_NOT_YET_VALID;

    return waits && t->opens == WHEN_NEVER ? NO_HOURS_LEFT : row->advice;
}

/* Who has not been here before must not look for their uses on this host. */
static const char *sentence_of(const struct texts_reason *row, const struct texts_refusal *t)
{
    return row->reason == REASON_USES_EXHAUSTED && t->fleet ? EXHAUSTED_EVERYWHERE : row->sentence;
}

static void put_refusal(struct buf *b, const struct texts_reason *row, const struct texts_refusal *t,
                        translate_fn in)
{
    char when[WHEN_TEXT_SIZE];

    if (in == in_english)
        put_line(b, "Hufu: %s [%s]", sentence_of(row, t), reason_name(row->reason));
    else
        put_line(b, "%s", in(sentence_of(row, t)));
    if (t->opens != WHEN_NEVER)
        put_line(b, in(OPENS), time_text(t->opens, when));
    if (t->grant && t->ticket)
        put_line(b, in(CLOSEST), t->grant, t->ticket);
    if (t->concern && t->concern[0] != '\0')
        put_line(b, in(CONCERN), t->concern);
    put_line(b, "%s", in(advice_of(row, t)));
    put_line(b, in(REFERENCE), t->reference);
}

void texts_refuse(const struct texts_refusal *t, char message[static TEXTS_MESSAGE_SIZE])
{
    const struct texts_reason *row = texts_of(t->reason);
    cleanup_buf struct buf b = BUF_INIT;

    if (!row)
        row = texts_of(REASON_BROKER_ERROR);
    put_refusal(&b, row, t, in_english);
    if (has_own())
        put_refusal(&b, row, t, in_own);
    copy_wrapped(&b, message, TEXTS_MESSAGE_SIZE);
}

static void put_admission(struct buf *b, when_t deadline, when_t now, const char *ticket, bool recorded,
                          translate_fn in)
{
    char when[WHEN_TEXT_SIZE];
    long long minutes = (long long)(deadline - now) / 60;

    put_line(b, in(ADMITTED), ticket, time_text(deadline, when), minutes / 60, minutes % 60);
    if (recorded)
        put_line(b, "%s", in(RECORDED));
}

void texts_admit(when_t deadline, when_t now, const char *ticket, bool recorded,
                 char message[static TEXTS_MESSAGE_SIZE])
{
    cleanup_buf struct buf b = BUF_INIT;

    if (deadline == WHEN_NEVER)
        return;
    put_admission(&b, deadline, now, ticket, recorded, in_english);
    if (has_own())
        put_admission(&b, deadline, now, ticket, recorded, in_own);
    copy_wrapped(&b, message, TEXTS_MESSAGE_SIZE);
}

void texts_warn(unsigned minutes, when_t deadline, char *text, size_t size)
{
    cleanup_buf struct buf b = BUF_INIT;
    char when[WHEN_TEXT_SIZE];

    put_line(&b, ENDING, minutes, time_text(deadline, when));
    if (has_own())
        put_line(&b, _(ENDING), minutes, when);
    copy_wrapped(&b, text, size);
}

/* The reason's name is the same in every language: once is enough. */
static void put_sentence(struct buf *b, const struct texts_reason *row, translate_fn in)
{
    if (in == in_english)
        put_line(b, "%s [%s]", in(row->sentence), reason_name(row->reason));
    else
        put_line(b, "%s", in(row->sentence));
}

static void put_ending(struct buf *b, when_t deadline, const struct texts_reason *row, const char *reference,
                       translate_fn in)
{
    char when[WHEN_TEXT_SIZE];

    put_line(b, in(ENDING_WHY), time_text(deadline, when));
    put_sentence(b, row, in);
    put_line(b, in(REFERENCE), reference);
}

void texts_warn_why(when_t deadline, enum reason reason, const char *reference, char *text, size_t size)
{
    const struct texts_reason *row = texts_of(reason);
    cleanup_buf struct buf b = BUF_INIT;

    if (!row)
        row = texts_of(REASON_BROKER_ERROR);
    put_ending(&b, deadline, row, reference, in_english);
    if (has_own())
        put_ending(&b, deadline, row, reference, in_own);
    copy_wrapped(&b, text, size);
}

static void put_end(struct buf *b, const struct texts_reason *row, const char *reference, translate_fn in)
{
    put_line(b, "%s", in(ENDED));
    put_sentence(b, row, in);
    put_line(b, "%s", in(row->advice));
    put_line(b, in(REFERENCE), reference);
}

void texts_end(enum reason reason, const char *reference, char *text, size_t size)
{
    const struct texts_reason *row = texts_of(reason);
    cleanup_buf struct buf b = BUF_INIT;

    if (!row)
        row = texts_of(REASON_BROKER_ERROR);
    put_end(&b, row, reference, in_english);
    if (has_own())
        put_end(&b, row, reference, in_own);
    copy_wrapped(&b, text, size);
}

/*
 * gettext asks the locale, never a name that it is given. A host that has the language's own locale is served
 * by that. A minimal one has C.UTF-8 alone, in which glibc 2.36 still follows LANGUAGE and newer ones do not:
 * so a text is looked up before it is believed. The locale is the calling thread's alone: the process's own
 * is "C" throughout, in which gettext looks at nothing, and no other thread has it changed under its feet.
 * For the same reason LANGUAGE is set once, whatever the language: "C" ignores it.
 */
static locale_t open_locale(const char *language)
{
    locale_t locale;
    char own[32];

    (void)snprintf(own, sizeof(own), "%s.UTF-8", language);
    locale = newlocale(LC_CTYPE_MASK | LC_MESSAGES_MASK, own, (locale_t)0);
    return locale ? locale : newlocale(LC_CTYPE_MASK | LC_MESSAGES_MASK, "C.UTF-8", (locale_t)0);
}

static void choose_locale(locale_t locale)
{
    static locale_t chosen;

    (void)uselocale(locale ? locale : LC_GLOBAL_LOCALE);
    if (chosen)
        freelocale(chosen);
    chosen = locale;
}

int texts_init(const char *language)
{
    const char *languages = getenv("LANGUAGE");
    locale_t locale;

    if (!languages || strcmp(languages, OTHER_LANGUAGE) != 0)
        if (setenv("LANGUAGE", OTHER_LANGUAGE, 1) < 0)
            return -errno;
    choose_locale((locale_t)0);
    if (strcmp(language, "en") == 0)
        return 0;
    locale = open_locale(language);
    if (!locale)
        return -ENOENT;
    choose_locale(locale);
    if (!bindtextdomain("hufu", HUFU_LOCALEDIR) || !bind_textdomain_codeset("hufu", "UTF-8") ||
        !textdomain("hufu"))
        return -errno;
    return has_own() ? 0 : -ENOENT;
}
