#include "broker/review/html_page.h"

#include "broker/common/i18n.h"
#include "broker/review/html_escape.h"
#include "broker/review/html_measure.h"
#include "policy/base/cleanup.h"
#include "policy/base/when.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Tenths of the height of letters: such a word stays on one line; such a one is not broken where there is
 * room. */
#define SHORT_WORD 100
#define LONG_WORD  150

void html_raw(struct html_page *p, const char *markup)
{
    buf_puts(p->out, markup);
}

void html_rawf(struct html_page *p, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    buf_vprintf(p->out, format, arguments);
    va_end(arguments);
}

void html_text(struct html_page *p, const char *text)
{
    html_escape(p->out, text, strlen(text));
}

void html_textf(struct html_page *p, const char *format, ...)
{
    cleanup_buf struct buf text = BUF_INIT;
    va_list arguments;

    va_start(arguments, format);
    buf_vprintf(&text, format, arguments);
    va_end(arguments);
    html_escape(p->out, (const char *)text.data, text.size);
    if (!p->out->error)
        p->out->error = text.error;
}

void html_foreign(struct html_page *p, const char *text)
{
    int tenths = html_measure(text);

    if (!*text) {
        html_raw(p, "<span class=\"no\">–</span>");
        return;
    }
    html_raw(p, tenths <= SHORT_WORD  ? "<bdi class=\"s\">"
                : tenths <= LONG_WORD ? "<bdi class=\"w\">"
                                      : "<bdi>");
    html_text(p, text);
    html_raw(p, "</bdi>");
}

void html_code(struct html_page *p, const char *text)
{
    html_raw(p, "<code>");
    html_foreign(p, text);
    html_raw(p, "</code>");
}

void html_paragraph(struct html_page *p, const char *class, const char *text)
{
    if (class)
        html_rawf(p, "<p class=\"%s\">", class);
    else
        html_raw(p, "<p>");
    html_text(p, text);
    html_raw(p, "</p>\n");
}

void html_section_begin(struct html_page *p, const char *id, const char *title)
{
    html_rawf(p, "<section id=\"%s\">\n<h2><span class=\"nr\">%u</span> ", id, ++p->sections);
    html_text(p, title);
    html_raw(p, "</h2>\n");
}

void html_section_end(struct html_page *p)
{
    html_raw(p, "</section>\n");
}

void html_heading(struct html_page *p, const char *title)
{
    html_raw(p, "<h3>");
    html_text(p, title);
    html_raw(p, "</h3>\n");
}

void html_number_text(int64_t number, struct buf *out)
{
    char digits[24];
    size_t length, i;

    if (number < 0)
        buf_puts(out, "-");
    length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64,
                              number < 0 ? -(uint64_t)number : (uint64_t)number);
    for (i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buf_puts(out, ",");
        buf_put(out, digits + i, 1);
    }
}

void html_number(struct html_page *p, int64_t number)
{
    html_number_text(number, p->out);
}

bool html_instant(const char *time, int64_t *ret)
{
    char whole[WHEN_TEXT_SIZE];
    size_t length = strlen(time);

    *ret = 0;
    if (length < WHEN_TEXT_SIZE - 1 || time[length - 1] != 'Z' || length > 40 ||
        (length > WHEN_TEXT_SIZE - 1 && time[19] != '.'))
        return false;
    (void)snprintf(whole, sizeof(whole), "%.19sZ", time);
    return when_parse(whole, strlen(whole), ret) == 0;
}

void html_local_text(const struct html_page *p, int64_t t, size_t length, struct buf *out)
{
    char text[WHEN_TEXT_SIZE];
    size_t whole;

    when_format(t + p->offset, text);
    whole = strcspn(text, "Z"); /* beyond the years that have a text it is a word */
    if (whole > 10)
        text[10] = ' ';
    buf_put(out, text, length < whole ? length : whole);
}

/* The day of UTC is named where it is another one. */
static void put_utc(struct html_page *p, int64_t t)
{
    char utc[WHEN_TEXT_SIZE], local[WHEN_TEXT_SIZE];

    when_format(t, utc);
    when_format(t + p->offset, local);
    html_raw(p, " <small class=\"utc\">");
    if (strncmp(utc, local, 10) != 0)
        html_rawf(p, "%.5s ", utc + 5);
    html_rawf(p, "%s</small>", utc[10] == 'T' ? utc + 11 : utc);
}

void html_time(struct html_page *p, const char *time)
{
    char utc[WHEN_TEXT_SIZE];
    int64_t t;

    if (!html_instant(time, &t)) {
        html_foreign(p, time);
        return;
    }
    when_format(t, utc);
    html_rawf(p, "<time datetime=\"%s\">", utc);
    html_local_text(p, t, 19, p->out);
    html_raw(p, "</time>");
    put_utc(p, t);
}

void html_seconds_text(int64_t s, struct buf *out)
{
    if (s < 60)
        buf_printf(out, _("%lld s"), (long long)s);
    else if (s < 3600)
        buf_printf(out, _("%lld min"), (long long)s / 60);
    else if (s < 86400)
        buf_printf(out, _("%lld h %02lld min"), (long long)s / 3600, (long long)s / 60 % 60);
    else
        buf_printf(out, _("%lld d %02lld h"), (long long)s / 86400, (long long)s / 3600 % 24);
}

void html_microseconds_text(int64_t us, struct buf *out)
{
    if (us < 1000)
        buf_printf(out, "%lld µs", (long long)us);
    else if (us < 1000000)
        buf_printf(out, "%lld ms", (long long)us / 1000);
    else
        buf_printf(out, "%lld.%02lld s", (long long)us / 1000000, (long long)us / 10000 % 100);
}
