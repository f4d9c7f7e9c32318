#include "broker/audit/sign_off.h"
#include "broker/review/model.h"

/* Reviews that were signed off, whenever: the next auditor starts where the last one ended. */

#define REVIEWS_MAX 24

void reviews_take(struct review *v, const struct fact *f)
{
    struct sign_off x;
    char actor[32];

    if (!model_is(f, EVENT_REVIEW) || !f->success || !f->r->detail || sign_off_parse(f->r->detail, &x) < 0)
        return;
    if (json_array_size(v->reviews) == REVIEWS_MAX)
        (void)json_array_remove(v->reviews, 0);
    model_append(v, v->reviews,
                 json_pack("{so so so ss ss ss}", "from", model_time(x.from), "until", model_time(x.until),
                           "signed_at", model_time(f->at), "actor",
                           model_text(v, model_actor(f->r->actor, actor)), "sha256", x.sha256, "note",
                           model_text(v, x.note)));
}
