// LAYERS: test_support daemon
// LIBRARIES: jansson
// STAGE: yes
// COVERS: broker/daemon/directory_refresh.c broker/daemon/directory_entry.c broker/directory/shadow.c
// FLOOR: 80
// SHARE: 4
// CUTS: 64
/*
 * What a hufu-ldapd may say, in any order, against a model of what has to be in force (stage/told.h):
 * refreshes whole, cut short and miscounted, entries, deletions, lists of what is there, cookies, lines that
 * are lost, frames that are none; and logins, time and restarts in between. After each step the entries, the
 * grants with their versions, what is withdrawn or revoked, sessions and answers are the model's; and a
 * search goes on from no cookie but one that covers what was taken in.
 */
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/directory_internal.h"
#include "policy/base/cleanup.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/host.h"
#include "tests/fuzz/stage/input.h"
#include "tests/fuzz/stage/told.h"
#include "tests/fuzz/stage/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define STEPS_MAX 64

static struct host *host;
static struct model model;
static struct told told;
static struct {
    int fd;
    struct buf in;
    uint32_t search;
} line = {.fd = -1};

static void look(void)
{
    model_look(&model, clock_wall_us(), (int64_t)clock_boot_us(), virtual_time_is_synchronised());
}

/* ---- the line ---- */

static void lose_line(void)
{
    line.fd = close_fd(line.fd);
    buf_done(&line.in);
    line.in = (struct buf)BUF_INIT;
    told_line_lost(&told);
}

static void hear_start(const uint8_t *body, size_t size)
{
    static struct feed_message m;
    unsigned cookie;
    char text[32];

    must(feed_decode(FEED_START, body, size, &m) == 0);
    line.search = m.search;
    told_start(&told, m.cookie.size == 0);
    if (m.cookie.size == 0)
        return;
    demand(m.cookie.size < sizeof(text), "a cookie of nobody's");
    memcpy(text, m.cookie.data, m.cookie.size);
    text[m.cookie.size] = '\0';
    demand(sscanf(text, "rid=1,csn=%u", &cookie) == 1, "a cookie of nobody's");
    demand(told.kept[cookie % TOLD_COOKIES], "a cookie that covers what was not taken in");
}

/* What hufud says: it begins searches. */
static void hear(void)
{
    uint8_t octets[4096];
    enum feed_type type;
    uint32_t length;
    ssize_t n = 0;

    host_settle(host);
    while (line.fd >= 0 && (n = recv(line.fd, octets, sizeof(octets), MSG_DONTWAIT)) > 0)
        buf_put(&line.in, octets, (size_t)n);
    while (line.in.size >= FRAME_HEADER_SIZE) {
        must(feed_parse_header(line.in.data, &type, &length) == 0 && type == FEED_START);
        must(line.in.size >= FRAME_HEADER_SIZE + length);
        hear_start(line.in.data + FRAME_HEADER_SIZE, length);
        line.in.size -= FRAME_HEADER_SIZE + length;
        memmove(line.in.data, line.in.data + FRAME_HEADER_SIZE + length, line.in.size);
    }
    if (line.fd >= 0 && n == 0)
        lose_line();
}

static void say(struct feed_message *m)
{
    cleanup_buf struct buf b = BUF_INIT;

    if (line.fd < 0)
        return;
    m->search = line.search;
    must(feed_encode(m, &b) == 0);
    must(send(line.fd, b.data, b.size, MSG_NOSIGNAL) == (ssize_t)b.size);
}

static void do_connect(struct input *in)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)in;
    if (line.fd >= 0)
        lose_line();
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/feed", host->folder);
    line.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(line.fd >= 0 && connect(line.fd, (struct sockaddr *)&address, sizeof(address)) == 0);
}

static void do_hang_up(struct input *in)
{
    (void)in;
    lose_line();
}

static void do_junk(struct input *in)
{
    uint8_t octets[FRAME_HEADER_SIZE] = {take(in), 'x'};

    if (line.fd >= 0)
        must(send(line.fd, octets, sizeof(octets), MSG_NOSIGNAL) == sizeof(octets));
}

/* ---- what is there ---- */

static const uint8_t *uuid_of(unsigned n)
{
    static uint8_t uuid[SHADOW_UUID_SIZE];

    memset(uuid, 0x55, sizeof(uuid));
    uuid[0] = (uint8_t)n;
    return uuid;
}

static struct feed_octets octets_of(const char *text)
{
    return (struct feed_octets){(const uint8_t *)text, strlen(text)};
}

/* Of grants those whose outcome does not depend on the order in which a refresh is taken in. */
static int content_of(uint8_t octet)
{
    static const int papers[] = {0, 2, 3, 4, 5, 6, 7, 8, 10};
    static const int others[] = {TOLD_REVOCATION, TOLD_REVOCATION + 1, TOLD_REVOCATION + 2, TOLD_JUNK,
                                 TOLD_NOTHING};
    size_t n = octet % (ARRAY_SIZE(papers) + ARRAY_SIZE(others));

    return n < ARRAY_SIZE(papers) ? papers[n] : others[n - ARRAY_SIZE(papers)];
}

static void fill(struct feed_message *m, int content, bool is_signed)
{
    if (content >= TOLD_REVOCATION) {
        m->document = octets_of(told_revocations[content - TOLD_REVOCATION].document);
        m->n_approvals = is_signed;
        m->approvals[0] = octets_of(told_revocations[content - TOLD_REVOCATION].approval);
    } else if (content >= 0) {
        m->document = octets_of(site_papers[content].document);
        m->n_approvals = is_signed ? 2 : 0;
        m->approvals[0] = octets_of(site_papers[content].approvals[0]);
        m->approvals[1] = octets_of(site_papers[content].approvals[1]);
    } else if (content == TOLD_JUNK) {
        m->document = octets_of("hufu-grant: 1\nsite:\n");
    }
}

static void entry(unsigned n, int content, bool is_signed)
{
    static struct feed_message m;

    m = (struct feed_message){.type = FEED_ENTRY, .kind = FEED_DOCUMENT};
    memcpy(m.uuid, uuid_of(n), sizeof(m.uuid));
    (void)snprintf(m.name, sizeof(m.name), "cn=%u,ou=test", n);
    fill(&m, content, is_signed);
    say(&m);
    if (line.fd >= 0)
        told_entry(&told, &model, n, content, is_signed);
}

static void do_entry(struct input *in)
{
    uint8_t n = take(in), what = take(in);

    entry(n % TOLD_ENTRIES, content_of(what), (what & 0x80) == 0);
}

/* Every entry there may be: enough for a purge to be large. */
static void do_entries(struct input *in)
{
    uint8_t what = take(in);

    for (unsigned i = 0; i < TOLD_ENTRIES; i++)
        entry(i, content_of((uint8_t)(what + i)), (what & 0x80) == 0);
}

static void say_uuid(enum feed_type type, unsigned n)
{
    say(&(struct feed_message){.type = type, .n_uuids = 1, .uuids = uuid_of(n)});
}

static void do_delete(struct input *in)
{
    unsigned n = take(in) % TOLD_ENTRIES;

    say_uuid(FEED_DELETE, n);
    if (line.fd >= 0)
        told_delete(&told, &model, n);
}

static void do_present(struct input *in)
{
    unsigned n = take(in) % TOLD_ENTRIES;

    say_uuid(FEED_PRESENT, n);
    if (line.fd >= 0)
        told_present(&told, n);
}

/* ---- the refresh ---- */

static void do_begin(struct input *in)
{
    bool full = told.asked_full != (take(in) % 8 == 7);

    say(&(struct feed_message){.type = FEED_BEGIN, .full = full});
    if (line.fd >= 0)
        told_begin(&told, full);
}

static unsigned next_cookie(char text[static 32])
{
    unsigned n = told.cookies++;

    told.kept[n % TOLD_COOKIES] = false;
    (void)snprintf(text, 32, "rid=1,csn=%u", n);
    return n;
}

static void do_end(struct input *in)
{
    uint8_t octet = take(in);
    uint32_t count = told.count + (octet % 16 == 15);
    bool deletes = (octet & 0x80) != 0;
    char text[32];
    unsigned cookie = next_cookie(text);

    say(&(struct feed_message){
        .type = FEED_END, .cookie = octets_of(text), .refresh_deletes = deletes, .count = count});
    if (line.fd >= 0)
        told_end(&told, &model, deletes, count, cookie);
}

static void do_cookie(struct input *in)
{
    char text[32];
    unsigned cookie = next_cookie(text);

    (void)in;
    say(&(struct feed_message){.type = FEED_COOKIE, .cookie = octets_of(text)});
    if (line.fd >= 0)
        told_cookie(&told, cookie);
}

static void do_state(struct input *in)
{
    say(&(struct feed_message){.type = FEED_STATE,
                               .state = (enum feed_state)(FEED_CONNECTING + take(in) % 5),
                               .server = "ldaps://d1.finance.example"});
}

/* An answer to a question that nobody asked. */
static void do_claimed(struct input *in)
{
    struct feed_message m = {.type = FEED_CLAIMED, .operation = FEED_TAKE, .outcome = FEED_HELD};

    m.number = take(in);
    must(ident_parse_id(site_id(0), 32, &m.grant) == 0);
    say(&m);
}

/* ---- meanwhile ---- */

static void do_log_in(struct input *in)
{
    const struct model_caller *c = doors_arrive(take(in));
    struct gate_pam m;

    for (enum frame_type type = FRAME_GATE_ACCOUNT; c && doors_is_alive(c->pid); type = FRAME_GATE_OPEN) {
        struct gate_reply reply;
        enum reason due;

        look();
        m = doors_words(c, type);
        reply = host_ask(host, people_find(c->pid), type, &m);
        due = type == FRAME_GATE_ACCOUNT ? model_account(&model, c) : model_open(&model, c);
        witness_reason(due, reply.reason, reply.verdict);
        if (type == FRAME_GATE_OPEN)
            return;
    }
}

static void do_wait(struct input *in)
{
    static const unsigned seconds[] = {1, 6, 61, 300, 601, 1800, 3600, 21600, 86400};

    host_pass(host, (uint64_t)seconds[take(in) % ARRAY_SIZE(seconds)] * 1000000);
    look();
}

static void do_restart(struct input *in)
{
    uint8_t octet = take(in);
    unsigned steps = (octet >> 1) % HOST_LOADED;

    lose_line();
    host_pass(host, 60000); /* a refusal is on disk 50 ms after it was given, and no sooner */
    look();
    if ((octet & 1) != 0)
        host_crash(host, steps);
    else
        host_restart(host, steps);
    witness_restarted(&model, host);
    model_restart(&model, doors_is_alive);
}

static void (*const operations[])(struct input *in) = {
    do_entry, do_begin, do_end,     do_connect, do_log_in,  do_delete, do_present, do_cookie,
    do_wait,  do_state, do_restart, do_hang_up, do_entries, do_junk,   do_claimed,
};

/* ---- what has to be ---- */

static void compare(void)
{
    const struct broker *b = host->broker;
    struct shadow_record is;

    for (unsigned i = 0; i < TOLD_ENTRIES; i++)
        demand(shadow_find(b->directory->shadow, uuid_of(i), &is) == told.entries[i].there,
               told.entries[i].there ? "an entry is missing" : "an entry should be gone");
    for (unsigned i = 0; i < SITE_GRANTS; i++) {
        struct ident_id id;

        must(ident_parse_id(site_id(i), 32, &id) == 0);
        if (!host_knows(host, &id))
            continue;
        demand(directory_has_withdrawn(b->directory, &id) == model.grants[i].withdrawn,
               model.grants[i].withdrawn ? "a grant should be withdrawn" : "a grant should not be withdrawn");
    }
    witness_compare(&model, host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};

    host = host_of_program();
    site_make();
    told_make(host->department);
    host_begin(host, SITE_BEGIN);
    model_init(&model, clock_wall_us(), (int64_t)clock_boot_us());
    told_init(&told);
    doors_clear();
    do_connect(&in);
    hear();
    for (unsigned i = 0; in.size > 0 && i < STEPS_MAX; i++) {
        operations[take(&in) % ARRAY_SIZE(operations)](&in);
        hear();
        look();
        compare();
    }
    lose_line();
    host_pass(host, 121000000);
    look();
    host_knows_all(host);
    compare();
    witness_ledger(&model, host);
    host_end(host);
    return 0;
}
