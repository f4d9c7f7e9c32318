#include "broker/daemon/warning.h"

#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/texts.h"
#include "broker/daemon/watch.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 1000 /* a little less than a request to the reaper holds */

struct warning {
    struct broker *broker;
    uint64_t number;
};

static void record_unheard(struct broker *b, const struct session *s, const char *detail)
{
    struct record r = ledger_record(EVENT_WARN_UNHEARD, 0, false);
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE];

    life_record(&r, s, address);
    ledger_grant(&r, life_entry(b, s), id);
    r.detail = detail;
    ledger_write(b, &r);
}

static void on_warned(void *userdata, int result, const struct reap_reply *reply)
{
    struct warning *x = userdata;
    struct broker *b = x->broker;
    const struct session *s = registry_find(b->registry, x->number);

    free(x);
    if (!s)
        return;
    if (result < 0)
        record_unheard(b, s, "hufu-reaper did not answer");
    else if (reply->result != REAP_DONE || reply->terminals == 0)
        record_unheard(b, s, "no terminal of it could be written to");
}

static void give(struct broker *b, const struct session *s, const char *text)
{
    struct reap_request request = {.type = FRAME_REAP_WARN, .target = session_target(s, REAP_SESSION)};
    struct warning *x = malloc(sizeof(*x));

    watch_tell(b, s, WATCH_WARNED);
    if (!x) {
        record_unheard(b, s, "out of memory");
        return;
    }
    *x = (struct warning){b, s->number};
    (void)snprintf(request.text, sizeof(request.text), "%s", text);
    reaper_client_ask(b->reaper, &request, REAPER_ASK_US, on_warned, x);
}

void warning_of_deadline(struct broker *b, const struct session *s, when_t now)
{
    char text[TEXT_MAX];

    texts_warn((unsigned)((s->deadline - now + 59) / 60), s->deadline, text, sizeof(text));
    give(b, s, text);
}

void warning_of_grace(struct broker *b, const struct session *s, enum reason reason, const char *reference)
{
    char text[TEXT_MAX];

    texts_warn_why(s->deadline, reason, reference, text, sizeof(text));
    give(b, s, text);
}

/* Who logged out has seen it, and nobody sits at what they left. */
void warning_of_end(void *userdata, const struct session *s, char *text, size_t size)
{
    (void)userdata;
    text[0] = '\0';
    if (s->end_reason != REASON_LOGGED_OUT && s->end_reason != REASON_LAST_SESSION && s->reference[0] != '\0')
        texts_end(s->end_reason, s->reference, text, size < TEXT_MAX ? size : TEXT_MAX);
}
