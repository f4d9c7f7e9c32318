#include "broker/daemon/recording.h"

#include "broker/common/clock.h"
#include "broker/common/process.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/waiting.h"
#include "policy/base/buf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define META_NAME     "channels"
#define META_SIZE_MAX ((size_t)1024 * 1024)

/* A process that was let start something. */
struct admitted {
    struct admitted *next;
    uint64_t session;
    struct reap_channel channel;
};

struct recording {
    struct broker *broker;
    sd_event_source *timer;
    struct admitted *admitted; /* newest first */
};

/* ---- can it be done? ---- */

static bool is_owned(const char *path, uid_t owner, mode_t type, mode_t needs)
{
    struct stat st;

    return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == owner &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && (st.st_mode & needs) == needs;
}

bool recording_is_possible(const struct broker *b)
{
    const struct broker_options *o = &b->options;
    uid_t recorder = o->accounts.recorder;

    return b->config->recorder && recorder != 0 && recorder != (uid_t)-1 &&
           is_owned(o->recorder_program ? o->recorder_program : RECORDER_PROGRAM, recorder, S_IFREG,
                    S_ISUID | S_IXGRP) &&
           is_owned(o->recorder_folder ? o->recorder_folder : RECORDER_FOLDER, recorder, S_IFDIR, S_IWUSR) &&
           access(o->recorder_tlog ? o->recorder_tlog : RECORDER_TLOG, X_OK) == 0;
}

bool recording_is_required(const struct broker *b, const struct session *s)
{
    const struct grant_entry *e = life_entry(b, s);

    return e && grant_entry_grant(e).recording_required;
}

bool recording_is_seen(const struct broker *b, const struct session *s)
{
    return recording_is_possible(b) && s->recorders > 0 && s->bare_since == 0;
}

/* ---- what was let start ---- */

static bool is_there(const struct admitted *a, const struct broker *b)
{
    int pidfd = registry_find(b->registry, a->session) ? process_pidfd((pid_t)a->channel.pid) : -ESRCH;

    if (pidfd >= 0)
        (void)close(pidfd);
    return pidfd != -ESRCH; /* anything else says nothing about it */
}

static void forget_ended(struct recording *r)
{
    for (struct admitted **at = &r->admitted; *at;) {
        struct admitted *a = *at;

        if (is_there(a, r->broker)) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        free(a);
    }
}

static size_t count_of(const struct recording *r, uint64_t session)
{
    size_t n = 0;

    for (const struct admitted *a = r->admitted; a; a = a->next)
        n += a->session == session;
    return n;
}

bool recording_may_be_seen(const struct broker *b, const struct session *s)
{
    return recording_is_possible(b) && count_of(b->recording, s->number) > 0;
}

static int add(struct recording *r, uint64_t session, const struct reap_channel *c)
{
    struct admitted *a = calloc(1, sizeof(*a));

    if (!a)
        return -ENOMEM;
    *a = (struct admitted){.next = r->admitted, .session = session, .channel = *c};
    r->admitted = a;
    return 0;
}

/* A line each: session, kind, pid, start time, name or "-". */
static void write_all(const struct recording *r, struct store_txn *t)
{
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_free char *value = NULL;

    for (const struct admitted *a = r->admitted; a; a = a->next)
        buf_printf(&text, "%" PRIu64 " %u %" PRIu32 " %" PRIu64 " %s\n", a->session,
                   (unsigned)a->channel.kind, a->channel.pid, a->channel.start_time,
                   a->channel.name[0] != '\0' ? a->channel.name : "-");
    value = buf_steal_text(&text);
    if (value)
        store_txn_meta(t, META_NAME, value);
}

int recording_admit(struct recording *r, struct session *s, const struct reap_process *p,
                    enum reap_channel_kind kind, struct store_txn *t, char name[static RECORDER_NAME_SIZE])
{
    struct reap_channel c = {.pid = p->pid, .start_time = p->start_time, .kind = (uint8_t)kind};
    uint64_t random;
    int e;

    forget_ended(r);
    if (count_of(r, s->number) >= REAP_CHANNELS_MAX)
        return -ENOSPC;
    if (kind == REAP_CHANNEL_RECORDED) {
        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
            return -EIO;
        recorder_name(s->number, p->pid, random, c.name);
    }
    e = add(r, s->number, &c);
    if (e < 0)
        return e;
    s->asked = true;
    memcpy(name, c.name, RECORDER_NAME_SIZE);
    write_all(r, t);
    recording_watch(r, s);
    return 0;
}

struct session *recording_transfer_of(const struct recording *r, uint32_t pid, uint64_t start_time)
{
    for (const struct admitted *a = r->admitted; a; a = a->next)
        if (a->channel.kind == REAP_CHANNEL_TRANSFER && a->channel.pid == pid &&
            a->channel.start_time == start_time)
            return registry_find(r->broker->registry, a->session);
    return NULL;
}

/* A decimal as write_all() writes one, and the blank behind it. */
static bool take_number(const char **at, uint64_t highest, uint64_t *ret)
{
    char *end = NULL;

    errno = 0;
    *ret = strtoull(*at, &end, 10);
    if (**at < '0' || **at > '9' || errno != 0 || *ret > highest || *end != ' ')
        return false;
    *at = end + 1;
    return true;
}

static int load_line(struct recording *r, const char *line)
{
    struct reap_channel c = {0};
    uint64_t session, kind, pid;

    if (!take_number(&line, UINT64_MAX, &session) || !take_number(&line, UINT8_MAX, &kind) ||
        !take_number(&line, UINT32_MAX, &pid) || !take_number(&line, UINT64_MAX, &c.start_time))
        return -EBADMSG;
    c.pid = (uint32_t)pid;
    c.kind = (uint8_t)kind;
    if (kind == REAP_CHANNEL_RECORDED && recorder_is_name(line, NULL, NULL))
        memcpy(c.name, line, strlen(line) + 1);
    else if (kind != REAP_CHANNEL_TRANSFER)
        return -EBADMSG;
    return registry_find(r->broker->registry, session) ? add(r, session, &c) : 0;
}

int recording_load(struct recording *r)
{
    cleanup_free char *value = calloc(1, META_SIZE_MAX);
    char *rest = NULL;
    int e;

    if (!value)
        return -ENOMEM;
    e = store_load_meta(r->broker->store, META_NAME, value, META_SIZE_MAX);
    if (e == -ENOENT)
        return 0;
    for (char *line = strtok_r(value, "\n", &rest); line && e == 0; line = strtok_r(NULL, "\n", &rest))
        e = load_line(r, line);
    return e;
}

/* ---- looking ---- */

static bool is_watched(const struct broker *b, const struct session *s)
{
    return s->state == SESSION_OPEN && s->settled && !s->job && recording_is_required(b, s);
}

struct looking {
    struct broker *broker;
    uint64_t session;
};

static void name_the_bare(const struct reap_reply *reply, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "not recorded:");

    for (uint32_t i = 0; i < reply->n_processes && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, " %" PRIu32 " (%s)", reply->processes[i].pid,
                                 reply->processes[i].name);
}

static void write_unrecorded(struct broker *b, const struct session *s, const char *detail)
{
    struct record r = ledger_record(EVENT_RECORDING, REASON_RECORDER_GONE, false);
    char address[ADDRESS_TEXT_SIZE], id[IDENT_ID_TEXT_SIZE];

    life_record(&r, s, address);
    ledger_grant(&r, life_entry(b, s), id);
    r.detail = detail;
    ledger_write(b, &r);
}

/* Once for each time that it goes on for so long: what ends by itself before the session is ended for it
 * happened without a recording all the same. */
static void note_unrecorded(struct broker *b, struct session *s, const struct reap_reply *reply)
{
    char detail[512];

    if (s->bare_noted)
        return;
    s->bare_noted = true;
    name_the_bare(reply, detail, sizeof(detail));
    write_unrecorded(b, s, detail);
}

/* A startup file can do in a moment what it does and end, and hufu-channel was never asked: then at least
 * nobody looks for a recording. So it reads for those, too, who only forwarded connections. */
void recording_ended(struct broker *b, const struct session *s)
{
    if (is_watched(b, s) && !s->asked)
        write_unrecorded(b, s, "nothing was recorded: neither shell nor command nor transfer was asked for");
}

/* That nobody answered says nothing: the reaper is back soon, or nothing can be ended anyway. */
static void judge(struct broker *b, struct session *s, const struct reap_reply *reply)
{
    uint64_t now = clock_boot_us();
    bool seen = s->recorders > 0 && s->bare_since == 0;

    s->recorders = reply->ended;
    if (reply->result != REAP_SURVIVORS) {
        s->bare_noted = false;
        s->bare_since = 0;
        s->bare_looks = 0;
        /* Not at each look: others wait by this uid for something else. */
        if (!seen && s->recorders > 0)
            waiting_wake(b->waiting, s->uid);
        return;
    }
    s->bare_looks++;
    if (s->bare_since == 0)
        s->bare_since = now;
    if (now - s->bare_since >= RECORDING_NOTED_US)
        note_unrecorded(b, s, reply);
    if (now - s->bare_since >= RECORDING_PATIENCE_US && s->bare_looks >= RECORDING_LOOKS)
        life_end(b, s, REASON_RECORDER_GONE);
}

static void on_look(void *userdata, int result, const struct reap_reply *reply)
{
    struct looking *l = userdata;
    struct session *s = registry_find(l->broker->registry, l->session);

    if (s) {
        s->looked_at = false;
        if (s->state == SESSION_OPEN && result == 0 &&
            (reply->result == REAP_DONE || reply->result == REAP_SURVIVORS))
            judge(l->broker, s, reply);
    }
    free(l);
}

static void look(struct recording *r, struct session *s)
{
    struct broker *b = r->broker;
    struct reap_request q = {.type = FRAME_REAP_RECORDED,
                             .target = session_target(s, REAP_STRAYS),
                             .recorder_uid = b->options.accounts.recorder,
                             .sshd = strcmp(s->service, "sshd") == 0};
    struct looking *l = malloc(sizeof(*l));

    if (!l)
        return;
    *l = (struct looking){.broker = b, .session = s->number};
    q.target.audit_session = s->audit_session; /* whose orphans are its own */
    for (const struct admitted *a = r->admitted; a && q.n_channels < REAP_CHANNELS_MAX; a = a->next)
        if (a->session == s->number)
            q.channels[q.n_channels++] = a->channel;
    s->looked_at = true;
    reaper_client_ask(b->reaper, &q, REAPER_ASK_US, on_look, l);
}

/* Never later than it is set already: whoever calls often enough would put off every look. */
static void arm(struct recording *r, uint64_t us)
{
    int enabled = SD_EVENT_OFF;
    uint64_t at = 0;

    if (sd_event_source_get_enabled(r->timer, &enabled) >= 0 && enabled != SD_EVENT_OFF &&
        sd_event_source_get_time(r->timer, &at) >= 0 && at <= clock_boot_us() + us)
        return;
    (void)sd_event_source_set_time_relative(r->timer, us);
    (void)sd_event_source_set_enabled(r->timer, SD_EVENT_ONESHOT);
}

/* In haste while somebody is bare, or a recorder that was let start has not been seen yet. */
static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
    struct recording *r = userdata;
    bool any = false, haste = false;
    struct session *next;

    (void)source;
    (void)now;
    forget_ended(r);
    for (struct session *s = registry_first(r->broker->registry); s; s = next) {
        next = registry_next(s);
        if (!is_watched(r->broker, s))
            continue;
        any = true;
        haste = haste || s->bare_since != 0 || (s->recorders == 0 && count_of(r, s->number) > 0);
        if (!s->looked_at)
            look(r, s);
    }
    if (any)
        arm(r, haste ? RECORDING_HASTE_US : RECORDING_LOOK_US);
    return 0;
}

void recording_watch(struct recording *r, const struct session *s)
{
    if (is_watched(r->broker, s))
        arm(r, RECORDING_HASTE_US);
}

int recording_new(struct broker *b, struct recording **ret)
{
    struct recording *r = calloc(1, sizeof(*r));
    int e;

    if (!r)
        return -ENOMEM;
    r->broker = b;
    e = sd_event_add_time_relative(b->event, &r->timer, CLOCK_BOOTTIME, RECORDING_LOOK_US, 1000, on_timer, r);
    if (e < 0) {
        free(r);
        return e;
    }
    *ret = r;
    return 0;
}

struct recording *recording_free(struct recording *r)
{
    if (!r)
        return NULL;
    (void)sd_event_source_disable_unref(r->timer);
    while (r->admitted) {
        struct admitted *next = r->admitted->next;

        free(r->admitted);
        r->admitted = next;
    }
    free(r);
    return NULL;
}
