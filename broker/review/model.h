#ifndef HUFU_REVIEW_MODEL_H
#define HUFU_REVIEW_MODEL_H

#include "broker/audit/event.h"
#include "broker/review/pool.h"
#include "broker/review/review.h"

/*
 * What the files of this folder share. Each file answers one question: it takes records as they come (a fact
 * each), and at the end makes its part of the value. -ENOMEM is remembered in the review, so that taking
 * needs no error of its own; review_json() says it.
 */

/* A record, with the texts that everybody asks for in the review's pool. */
struct fact {
    const struct record *r;
    const char *host, *event, *staff, *vendor, *account, *service, *address, *grant, *ticket;
    when_t at, first; /* of those that it stands for: the last, the first */
    uint64_t count;   /* how many these are, at least one */
    uint64_t sources; /* how many addresses they came from; 0: it does not say */
    bool success;
    bool in_period;
};

enum proof {
    PROOF_OPEN = 0, /* the session has not ended, as far as was read */
    PROOF_GIVEN,
    PROOF_MISSING,
};

struct session_row {
    const char *host, *staff, *vendor, *grant, *ticket, *service, *source;
    uint64_t number;
    int64_t opened_us, ended_us; /* 0: not known, not ended */
    enum reason reason;
    enum proof proof;
    uint64_t proof_us;
    uint64_t proof_sequence; /* of the record that proved it, or said that it is not proven */
    const char *proof_text;
    const char *reference; /* of its ending */
    uint64_t commands;     /* in the period */
    uint8_t channels;      /* enum grant_channel bits */
    json_t *files;         /* its recordings; NULL: none */
};

struct sessions {
    struct session_row *rows;
    size_t n, room;
    size_t *table; /* by host and number: index + 1 */
    size_t table_room;
    const struct session_row **by_grant; /* when all have been taken: sorted by grant */
};

/* How a grant was used in the period, on whatever host. */
struct use {
    const char *grant, *staff, *vendor, *ticket;
    uint32_t version;
    uint64_t opened;    /* sessions, in the period */
    json_t *hosts;      /* name: sessions ever opened there, as far as was read */
    json_t *live;       /* host: open now, while records are being taken */
    uint64_t most_live; /* at once on one host, in the period */
    json_t *services, *run_as, *commands, *seen;
    uint8_t channels;
    bool closed, revoked, withdrawn;
    when_t over; /* since when it is closed or revoked for good; 0: it is not */
};

struct uses {
    struct use *rows;
    size_t n, room;
    json_t *index; /* grant: index */
};

/* A revocation, a closing: a right that ended, or several. */
struct taken {
    int64_t at_us;
    const char *host, *how, *grant, *staff, *vendor; /* of the last three one says what, the others are "" */
    const char *actor, *why;
    uint64_t sequence;
    bool is_revocation;
};

/* What became of the sessions that it hit. */
struct aftermath {
    size_t sessions;
    bool proven;
    uint64_t took_us;
    const struct session_row *last;
};

struct known_grant {
    const struct grant *grant;
    const char *id;
    const char *state;
};

struct review {
    struct review_settings settings;
    struct pool pool;
    bool out_of_memory;
    bool has_register;
    const char *denied_why, *forged_why;
    json_t *hosts;      /* name: sequence of the first record that was read, 0: none yet */
    json_t *vendors_of; /* staff: vendor */
    struct sessions sessions;
    struct uses uses;
    struct known_grant *grants;
    size_t n_grants;
    json_t *grant_index; /* id: index */
    json_t *refusals;    /* {total, reasons{}, staff{}, sources{}, left_out} */
    struct taken *taken; /* what was taken away in the period */
    size_t n_taken, taken_room;
    json_t *runs, *runs_open, *incident_keys, *incidents, *reviews, *recordings;
    json_t *ledgers, *approvals, *approvers, *expiring, *register_lines, *denied, *forged;
    uint64_t commands;
};

/** NULL without memory, which is remembered. */
const char *model_text(struct review *v, const char *text);
/** Takes the value over; without memory that is remembered. */
void model_append(struct review *v, json_t *array, json_t *value);
void model_failed(struct review *v);

bool model_is(const struct fact *f, const char *event);
/** Whether all of that host's ledger was read, from its first record on. */
bool model_is_whole(const struct review *v, const char *host);
/** The channel that a record's detail begins with (enum grant_channel); 0: none. */
uint8_t model_channel(const char *detail);
/** RFC 3339, or null for 0 and WHEN_NEVER. */
json_t *model_time(when_t t);
/** Seconds in which an instant in microseconds lies; also before 1970. */
when_t model_seconds(int64_t us);
/** Who ordered something: "uid N", or "". `text` has 32 octets. */
const char *model_actor(uint32_t actor, char text[static 32]);
/** What the vendor of a person was in the last record or document that says. "" if none does. */
const char *model_vendor_of(const struct review *v, const char *staff);
const struct known_grant *model_grant(const struct review *v, const char *id);
bool model_overlaps(const struct review *v, when_t from, when_t until);

/* ---- sessions ---- */
void sessions_take(struct review *v, const struct fact *f);
void sessions_done(struct sessions *s);
struct session_row *sessions_find(struct review *v, const char *host, uint64_t number);
/** When the last record has been taken, before any part is made. */
void sessions_settle(struct review *v);
/** Those under a grant (by the address of its text in the pool), *n of them. */
const struct session_row **sessions_of(const struct review *v, const char *grant, size_t *n);
bool sessions_in_period(const struct review *v, const struct session_row *s);
json_t *sessions_json(struct review *v);
json_t *sessions_longest_json(struct review *v);

/* ---- refusals ---- */
bool refusals_are(const struct fact *f);
void refusals_take(struct review *v, const struct fact *f);
json_t *refusals_json(struct review *v);

/* ---- grants: how they were used, and what of them was not ---- */
void uses_take(struct review *v, const struct fact *f);
void uses_done(struct uses *u);
struct use *uses_find(struct review *v, const char *grant);
json_t *sources_json(struct review *v);
json_t *grants_json(struct review *v);
/** Rows of "wider" for a grant that was used. */
json_t *wider_json(struct review *v, const struct known_grant *k, const struct use *u);
/** Uses of a grant (NULL: unknown) by the records: on the host that took most, or all together. */
uint64_t model_uses_taken(const struct use *u, const struct grant *g);
/** `source:` as a list of texts. */
json_t *model_sources_json(const struct grant *g);
const char *grants_state(const struct review *v, const struct known_grant *k, const struct use *u);

/* ---- revocations and rights that ended ---- */
void taken_take(struct review *v, const struct fact *f);
/** The sessions that something hits that was taken away; also from a grant whose time was over. */
struct aftermath taken_aftermath(const struct review *v, const struct taken *t);
json_t *revocations_json(struct review *v);
json_t *ended_json(struct review *v);

/* ---- the rest ---- */
void runs_take(struct review *v, const struct fact *f);
json_t *runs_json(struct review *v);
void incidents_take(struct review *v, const struct fact *f);
json_t *incidents_json(struct review *v);
void recordings_take(struct review *v, const struct fact *f);
json_t *recordings_json(struct review *v, review_find_recording *find, void *userdata);
json_t *approvers_json(struct review *v);
json_t *expiring_json(struct review *v);
json_t *register_json(struct review *v);
json_t *denied_json(struct review *v);
void reviews_take(struct review *v, const struct fact *f);

#endif
