#include "tests/unit/broker/daemon/fake_provider.h"

#include <errno.h>
#include <string.h>

static int slot_of(const struct provider *p, const uint8_t nonce[static FEED_NONCE_SIZE])
{
    for (unsigned i = 0; i < p->slots; i++)
        if (p->holder[i].taken && memcmp(p->holder[i].nonce, nonce, FEED_NONCE_SIZE) == 0)
            return (int)i;
    return -1;
}

static enum feed_outcome take(struct provider *p, const struct feed_message *m)
{
    if (slot_of(p, m->nonce) >= 0)
        return FEED_HELD;
    for (unsigned i = 0; i < p->slots; i++)
        if (!p->holder[i].taken) {
            p->holder[i].taken = true;
            memcpy(p->holder[i].nonce, m->nonce, FEED_NONCE_SIZE);
            return FEED_HELD;
        }
    return FEED_EXHAUSTED;
}

static enum feed_outcome act(struct provider *p, const struct feed_message *m)
{
    int slot = slot_of(p, m->nonce);

    if (m->operation == FEED_TAKE)
        return take(p, m);
    if (m->operation == FEED_GIVE_BACK && slot >= 0)
        p->holder[slot].taken = false;
    return m->operation == FEED_LOOK && slot >= 0 ? FEED_HELD : FEED_NOT_HELD;
}

static void hear(struct world *w, const uint8_t *frame, size_t size)
{
    struct feed_message m;
    enum feed_type type;
    uint32_t length;

    must(feed_parse_header(frame, &type, &length) == 0 && FRAME_HEADER_SIZE + length <= size);
    must(feed_decode(type, frame + FRAME_HEADER_SIZE, length, &m) == 0);
    claiming_on_feed(w->broker->claiming, &m);
}

static int on_later(sd_event_source *source, void *userdata)
{
    struct provider *p = userdata;
    struct buf answers = p->answers;

    (void)source;
    p->answers = BUF_INIT;
    for (size_t at = 0; at < answers.size;) {
        enum feed_type type;
        uint32_t length;

        must(feed_parse_header(answers.data + at, &type, &length) == 0);
        hear(p->w, answers.data + at, answers.size - at);
        at += FRAME_HEADER_SIZE + length;
    }
    buf_done(&answers);
    return 0;
}

static void answer(struct provider *p, struct feed_message m, enum feed_outcome outcome)
{
    m.type = FEED_CLAIMED;
    m.outcome = outcome;
    must(feed_encode(&m, &p->answers) == 0);
    must(sd_event_source_set_enabled(p->later, SD_EVENT_ONESHOT) >= 0);
}

static int on_question(void *userdata, const struct feed_message *asked)
{
    struct provider *p = userdata;
    struct buf frame = BUF_INIT;
    struct feed_message m;
    enum feed_outcome outcome;

    must(feed_encode(asked, &frame) == 0);
    must(feed_decode(FEED_CLAIM, frame.data + FRAME_HEADER_SIZE, frame.size - FRAME_HEADER_SIZE, &m) == 0);
    buf_done(&frame);
    p->asked[m.operation]++;
    if (p->mood == PROVIDER_IGNORES)
        return 0;
    if (p->mood == PROVIDER_REFUSES) {
        answer(p, m, FEED_UNAVAILABLE);
        return 0;
    }
    outcome = act(p, &m);
    p->last = m;
    p->last.outcome = outcome;
    if (p->mood != PROVIDER_ACTS_SILENTLY)
        answer(p, m, p->mood == PROVIDER_IS_UNSURE ? FEED_UNKNOWN : outcome);
    return 0;
}

void provider_answers_now(struct provider *p)
{
    answer(p, p->last, p->last.outcome);
}

void provider_says_possible(struct provider *p, bool possible)
{
    const struct feed_message m = {.type = FEED_STATE, .state = FEED_LIVE, .claims_possible = possible};
    struct buf frame = BUF_INIT;

    must(feed_encode(&m, &frame) == 0);
    hear(p->w, frame.data, frame.size);
    buf_done(&frame);
}

void provider_start(struct provider *p, struct world *w, unsigned slots)
{
    p->w = w;
    p->slots = slots;
    if (!p->later)
        must(sd_event_add_defer(w->event, &p->later, on_later, p) >= 0);
    must(sd_event_source_set_enabled(p->later, SD_EVENT_OFF) >= 0);
    claiming_set_times(w->broker->claiming,
                       (struct claiming_times){.retry_us = 20000, .longest_us = 100000, .settle_us = 300000});
    claiming_set_feed(w->broker->claiming, on_question, p);
    provider_says_possible(p, true);
}

void provider_stop(struct provider *p)
{
    p->later = sd_event_source_disable_unref(p->later);
    buf_done(&p->answers);
    if (!p->w->broker)
        return;
    claiming_set_feed(p->w->broker->claiming, NULL, NULL);
    claiming_on_feed_gone(p->w->broker->claiming);
}

unsigned provider_taken(const struct provider *p)
{
    unsigned n = 0;

    for (unsigned i = 0; i < p->slots; i++)
        n += p->holder[i].taken;
    return n;
}

struct asking {
    struct provider *p;
    enum feed_operation operation;
    unsigned times;
};

static bool is_asked(struct world *w, void *userdata)
{
    const struct asking *a = userdata;

    (void)w;
    return a->p->asked[a->operation] >= a->times;
}

void provider_is_asked(struct provider *p, enum feed_operation operation, unsigned times)
{
    struct asking a = {p, operation, times};

    world_until(p->w, is_asked, &a);
}

struct settling {
    struct provider *p;
    unsigned taken;
};

static bool is_settled(struct world *w, void *userdata)
{
    const struct settling *s = userdata;

    return provider_taken(s->p) == s->taken && claiming_unresolved(w->broker->claiming) == 0;
}

void provider_settles_at(struct provider *p, unsigned taken)
{
    struct settling s = {p, taken};

    world_until(p->w, is_settled, &s);
}

int provider_setup(struct provider *p, void **state, int (*setup)(void **state))
{
    int r = setup(state);

    *p = (struct provider){0};
    provider_start(p, *state, 2);
    world_grant(*state, (struct grant_plan){.uses = "2 fleet", .sessions = "2"});
    return r;
}

int provider_teardown(struct provider *p, void **state)
{
    provider_stop(p);
    return world_teardown(state);
}
