#include "tests/unit/broker/daemon/shop_judging.h"

#include "broker/daemon/judging.h"
#include "broker/daemon/loading.h"
#include "broker/daemon/verdict_writer.h"
#include "tests/unit/broker/daemon/epochs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void replace(struct world *w, char *text, unsigned epoch)
{
    epoch_replace(w, text, epoch, DEPARTMENT_BOTH, DEPARTMENT_UNIT);
    free(text);
}

void shop_without_leader(struct shop *s, unsigned epoch)
{
    replace(s->o->w, epoch_without_leader(s->o->w, epoch), epoch);
}

void shop_with_leader(struct shop *s, unsigned epoch)
{
    replace(s->o->w, offices_trust(s->o, epoch, true, &s->o->status_key), epoch);
}

void shop_start_judging(struct shop *s, unsigned at_once)
{
    struct world *w = s->o->w;

    shop_put_back(s);
    w->at_once = at_once;
    w->by_hand = at_once > 0;
    world_start(w);
    assert_int_equal(loading_finish(w->broker), 0);
}

enum reason shop_standing(const struct shop *s, const char *id)
{
    struct ident_id key;

    assert_int_equal(ident_parse_id(id, strlen(id), &key), 0);
    return grant_index_find(grants_index(s->o->w->broker->grants), &key)->standing;
}

static unsigned missing;

static void count_missing(struct grant_entry *e, void *userdata)
{
    (void)userdata;
    missing += e->standing == REASON_APPROVAL_MISSING;
}

unsigned shop_n_missing(const struct shop *s)
{
    missing = 0;
    grant_index_each(grants_index(s->o->w->broker->grants), count_missing, NULL);
    return missing;
}

bool shop_verdicts_are_written(struct world *w, void *userdata)
{
    (void)userdata;
    return !verdict_writer_is_busy(w->broker);
}

char *shop_finish_judging(struct shop *s)
{
    struct world *w = s->o->w;

    assert_int_equal(loading_finish(w->broker), 0);
    judging_some(w->broker, SHOP_ALL);
    assert_false(judging_is(w->broker));
    world_until(w, shop_verdicts_are_written, NULL);
    /* Those of a grant that is another one by now were written or not, as it came. */
    return shop_dump(w, false);
}
