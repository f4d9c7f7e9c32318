#include "broker/ldap/claim_request.h"

#include "broker/ldap/filter.h"
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "policy/base/ident.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define HOLDER_SIZE (IDENT_NAME_MAX + 1 + 2 * FEED_NONCE_SIZE + 1) /* HOST:NONCE */

struct claim_request *claim_request_new(const struct feed_message *question)
{
    struct claim_request *r = calloc(1, sizeof(*r));

    if (r)
        r->question = *question;
    return r;
}

static void forget_slots(struct claim_request *r)
{
    while (r->n_slots > 0)
        free(r->slots[--r->n_slots]);
}

struct claim_request *claim_request_free(struct claim_request *r)
{
    if (r)
        forget_slots(r);
    free(r);
    return NULL;
}

enum feed_outcome claim_request_so_far(const struct claim_request *r)
{
    return r->stage == CLAIM_CHANGE ? FEED_UNKNOWN : FEED_UNAVAILABLE;
}

static bool over(enum feed_outcome outcome, enum feed_outcome *ret)
{
    *ret = outcome;
    return true;
}

static void put_holder(const struct claim_request *r, const struct claim_place *place,
                       char holder[static HOLDER_SIZE])
{
    char nonce[2 * FEED_NONCE_SIZE + 1];

    ident_format_hex(r->question.nonce, FEED_NONCE_SIZE, nonce);
    (void)snprintf(holder, HOLDER_SIZE, "%s:%s", place->host, nonce);
}

/* ---- searches ---- */

static char *filter_of(const struct claim_request *r, const struct claim_place *place)
{
    cleanup_buf struct buf b = BUF_INIT;
    char id[IDENT_ID_TEXT_SIZE], holder[HOLDER_SIZE];

    ident_format_id(&r->question.grant, id);
    buf_printf(&b, "(&(objectClass=hufuUse)(hufuId=%s)", id);
    if (r->stage == CLAIM_OWN) {
        put_holder(r, place, holder);
        buf_puts(&b, "(hufuHolder=");
        filter_put_value(&b, holder);
        buf_puts(&b, ")");
    } else if (r->stage == CLAIM_FREE) {
        buf_puts(&b, "(!(hufuHolder=*))");
    }
    buf_puts(&b, ")");
    return buf_steal_text(&b);
}

static bool search(struct claim_request *r, const struct claim_place *place, enum claim_stage stage,
                   enum feed_outcome *outcome)
{
    char no_attributes[] = LDAP_NO_ATTRS, *attributes[] = {no_attributes, NULL};
    int limit = stage == CLAIM_FREE ? CLAIM_SLOTS_MAX : 1;
    cleanup_free char *filter = NULL, *base = NULL;

    r->stage = stage;
    forget_slots(r);
    filter = filter_of(r, place);
    if (!filter || asprintf(&base, "ou=uses,%s", place->base) < 0) {
        base = NULL;
        return over(FEED_UNAVAILABLE, outcome);
    }
    if (ldap_search_ext(place->ldap, base, LDAP_SCOPE_ONELEVEL, filter, attributes, 0, NULL, NULL, NULL,
                        limit, &r->msgid) != LDAP_SUCCESS)
        return over(FEED_UNAVAILABLE, outcome);
    return false;
}

/* Of more than were asked for the rest is not looked at. */
static void take_entry(struct claim_request *r, const struct claim_place *place, LDAPMessage *message)
{
    char *dn = r->n_slots < CLAIM_SLOTS_MAX ? ldap_get_dn(place->ldap, message) : NULL;

    if (dn)
        r->slots[r->n_slots] = strdup(dn);
    if (dn && r->slots[r->n_slots])
        r->n_slots++;
    ldap_memfree(dn);
}

/* ---- changes ---- */

/* The last of the slots; in front of it there are others at random. */
static void choose(struct claim_request *r)
{
    size_t random = 0, chosen;
    char *slot;

    (void)!getrandom(&random, sizeof(random), 0); /* else the first, and others may be faster */
    chosen = random % r->n_slots;
    slot = r->slots[chosen];
    r->slots[chosen] = r->slots[r->n_slots - 1];
    r->slots[r->n_slots - 1] = slot;
}

/* Once it is sent nobody knows, until it is answered; also if libldap could not send all of it. */
static bool change(struct claim_request *r, const struct claim_place *place, enum feed_outcome *outcome)
{
    bool takes = r->question.operation == FEED_TAKE;
    char attribute[] = "hufuHolder", holder[HOLDER_SIZE], *values[] = {holder, NULL};
    LDAPMod mod = {
        .mod_op = takes ? LDAP_MOD_ADD : LDAP_MOD_DELETE, .mod_type = attribute, .mod_values = values};
    LDAPMod *mods[] = {&mod, NULL};

    put_holder(r, place, holder);
    choose(r);
    r->stage = CLAIM_CHANGE;
    if (ldap_modify_ext(place->ldap, r->slots[r->n_slots - 1], mods, NULL, NULL, &r->msgid) != LDAP_SUCCESS)
        return over(FEED_UNKNOWN, outcome);
    return false;
}

/* Codes with which a server says that it changed nothing. Any other may come after the change; so may BUSY
 * and UNAVAILABLE, from a proxy in front of one that did not answer. */
static bool changed_nothing(int code)
{
    static const int codes[] = {LDAP_PROTOCOL_ERROR,
                                LDAP_REFERRAL,
                                LDAP_UNAVAILABLE_CRITICAL_EXTENSION,
                                LDAP_CONFIDENTIALITY_REQUIRED,
                                LDAP_STRONG_AUTH_REQUIRED,
                                LDAP_NO_SUCH_ATTRIBUTE,
                                LDAP_UNDEFINED_TYPE,
                                LDAP_CONSTRAINT_VIOLATION,
                                LDAP_TYPE_OR_VALUE_EXISTS,
                                LDAP_INVALID_SYNTAX,
                                LDAP_NO_SUCH_OBJECT,
                                LDAP_INVALID_DN_SYNTAX,
                                LDAP_INAPPROPRIATE_AUTH,
                                LDAP_INVALID_CREDENTIALS,
                                LDAP_INSUFFICIENT_ACCESS,
                                LDAP_UNWILLING_TO_PERFORM,
                                LDAP_OBJECT_CLASS_VIOLATION};

    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* Somebody else was faster, or the slot is no more. */
static bool is_lost(int code)
{
    return code == LDAP_CONSTRAINT_VIOLATION || code == LDAP_TYPE_OR_VALUE_EXISTS ||
           code == LDAP_NO_SUCH_OBJECT;
}

static bool take_change(struct claim_request *r, const struct claim_place *place, int code,
                        enum feed_outcome *outcome)
{
    bool takes = r->question.operation == FEED_TAKE;

    if (code == LDAP_SUCCESS)
        return over(takes ? FEED_HELD : FEED_NOT_HELD, outcome);
    if (!takes && (code == LDAP_NO_SUCH_ATTRIBUTE || code == LDAP_NO_SUCH_OBJECT))
        return over(FEED_NOT_HELD, outcome);
    if (!changed_nothing(code))
        return over(FEED_UNKNOWN, outcome);
    if (!takes || !is_lost(code))
        return over(FEED_UNAVAILABLE, outcome);
    free(r->slots[--r->n_slots]);
    return r->n_slots > 0 ? change(r, place, outcome) : search(r, place, CLAIM_FREE, outcome);
}

/* ---- what comes ---- */

static bool take_own(struct claim_request *r, const struct claim_place *place, enum feed_outcome *outcome)
{
    bool held = r->n_slots > 0;

    switch (r->question.operation) {
    case FEED_TAKE:
        return held ? over(FEED_HELD, outcome) : search(r, place, CLAIM_FREE, outcome);
    case FEED_LOOK:
        return over(held ? FEED_HELD : FEED_NOT_HELD, outcome);
    case FEED_GIVE_BACK:
        return held ? change(r, place, outcome) : over(FEED_NOT_HELD, outcome);
    }
    return over(FEED_UNAVAILABLE, outcome);
}

static bool take_found(struct claim_request *r, const struct claim_place *place, int code,
                       enum feed_outcome *outcome)
{
    if (code != LDAP_SUCCESS && !(code == LDAP_SIZELIMIT_EXCEEDED && r->n_slots > 0))
        return over(FEED_UNAVAILABLE, outcome);
    if (r->stage == CLAIM_OWN)
        return take_own(r, place, outcome);
    if (r->stage == CLAIM_FREE)
        return r->n_slots > 0 ? change(r, place, outcome) : search(r, place, CLAIM_ANY, outcome);
    return over(r->n_slots > 0 ? FEED_EXHAUSTED : FEED_UNAVAILABLE, outcome);
}

bool claim_request_begin(struct claim_request *r, const struct claim_place *place, enum feed_outcome *outcome)
{
    return search(r, place, CLAIM_OWN, outcome);
}

bool claim_request_take(struct claim_request *r, const struct claim_place *place, LDAPMessage *message,
                        enum feed_outcome *outcome)
{
    int type = ldap_msgtype(message), code = LDAP_OTHER;

    if (type == LDAP_RES_SEARCH_ENTRY && r->stage != CLAIM_CHANGE) {
        take_entry(r, place, message);
        return false;
    }
    if (type == LDAP_RES_SEARCH_REFERENCE || type == LDAP_RES_INTERMEDIATE)
        return false;
    if (ldap_parse_result(place->ldap, message, &code, NULL, NULL, NULL, NULL, 0) != LDAP_SUCCESS)
        return over(claim_request_so_far(r), outcome);
    return r->stage == CLAIM_CHANGE ? take_change(r, place, code, outcome)
                                    : take_found(r, place, code, outcome);
}
