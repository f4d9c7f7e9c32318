#include "broker/daemon/claim_book.h"

#include "broker/common/clock.h"
#include "broker/daemon/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct claim *claim_book_add(struct claiming *c, const struct ident_id *grant)
{
    struct claim *x = calloc(1, sizeof(*x));

    if (!x)
        return NULL;
    if (getrandom(x->row.nonce, sizeof(x->row.nonce), 0) != sizeof(x->row.nonce)) {
        free(x);
        return NULL;
    }
    x->claiming = c;
    x->row.grant = *grant;
    x->row.state = STORE_CLAIM_ASKED;
    x->row.at = clock_wall();
    x->next = c->claims;
    c->claims = x;
    return x;
}

void claim_book_remove(struct claim *x)
{
    for (struct claim **at = &x->claiming->claims; *at; at = &(*at)->next)
        if (*at == x) {
            *at = x->next;
            break;
        }
    sd_event_source_disable_unref(x->timer);
    free(x);
}

int claim_book_ask(struct claim *x, enum feed_operation operation, uint64_t patience_us, claims_done *done)
{
    struct claims_question q = {.operation = operation, .grant = x->row.grant};

    _Static_assert(sizeof(q.nonce) == sizeof(x->row.nonce), "a nonce is a nonce");
    memcpy(q.nonce, x->row.nonce, sizeof(q.nonce));
    if (!x->claiming->questions)
        return -ENOTCONN;
    return claims_ask(x->claiming->questions, &q, patience_us, done, x);
}

void claiming_detail(const struct claim *x, char text[static CLAIMING_DETAIL_SIZE])
{
    char nonce[2 * STORE_CLAIM_NONCE + 1];

    text[0] = '\0';
    if (!x)
        return;
    ident_format_hex(x->row.nonce, sizeof(x->row.nonce), nonce);
    (void)snprintf(text, CLAIMING_DETAIL_SIZE, "claim %s", nonce);
}

void claim_book_record(const struct claim *x, const char *event, enum reason reason, const char *more,
                       struct store_txn *t)
{
    struct record r = ledger_record(event, reason, reason == REASON_OK);
    const struct grants *grants = x->claiming->broker->grants;
    char id[IDENT_ID_TEXT_SIZE], claim[CLAIMING_DETAIL_SIZE], detail[128];

    ident_format_id(&x->row.grant, id);
    r.grant = id;
    ledger_grant(&r, grants_find(grants, &x->row.grant), id);
    claiming_detail(x, claim);
    (void)snprintf(detail, sizeof(detail), "%s%s%s", claim, more[0] != '\0' ? ": " : "", more);
    r.session = x->row.session;
    r.detail = detail;
    store_txn_record(t, &r);
}
