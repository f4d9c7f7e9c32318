#include "broker/daemon/directory_internal.h"

#include <string.h>

/* The directory, for people. */

struct looking {
    const struct directory *directory;
    struct directory_view *view;
    bool bad; /* these are looked for now */
};

static void show(const struct looking *l, const struct shadow_record *r)
{
    const struct directory_note *n = directory_note(l->directory, r->uuid);
    struct directory_view *v = l->view;

    if (v->n_shown < DIRECTORY_SHOWN_MAX)
        v->shown[v->n_shown++] =
            (struct directory_shown){r->name ? r->name : "", r->outcome, n ? n->text : ""};
}

static void count(const struct looking *l, const struct shadow_record *r)
{
    bool waits = r->outcome == REASON_APPROVAL_MISSING;

    l->view->grants += r->type == DOCUMENT_GRANT;
    l->view->waiting += waits;
    l->view->waiting_trust += waits && (r->type == DOCUMENT_TRUST || r->type == DOCUMENT_STATUS);
    l->view->bad += directory_is_bad(r->outcome);
}

static void look(void *userdata, const struct shadow_record *r)
{
    const struct looking *l = userdata;
    bool bad = directory_is_bad(r->outcome);

    if (l->bad)
        count(l, r);
    if (bad == l->bad &&
        (bad || r->outcome == REASON_APPROVAL_MISSING || r->outcome == REASON_STORE_UNAVAILABLE))
        show(l, r);
}

static void look_at_entries(const struct directory *d, struct directory_view *v)
{
    struct looking l = {.directory = d, .view = v, .bad = true};

    shadow_each(d->shadow, look, &l);
    l.bad = false;
    shadow_each(d->shadow, look, &l);
}

void directory_view(const struct directory *d, struct directory_view *ret)
{
    *ret = (struct directory_view){.server = "", .error = ""};
    if (!d)
        return;
    *ret = (struct directory_view){.here = feed_is_here(d->feed),
                                   .used = d->is_reached || shadow_count(d->shadow) > 0,
                                   .reached = d->phase == DIRECTORY_COMPLETE && d->state != FEED_FAILED &&
                                              d->state != FEED_CONNECTING,
                                   .state = d->state,
                                   .since = d->since,
                                   .reached_at = d->reached_at,
                                   .pushes = d->pushes,
                                   .cookie = d->cookie.size > 0 && !d->full_wanted,
                                   .server = d->server,
                                   .error = d->error,
                                   .error_at = d->error_at,
                                   .next_try = d->next_try,
                                   .heartbeat_written = d->heartbeat_written,
                                   .heartbeat_received = d->heartbeat_received,
                                   .last_change = d->last_change,
                                   .last_refresh = d->last_refresh,
                                   .last_full = d->last_full,
                                   .entries = shadow_count(d->shadow),
                                   .unsigned_revocations = d->n_unsigned,
                                   .withdrawn = d->n_withdrawn,
                                   .held_back = d->held_back};
    look_at_entries(d, ret);
}
