#include "broker/daemon/review_keeper.h"

#include "broker/common/i18n.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/status_findings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define META "reviewed-until"
#define DAY  86400

static void on_first_row(void *userdata, int result, const struct record *rows, size_t n)
{
    struct broker *b = userdata;

    /* The first record of a new store is that of this start. */
    if (result == 0)
        b->review.first_record = n > 0 ? (when_t)(rows[0].at_us / 1000000) : b->started;
}

int review_keeper_load(struct broker *b)
{
    const struct record_filter first = {.limit = 1};
    char text[WHEN_TEXT_SIZE + 8];

    b->review = (struct review_keeper){0};
    if (store_load_meta(b->store, META, text, sizeof(text)) == 0 &&
        when_parse(text, strlen(text), &b->review.reviewed_until) == 0)
        return 0;
    b->review.reviewed_until = 0;
    return store_read(b->store, &first, on_first_row, b);
}

/* An older period that is signed off late does not put the next one off, and neither does a later one that
 * leaves out what came in between. */
static bool goes_on(const struct review_keeper *k, const struct sign_off *x)
{
    return x->until > k->reviewed_until && (k->reviewed_until == 0 || x->from <= k->reviewed_until);
}

void review_keeper_write(const struct broker *b, const struct sign_off *x, struct store_txn *t)
{
    char text[WHEN_TEXT_SIZE];

    if (!goes_on(&b->review, x))
        return;
    when_format(x->until, text);
    store_txn_meta(t, META, text);
}

void review_keeper_signed(struct broker *b, const struct sign_off *x)
{
    if (goes_on(&b->review, x))
        b->review.reviewed_until = x->until;
}

bool review_keeper_finding(const struct broker *b, when_t now, struct status_finding *ret)
{
    const struct review_keeper *k = &b->review;
    when_t every = b->config->review_every;
    when_t since = k->reviewed_until != 0 ? k->reviewed_until : k->first_record;
    char text[WHEN_TEXT_SIZE];

    if (every == 0 || since == 0 || now - since <= every)
        return false;
    when_format(since, text);
    *ret = (struct status_finding){.severity = now - since > 2 * every ? "problem" : "warning",
                                   .subject = "review"};
    (void)snprintf(ret->message, sizeof(ret->message),
                   k->reviewed_until != 0
                       ? _("The records have been reviewed up to %s only; a review is due every %lld h. An "
                           "auditor makes one with `hufuctl review`, and signs it off with `hufuctl review "
                           "sign`.")
                       : _("The records, which begin at %s, have never been reviewed; a review is due every "
                           "%lld h. An auditor makes one with `hufuctl review`, and signs it off with "
                           "`hufuctl review sign`."),
                   text, (long long)(every / 3600));
    return true;
}
