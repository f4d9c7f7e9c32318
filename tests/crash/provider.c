#include "tests/crash/provider.h"

#include "broker/common/files.h"
#include "policy/base/buf.h"
#include "policy/wire/feed.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define HELD_MAX  4096
#define NEXT_MS   3  /* between two tries to connect */
#define DOUBTS_IN 40 /* questions: one of so many is answered by "unknown" */

struct held {
    struct ident_id grant;
    char nonce[2 * FEED_NONCE_SIZE + 1];
};

struct provider {
    struct lane *lane;
    pthread_t thread;
    int fd, stop[2];
    uint64_t random;
    struct buf in;
    struct held held[HELD_MAX]; /* under the lane's lock */
    size_t n_held;
};

/* ---- the count ---- */

static struct held *find(struct provider *p, const char *nonce)
{
    for (size_t i = 0; i < p->n_held; i++)
        if (strcmp(p->held[i].nonce, nonce) == 0)
            return &p->held[i];
    return NULL;
}

static enum feed_outcome take(struct provider *p, const struct feed_message *m, const char *nonce)
{
    char id[IDENT_ID_TEXT_SIZE];
    const struct grant_fact *g;
    uint32_t n = 0;

    if (find(p, nonce))
        return FEED_HELD;
    ident_format_id(&m->grant, id);
    g = facts_find_grant(p->lane, id);
    must(g != NULL && p->n_held < HELD_MAX);
    for (size_t i = 0; i < p->n_held; i++)
        n += ident_id_equal(&p->held[i].grant, &m->grant);
    if (n >= g->limit)
        return FEED_EXHAUSTED;
    p->held[p->n_held].grant = m->grant;
    (void)snprintf(p->held[p->n_held].nonce, sizeof(p->held[0].nonce), "%s", nonce);
    p->n_held++;
    atomic_fetch_add(&p->lane->totals->claims, 1);
    return FEED_HELD;
}

static enum feed_outcome judge(struct provider *p, const struct feed_message *m)
{
    char nonce[2 * FEED_NONCE_SIZE + 1];
    uint64_t doubt = lane_draw(&p->random, DOUBTS_IN);
    enum feed_outcome outcome = FEED_NOT_HELD;
    struct held *x;

    if (doubt == 0)
        return FEED_UNKNOWN;
    ident_format_hex(m->nonce, sizeof(m->nonce), nonce);
    (void)pthread_mutex_lock(&p->lane->lock);
    x = find(p, nonce);
    if (m->operation == FEED_TAKE)
        outcome = take(p, m, nonce);
    else if (m->operation == FEED_LOOK && x)
        outcome = FEED_HELD;
    else if (m->operation == FEED_GIVE_BACK && x)
        *x = p->held[--p->n_held];
    (void)pthread_mutex_unlock(&p->lane->lock);
    return doubt == 1 ? FEED_UNKNOWN : outcome; /* done, and not known */
}

/* ---- the feed ---- */

static void say(struct provider *p, const struct feed_message *m)
{
    cleanup_buf struct buf b = BUF_INIT;

    must(feed_encode(m, &b) == 0);
    if (p->fd >= 0 && send(p->fd, b.data, b.size, MSG_NOSIGNAL) != (ssize_t)b.size)
        p->fd = close_fd(p->fd);
}

static void hear(struct provider *p, enum feed_type type, size_t length)
{
    struct feed_message m, reply = {.type = FEED_CLAIMED};

    must(feed_decode(type, p->in.data + FRAME_HEADER_SIZE, length, &m) == 0);
    if (type == FEED_START) {
        say(p, &(struct feed_message){.type = FEED_STATE, .state = FEED_LIVE, .claims_possible = true});
        return;
    }
    reply.number = m.number;
    reply.operation = m.operation;
    reply.grant = m.grant;
    memcpy(reply.nonce, m.nonce, sizeof(reply.nonce));
    reply.outcome = judge(p, &m);
    say(p, &reply);
}

static void read_frames(struct provider *p)
{
    uint8_t octets[4096];
    ssize_t n = recv(p->fd, octets, sizeof(octets), 0);
    enum feed_type type;
    uint32_t length;

    if (n <= 0) {
        p->fd = close_fd(p->fd);
        return;
    }
    buf_put(&p->in, octets, (size_t)n);
    while (p->in.size >= FRAME_HEADER_SIZE) {
        must(feed_parse_header(p->in.data, &type, &length) == 0);
        if (p->in.size < FRAME_HEADER_SIZE + length)
            return;
        hear(p, type, length);
        p->in.size -= FRAME_HEADER_SIZE + length;
        memmove(p->in.data, p->in.data + FRAME_HEADER_SIZE + length, p->in.size);
    }
}

static void try_connect(struct provider *p)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", lane_path(p->lane, "run/feed"));
    buf_done(&p->in);
    p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(p->fd >= 0);
    if (connect(p->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        p->fd = close_fd(p->fd);
}

static void *run(void *userdata)
{
    struct provider *p = userdata;

    for (;;) {
        struct pollfd polled[] = {{.fd = p->stop[1], .events = POLLIN}, {.fd = p->fd, .events = POLLIN}};

        must(poll(polled, ARRAY_SIZE(polled), p->fd < 0 ? NEXT_MS : -1) >= 0 || errno == EINTR);
        if (polled[0].revents)
            return NULL;
        if (p->fd < 0)
            try_connect(p);
        else if (polled[1].revents)
            read_frames(p);
    }
}

struct provider *provider_start(struct lane *l)
{
    struct provider *p = calloc(1, sizeof(*p));

    must(p != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->stop) == 0);
    p->lane = l;
    p->fd = -1;
    p->random = l->seed + l->number;
    must(pthread_create(&p->thread, NULL, run, p) == 0);
    return p;
}

struct provider *provider_stop(struct provider *p)
{
    close_fd(p->stop[0]);
    must(pthread_join(p->thread, NULL) == 0);
    close_fd(p->stop[1]);
    close_fd(p->fd);
    buf_done(&p->in);
    free(p);
    return NULL;
}

/* ---- what has to be so ---- */

static void check_held(struct provider *p, sqlite3 *db)
{
    sqlite3_stmt *s;

    must(sqlite3_prepare_v2(db, "SELECT count(*) FROM claim WHERE lower(hex(nonce)) = ?1", -1, &s, NULL) ==
         SQLITE_OK);
    for (size_t i = 0; i < p->n_held; i++) {
        must(sqlite3_bind_text(s, 1, p->held[i].nonce, -1, SQLITE_STATIC) == SQLITE_OK);
        must(sqlite3_step(s) == SQLITE_ROW);
        if (sqlite3_column_int(s, 0) != 1)
            lane_violation(p->lane, "a use is held as %s for all hosts, and the store does not know of it",
                           p->held[i].nonce);
        (void)sqlite3_reset(s);
    }
    (void)sqlite3_finalize(s);
}

/* A session that opened (2: is open, 4: was) has a claim that is used (3), for good. */
static void check_used(struct provider *p, sqlite3 *db)
{
    static const char question[] =
        "SELECT s.tty, lower(hex(c.nonce)), s.grant_id FROM any_session s LEFT JOIN "
        "claim c ON c.session = s.number AND c.state = 3"
        " WHERE s.state IN (2, 4)";
    sqlite3_stmt *s;
    int r;

    must(sqlite3_prepare_v2(db, question, -1, &s, NULL) == SQLITE_OK);
    while ((r = sqlite3_step(s)) == SQLITE_ROW) {
        const char *nonce = (const char *)sqlite3_column_text(s, 1);
        char id[IDENT_ID_TEXT_SIZE];
        const struct grant_fact *g;
        struct ident_id grant;

        must(sqlite3_column_bytes(s, 2) == sizeof(grant.octets));
        memcpy(grant.octets, sqlite3_column_blob(s, 2), sizeof(grant.octets));
        ident_format_id(&grant, id);
        g = facts_find_grant(p->lane, id);
        if (g && g->fleet && (!nonce || !find(p, nonce)))
            lane_violation(p->lane, "session %s has no use of those for all hosts (%s)",
                           sqlite3_column_text(s, 0), nonce ? nonce : "no claim");
    }
    must(r == SQLITE_DONE);
    (void)sqlite3_finalize(s);
}

void provider_check(struct provider *p, sqlite3 *db)
{
    check_held(p, db);
    check_used(p, db);
}
