#include "broker/daemon/texts.h"

#include "broker/common/i18n.h"
#include "broker/common/reason_text.h"
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
    const char *some = reason_text_of(REASON_OK)->sentence;

    return strcmp(_(some), some) != 0;
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
static const char *advice_of(const struct reason_text *row, const struct texts_refusal *t)
{
    bool waits = row->reason == REASON_OUTSIDE_HOURS || row->reason == REASON_NOT_YET_VALID;

    return waits && t->opens == WHEN_NEVER ? NO_HOURS_LEFT : row->advice;
}

/* Who has not been here before must not look for their uses on this host. */
static const char *sentence_of(const struct reason_text *row, const struct texts_refusal *t)
{
    return row->reason == REASON_USES_EXHAUSTED && t->fleet ? EXHAUSTED_EVERYWHERE : row->sentence;
}

static void put_refusal(struct buf *b, const struct reason_text *row, const struct texts_refusal *t,
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
    const struct reason_text *row = reason_text_of(t->reason);
    cleanup_buf struct buf b = BUF_INIT;

    if (!row)
        row = reason_text_of(REASON_BROKER_ERROR);
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
static void put_sentence(struct buf *b, const struct reason_text *row, translate_fn in)
{
    if (in == in_english)
        put_line(b, "%s [%s]", in(row->sentence), reason_name(row->reason));
    else
        put_line(b, "%s", in(row->sentence));
}

static void put_ending(struct buf *b, when_t deadline, const struct reason_text *row, const char *reference,
                       translate_fn in)
{
    char when[WHEN_TEXT_SIZE];

    put_line(b, in(ENDING_WHY), time_text(deadline, when));
    put_sentence(b, row, in);
    put_line(b, in(REFERENCE), reference);
}

void texts_warn_why(when_t deadline, enum reason reason, const char *reference, char *text, size_t size)
{
    const struct reason_text *row = reason_text_of(reason);
    cleanup_buf struct buf b = BUF_INIT;

    if (!row)
        row = reason_text_of(REASON_BROKER_ERROR);
    put_ending(&b, deadline, row, reference, in_english);
    if (has_own())
        put_ending(&b, deadline, row, reference, in_own);
    copy_wrapped(&b, text, size);
}

static void put_end(struct buf *b, const struct reason_text *row, const char *reference, translate_fn in)
{
    put_line(b, "%s", in(ENDED));
    put_sentence(b, row, in);
    put_line(b, "%s", in(row->advice));
    put_line(b, in(REFERENCE), reference);
}

void texts_end(enum reason reason, const char *reference, char *text, size_t size)
{
    const struct reason_text *row = reason_text_of(reason);
    cleanup_buf struct buf b = BUF_INIT;

    if (!row)
        row = reason_text_of(REASON_BROKER_ERROR);
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
