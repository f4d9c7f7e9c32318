#include "tests/golden/scene_facts.h"

#include "policy/base/doubt.h"

#include <stdio.h>
#include <string.h>

static int bad(char *error, const char *key, const char *value)
{
    snprintf(error, SCENE_TEXT_SIZE, "%s: not understood: %s", key, value);
    return -1;
}

static bool read_time(const char *text, when_t *ret)
{
    return when_parse(text, strlen(text), ret) == 0;
}

/* 0 is a number here, unlike in documents. */
static bool read_count(const char *text, uint32_t *ret)
{
    *ret = 0;
    return strcmp(text, "0") == 0 || ident_parse_number(text, strlen(text), ret) == 0;
}

static bool read_yes(const char *text, bool *ret)
{
    *ret = strcmp(text, "yes") == 0;
    return *ret || strcmp(text, "no") == 0;
}

static const char *text_or_null(const char *text)
{
    return strcmp(text, "none") == 0 ? NULL : text;
}

/* --- books ---------------------------------------------------------------------------------------- */

static bool read_book(struct scene_books *b, const char *key, const char *value)
{
    uint32_t count;
    bool yes;
    enum reason reason;

    if (strcmp(key, "@standing") == 0)
        return reason_from_name(value, &b->standing) == 0;
    if (strcmp(key, "@votes-until") == 0)
        return read_time(value, &b->votes_until);
    if (strcmp(key, "@session-max") == 0)
        return read_count(value, &b->session_max);
    if (strcmp(key, "@put") == 0)
        return (b->put = value) != NULL;
    if (strcmp(key, "@taken-away") == 0)
        return (b->taken_away = value) && reason_from_name(value, &reason) == 0;
    if (strcmp(key, "@by-status") == 0)
        return (b->by_status = value) && reason_from_name(value, &reason) == 0;
    if (strcmp(key, "@by-status-until") == 0)
        return read_time(value, &b->by_status_until);
    if (strcmp(key, "@uses-taken") == 0)
        return (b->uses_taken = value) && read_count(value, &count);
    if (strcmp(key, "@sessions-live") == 0)
        return (b->sessions_live = value) && read_count(value, &count);
    if (strcmp(key, "@closed") == 0)
        return (b->closed = value) && read_yes(value, &yes);
    return false;
}

int scene_books_read(struct scene_books *b, const struct table_lines *lines, char *error)
{
    *b = (struct scene_books){
        .standing = REASON_OK, .session_max = 28800, .by_status_until = WHEN_NEVER, .put = "ok"};
    read_time("2027-06-01T00:00:00Z", &b->votes_until);
    for (size_t i = 0; i < lines->count; i++)
        if (lines->items[i].key[0] == '@' && !read_book(b, lines->items[i].key, lines->items[i].value))
            return bad(error, lines->items[i].key, lines->items[i].value);
    return 0;
}

void scene_books_apply(const struct scene_books *b, struct grant_entry *entry)
{
    enum reason reason;

    if (b->taken_away && reason_from_name(b->taken_away, &reason) == 0)
        entry->taken_away = reason;
    if (b->by_status && reason_from_name(b->by_status, &reason) == 0)
        entry->by_status = reason;
    entry->by_status_until = b->by_status_until;
    if (b->uses_taken)
        read_count(b->uses_taken, &entry->uses_taken);
    if (b->sessions_live)
        read_count(b->sessions_live, &entry->sessions_live);
    if (b->closed)
        read_yes(b->closed, &entry->closed);
}

/* --- facts ---------------------------------------------------------------------------------------- */

static bool read_groups(struct scene *s, const char *value)
{
    char *rest = s->groups_text;

    s->host.groups = (struct grant_strings){.items = s->groups};
    if (!text_or_null(value))
        return true;
    if ((size_t)snprintf(s->groups_text, sizeof s->groups_text, "%s", value) >= sizeof s->groups_text)
        return false;
    for (char *group; (group = strsep(&rest, " ")) != NULL;) {
        if (s->host.groups.count == SCENE_GROUPS_MAX)
            return false;
        s->groups[s->host.groups.count++] = group;
    }
    return true;
}

static bool read_now(struct scene *s, const char *value)
{
    return read_time(value, &s->facts.now);
}

static bool read_site(struct scene *s, const char *value)
{
    s->host.site = value;
    return true;
}

static bool read_host(struct scene *s, const char *value)
{
    s->host.name = value;
    return true;
}

static bool read_host_state(struct scene *s, const char *value)
{
    return reason_from_name(value, &s->facts.host_state) == 0;
}

static bool read_status_until(struct scene *s, const char *value)
{
    s->facts.status_until = WHEN_NEVER;
    return strcmp(value, "never") == 0 || read_time(value, &s->facts.status_until);
}

static bool read_person_state(struct scene *s, const char *value)
{
    return reason_from_name(value, &s->facts.person_state) == 0;
}

static bool read_staff(struct scene *s, const char *value)
{
    s->facts.staff = value;
    return true;
}

static bool read_phase(struct scene *s, const char *value)
{
    s->facts.phase = strcmp(value, "session") == 0 ? PHASE_SESSION : PHASE_ACCOUNT;
    return s->facts.phase == PHASE_SESSION || strcmp(value, "account") == 0;
}

/* Who asks about their own uid is a locker, whatever the service is called. */
static bool read_service(struct scene *s, const char *value)
{
    s->facts.kind = strcmp(value, "(own uid)") == 0 ? SERVICE_LOCKER : service_kind_of(value);
    s->facts.service = service_grant_name(value);
    return true;
}

static bool read_source(struct scene *s, const char *value)
{
    static const struct {
        const char *word;
        enum source_kind kind;
    } words[] = {{"none", SOURCE_NONE},
                 {"local", SOURCE_LOCAL},
                 {"not-address", SOURCE_NOT_ADDRESS},
                 {"ignored", SOURCE_IGNORED}};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i].word, value) == 0) {
            s->facts.source = words[i].kind;
            return true;
        }
    s->facts.source = SOURCE_ADDRESS;
    return address_parse(value, strlen(value), &s->facts.address) == 0;
}

static bool read_key(struct scene *s, const char *value)
{
    struct facts *f = &s->facts;

    if (strcmp(value, "not-asked") == 0)
        f->key = KEY_NOT_ASKED;
    else if (strcmp(value, "none") == 0)
        f->key = KEY_NONE;
    else
        f->key = KEY_FINGERPRINT;
    return f->key != KEY_FINGERPRINT || ident_parse_fingerprint(value, strlen(value), &f->fingerprint) == 0;
}

static bool read_target(struct scene *s, const char *value)
{
    s->facts.target = text_or_null(value);
    return true;
}

/* `free`, `unknown`, `judged`, `not-asked`, or a command, words one blank apart; `''` is an empty one. */
static bool read_run(struct scene *s, const char *value)
{
    static const struct {
        const char *word;
        enum command_state state;
    } words[] = {{"free", COMMAND_FREE},
                 {"unknown", COMMAND_UNKNOWN},
                 {"judged", COMMAND_JUDGED},
                 {"not-asked", COMMAND_NOT_ASKED}};
    char *rest;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i].word, value) == 0) {
            s->facts.command = words[i].state;
            return true;
        }
    if ((size_t)snprintf(s->run_text, sizeof s->run_text, "%s", value) >= sizeof s->run_text)
        return false;
    s->facts.command = COMMAND_GIVEN;
    s->facts.run = &s->run;
    rest = s->run_text;
    s->run.path = strsep(&rest, " ");
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        strcat(s->arguments_text, strcmp(word, "''") == 0 ? "" : word);
        strcat(s->arguments_text, "\n");
    }
    s->run.arguments = s->arguments_text;
    return true;
}

static bool read_doubts(struct scene *s, const char *value)
{
    char text[SCENE_TEXT_SIZE], *rest = text;

    s->run.doubts = 0;
    if (!text_or_null(value))
        return true;
    (void)snprintf(text, sizeof text, "%s", value);
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        uint32_t before = s->run.doubts;

        for (uint32_t bit = 1; bit != 0 && bit <= DOUBT_ALL; bit <<= 1)
            if (strcmp(doubt_name((enum doubt)bit), word) == 0)
                s->run.doubts |= bit;
        if (s->run.doubts == before)
            return false;
    }
    return true;
}

static bool read_session_live(struct scene *s, const char *value)
{
    return read_yes(value, &s->facts.session_live);
}

static bool read_grant(const char *value, struct ident_id *id, const struct ident_id **ret)
{
    *ret = NULL;
    if (!text_or_null(value))
        return true;
    *id = scene_grant_id(value[0]);
    *ret = id;
    return value[0] >= 'A' && value[0] <= 'F' && value[1] == '\0';
}

static bool read_session_grant(struct scene *s, const char *value)
{
    return read_grant(value, &s->session_grant, &s->facts.session_grant);
}

static bool read_reserved(struct scene *s, const char *value)
{
    return read_grant(value, &s->reserved, &s->facts.reserved);
}

static bool read_recorder(struct scene *s, const char *value)
{
    return read_yes(value, &s->facts.recorder_attested);
}

static bool read_claim(struct scene *s, const char *value)
{
    return read_yes(value, &s->facts.claim_possible);
}

static bool read_incident(struct scene *s, const char *value)
{
    uint32_t level;

    if (!read_count(value, &level) || level > 3)
        return false;
    s->facts.incident_level = (uint8_t)level;
    return true;
}

static bool read_channels(struct scene *s, const char *value)
{
    char text[64], *rest = text;

    s->facts.channels = 0;
    if (!text_or_null(value))
        return true;
    if ((size_t)snprintf(text, sizeof text, "%s", value) >= sizeof text)
        return false;
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        uint8_t found = strcmp(word, "units") == 0 ? FACTS_UNITS : 0;

        for (unsigned bit = GRANT_CHANNEL_SHELL; bit <= GRANT_CHANNEL_FORWARD; bit <<= 1)
            if (strcmp(grant_channel_name((enum grant_channel)bit), word) == 0)
                found = (uint8_t)bit;
        if (found == 0)
            return false;
        s->facts.channels |= found;
    }
    return true;
}

static const struct fact {
    const char *key;
    bool (*read)(struct scene *s, const char *value);
} facts[] = {
    {"now", read_now},
    {"site", read_site},
    {"host", read_host},
    {"groups", read_groups},
    {"host-state", read_host_state},
    {"status-until", read_status_until},
    {"person-state", read_person_state},
    {"staff", read_staff},
    {"phase", read_phase},
    {"service", read_service},
    {"source", read_source},
    {"key", read_key},
    {"target", read_target},
    {"run", read_run},
    {"doubts", read_doubts},
    {"session-live", read_session_live},
    {"session-grant", read_session_grant},
    {"reserved", read_reserved},
    {"channels", read_channels},
    {"recorder", read_recorder},
    {"claim", read_claim},
    {"incident", read_incident},
};

static const char *const answers[] = {"ask", "expect", "trace"};

static bool is_known(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
        if (strcmp(facts[i].key, key) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
        if (strcmp(answers[i], key) == 0)
            return true;
    return false;
}

int scene_facts_read(struct scene *s, const struct table_lines *defaults, const struct table_lines *own,
                     char *error)
{
    s->facts.host = &s->host;
    for (size_t i = 0; i < own->count; i++)
        if (!is_known(own->items[i].key))
            return bad(error, own->items[i].key, "no such fact");
    for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
        const char *value = table_get(own, facts[i].key);

        if (!value)
            value = table_get(defaults, facts[i].key);
        if (!value)
            return bad(error, facts[i].key, "neither the case nor the table's facts have it");
        if (!facts[i].read(s, value))
            return bad(error, facts[i].key, value);
    }
    return 0;
}
