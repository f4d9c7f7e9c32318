#include "broker/directory/claims.h"

#include <errno.h>
#include <string.h>

struct claims_waiting {
    struct claims *claims;
    struct claims_waiting *next;
    uint32_t number;
    struct claims_question question;
    sd_event_source *timer;
    claims_done *done;
    void *userdata;
};

struct claims {
    sd_event *event;
    claims_send *send;
    void *userdata;
    bool possible;
    uint32_t last; /* number of the last question */
    unsigned n;
    struct claims_waiting *waiting;
};

int claims_new(sd_event *event, claims_send *send, void *userdata, struct claims **ret)
{
    struct claims *c = calloc(1, sizeof(*c));

    if (!c)
        return -ENOMEM;
    c->event = sd_event_ref(event);
    c->send = send;
    c->userdata = userdata;
    *ret = c;
    return 0;
}

static void forget(struct claims_waiting *w)
{
    struct claims *c = w->claims;

    for (struct claims_waiting **at = &c->waiting; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            c->n--;
            break;
        }
    sd_event_source_disable_unref(w->timer);
    free(w);
}

/* Out of the list first: whoever is told may ask again. */
static void end(struct claims_waiting *w, enum feed_outcome outcome)
{
    claims_done *done = w->done;
    void *userdata = w->userdata;

    forget(w);
    done(userdata, outcome);
}

struct claims *claims_free(struct claims *c)
{
    if (!c)
        return NULL;
    claims_gone(c);
    sd_event_unref(c->event);
    free(c);
    return NULL;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
    (void)source;
    (void)now;
    end(userdata, FEED_UNKNOWN);
    return 0;
}

static int send_question(const struct claims *c, const struct claims_waiting *w)
{
    struct feed_message m = {.type = FEED_CLAIM,
                             .number = w->number,
                             .operation = w->question.operation,
                             .grant = w->question.grant};

    memcpy(m.nonce, w->question.nonce, sizeof(m.nonce));
    return c->send(c->userdata, &m);
}

int claims_ask(struct claims *c, const struct claims_question *q, uint64_t patience_us, claims_done *done,
               void *userdata)
{
    struct claims_waiting *w;
    int r;

    if (!c->possible)
        return -ENOTCONN;
    if (c->n >= CLAIMS_MAX)
        return -EBUSY;
    w = calloc(1, sizeof(*w));
    if (!w)
        return -ENOMEM;
    *w = (struct claims_waiting){.claims = c,
                                 .next = c->waiting,
                                 .number = ++c->last,
                                 .question = *q,
                                 .done = done,
                                 .userdata = userdata};
    c->waiting = w;
    c->n++;
    r = sd_event_add_time_relative(c->event, &w->timer, CLOCK_BOOTTIME, patience_us, 1000, on_timer, w);
    if (r >= 0)
        r = send_question(c, w);
    if (r < 0)
        forget(w);
    return r < 0 ? r : 0;
}

static bool is_about(const struct claims_waiting *w, const struct feed_message *m)
{
    return w->number == m->number && w->question.operation == m->operation &&
           ident_id_equal(&w->question.grant, &m->grant) &&
           memcmp(w->question.nonce, m->nonce, sizeof(m->nonce)) == 0;
}

void claims_answer(struct claims *c, const struct feed_message *m)
{
    for (struct claims_waiting *w = c->waiting; w; w = w->next)
        if (is_about(w, m)) {
            end(w, m->outcome);
            return;
        }
}

void claims_state(struct claims *c, const struct feed_message *m)
{
    c->possible = m->claims_possible;
}

void claims_gone(struct claims *c)
{
    c->possible = false;
    while (c->waiting)
        end(c->waiting, FEED_UNKNOWN);
}

bool claims_possible(const struct claims *c)
{
    return c->possible;
}

bool claims_awaited(const struct claims *c)
{
    return c->waiting != NULL;
}
