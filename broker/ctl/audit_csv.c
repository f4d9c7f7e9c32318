#include "broker/ctl/audit_csv.h"

#include "broker/audit/export.h"
#include "broker/ctl/audit_table.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <string.h>

#define MARK "\xEF\xBB\xBF"

void audit_csv_head(FILE *out)
{
    (void)fputs(MARK "host,sequence,time,local_time,event,result,reason,staff,vendor,account,service,address,"
                     "tty,grant,version,"
                     "ticket,session,deadline,latency_us,reference,actor,count,first,sources,detail,hash\r\n",
                out);
}

/* What begins a formula, in one spreadsheet or another; those set up for Chinese or Japanese take the
 * full-width signs, too. */
static bool looks_like_a_formula(const char *text)
{
    static const char *const wide[] = {"＝", "＋", "－", "＠"};

    for (size_t i = 0; i < ARRAY_SIZE(wide); i++)
        if (strncmp(text, wide[i], strlen(wide[i])) == 0)
            return true;
    return *text != '\0' && strchr("=+-@\t\r\n", *text) != NULL;
}

static void put_text(FILE *out, const char *text)
{
    (void)fputc(',', out);
    if (!text || *text == '\0')
        return;
    (void)fputc('"', out);
    if (looks_like_a_formula(text))
        (void)fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void put_number(FILE *out, uint64_t n)
{
    if (n == 0)
        (void)fputc(',', out);
    else
        (void)fprintf(out, ",%llu", (unsigned long long)n);
}

static void put_time_us(FILE *out, int64_t at_us)
{
    char text[EXPORT_TIME_SIZE] = "";

    if (at_us != 0)
        export_format_time(at_us, text);
    put_text(out, text);
}

static void put_when(FILE *out, when_t t)
{
    char text[WHEN_TEXT_SIZE] = "";

    if (t != 0)
        when_format(t, text);
    put_text(out, text);
}

static void put_local(FILE *out, when_t t)
{
    char text[AUDIT_LOCAL_TIME_SIZE];

    audit_format_local(t, text);
    put_text(out, text);
}

void audit_csv_record(FILE *out, const char *host, const struct record *r)
{
    char hash[2 * RECORD_HASH_SIZE + 1];

    ident_format_hex(r->hash, sizeof(r->hash), hash);
    (void)fprintf(out, "%s,%llu", host, (unsigned long long)r->sequence);
    put_time_us(out, r->at_us);
    put_local(out, r->at_us / 1000000);
    put_text(out, r->event);
    put_text(out, r->result);
    put_text(out, r->reason != 0 ? reason_name(r->reason) : NULL);
    put_text(out, r->staff);
    put_text(out, r->vendor);
    put_text(out, r->account);
    put_text(out, r->service);
    put_text(out, r->address);
    put_text(out, r->tty);
    put_text(out, r->grant);
    put_number(out, r->version);
    put_text(out, r->ticket);
    put_number(out, r->session);
    put_when(out, r->deadline);
    put_number(out, r->latency_us);
    put_text(out, r->reference);
    if (r->actor == UINT32_MAX)
        (void)fputc(',', out);
    else
        (void)fprintf(out, ",%u", r->actor);
    put_number(out, r->count);
    put_time_us(out, r->first_us);
    put_number(out, r->sources);
    put_text(out, r->detail);
    put_text(out, hash);
    (void)fputs("\r\n", out);
}
