/*
 * Whether a broker's heap grows with the requests that it has answered. A round asks everything that leaves
 * nothing behind which has to be remembered: logins and ends, refusals, locks, revocations of what was
 * revoked, documents that are here, lists, entries of a directory that come and go. After so many rounds,
 * when all is quiet, as many octets have to be in use as after twice as many.
 *
 * SQLite's pages are not of the heap: its cache fills up to a bound of its own. With an argument, a number of
 * rounds, it does these and says how much is in use; that is for valgrind (tests/long/heap).
 */
#include "broker/common/files.h"
#include "policy/base/cleanup.h"
#include "tests/fuzz/stage/doors.h"
#include "tests/fuzz/stage/host.h"
#include "tests/fuzz/stage/told.h"

#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ROUNDS    60 /* of logins, within the twenty minutes that the grant holds */
#define PAGES     4000
#define PAGE_SIZE 4608
#define TUNABLE   "glibc.malloc.tcache_count=0" /* else what is free in a thread's cache counts as in use */

static struct host *host;
static unsigned requests;

static void call(const char *method, json_t *parameters)
{
    struct varlink_reply r = host_call(host, method, parameters);

    varlink_reply_done(&r);
    requests++;
}

static void hand_in(unsigned paper)
{
    const struct site_paper *p = &site_papers[paper];

    call("DocumentAdd",
         json_pack("{ss s[ss]}", "document", p->document, "approvals", p->approvals[0], p->approvals[1]));
}

/* ---- one round ---- */

static void visit(uint8_t who, enum reason due)
{
    const struct model_caller *c;
    struct gate_reply reply;
    struct gate_pam m;

    doors_clear();
    people_reset();
    c = doors_arrive(who);
    m = doors_words(c, FRAME_GATE_ACCOUNT);
    reply = host_ask(host, people_find(c->pid), FRAME_GATE_ACCOUNT, &m);
    requests++;
    must(reply.reason == due);
    if (due == REASON_OK) {
        m = doors_words(c, FRAME_GATE_OPEN);
        reply = host_ask(host, people_find(c->pid), FRAME_GATE_OPEN, &m);
        requests++;
        must(reply.reason == REASON_OK);
    }
    people_exit(people_find(c->pid));
    host_settle(host);
}

static void lock(const char *method)
{
    call(method, json_pack("{ss ss ss}", "scope", "staff", "name", "li.wu", "why", "heap"));
}

static void feed(int fd, struct feed_message *m)
{
    cleanup_buf struct buf b = BUF_INIT;

    m->search = host->broker->directory ? m->search : 0;
    must(feed_encode(m, &b) == 0 && send(fd, b.data, b.size, MSG_NOSIGNAL) == (ssize_t)b.size);
    requests++;
}

/* Somebody connects, tells of one entry, and is gone: then it is told that it is gone. */
static void directory(bool there)
{
    static struct feed_message m;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint8_t octets[1024];
    ssize_t n;

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/feed", host->folder);
    must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    host_settle(host);
    n = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);
    must(n > FRAME_HEADER_SIZE &&
         feed_decode(FEED_START, octets + FRAME_HEADER_SIZE, (size_t)n - FRAME_HEADER_SIZE, &m) == 0);
    m = (struct feed_message){.type = FEED_BEGIN, .search = m.search, .full = true};
    feed(fd, &m);
    if (there) {
        m = (struct feed_message){.type = FEED_ENTRY, .search = m.search, .kind = FEED_DOCUMENT, .uuid = "1"};
        (void)snprintf(m.name, sizeof(m.name), "cn=1");
        m.document = (struct feed_octets){(const uint8_t *)told_revocations[2].document,
                                          strlen(told_revocations[2].document)};
        feed(fd, &m);
    }
    m = (struct feed_message){.type = FEED_END, .search = m.search, .count = there};
    m.cookie = (struct feed_octets){(const uint8_t *)"rid=1,csn=1", 11};
    feed(fd, &m);
    host_settle(host);
}

static void go_round(void)
{
    visit(0, REASON_OK);
    visit(1, REASON_NO_GRANT);
    visit(0x60, REASON_WRONG_SOURCE);
    lock("Lock");
    visit(1, REASON_STAFF_LOCKED);
    lock("Unlock");
    call("Revoke", json_pack("{ss ss ss}", "scope", "grant", "name", site_id(3), "why", "heap"));
    hand_in(3);
    call("Status", NULL);
    call("GrantList", NULL);
    call("SessionList", NULL);
    call("TakenList", NULL);
    call("SyncShow", NULL);
    call("AuditList", json_pack("{si}", "limit", 20));
    call("NoSuchMethod", NULL);
    directory(true);
    directory(false);
    host_pass(host, 1000000);
}

/* ---- what is in use ---- */

static size_t in_use(void)
{
    host_pass(host, 121000000); /* what is being counted becomes a record, and is forgotten */
    host_pass(host, 1000000);
    return mallinfo2().uordblks;
}

static size_t after(unsigned rounds)
{
    size_t octets;

    for (unsigned i = 0; i < rounds; i++)
        go_round();
    octets = in_use();
    printf("%6u requests: %zu octets in use\n", requests, octets);
    return octets;
}

static void begin(void)
{
    host = host_of_program();
    site_make();
    told_make(host->department);
    host_begin(host, SITE_BEGIN);
    hand_in(3);
}

/* SQLite's cache grows with the store, up to a bound: it is not to be had from the heap. */
static void set_pages_aside(void)
{
    static uint8_t pages[PAGES][PAGE_SIZE] __attribute__((aligned(8)));
    int header = 0;

    must(sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header) == SQLITE_OK && 4096 + header <= PAGE_SIZE);
    must(sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages, PAGE_SIZE, PAGES) == SQLITE_OK);
}

int main(int argc, char **argv)
{
    size_t first, second, third;

    if (!getenv("GLIBC_TUNABLES")) {
        must(setenv("GLIBC_TUNABLES", TUNABLE, 1) == 0);
        must(execv("/proc/self/exe", argv) == 0);
    }
    must(mallopt(M_ARENA_MAX, 1) == 1);
    set_pages_aside();
    begin();
    if (argc > 1) {
        for (unsigned long i = strtoul(argv[1], NULL, 10); i > 0; i--)
            go_round();
        printf("%u requests\n", requests);
        host_end(host);
        return 0;
    }
    (void)after(ROUNDS / 2);
    first = after(ROUNDS);
    second = after(ROUNDS);
    third = after(2 * ROUNDS);
    host_end(host);
    if (third <= first && second <= first)
        return 0;
    printf("it grows: by %zd in %u rounds, by %zd in %u\n", (ssize_t)(second - first), ROUNDS,
           (ssize_t)(third - first), 3 * ROUNDS);
    return 1;
}
