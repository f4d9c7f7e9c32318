#include "broker/ldap/ldapd.h"

#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/common/log_line.h"
#include "broker/ldap/claim.h"
#include "broker/ldap/dialer.h"
#include "broker/ldap/feed_link.h"
#include "broker/ldap/search.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>

#define SECOND        UINT64_C(1000000)
#define DELAY_MINIMUM (SECOND / 10)
#define SPREAD_FIRST  10 /* the first retries come within a tenth of reconnect-max */
#define STALLS_MAX    4

struct ldapd {
    sd_event *event;
    const struct ldapd_config *config;
    struct feed_link *link;
    struct claimer *claimer;
    struct dialer *dialer;
    struct connection *connection;
    bool offers_sync;
    struct search *search;
    sd_event_source *retry;

    struct feed_message start; /* the last one; number, host and groups */
    bool started;
    uint8_t cookie[FEED_COOKIE_MAX]; /* where to go on: the last one told, or START's */
    size_t cookie_size;

    size_t server;     /* of the configuration's, that is or will be connected to */
    unsigned failures; /* in a row: since a refresh was complete */

    /* The directory's heartbeat. Without a new one each stall is waited for twice as long: perhaps it is
     * whoever writes it that is away. */
    bool beats;
    uint8_t heartbeat[16];
    unsigned stalls;

    struct feed_message state; /* the last one told */
};

static const char *server_uri(const struct ldapd *l)
{
    return l->config->uris[l->server];
}

/* --- what people see */

static void log_state(const struct ldapd *l)
{
    const struct feed_message *m = &l->state;

    switch (m->state) {
    case FEED_LIVE:
        log_line(LOG_INFO, "hufu-ldapd: %s: up to date, changes are pushed", m->server);
        break;
    case FEED_FAILED:
        log_line(LOG_WARNING, "hufu-ldapd: %s: %s; next try in %u s", m->server, m->text, m->seconds);
        break;
    case FEED_CONNECTING:
    case FEED_REFRESHING:
    case FEED_POLLING:
        break;
    }
}

static void tell_state(struct ldapd *l, enum feed_state state, bool pushes, const char *text,
                       uint32_t seconds)
{
    struct feed_message m = {.type = FEED_STATE,
                             .state = state,
                             .pushes = pushes,
                             .seconds = seconds,
                             .claims_possible = claimer_is_possible(l->claimer)};

    (void)snprintf(m.server, sizeof(m.server), "%s", server_uri(l));
    (void)snprintf(m.text, sizeof(m.text), "%s", text);
    l->state = m;
    log_state(l);
    (void)sd_notifyf(0, "STATUS=%s%s%s", m.server, text[0] != '\0' ? ": " : "", text);
    (void)feed_link_send(l->link, &m);
}

/* --- connecting */

static void begin(struct ldapd *l);

/* Uniform below `range`. */
static uint64_t random_below(uint64_t range)
{
    uint64_t number = 0;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        number = clock_boot_us();
    return range > 0 ? number % range : 0;
}

/* Each server gets its chance soon; when none was of use, the next round takes three times as long, up to
 * reconnect-max. Hosts that lost the same server at once do not come back at once. */
static uint64_t next_delay(const struct ldapd *l)
{
    uint64_t longest = l->config->reconnect_max * SECOND, range = longest / SPREAD_FIRST;
    size_t rounds = (l->failures - 1) / l->config->n_uris;

    for (size_t i = 0; i < rounds && range < longest; i++)
        range = range * 3 < longest ? range * 3 : longest;
    return DELAY_MINIMUM + random_below(range);
}

static void hang_up(struct ldapd *l)
{
    l->search = search_free(l->search);
    l->connection = connection_free(l->connection);
}

static int on_retry(sd_event_source *source, uint64_t now, void *userdata)
{
    struct ldapd *l = userdata;

    (void)source;
    (void)now;
    l->retry = sd_event_source_disable_unref(l->retry);
    begin(l);
    return 0;
}

static void fail(struct ldapd *l, const char *why)
{
    uint64_t delay;

    hang_up(l);
    l->failures++;
    delay = next_delay(l);
    tell_state(l, FEED_FAILED, false, why, (uint32_t)((delay + SECOND - 1) / SECOND));
    l->server = (l->server + 1) % l->config->n_uris;
    l->retry = sd_event_source_disable_unref(l->retry);
    if (sd_event_add_time_relative(l->event, &l->retry, CLOCK_BOOTTIME, delay, 0, on_retry, l) < 0)
        (void)sd_event_exit(l->event, -ENOMEM);
}

/* --- the search */

static void note_entry(struct ldapd *l, const struct feed_message *m)
{
    if (m->kind != FEED_HEARTBEAT)
        return;
    l->beats = true;
    l->stalls = 0;
    memcpy(l->heartbeat, m->uuid, sizeof(l->heartbeat));
}

static void note_delete(struct ldapd *l, const struct feed_message *m)
{
    for (size_t i = 0; i < m->n_uuids && l->beats; i++)
        if (memcmp(m->uuids + sizeof(l->heartbeat) * i, l->heartbeat, sizeof(l->heartbeat)) == 0)
            l->beats = false;
}

static void note_cookie(struct ldapd *l, const struct feed_message *m)
{
    l->cookie_size = m->cookie.size;
    if (m->cookie.size > 0)
        memcpy(l->cookie, m->cookie.data, m->cookie.size);
}

static void on_tell(void *userdata, const struct feed_message *m)
{
    struct ldapd *l = userdata;

    if (m->type == FEED_ENTRY)
        note_entry(l, m);
    if (m->type == FEED_DELETE)
        note_delete(l, m);
    if (m->type == FEED_BEGIN && m->full)
        l->beats = false;
    if (m->type == FEED_END || m->type == FEED_COOKIE)
        note_cookie(l, m);
    if (m->type == FEED_END)
        l->failures = 0;
    (void)feed_link_send(l->link, m);
    if (l->search && feed_link_is_full(l->link))
        search_pause(l->search, true);
}

static void on_search_state(void *userdata, enum feed_state state, bool pushes, uint32_t seconds)
{
    tell_state(userdata, state, pushes, "", seconds);
}

static void on_failed(void *userdata, const char *why)
{
    struct ldapd *l = userdata;

    if (l->beats && l->stalls < STALLS_MAX)
        l->stalls++;
    fail(l, why);
}

static void start_search(struct ldapd *l)
{
    struct search_options options = {
        .event = l->event,
        .connection = l->connection,
        .offers_sync = l->offers_sync,
        .config = l->config,
        .stall_after = l->config->stall_after << (l->stalls > 0 ? l->stalls - 1 : 0),
        .start = &l->start,
        .expects_beats = l->beats,
        .calls = {.tell = on_tell, .state = on_search_state, .failed = on_failed},
        .userdata = l,
    };
    int r;

    l->start.cookie = (struct feed_octets){l->cookie, l->cookie_size};
    l->search = search_free(l->search);
    r = search_new(&options, &l->search);
    l->start.cookie = (struct feed_octets){0};
    if (r < 0)
        fail(l, strerrordesc_np(-r));
    else if (feed_link_is_full(l->link))
        search_pause(l->search, true);
}

static void on_dialed(void *userdata, struct connection *connection, bool offers_sync, const char *error)
{
    struct ldapd *l = userdata;

    if (!connection) {
        fail(l, error);
        return;
    }
    l->connection = connection;
    l->offers_sync = offers_sync;
    if (l->started)
        start_search(l);
    else
        hang_up(l);
}

/* Whatever has to happen next so that there is a search. */
static void begin(struct ldapd *l)
{
    int r;

    if (!l->started || l->retry || dialer_is_busy(l->dialer))
        return;
    if (l->connection) {
        start_search(l);
        return;
    }
    tell_state(l, FEED_CONNECTING, false, "", 0);
    r = dialer_open(l->dialer, server_uri(l));
    if (r < 0)
        fail(l, strerrordesc_np(-r));
}

/* --- hufud */

static void take_start(struct ldapd *l, const struct feed_message *m)
{
    l->start = *m;
    l->start.cookie = (struct feed_octets){0};
    l->started = true;
    claimer_start(l->claimer, m->host);
    note_cookie(l, m);
    l->search = search_free(l->search);
    l->state.claims_possible = claimer_is_possible(l->claimer);
    if (l->retry) /* what is waited for has not changed */
        (void)feed_link_send(l->link, &l->state);
    begin(l);
}

static void on_claimed(void *userdata, const struct feed_message *m)
{
    struct ldapd *l = userdata;

    (void)feed_link_send(l->link, m);
}

static void on_claims(void *userdata, bool possible, const char *why_not)
{
    struct ldapd *l = userdata;

    if (possible)
        log_line(LOG_INFO, "hufu-ldapd: %s: uses can be claimed", l->config->claim_uri);
    else
        log_line(LOG_WARNING, "hufu-ldapd: %s: no use can be claimed: %s", l->config->claim_uri, why_not);
    l->state.claims_possible = possible;
    if (l->state.state != 0)
        (void)feed_link_send(l->link, &l->state);
}

static void on_message(void *userdata, const struct feed_message *m)
{
    if (m->type == FEED_START)
        take_start(userdata, m);
    else
        claimer_ask(((struct ldapd *)userdata)->claimer, m);
}

/* hufud begins with a START of its own when it is back. */
static void on_lost(void *userdata)
{
    struct ldapd *l = userdata;

    l->started = false;
    claimer_stop(l->claimer);
    hang_up(l);
}

static void on_room(void *userdata)
{
    struct ldapd *l = userdata;

    if (l->search)
        search_pause(l->search, false);
}

int ldapd_new(sd_event *event, const struct ldapd_config *config, const char *feed, struct ldapd **ret)
{
    static const struct feed_link_calls calls = {on_message, on_lost, on_room};
    static const struct claimer_calls claims = {on_claimed, on_claims};
    cleanup(ldapd_free_p) struct ldapd *l = calloc(1, sizeof(*l));
    int r;

    if (!l)
        return -ENOMEM;
    l->event = sd_event_ref(event);
    l->config = config;
    r = dialer_new(event, config, on_dialed, l, &l->dialer);
    if (r == 0)
        r = claimer_new(event, config, &claims, l, &l->claimer);
    if (r == 0)
        r = feed_link_new(event, feed, &calls, l, &l->link);
    if (r < 0)
        return r;
    *ret = steal_pointer(&l);
    return 0;
}

bool ldapd_is_alone(const struct ldapd *l)
{
    return !dialer_is_busy(l->dialer) && claimer_is_alone(l->claimer);
}

struct ldapd *ldapd_free(struct ldapd *l)
{
    if (!l)
        return NULL;
    hang_up(l);
    l->retry = sd_event_source_disable_unref(l->retry);
    l->claimer = claimer_free(l->claimer);
    l->dialer = dialer_free(l->dialer);
    l->link = feed_link_free(l->link);
    (void)sd_event_unref(l->event);
    free(l);
    return NULL;
}
