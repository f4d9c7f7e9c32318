#include "broker/doctor/doctor.h"

#include "broker/common/i18n.h"
#include "broker/doctor/checks.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct doctor {
    const struct doctor_host *host;
    struct doctor_finding *findings;
    size_t n_findings;
    char **looked;
    size_t n_looked;
    struct buf unseen; /* lines of "what: why" */
    int error;
};

void doctor_output_done(struct doctor_output *o)
{
    free(o->out);
    free(o->error);
    *o = (struct doctor_output){.status = 0};
}

struct doctor *doctor_new(const struct doctor_host *host)
{
    struct doctor *d = calloc(1, sizeof(*d));

    if (d)
        d->host = host;
    return d;
}

static void finding_done(struct doctor_finding *f)
{
    free(f->subject);
    free(f->message);
    free(f->advice);
}

struct doctor *doctor_free(struct doctor *d)
{
    if (!d)
        return NULL;
    for (size_t i = 0; i < d->n_findings; i++)
        finding_done(&d->findings[i]);
    free(d->findings);
    for (size_t i = 0; i < d->n_looked; i++)
        free(d->looked[i]);
    free(d->looked);
    buf_done(&d->unseen);
    free(d);
    return NULL;
}

const struct doctor_host *doctor_host_of(const struct doctor *d)
{
    return d->host;
}

bool doctor_is_gated(const struct doctor *d, uint32_t uid)
{
    return d->host->gated_first > 0 && uid >= d->host->gated_first && uid <= d->host->gated_last;
}

/* A copy of what is formatted, or NULL with the error noted. */
__attribute__((format(printf, 2, 0))) static char *format_text(struct doctor *d, const char *format,
                                                               va_list arguments)
{
    char *text = NULL;

    if (vasprintf(&text, format, arguments) < 0) {
        d->error = -ENOMEM;
        return NULL;
    }
    return text;
}

void doctor_find(struct doctor *d, enum doctor_severity severity, const char *code, const char *subject,
                 const char *format, ...)
{
    struct doctor_finding f = {.severity = severity, .code = code, .subject = strdup(subject)};
    struct doctor_finding *grown = reallocarray(d->findings, d->n_findings + 1, sizeof(*grown));
    va_list arguments;

    va_start(arguments, format);
    f.message = format_text(d, format, arguments);
    va_end(arguments);
    if (grown)
        d->findings = grown;
    if (grown && f.subject && f.message) {
        d->findings[d->n_findings++] = f;
        return;
    }
    d->error = -ENOMEM;
    finding_done(&f);
}

void doctor_advise(struct doctor *d, const char *format, ...)
{
    struct doctor_finding *f = d->n_findings > 0 ? &d->findings[d->n_findings - 1] : NULL;
    va_list arguments;

    if (!f)
        return;
    va_start(arguments, format);
    free(f->advice);
    f->advice = format_text(d, format, arguments);
    va_end(arguments);
}

void doctor_unseen_because(struct doctor *d, const char *what, const char *why)
{
    cleanup_free char *item = NULL;

    if (asprintf(&item, "%s (%s)", what, why) < 0) {
        item = NULL;
        d->error = -ENOMEM;
        return;
    }
    /* Several checks may want the same file or program. */
    if (d->unseen.size > 0 && memmem(d->unseen.data, d->unseen.size, item, strlen(item)))
        return;
    buf_printf(&d->unseen, "%s%s", d->unseen.size > 0 ? ", " : "", item);
}

void doctor_unseen(struct doctor *d, const char *what, int error)
{
    if (error == -ENOMEM)
        d->error = error;
    doctor_unseen_because(d, what, strerrordesc_np(-error));
}

void doctor_looked(struct doctor *d, const char *format, ...)
{
    char **grown = reallocarray(d->looked, d->n_looked + 1, sizeof(*grown));
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = format_text(d, format, arguments);
    va_end(arguments);
    if (!grown)
        d->error = -ENOMEM;
    else
        d->looked = grown;
    if (grown && text)
        d->looked[d->n_looked++] = text;
    else
        free(text);
}

size_t doctor_count(const struct doctor *d)
{
    return d->n_findings;
}

const struct doctor_finding *doctor_get(const struct doctor *d, size_t i)
{
    return i < d->n_findings ? &d->findings[i] : NULL;
}

size_t doctor_count_looked(const struct doctor *d)
{
    return d->n_looked;
}

const char *doctor_get_looked(const struct doctor *d, size_t i)
{
    return i < d->n_looked ? d->looked[i] : NULL;
}

static void tell_unseen(struct doctor *d)
{
    cleanup_free char *list = NULL;

    if (d->unseen.size == 0)
        return;
    list = buf_steal_text(&d->unseen);
    d->unseen = BUF_INIT;
    if (!list) {
        d->error = -ENOMEM;
        return;
    }
    doctor_find(d, DOCTOR_PROBLEM, "not-looked-at", "hufuctl doctor", _("could not be looked at: %s"), list);
    doctor_advise(d, _("Run it as root, and see to what is missing or unreadable."));
}

/* The order of the checks stays within a severity; there are few of them. */
static void sort_findings(struct doctor *d)
{
    for (size_t i = 1; i < d->n_findings; i++) {
        struct doctor_finding f = d->findings[i];
        size_t at = i;

        for (; at > 0 && d->findings[at - 1].severity > f.severity; at--)
            d->findings[at] = d->findings[at - 1];
        d->findings[at] = f;
    }
}

int doctor_examine(struct doctor *d, doctor_check *check)
{
    if (check)
        check(d);
    for (size_t i = 0; !check && doctor_checks[i].check; i++)
        doctor_checks[i].check(d);
    tell_unseen(d);
    sort_findings(d);
    return d->error;
}
