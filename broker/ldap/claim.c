#include "broker/ldap/claim.h"

#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/ldap/claim_request.h"
#include "broker/ldap/dialer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define SECOND UINT64_C(1000000)
#define BUDGET 64 /* messages a turn of the loop */

struct claimer {
    sd_event *event;
    const struct ldapd_config *config;
    struct claimer_calls calls;
    void *userdata;

    bool started;
    char host[IDENT_NAME_MAX + 1];
    struct dialer *dialer;
    struct connection *connection;
    unsigned failures; /* in a row */
    uint64_t heard;    /* when the last message came */
    sd_event_source *io, *again, *retry, *deadline;

    struct claim_request *requests;
    size_t n_requests;
};

bool claimer_is_possible(const struct claimer *c)
{
    return c->started && c->connection;
}

bool claimer_is_alone(const struct claimer *c)
{
    return !dialer_is_busy(c->dialer);
}

static struct claim_place place_of(const struct claimer *c)
{
    return (struct claim_place){
        .ldap = connection_ldap(c->connection), .base = c->config->base, .host = c->host};
}

/* ---- questions ---- */

static void answer(const struct claimer *c, const struct feed_message *question, enum feed_outcome outcome)
{
    struct feed_message m = *question;

    m.type = FEED_CLAIMED;
    m.outcome = outcome;
    c->calls.answer(c->userdata, &m);
}

/* Out of the list first: whoever hears the answer may ask again. */
static void end(struct claimer *c, struct claim_request *r, enum feed_outcome outcome)
{
    for (struct claim_request **at = &c->requests; *at; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            c->n_requests--;
            break;
        }
    answer(c, &r->question, outcome);
    claim_request_free(r);
}

static void arm_deadline(struct claimer *c)
{
    uint64_t first = UINT64_MAX;

    for (const struct claim_request *r = c->requests; r; r = r->next)
        first = r->until < first ? r->until : first;
    (void)sd_event_source_set_enabled(c->deadline, first == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
    if (first != UINT64_MAX)
        (void)sd_event_source_set_time(c->deadline, first);
}

/* ---- the connection ---- */

static void begin(struct claimer *c);

static void hang_up(struct claimer *c)
{
    c->io = sd_event_source_disable_unref(c->io);
    c->again = sd_event_source_disable_unref(c->again);
    c->connection = connection_free(c->connection);
    while (c->requests)
        end(c, c->requests, claim_request_so_far(c->requests));
    arm_deadline(c);
}

static int on_retry(sd_event_source *source, uint64_t now, void *userdata)
{
    struct claimer *c = userdata;

    (void)source;
    (void)now;
    c->retry = sd_event_source_disable_unref(c->retry);
    begin(c);
    return 0;
}

/* Soon, then twice as late each time, up to reconnect-max; and not all hosts at once. */
static uint64_t next_delay(const struct claimer *c)
{
    uint64_t longest = c->config->reconnect_max * SECOND, range = SECOND;
    uint32_t random = 0;

    for (unsigned i = 1; i < c->failures && range < longest; i++)
        range *= 2;
    range = range < longest ? range : longest;
    (void)!getrandom(&random, sizeof(random), 0);
    return range / 4 + range * random / UINT32_MAX;
}

static void fail(struct claimer *c, const char *why)
{
    bool was_possible = claimer_is_possible(c);

    hang_up(c);
    c->failures++;
    c->retry = sd_event_source_disable_unref(c->retry);
    if (c->started)
        (void)sd_event_add_time_relative(c->event, &c->retry, CLOCK_BOOTTIME, next_delay(c), 0, on_retry, c);
    if (was_possible || c->failures == 1)
        c->calls.state(c->userdata, false, why);
}

static struct claim_request *request_of(const struct claimer *c, int msgid)
{
    struct claim_request *r = c->requests;

    while (r && r->msgid != msgid)
        r = r->next;
    return r;
}

static void take_message(struct claimer *c, LDAPMessage *message)
{
    struct claim_request *r = request_of(c, ldap_msgid(message));
    const struct claim_place place = place_of(c);
    enum feed_outcome outcome;

    c->heard = clock_boot_us();
    if (r && claim_request_take(r, &place, message, &outcome))
        end(c, r, outcome);
}

static int drain(struct claimer *c)
{
    for (int i = 0; i < BUDGET; i++) {
        LDAPMessage *message = NULL;
        int r = connection_poll(c->connection, &message);

        if (r <= 0)
            return r;
        if (ldap_msgid(message) == 0)
            r = -ECONNRESET; /* notice of disconnection */
        else
            take_message(c, message);
        (void)ldap_msgfree(message);
        if (r < 0)
            return r;
    }
    /* What TLS has decrypted already wakes nobody up. */
    return sd_event_source_set_enabled(c->again, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct claimer *c = userdata;

    (void)source;
    (void)fd;
    (void)events;
    if (drain(c) < 0)
        fail(c, _("the connection to the claim provider was lost"));
    else
        arm_deadline(c);
    return 0;
}

static int on_again(sd_event_source *source, void *userdata)
{
    return on_io(source, -1, 0, userdata);
}

static int watch(struct claimer *c)
{
    int r = sd_event_add_io(c->event, &c->io, connection_fd(c->connection), EPOLLIN, on_io, c);

    return r < 0 ? r : sd_event_add_defer(c->event, &c->again, on_again, c);
}

static void on_dialed(void *userdata, struct connection *connection, bool offers_sync, const char *error)
{
    struct claimer *c = userdata;

    (void)offers_sync;
    if (!c->started) {
        (void)connection_free(connection);
        return;
    }
    c->connection = connection;
    if (!connection || watch(c) < 0) {
        fail(c, connection ? strerrordesc_np(ENOMEM) : error);
        return;
    }
    c->failures = 0;
    c->heard = clock_boot_us();
    c->calls.state(c->userdata, true, "");
}

static void begin(struct claimer *c)
{
    if (!c->started || !c->config->claim_uri || c->connection || c->retry || dialer_is_busy(c->dialer))
        return;
    if (dialer_open(c->dialer, c->config->claim_uri) < 0)
        fail(c, strerrordesc_np(ENOMEM));
}

/* ---- time ---- */

/* A server that has said nothing since the question came is left: it stands still, or is no more. */
static int on_deadline(sd_event_source *source, uint64_t now, void *userdata)
{
    struct claimer *c = userdata;
    struct claim_request *next;
    bool silent = false;

    (void)source;
    for (struct claim_request *r = c->requests; r; r = next) {
        next = r->next;
        if (r->until > now)
            continue;
        silent = silent || c->heard < r->since;
        (void)ldap_abandon_ext(connection_ldap(c->connection), r->msgid, NULL, NULL);
        end(c, r, claim_request_so_far(r));
    }
    if (silent)
        fail(c, _("the claim provider does not answer"));
    else
        arm_deadline(c);
    return 0;
}

/* ---- hufud ---- */

void claimer_ask(struct claimer *c, const struct feed_message *question)
{
    struct claim_request *r = NULL;
    enum feed_outcome outcome;
    struct claim_place place;

    if (claimer_is_possible(c) && c->n_requests < CLAIM_QUESTIONS_MAX)
        r = claim_request_new(question);
    if (!r) {
        answer(c, question, FEED_UNAVAILABLE);
        return;
    }
    r->since = clock_boot_us();
    r->until = r->since + CLAIM_PATIENCE_US;
    r->next = c->requests;
    c->requests = r;
    c->n_requests++;
    place = place_of(c);
    if (claim_request_begin(r, &place, &outcome))
        end(c, r, outcome);
    arm_deadline(c);
    /* A read may have taken more than its own answer while this was sent. */
    (void)sd_event_source_set_enabled(c->again, SD_EVENT_ONESHOT);
}

void claimer_start(struct claimer *c, const char *host)
{
    (void)snprintf(c->host, sizeof(c->host), "%s", host);
    c->started = true;
    begin(c);
}

void claimer_stop(struct claimer *c)
{
    c->started = false;
    c->retry = sd_event_source_disable_unref(c->retry);
    while (c->requests) {
        struct claim_request *r = c->requests;

        c->requests = r->next;
        claim_request_free(r);
    }
    c->n_requests = 0;
    hang_up(c);
}

int claimer_new(sd_event *event, const struct ldapd_config *config, const struct claimer_calls *calls,
                void *userdata, struct claimer **ret)
{
    cleanup(claimer_free_p) struct claimer *c = calloc(1, sizeof(*c));
    int r;

    if (!c)
        return -ENOMEM;
    c->event = sd_event_ref(event);
    c->config = config;
    c->calls = *calls;
    c->userdata = userdata;
    r = dialer_new(event, config, on_dialed, c, &c->dialer);
    if (r == 0)
        r = sd_event_add_time(event, &c->deadline, CLOCK_BOOTTIME, UINT64_MAX, 1000, on_deadline, c);
    if (r < 0)
        return r;
    *ret = steal_pointer(&c);
    return 0;
}

struct claimer *claimer_free(struct claimer *c)
{
    if (!c)
        return NULL;
    claimer_stop(c);
    c->deadline = sd_event_source_disable_unref(c->deadline);
    c->dialer = dialer_free(c->dialer);
    (void)sd_event_unref(c->event);
    free(c);
    return NULL;
}
