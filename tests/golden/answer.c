#include "tests/golden/answer.h"

#include "policy/engine/hours.h"
#include "policy/engine/rules.h"

#include <stdio.h>
#include <string.h>

static void put_when(char *text, size_t size, const char *word, when_t t, when_t now)
{
    char time[WHEN_TEXT_SIZE];
    size_t used = strlen(text);

    when_format(t, time);
    snprintf(text + used, size - used, " %s %s", word, t == now ? "now" : time);
}

static const char *verdict_name(enum verdict v)
{
    switch (v) {
    case VERDICT_ALLOW:
        return "allow";
    case VERDICT_DENY:
        return "deny";
    }
    return "neither";
}

static const char *name_or_question(enum reason reason)
{
    const char *name = reason_name(reason);

    return name ? name : "?";
}

/* A refusal is not valid beyond now; said only if it is wrong. */
static void put_decision(struct answer *a, const struct decision *d, when_t now)
{
    a->reason = d->reason;
    snprintf(a->text, sizeof a->text, "%s %s %c", verdict_name(d->verdict), name_or_question(d->reason),
             scene_grant_name(d->entry));
    if (d->verdict != VERDICT_DENY || d->valid_until != now)
        put_when(a->text, sizeof a->text, "until", d->valid_until, now);
}

static void put_trace(void *userdata, const struct grant_entry *entry, enum reason reason)
{
    struct answer *a = (struct answer *)userdata;
    size_t used = strlen(a->trace);

    snprintf(a->trace + used, sizeof a->trace - used, "%s%c=%s", used ? " " : "", scene_grant_name(entry),
             name_or_question(reason));
}

static int ask_decide(struct scene *s, const char *argument, struct answer *a)
{
    struct decision d = decide(s->index, &s->facts, put_trace, a), untraced;

    (void)argument;
    put_decision(a, &d, s->facts.now);
    /* Being watched changes nothing. */
    untraced = decide(s->index, &s->facts, NULL, NULL);
    if (untraced.verdict != d.verdict || untraced.reason != d.reason || untraced.entry != d.entry ||
        untraced.valid_until != d.valid_until)
        snprintf(a->text, sizeof a->text, "another answer without trace");
    return 0;
}

static int ask_channel(struct scene *s, const char *argument, struct answer *a)
{
    static const enum grant_channel channels[] = {GRANT_CHANNEL_SHELL, GRANT_CHANNEL_EXEC,
                                                  GRANT_CHANNEL_TRANSFER, GRANT_CHANNEL_FORWARD};
    struct grant_entry *entry =
        s->facts.session_grant ? grant_index_find(s->index, s->facts.session_grant) : NULL;

    for (size_t i = 0; i < ARRAY_SIZE(channels); i++)
        if (strcmp(argument, grant_channel_name(channels[i])) == 0) {
            struct decision d = decide_channel(entry, &s->facts, channels[i]);

            put_decision(a, &d, s->facts.now);
            return 0;
        }
    return -1;
}

static int ask_key(struct scene *s, const char *argument, struct answer *a)
{
    bool forward;
    bool known = decide_key_is_known(s->index, &s->facts, &forward);

    (void)argument;
    snprintf(a->text, sizeof a->text, "%s%s", known ? "known" : "unknown", forward ? " forward" : "");
    return 0;
}

static int ask_live(struct scene *s, const char *argument, struct answer *a)
{
    struct grant_entry *entry =
        s->facts.session_grant ? grant_index_find(s->index, s->facts.session_grant) : NULL;
    struct recheck r;
    when_t opened;

    if (when_parse(argument, strlen(argument), &opened) < 0)
        return -1;
    r = recheck_session(entry, &s->facts, opened);
    a->reason = r.reason;
    snprintf(a->text, sizeof a->text, "%s %s", r.keep ? "keep" : "end", name_or_question(r.reason));
    if (r.keep || r.deadline != s->facts.now || r.warn_next != WHEN_NEVER) {
        put_when(a->text, sizeof a->text, "until", r.deadline, s->facts.now);
        put_when(a->text, sizeof a->text, "warn", r.warn_next, s->facts.now);
    }
    return 0;
}

static int ask_opening(struct scene *s, const char *argument, struct answer *a)
{
    struct grant_entry *entry = grant_index_first_of(s->index, s->facts.staff);
    struct grant g;

    (void)argument;
    if (!entry) {
        strcpy(a->text, "-");
        return 0;
    }
    g = grant_entry_grant(entry);
    snprintf(a->text, sizeof a->text, "opens");
    put_when(a->text, sizeof a->text, "at", hours_next_opening(&g, s->facts.now), s->facts.now);
    return 0;
}

/* What a list says of each grant of the person. */
static int ask_standing(struct scene *s, const char *argument, struct answer *a)
{
    struct grant_entry *entry = grant_index_first_of(s->index, s->facts.staff);

    (void)argument;
    for (; entry; entry = entry->next_of_staff) {
        size_t used = strlen(a->text);

        snprintf(a->text + used, sizeof a->text - used, "%s%c=%s", used ? " " : "", scene_grant_name(entry),
                 name_or_question(rules_judge(QUESTION_STANDING, entry, &s->facts)));
    }
    if (!a->text[0])
        strcpy(a->text, "-");
    return 0;
}

int answer_get(struct scene *s, const char *ask, struct answer *ret)
{
    static const struct {
        const char *word; /* with a blank at the end: an argument follows */
        int (*ask)(struct scene *, const char *, struct answer *);
    } questions[] = {{"decide", ask_decide}, {"channel ", ask_channel}, {"key", ask_key},
                     {"live ", ask_live},    {"opening", ask_opening},  {"standing", ask_standing}};

    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        size_t length = strlen(questions[i].word);
        bool argument = questions[i].word[length - 1] == ' ';

        if (strncmp(ask, questions[i].word, length) != 0 || (!argument && ask[length] != '\0'))
            continue;
        if (questions[i].ask(s, ask + length, ret) < 0)
            return -1;
        if (!ret->trace[0])
            strcpy(ret->trace, "-");
        return 0;
    }
    return -1;
}
