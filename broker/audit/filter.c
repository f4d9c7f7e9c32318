#include "broker/audit/filter.h"

#include "policy/base/cleanup.h"

#include <string.h>

int64_t record_filter_us(when_t t)
{
    int64_t us;

    if (__builtin_mul_overflow(t, (int64_t)1000000, &us))
        return t < 0 ? INT64_MIN : INT64_MAX;
    return us;
}

static bool is_within(const struct record_filter *f, const struct record *r)
{
    if (r->sequence <= f->after || (f->before != 0 && r->sequence >= f->before))
        return false;
    if (f->from != 0 && r->at_us < record_filter_us(f->from))
        return false;
    if (f->until != 0 && r->at_us >= record_filter_us(f->until))
        return false;
    return f->session == 0 || r->session == f->session;
}

static bool is_text(const char *wanted, const char *has)
{
    return !wanted || strcmp(wanted, has ? has : "") == 0;
}

static bool is_reason(const char *wanted, enum reason reason)
{
    const char *name = reason_name(reason);

    return !wanted || (name && strcmp(wanted, name) == 0);
}

bool record_filter_matches(const struct record_filter *f, const struct record *r)
{
    return is_within(f, r) && is_text(f->staff, r->staff) && is_text(f->vendor, r->vendor) &&
           is_text(f->event, r->event) && is_text(f->result, r->result) && is_reason(f->reason, r->reason) &&
           is_text(f->grant, r->grant) && is_text(f->ticket, r->ticket) && is_text(f->service, r->service) &&
           is_text(f->account, r->account) && is_text(f->address, r->address);
}
