#include "tests/unit/broker/daemon/fake_ldapd.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/directory_internal.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

struct ldapd ldapd_new(struct world *w)
{
    return (struct ldapd){.w = w, .fd = -1};
}

/* ---- the line ---- */

void ldapd_hang_up(struct ldapd *l)
{
    l->fd = close_fd(l->fd);
    buf_done(&l->in);
    world_for(l->w, 20);
}

static void take_start(struct ldapd *l, size_t length)
{
    static const enum feed_type start = FEED_START;

    assert_int_equal(feed_decode(start, l->in.data + FRAME_HEADER_SIZE, length, &l->start), 0);
    l->search = l->start.search;
    (void)snprintf(l->cookie, sizeof(l->cookie), "%.*s", (int)l->start.cookie.size,
                   l->start.cookie.size > 0 ? (const char *)l->start.cookie.data : "");
    l->starts++;
}

static void take_claim(struct ldapd *l, size_t length)
{
    static const enum feed_type claim = FEED_CLAIM;

    assert_int_equal(feed_decode(claim, l->in.data + FRAME_HEADER_SIZE, length, &l->claim), 0);
    l->claims++;
}

/* Whatever has come, frame by frame. */
static void hear(struct ldapd *l)
{
    uint8_t octets[4096];
    ssize_t n;

    while ((n = recv(l->fd, octets, sizeof(octets), MSG_DONTWAIT)) > 0)
        buf_put(&l->in, octets, (size_t)n);
    while (l->in.size >= FRAME_HEADER_SIZE) {
        enum feed_type type;
        uint32_t length;

        assert_int_equal(feed_parse_header(l->in.data, &type, &length), 0);
        if (l->in.size < FRAME_HEADER_SIZE + length)
            return;
        if (type == FEED_START)
            take_start(l, length);
        else
            take_claim(l, length);
        l->in.size -= FRAME_HEADER_SIZE + length;
        memmove(l->in.data, l->in.data + FRAME_HEADER_SIZE + length, l->in.size);
    }
}

struct awaited {
    struct ldapd *l;
    unsigned n;
};

static bool has_started(struct world *w, void *userdata)
{
    const struct awaited *a = userdata;

    (void)w;
    hear(a->l);
    return a->l->starts >= a->n;
}

void ldapd_await_start(struct ldapd *l, unsigned n)
{
    world_until(l->w, has_started, &(struct awaited){l, n});
}

static bool has_asked(struct world *w, void *userdata)
{
    const struct awaited *a = userdata;

    (void)w;
    hear(a->l);
    return a->l->claims >= a->n;
}

void ldapd_await_claim(struct ldapd *l, unsigned n)
{
    world_until(l->w, has_asked, &(struct awaited){l, n});
}

void ldapd_connect(struct ldapd *l)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", world_path(l->w, "feed"));
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(l->fd >= 0);
    assert_int_equal(connect(l->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    l->starts = l->claims = 0;
    ldapd_await_start(l, 1);
}

void ldapd_send(struct ldapd *l, const struct feed_message *m)
{
    cleanup_buf struct buf b = BUF_INIT;
    size_t sent = 0;

    assert_int_equal(feed_encode(m, &b), 0);
    while (sent < b.size) {
        ssize_t n = send(l->fd, b.data + sent, b.size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN)
            return; /* hung up on */
        sent += n > 0 ? (size_t)n : 0;
        if (sent < b.size)
            assert_true(sd_event_run(l->w->event, 10000) >= 0);
    }
}

static bool is_settled(struct world *w, void *userdata)
{
    const struct ldapd *l = userdata;
    const struct directory *d = w->broker->directory;
    int unread = 0;

    if (l->fd >= 0 && ioctl(l->fd, SIOCOUTQ, &unread) == 0 && unread > 0)
        return false;
    return directory_is_quiet(d) && !d->is_writing && d->n_unwritten == 0 && !d->refresh_done_due &&
           sd_event_source_get_enabled(d->pump, NULL) == 0;
}

void ldapd_settle(struct ldapd *l)
{
    /* Twice: what is quiet may be about to write. */
    for (unsigned i = 0; i < 3; i++) {
        world_until(l->w, is_settled, l);
        assert_true(sd_event_run(l->w->event, 0) >= 0);
        assert_int_equal(store_flush(l->w->broker->store), 0);
    }
    if (l->fd >= 0)
        hear(l);
}

/* ---- what it says ---- */

static void put_uuid(unsigned n, uint8_t uuid[static 16])
{
    memset(uuid, 0x55, 16);
    memcpy(uuid, &n, sizeof(n));
}

void ldapd_begin(struct ldapd *l, bool full)
{
    l->told = 0;
    ldapd_send(l, &(struct feed_message){.type = FEED_BEGIN, .search = l->search, .full = full});
}

static struct feed_octets octets_of(const char *text)
{
    return (struct feed_octets){(const uint8_t *)text, text ? strlen(text) : 0};
}

void ldapd_entry_of(struct ldapd *l, unsigned n, const char *document, const char *const *approvals,
                    size_t n_approvals)
{
    static struct feed_message m;

    m = (struct feed_message){
        .type = FEED_ENTRY, .search = l->search, .kind = FEED_DOCUMENT, .document = octets_of(document)};
    if (document && strlen(document) == WHEN_TEXT_SIZE - 1 && document[4] == '-')
        m.kind = FEED_HEARTBEAT;
    put_uuid(n, m.uuid);
    (void)snprintf(m.name, sizeof(m.name), "cn=%u,ou=test", n);
    for (size_t i = 0; i < n_approvals; i++)
        m.approvals[m.n_approvals++] = octets_of(approvals[i]);
    l->told++;
    ldapd_send(l, &m);
}

void ldapd_entry(struct ldapd *l, unsigned n, const char *document, const char *one, const char *two)
{
    const char *approvals[2] = {one, two};

    ldapd_entry_of(l, n, document, approvals, (size_t)(one != NULL) + (two != NULL));
}

void ldapd_delete(struct ldapd *l, unsigned n)
{
    uint8_t uuid[16];

    put_uuid(n, uuid);
    ldapd_send(l,
               &(struct feed_message){.type = FEED_DELETE, .search = l->search, .n_uuids = 1, .uuids = uuid});
}

void ldapd_present(struct ldapd *l, unsigned from, unsigned to)
{
    uint8_t uuids[FEED_PRESENT_MAX * 16];
    size_t n = 0;

    for (unsigned i = from; i <= to; i++)
        put_uuid(i, uuids + 16 * n++);
    l->told += (uint32_t)n;
    ldapd_send(
        l, &(struct feed_message){.type = FEED_PRESENT, .search = l->search, .n_uuids = n, .uuids = uuids});
}

void ldapd_end_as(struct ldapd *l, bool refresh_deletes, const char *cookie, uint32_t count)
{
    ldapd_send(l, &(struct feed_message){.type = FEED_END,
                                         .search = l->search,
                                         .cookie = octets_of(cookie),
                                         .refresh_deletes = refresh_deletes,
                                         .count = count});
}

void ldapd_end(struct ldapd *l, bool refresh_deletes, const char *cookie)
{
    ldapd_end_as(l, refresh_deletes, cookie, l->told);
}

void ldapd_cookie(struct ldapd *l, const char *cookie)
{
    ldapd_send(l,
               &(struct feed_message){.type = FEED_COOKIE, .search = l->search, .cookie = octets_of(cookie)});
}

void ldapd_state(struct ldapd *l, enum feed_state state, const char *text)
{
    struct feed_message m = {
        .type = FEED_STATE, .state = state, .pushes = true, .server = "ldaps://d1.finance.example"};

    (void)snprintf(m.text, sizeof(m.text), "%s", text);
    ldapd_send(l, &m);
}

void ldapd_refresh(struct ldapd *l, void (*tell)(struct ldapd *l, void *userdata), void *userdata)
{
    ldapd_begin(l, l->cookie[0] == '\0');
    if (tell)
        tell(l, userdata);
    ldapd_end(l, true, "rid=1,csn=1");
    ldapd_settle(l);
}

void ldapd_claims_possible(struct ldapd *l)
{
    ldapd_send(l, &(struct feed_message){.type = FEED_STATE,
                                         .state = FEED_LIVE,
                                         .claims_possible = true,
                                         .server = "ldaps://d1.finance.example"});
}

void ldapd_claimed(struct ldapd *l, enum feed_outcome outcome)
{
    struct feed_message m = {.type = FEED_CLAIMED,
                             .number = l->claim.number,
                             .operation = l->claim.operation,
                             .grant = l->claim.grant,
                             .outcome = outcome};

    memcpy(m.nonce, l->claim.nonce, sizeof(m.nonce));
    ldapd_send(l, &m);
}

/* ---- documents ---- */

void ldapd_signed(struct ldapd *l, unsigned n, struct grant_plan plan)
{
    char *document = world_document(plan);
    char *one = department_approval(l->w->department, DEPARTMENT_LEADER, document);
    char *two = department_approval(l->w->department, DEPARTMENT_UNIT, document);

    ldapd_entry(l, n, document, one, two);
    free(document);
    free(one);
    free(two);
}

/* ---- what the broker says ---- */

json_int_t ldapd_count(struct world *w, const char *member)
{
    struct varlink_reply r = world_call(w, "SyncShow", NULL);
    json_int_t n = json_integer_value(json_object_get(r.parameters, member));

    assert_null(r.error);
    assert_true(json_is_integer(json_object_get(r.parameters, member)));
    varlink_reply_done(&r);
    return n;
}

bool ldapd_shows(struct world *w, enum reason reason, const char *words)
{
    struct varlink_reply r = world_call(w, "SyncShow", NULL);
    bool found = false;
    const json_t *x;
    size_t i;

    json_array_foreach(json_object_get(r.parameters, "bad_entries"), i, x)
    {
        found = found || (strcmp(json_string_value(json_object_get(x, "reason")), reason_name(reason)) == 0 &&
                          strstr(json_string_value(json_object_get(x, "text")), words));
    }
    varlink_reply_done(&r);
    return found;
}
