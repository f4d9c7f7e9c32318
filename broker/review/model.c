#include "broker/review/model.h"

#include "broker/review/tally.h"

#include <stdio.h>
#include <string.h>

void model_failed(struct review *v)
{
    v->out_of_memory = true;
}

const char *model_text(struct review *v, const char *text)
{
    const char *kept = pool_text(&v->pool, text);

    if (!kept)
        model_failed(v);
    return kept;
}

void model_append(struct review *v, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) < 0)
        model_failed(v);
}

bool model_is(const struct fact *f, const char *event)
{
    return strcmp(f->event, event) == 0;
}

bool model_is_whole(const struct review *v, const char *host)
{
    return tally_count(v->hosts, host) == 1;
}

json_t *model_time(when_t t)
{
    char text[WHEN_TEXT_SIZE];

    if (t == 0 || t == WHEN_NEVER)
        return json_null();
    when_format(t, text);
    return json_string(text);
}

when_t model_seconds(int64_t us)
{
    return us >= 0 ? us / 1000000 : (us - 999999) / 1000000;
}

const char *model_actor(uint32_t actor, char text[static 32])
{
    text[0] = '\0';
    if (actor != UINT32_MAX)
        (void)snprintf(text, 32, "uid %u", (unsigned)actor);
    return text;
}

const char *model_vendor_of(const struct review *v, const char *staff)
{
    const char *vendor = json_string_value(json_object_get(v->vendors_of, staff));

    return vendor ? vendor : "";
}

const struct known_grant *model_grant(const struct review *v, const char *id)
{
    const json_t *at = json_object_get(v->grant_index, id);

    return at ? &v->grants[json_integer_value(at)] : NULL;
}

bool model_overlaps(const struct review *v, when_t from, when_t until)
{
    return from < v->settings.until && until > v->settings.from;
}
