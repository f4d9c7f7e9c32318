#include "broker/review/model.h"

#include <linux/limits.h>
#include <stdio.h>

/* Files of recorded sessions: which there are by the ledger, and where each lies. */

void recordings_take(struct review *v, const struct fact *f)
{
    if (!model_is(f, EVENT_RECORDING) || !f->success)
        return;
    model_append(v, v->recordings,
                 json_pack("{ss sI ss ss}", "host", f->host, "session", (json_int_t)f->r->session, "staff",
                           f->staff, "path", model_text(v, f->r->detail)));
}

json_t *recordings_json(struct review *v, review_find_recording *find, void *userdata)
{
    json_t *rows = json_deep_copy(v->recordings), *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        char path[PATH_MAX] = "";
        const char *file = json_string_value(json_object_get(row, "path"));
        int there = -1;

        if (find)
            find(userdata, json_string_value(json_object_get(row, "host")), file, path, &there);
        if (path[0] != '\0' && json_object_set_new(row, "path", json_string(model_text(v, path))) < 0)
            model_failed(v);
        if (json_object_set_new(row, "there", there < 0 ? json_null() : json_boolean(there > 0)) < 0)
            model_failed(v);
    }
    return rows;
}
