#include "tests/fuzz/stage/trusts.h"

#include "broker/common/files.h"
#include "broker/trust/digest.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/keys.h"
#include "tests/fuzz/stage/scene.h"

#include <stdio.h>
#include <string.h>

#define EVERYBODY ((1U << KEYS_ALL) - 1)

/* What is no trust file. */
static const char junk[] = "hufu-trust: 1\nsite: cn.example.finance\n";

/* ---- which one ---- */

static unsigned epoch_of(uint8_t octet, unsigned now)
{
    switch (octet & 7) {
    case 5:
        return now + 2;
    case 6:
        return now;
    case 7:
        return now > 1 ? now - 1 : now;
    default:
        return now + 1;
    }
}

struct trusts_paper trusts_take(struct input *in, unsigned now)
{
    unsigned list = take(in), keys = take(in) & EVERYBODY;

    return (struct trusts_paper){.list = (list & 0x0f) % KEYS_LISTS,
                                 .epoch = epoch_of((uint8_t)(list >> 5), now),
                                 .keys = keys != 0 ? keys : EVERYBODY,
                                 .is_junk = (list & 0x10) != 0};
}

const char *trusts_text(const struct trusts_paper *p)
{
    return p->is_junk ? junk : keys_trust(p->list, p->epoch);
}

/* The next epoch comes alone, and by the quorum of both; what is in force already is no change. */
bool trusts_may_follow(const struct model *m, const struct trusts_paper *p)
{
    if (p->is_junk)
        return false;
    if (p->epoch == m->trust.epoch && p->list == m->trust.list)
        return true;
    return p->epoch == m->trust.epoch + 1 && m->sure && keys_suffice(m->trust.list, p->keys) &&
           keys_suffice(p->list, p->keys);
}

/* ---- handed in ---- */

static json_t *offer(const struct trusts_paper *p)
{
    json_t *approvals = json_array();

    for (unsigned key = 0; key < KEYS_ALL; key++)
        if ((p->keys & (1U << key)) != 0)
            must(json_array_append_new(approvals, json_string(keys_trust_approval(p->list, p->epoch, key))) ==
                 0);
    return json_pack("{ss so}", "document", trusts_text(p), "approvals", approvals);
}

void trusts_hand_in(struct input *in)
{
    struct model *m = &scene.model;
    struct trusts_paper p = trusts_take(in, m->trust.epoch);
    const char *error;
    bool follows;

    if (p.epoch + 2 >= KEYS_EPOCHS)
        return;
    scene_look();
    error = scene_call("DocumentAdd", offer(&p));
    if (error && strcmp(error, "NotPermitted") == 0 && m->reaper_away)
        return;
    scene_look();
    follows = trusts_may_follow(m, &p);
    demand(follows || error, "a trust file that may not follow was taken");
    demand(!follows || !error, "a trust file that follows was refused");
    if (follows)
        model_trust(m, p.list, p.epoch);
    model_keep_trust(m);
}

/* ---- started over ---- */

static void put_file(const char *text)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/trust", scene.host->folder);
    must(files_write(path, 0600, text, strlen(text)) == 0);
}

static const char *reset(const char *text)
{
    uint8_t sha256[32];
    char digits[65];

    must(digest_sha256(text, strlen(text), sha256) == 0);
    ident_format_hex(sha256, sizeof(sha256), digits);
    return scene_call("TrustReset", json_pack("{ss ss}", "sha256", digits, "why", "fuzz"));
}

void trusts_reset(struct input *in)
{
    struct model *m = &scene.model;
    uint8_t what = take(in), how = take(in);
    unsigned list = what % KEYS_LISTS, epoch = 1 + how % 8;
    const char *text = (how & 0x10) != 0 ? junk : keys_trust(list, epoch), *error;
    const char *looked_at = (how & 0x40) != 0 ? keys_trust(0, KEYS_EPOCH + 1) : text;
    bool is_good = text != junk && looked_at == text;

    put_file(text);
    if ((how & 0x20) != 0)
        return; /* which decides nothing */
    scene_look();
    error = reset(looked_at);
    scene_look();
    if (error && strcmp(error, "NotPermitted") == 0 && m->reaper_away)
        return;
    demand(is_good || error, "root started over with what is no trust file, or was not looked at");
    demand(!is_good || !error, "root could not start over");
    if (!is_good)
        return;
    m->status.there = false;
    model_trust(m, list, epoch);
    model_keep_trust(m);
}

/* ---- in the air ---- */

int trusts_begin(struct input *in)
{
    struct model *m = &scene.model;
    struct trusts_paper p = {.list = take(in) % KEYS_LISTS, .epoch = m->trust.epoch + 1, .keys = EVERYBODY};
    int fd;

    if (!m->sure || p.epoch >= KEYS_EPOCHS || !host_is_whole(scene.host))
        return -1;
    scene_look();
    fd = host_begin_call(scene.host, "DocumentAdd", offer(&p));
    model_trust(m, p.list, p.epoch);
    return fd;
}
