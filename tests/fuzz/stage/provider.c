#include "tests/fuzz/stage/provider.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "tests/fuzz/stage/site.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define USES_MAX      32
#define QUESTIONS_MAX 32
#define SEARCHES_MAX  4
#define SETTLED_US    (50 * (int64_t)1000000) /* after which a host may rely on what was not found */

struct use {
    bool taken, elsewhere;
    unsigned grant;
    uint8_t nonce[FEED_NONCE_SIZE];
};

/* That was not done. */
struct question {
    bool there, held;
    struct feed_message m;
    int64_t looked_us; /* since when somebody was told that it is not done; 0: nobody */
};

static struct {
    struct host *host;
    int fd;
    sd_event_source *io;
    struct buf in;
    bool possible;
    uint32_t search; /* that the broker began last */
    bool is_asked;   /* since it was answered last */
    enum provider_mood mood;
    struct use uses[USES_MAX];
    struct question questions[QUESTIONS_MAX];
    unsigned n_questions, asked, published;
    enum feed_outcome said;
} it = {.fd = -1};

/* ---- who holds what ---- */

static unsigned grant_of(const struct ident_id *id)
{
    char text[IDENT_ID_TEXT_SIZE];
    unsigned grant = 0;

    ident_format_id(id, text);
    while (grant < SITE_GRANTS && strcmp(text, site_id(grant)) != 0)
        grant++;
    must(grant < SITE_GRANTS);
    return grant;
}

static struct use *use_of(const uint8_t nonce[static FEED_NONCE_SIZE])
{
    for (unsigned i = 0; i < USES_MAX; i++)
        if (it.uses[i].taken && !it.uses[i].elsewhere &&
            memcmp(it.uses[i].nonce, nonce, FEED_NONCE_SIZE) == 0)
            return &it.uses[i];
    return NULL;
}

static unsigned count(unsigned grant, bool here_only)
{
    unsigned n = 0;

    for (unsigned i = 0; i < USES_MAX; i++)
        n += it.uses[i].taken && it.uses[i].grant == grant && !(here_only && it.uses[i].elsewhere);
    return n;
}

static bool lend(unsigned grant, bool elsewhere, const uint8_t *nonce)
{
    for (unsigned i = 0; i < USES_MAX && count(grant, false) < site_uses_of_all(grant); i++)
        if (!it.uses[i].taken) {
            it.uses[i] = (struct use){.taken = true, .elsewhere = elsewhere, .grant = grant};
            if (nonce)
                memcpy(it.uses[i].nonce, nonce, FEED_NONCE_SIZE);
            return true;
        }
    return false;
}

static enum feed_outcome act(const struct feed_message *m)
{
    struct use *use = use_of(m->nonce);

    if (m->operation == FEED_TAKE)
        return use || lend(grant_of(&m->grant), false, m->nonce) ? FEED_HELD : FEED_EXHAUSTED;
    if (m->operation == FEED_GIVE_BACK && use)
        use->taken = false;
    return m->operation == FEED_LOOK && use ? FEED_HELD : FEED_NOT_HELD;
}

void provider_elsewhere(unsigned grant, bool takes)
{
    if (takes) {
        (void)lend(grant, true, NULL);
        return;
    }
    for (unsigned i = 0; i < USES_MAX; i++)
        if (it.uses[i].taken && it.uses[i].elsewhere && it.uses[i].grant == grant) {
            it.uses[i].taken = false;
            return;
        }
}

unsigned provider_lent(unsigned grant)
{
    return count(grant, true);
}

unsigned provider_asked(void)
{
    return it.asked;
}

/* ---- what is said ---- */

static void say(struct feed_message m)
{
    cleanup_buf struct buf b = BUF_INIT;

    if (it.fd < 0)
        return;
    m.search = it.search;
    must(feed_encode(&m, &b) == 0);
    must(send(it.fd, b.data, b.size, MSG_NOSIGNAL) == (ssize_t)b.size);
}

static void answer(struct feed_message m, enum feed_outcome outcome)
{
    m.type = FEED_CLAIMED;
    m.outcome = outcome;
    say(m);
    if (m.operation == FEED_TAKE)
        it.said = outcome;
}

enum feed_outcome provider_said(void)
{
    enum feed_outcome said = it.said;

    it.said = FEED_UNKNOWN;
    return said;
}

/* ---- what is put off ---- */

static void put_off(const struct feed_message *m, bool held)
{
    if (it.n_questions < QUESTIONS_MAX)
        it.questions[it.n_questions++] = (struct question){.there = true, .held = held, .m = *m};
}

/* Who looks for it, and does not find it, may rely on that after a while. */
static void note_looked(const struct feed_message *m)
{
    for (unsigned i = 0; i < it.n_questions; i++) {
        struct question *q = &it.questions[i];

        if (memcmp(q->m.nonce, m->nonce, FEED_NONCE_SIZE) == 0 && q->looked_us == 0)
            q->looked_us = (int64_t)clock_boot_us();
    }
}

static bool is_settled(const struct question *q)
{
    return q->looked_us != 0 && (int64_t)clock_boot_us() - q->looked_us >= SETTLED_US;
}

void provider_answer(bool refuses)
{
    for (unsigned i = 0; i < it.n_questions; i++) {
        struct question *q = &it.questions[i];

        if (!q->there || !q->held)
            continue;
        q->there = false;
        answer(q->m, refuses || is_settled(q) ? FEED_UNAVAILABLE : act(&q->m));
        return;
    }
}

void provider_catch_up(void)
{
    for (unsigned i = 0; i < it.n_questions; i++) {
        struct question *q = &it.questions[i];

        if (q->there && !q->held && !is_settled(q))
            (void)act(&q->m);
        if (!q->held)
            q->there = false;
    }
}

/* ---- what is asked ---- */

static void hear(const struct feed_message *m)
{
    bool takes = m->operation == FEED_TAKE;
    enum feed_outcome outcome;

    it.asked++;
    if (it.mood == PROVIDER_REFUSES) {
        answer(*m, FEED_UNAVAILABLE);
        return;
    }
    if (it.mood == PROVIDER_STANDS || (it.mood == PROVIDER_HOLDS && takes)) {
        if (takes)
            put_off(m, it.mood == PROVIDER_HOLDS);
        return;
    }
    outcome = act(m);
    if (it.mood == PROVIDER_SILENT)
        return;
    if (m->operation == FEED_LOOK && outcome == FEED_NOT_HELD)
        note_looked(m);
    answer(*m, it.mood == PROVIDER_UNSURE ? FEED_UNKNOWN : outcome);
    if (it.mood == PROVIDER_TWICE)
        answer(*m, outcome);
}

static void hear_start(const struct feed_message *m)
{
    it.search = m->search;
    it.is_asked = true;
}

static void hear_frames(void)
{
    static struct feed_message m;
    enum feed_type type;
    uint32_t length;

    while (it.in.size >= FRAME_HEADER_SIZE) {
        must(feed_parse_header(it.in.data, &type, &length) == 0);
        if (it.in.size < FRAME_HEADER_SIZE + length)
            return;
        must(feed_decode(type, it.in.data + FRAME_HEADER_SIZE, length, &m) == 0);
        if (type == FEED_CLAIM)
            hear(&m);
        else if (type == FEED_START)
            hear_start(&m);
        it.in.size -= FRAME_HEADER_SIZE + length;
        memmove(it.in.data, it.in.data + FRAME_HEADER_SIZE + length, it.in.size);
    }
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    uint8_t octets[4096];
    ssize_t n = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);

    (void)source;
    (void)events;
    (void)userdata;
    if (n <= 0) {
        provider_hang_up();
        return 0;
    }
    buf_put(&it.in, octets, (size_t)n);
    hear_frames();
    return 0;
}

/* ---- the line ---- */

/* What it still holds will not be answered. */
static void let_go(void)
{
    for (unsigned i = 0; i < it.n_questions; i++)
        it.questions[i].held = false;
}

void provider_hang_up(void)
{
    it.io = sd_event_source_disable_unref(it.io);
    it.fd = close_fd(it.fd);
    buf_done(&it.in);
    it.in = (struct buf)BUF_INIT;
    it.possible = false;
    let_go();
}

void provider_reset(struct host *h)
{
    provider_hang_up();
    memset(&it, 0, sizeof(it));
    it.in = (struct buf)BUF_INIT;
    it.fd = -1;
    it.host = h;
    it.said = FEED_UNKNOWN;
}

void provider_connect(bool possible)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (it.fd < 0) {
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/feed", it.host->folder);
        it.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(it.fd >= 0 && connect(it.fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        must(sd_event_add_io(it.host->event, &it.io, it.fd, EPOLLIN, on_readable, NULL) >= 0);
        host_settle(it.host);
    }
    it.possible = possible;
    say((struct feed_message){.type = FEED_STATE, .state = FEED_LIVE, .claims_possible = possible});
    host_settle(it.host);
}

static void tell(const struct feed_message *entries, unsigned n)
{
    struct feed_message end = {.type = FEED_END, .count = n};
    char cookie[32];

    (void)snprintf(cookie, sizeof(cookie), "rid=1,csn=%u", it.published++);
    end.cookie = (struct feed_octets){(const uint8_t *)cookie, strlen(cookie)};
    say((struct feed_message){.type = FEED_BEGIN, .full = true});
    for (unsigned i = 0; i < n; i++)
        say(entries[i]);
    say(end);
    it.is_asked = false;
    host_knows_all(it.host);
}

/* Should what it says make the broker ask once more, it is told once more. */
void provider_publish(const struct feed_message *entries, unsigned n)
{
    if (it.fd < 0)
        provider_connect(false);
    for (unsigned i = 0; i == 0 || it.is_asked; i++) {
        must(i < SEARCHES_MAX);
        tell(entries, n);
    }
}

bool provider_is_possible(void)
{
    return it.possible;
}

void provider_set_mood(enum provider_mood mood)
{
    let_go();
    it.mood = mood;
}
