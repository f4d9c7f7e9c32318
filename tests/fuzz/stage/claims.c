#include "tests/fuzz/stage/claims.h"

#include "broker/daemon/claiming.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/provider.h"
#include "tests/fuzz/stage/scene.h"

#define TURNS_MAX 40 /* of 20 s: until what was lost is settled */

/* ---- operations ---- */

void claims_provider(struct input *in)
{
    uint8_t octet = take(in);

    provider_set_mood((enum provider_mood)((octet & 7) % PROVIDER_MOODS));
    if ((octet & 0x08) != 0)
        provider_hang_up();
    else
        provider_connect((octet & 0x10) == 0);
    host_settle(scene.host);
    scene_look();
}

void claims_elsewhere(struct input *in)
{
    uint8_t octet = take(in);

    provider_elsewhere(SITE_FLEET_GRANT + (unsigned)octet % SITE_FLEET_GRANTS, (octet & 0x10) == 0);
}

void claims_late(struct input *in)
{
    uint8_t octet = take(in);

    if ((octet & 1) != 0)
        provider_catch_up();
    else
        provider_answer((octet & 2) != 0);
    host_settle(scene.host);
}

/* ---- a login ---- */

enum reason claims_hear(struct model_flight *f)
{
    switch (provider_said()) {
    case FEED_HELD:
        return model_claimed(&scene.model, f, REASON_OK);
    case FEED_EXHAUSTED:
        return model_claimed(&scene.model, f, REASON_USES_EXHAUSTED);
    default:
        return model_claimed(&scene.model, f, REASON_CLAIM_UNAVAILABLE);
    }
}

enum reason claims_wait(int fd, struct model_flight *f)
{
    while (!host_has_answer(fd)) {
        demand(!model_has_waited(&scene.model, f), "a login waits for its claim and is not answered");
        scene_pass(500000);
        demand(!host_has_answer(fd) || model_has_waited(&scene.model, f),
               "a login did not wait for its claim");
    }
    return claims_hear(f);
}

/* ---- what has to be so ---- */

static unsigned held_here(unsigned grant)
{
    unsigned n = scene.model.grants[grant].claims_used;

    for (unsigned i = 0; i < MODEL_SESSIONS; i++) {
        const struct model_session *s = &scene.model.sessions[i];

        n += s->state != MODEL_NONE && s->grant == grant && s->claim && !s->opened;
    }
    return n;
}

void claims_compare(void)
{
    for (unsigned i = 0; i < SITE_FLEET_GRANTS; i++)
        demand(provider_lent(SITE_FLEET_GRANT + i) >= held_here(SITE_FLEET_GRANT + i),
               "a use of all hosts was admitted, or is held, and the provider has not lent it");
}

void claims_settle(void)
{
    if (provider_asked() == 0)
        return;
    provider_set_mood(PROVIDER_ANSWERS);
    provider_catch_up();
    provider_connect(true);
    for (unsigned i = 0; claiming_unresolved(scene.host->broker->claiming) > 0; i++) {
        demand(i < TURNS_MAX, "a use of all hosts is not resolved");
        scene_pass(20000000);
    }
    for (unsigned i = 0; i < SITE_FLEET_GRANTS; i++)
        demand(provider_lent(SITE_FLEET_GRANT + i) == held_here(SITE_FLEET_GRANT + i),
               "a use of all hosts was not given back");
}
