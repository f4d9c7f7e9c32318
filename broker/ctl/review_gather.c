#include "broker/ctl/review_gather.h"

#include "broker/audit/event.h"
#include "broker/audit/sign_off.h"
#include "broker/ctl/call.h"

#include <string.h>

#define SIGN_OFFS 1000 /* the latest */

void review_work_done(struct review_work *w)
{
    w->review = review_free(w->review);
    for (size_t i = 0; i < w->n_grants; i++)
        grant_free(w->grants[i]);
    free(w->grants);
    free(w->host);
    *w = (struct review_work){.cli = NULL};
}

enum exit_code review_reviewed_until(const struct cli *cli, when_t *ret)
{
    cleanup_json json_t *reply = NULL;
    enum exit_code code =
        call_broker(cli, "Audit", json_pack("{ss sI}", "event", EVENT_REVIEW, "limit", (json_int_t)SIGN_OFFS),
                    CALL_TIMEOUT_MS, &reply);
    json_t *record;
    size_t i;

    *ret = 0;
    json_array_foreach(json_object_get(reply, "records"), i, record)
    {
        const char *detail = json_string_value(json_object_get(record, "detail"));
        struct sign_off x;

        if (detail && sign_off_parse(detail, &x) == 0 && x.until > *ret)
            *ret = x.until;
    }
    return code;
}

static enum exit_code no_memory(const struct cli *cli)
{
    return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
}

/* Host and site of the broker, which also says whether it is there. */
static enum exit_code ask_host(struct review_work *w, char **site)
{
    cleanup_json json_t *status = NULL;
    enum exit_code code = call_broker(w->cli, "Status", json_object(), CALL_TIMEOUT_MS, &status);
    const char *host = json_string_value(json_object_get(status, "host"));
    const char *name = json_string_value(json_object_get(status, "site"));

    if (code != EXIT_DONE)
        return code;
    w->host = strdup(host ? host : "");
    *site = strdup(name ? name : "");
    return w->host && *site ? EXIT_DONE : no_memory(w->cli);
}

static enum exit_code begin(struct review_work *w, const char *site)
{
    const struct review_settings settings = {.from = w->period.from,
                                             .until = w->period.until,
                                             .made_at = w->cli->now,
                                             .utc_offset_minutes = w->period.utc_offset_minutes,
                                             .site = site};

    return review_new(&settings, &w->review) < 0 ? no_memory(w->cli) : EXIT_DONE;
}

static enum exit_code take_records(struct review_work *w, const struct review_sources *sources)
{
    enum exit_code code = EXIT_DONE;

    if (sources->files->count == 0)
        return review_ask_records(w);
    for (size_t i = 0; i < sources->files->count && code == EXIT_DONE; i++)
        code = review_read_records(w, sources->files->items[i]);
    return code;
}

enum exit_code review_gather(const struct cli *cli, const struct review_period *period,
                             const struct review_sources *sources, struct review_work *ret)
{
    cleanup_review_work struct review_work w = {.cli = cli, .period = *period};
    bool live = sources->files->count == 0 || !sources->grants;
    cleanup_free char *site = NULL;
    enum exit_code code = live ? ask_host(&w, &site) : EXIT_DONE;

    if (code == EXIT_DONE)
        code = begin(&w, site);
    if (code == EXIT_DONE)
        code = sources->grants ? review_read_documents(&w, sources->grants) : review_ask_documents(&w);
    if (code == EXIT_DONE)
        code = take_records(&w, sources);
    if (code == EXIT_DONE)
        code = review_look_around(&w, sources);
    if (code == EXIT_DONE) {
        *ret = w;
        w = (struct review_work){.cli = NULL};
    }
    return code;
}
