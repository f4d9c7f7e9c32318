#include "broker/ldap/search.h"

#include "broker/common/clock.h"
#include "broker/common/i18n.h"
#include "broker/ldap/filter.h"
#include "broker/ldap/search_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BUDGET 64 /* messages a turn of the loop */
#define SECOND UINT64_C(1000000)

int search_fail(struct search *s, int r, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(s->why, sizeof(s->why), format, arguments);
    va_end(arguments);
    return r;
}

void search_describe(int code, const char *diagnostic, char *text, size_t size)
{
    bool more = diagnostic && diagnostic[0] != '\0';

    (void)snprintf(text, size, "%s%s%s", ldap_err2string(code), more ? ": " : "", more ? diagnostic : "");
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++)
        if (*c < 0x20 || *c >= 0x7f)
            *c = '?';
}

int search_send(struct search *s, const char *filter, const char *const *attributes, LDAPControl **controls)
{
    char error[CONNECTION_ERROR_SIZE];
    int code = ldap_search_ext(s->ldap, s->options.config->base, LDAP_SCOPE_SUBTREE, filter,
                               (char **)attributes, 0, controls, NULL, NULL, LDAP_NO_LIMIT, &s->msgid);

    s->heard = clock_boot_us();
    if (code == LDAP_SUCCESS)
        return 0;
    s->msgid = -1;
    connection_trouble(s->options.connection, code, error);
    return search_fail(s, -EPROTO, "%s", error);
}

int search_begin_refresh(struct search *s)
{
    return s->method == SEARCH_POLL ? search_poll_begin(s) : search_sync_begin(s);
}

/* The search may be gone afterwards. */
static void give_up(struct search *s)
{
    char why[sizeof(s->why)];

    memcpy(why, s->why, sizeof(why));
    s->options.calls.failed(s->options.userdata, why);
}

/* --- messages */

static int take_search_message(struct search *s, LDAPMessage *message)
{
    bool polls = s->method == SEARCH_POLL;

    switch (ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY:
        return polls ? search_poll_entry(s, message) : search_sync_entry(s, message);
    case LDAP_RES_SEARCH_RESULT:
        return polls ? search_poll_result(s, message) : search_sync_result(s, message);
    case LDAP_RES_INTERMEDIATE:
        return polls ? 0 : search_sync_intermediate(s, message);
    case LDAP_RES_SEARCH_REFERENCE:
        return 0; /* other servers are none of ours */
    default:
        return search_fail(s, -EBADMSG, _("the server answers what was not asked"));
    }
}

static int take_message(struct search *s, LDAPMessage *message)
{
    if (ldap_msgid(message) == 0)
        return search_fail(s, -ECONNRESET, _("the server ends the connection"));
    /* Of a search that was abandoned, for example. */
    if (s->msgid < 0 || ldap_msgid(message) != s->msgid)
        return 0;
    s->heard = clock_boot_us();
    return take_search_message(s, message);
}

static int drain(struct search *s)
{
    if (s->why[0] != '\0') /* it could not even begin */
        return -EPROTO;
    for (int i = 0; i < BUDGET; i++) {
        LDAPMessage *message = NULL;
        int r;

        if (s->paused)
            return 0;
        r = connection_poll(s->options.connection, &message);
        if (r == 0)
            return 0;
        if (r < 0)
            return search_fail(s, r, _("the connection to the server was lost"));
        r = take_message(s, message);
        (void)ldap_msgfree(message);
        if (r < 0)
            return r;
    }
    /* What TLS has decrypted already wakes nobody up. */
    return sd_event_source_set_enabled(s->again, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct search *s = userdata;

    (void)source;
    (void)fd;
    (void)events;
    if (drain(s) < 0)
        give_up(s);
    return 0;
}

static int on_again(sd_event_source *source, void *userdata)
{
    return on_io(source, -1, 0, userdata);
}

void search_pause(struct search *s, bool paused)
{
    if (s->paused == paused)
        return;
    s->paused = paused;
    s->heard = clock_boot_us(); /* it was not the server that was silent */
    (void)sd_event_source_set_enabled(s->io, paused ? SD_EVENT_OFF : SD_EVENT_ON);
    (void)sd_event_source_set_enabled(s->again, paused ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* --- time */

static int on_next(sd_event_source *source, uint64_t now, void *userdata)
{
    struct search *s = userdata;

    (void)source;
    (void)now;
    if (search_begin_refresh(s) < 0)
        give_up(s);
    return 0;
}

int search_wait(struct search *s)
{
    int r;

    s->next = sd_event_source_disable_unref(s->next);
    r = sd_event_add_time_relative(s->options.event, &s->next, CLOCK_BOOTTIME,
                                   s->options.config->poll_interval * SECOND, 0, on_next, s);
    return r < 0 ? search_fail(s, r, "%s", strerrordesc_np(-r)) : 0;
}

/* Whether the server owes us a word. */
static bool expects_word(const struct search *s)
{
    bool live = s->method == SEARCH_PERSIST && !s->refreshing;

    return !s->paused && s->msgid >= 0 && (!live || s->beats);
}

static int on_silence(sd_event_source *source, uint64_t now, void *userdata)
{
    struct search *s = userdata;
    uint64_t limit = s->options.stall_after * SECOND, since = clock_boot_us() - s->heard;

    (void)now;
    if (!expects_word(s))
        since = 0;
    if (since >= limit) {
        (void)search_fail(s, -ETIMEDOUT, _("the server has said nothing for %u s"), s->options.stall_after);
        give_up(s);
        return 0;
    }
    (void)sd_event_source_set_time_relative(source, limit - since);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* --- beginning and end */

static int add_sources(struct search *s)
{
    sd_event *event = s->options.event;
    int r = sd_event_add_io(event, &s->io, connection_fd(s->options.connection), EPOLLIN, on_io, s);

    if (r >= 0)
        r = sd_event_add_defer(event, &s->again, on_again, s);
    if (r >= 0) /* what the library has read already */
        r = sd_event_source_set_enabled(s->again, SD_EVENT_ONESHOT);
    if (r >= 0)
        r = sd_event_add_time_relative(event, &s->silence, CLOCK_BOOTTIME, s->options.stall_after * SECOND, 0,
                                       on_silence, s);
    return r < 0 ? r : 0;
}

int search_new(const struct search_options *options, struct search **ret)
{
    cleanup(search_free_p) struct search *s = calloc(1, sizeof(*s));
    const struct feed_message *start = options->start;
    const struct berval cookie = {start->cookie.size, (char *)start->cookie.data};
    int r;

    if (!s)
        return -ENOMEM;
    s->options = *options;
    s->options.start = NULL;
    s->ldap = connection_ldap(options->connection);
    s->number = start->search;
    s->msgid = -1;
    s->method = options->offers_sync ? SEARCH_PERSIST : SEARCH_POLL;
    s->beats = options->expects_beats;
    search_keep_cookie(s, &cookie);
    r = filter_of_host(start, &s->filter);
    if (r == 0)
        r = add_sources(s);
    if (r < 0)
        return r;
    *ret = s;
    /* A failure from here on is the connection's, and told by the loop. */
    (void)search_begin_refresh(s);
    s = NULL;
    return 0;
}

struct search *search_free(struct search *s)
{
    if (!s)
        return NULL;
    s->io = sd_event_source_disable_unref(s->io);
    s->again = sd_event_source_disable_unref(s->again);
    s->silence = sd_event_source_disable_unref(s->silence);
    s->next = sd_event_source_disable_unref(s->next);
    if (s->msgid >= 0)
        (void)ldap_abandon_ext(s->ldap, s->msgid, NULL, NULL);
    seen_clear(&s->seen);
    seen_clear(&s->ids);
    free(s->filter);
    free(s);
    return NULL;
}
