#include "broker/store/column.h"

#include <errno.h>

/* What is kept of the directory. */

struct feed {
    int (*visit)(void *u, const struct store_feed *x);
    void *u;
};

static int load_feed(struct column *c, void *userdata)
{
    const struct feed *walk = userdata;
    struct store_feed x = {.type = 0};
    int r;

    (void)column_octets(c, x.uuid, sizeof(x.uuid), sizeof(x.uuid));
    (void)column_octets(c, x.digest, sizeof(x.digest), sizeof(x.digest));
    (void)column_octets(c, x.approvals, sizeof(x.approvals), sizeof(x.approvals));
    x.type = (uint8_t)column_int(c);
    column_id(c, &x.id);
    x.reason = (enum reason)column_int(c);
    x.again = column_int(c) != 0;
    x.name = column_borrowed_text(c);
    x.text = column_borrowed_text(c);
    x.octets = column_blob(c, &x.size);
    if (c->error == 0 && !reason_name(x.reason))
        c->error = -EBADMSG;
    if (c->error < 0)
        return c->error;
    r = walk->visit(walk->u, &x);
    return r < 0 ? r : 0;
}

int store_load_feed(struct store *s, int (*visit)(void *u, const struct store_feed *x), void *u)
{
    struct feed walk = {.visit = visit, .u = u};

    return column_walk(
        s, "SELECT uuid, digest, approvals, type, id, reason, again, name, text, octets FROM feed", load_feed,
        &walk);
}

struct published {
    int (*visit)(void *u, const struct store_published *x);
    void *u;
};

static int load_published(struct column *c, void *userdata)
{
    const struct published *walk = userdata;
    struct store_published x;
    int r;

    column_id(c, &x.id);
    (void)column_octets(c, x.digest, sizeof(x.digest), sizeof(x.digest));
    if (c->error < 0)
        return c->error;
    r = walk->visit(walk->u, &x);
    return r < 0 ? r : 0;
}

int store_load_published(struct store *s, int (*visit)(void *u, const struct store_published *x), void *u)
{
    struct published walk = {.visit = visit, .u = u};

    return column_walk(s, "SELECT id, digest FROM published", load_published, &walk);
}

struct claims {
    int (*visit)(void *u, const struct store_claim *c);
    void *u;
};

static int load_claim(struct column *c, void *userdata)
{
    const struct claims *walk = userdata;
    struct store_claim x = {.session = 0};
    int r;

    (void)column_octets(c, x.nonce, sizeof(x.nonce), sizeof(x.nonce));
    column_id(c, &x.grant);
    x.state = (enum store_claim_state)column_int(c);
    x.session = (uint64_t)column_int(c);
    x.at = column_int(c);
    if (c->error < 0)
        return c->error;
    r = walk->visit(walk->u, &x);
    return r < 0 ? r : 0;
}

struct segments {
    int (*visit)(void *u, const struct sealed_segment *x);
    void *u;
};

static int load_segment(struct column *c, void *userdata)
{
    const struct segments *walk = userdata;
    struct sealed_segment x = {.first = 0};

    x.first = (uint64_t)column_int(c);
    x.last = (uint64_t)column_int(c);
    (void)column_octets(c, x.hash, sizeof(x.hash), sizeof(x.hash));
    x.sealed = column_borrowed_text(c);
    return c->error < 0 ? c->error : walk->visit(walk->u, &x);
}

int store_load_segments(struct store *s, int (*visit)(void *u, const struct sealed_segment *x), void *u)
{
    struct segments walk = {.visit = visit, .u = u};

    return column_walk(s, "SELECT first, last, hash, sealed FROM segment ORDER BY last", load_segment, &walk);
}

int store_load_claims(struct store *s, int (*visit)(void *u, const struct store_claim *c), void *u)
{
    struct claims walk = {.visit = visit, .u = u};

    return column_walk(
        s,
        "SELECT nonce, grant_id, state, session, at FROM claim WHERE state IN (1, 2, 4) ORDER BY at, nonce",
        load_claim, &walk);
}
