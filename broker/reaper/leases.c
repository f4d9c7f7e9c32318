#include "broker/reaper/leases.h"

#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "policy/base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECOND_US ((uint64_t)1000 * 1000)
#define FILE_SIZE (3 * 8 + FRAME_MAX)

struct lease {
    struct lease *next, *previous;
    struct lease *next_numbered; /* in its chain */
    struct lease *next_of_uid, *previous_of_uid;
    struct leases *all;
    sd_event_source *timer;
    struct reap_target target;
    uint8_t class;
    uint64_t first_us; /* CLOCK_BOOTTIME of the first lease: the class's maximum counts from here */
    uint64_t until_us;
};

#define CHAINS 1024 /* a power of two: session numbers follow each other, and uids nearly do */

struct leases {
    struct leases_options options;
    struct lease *first;
    struct lease *by_number[CHAINS];
    struct lease *by_uid[CHAINS];
};

static struct lease *lease_free(struct lease *x)
{
    if (x != NULL)
        (void)sd_event_source_disable_unref(x->timer);
    free(x);
    return NULL;
}
DEFINE_CLEANUP(struct lease, lease_free);

static struct lease **numbered(struct leases *l, uint64_t session)
{
    return &l->by_number[session & (CHAINS - 1)];
}

static struct lease **of_uid(struct leases *l, uint32_t uid)
{
    return &l->by_uid[uid & (CHAINS - 1)];
}

static struct lease *find(const struct leases *l, uint64_t session)
{
    struct lease *x = l->by_number[session & (CHAINS - 1)];
    while (x != NULL && x->target.session != session)
        x = x->next_numbered;
    return x;
}

static void put(struct leases *l, struct lease *x)
{
    struct lease **chain = numbered(l, x->target.session), **mates = of_uid(l, x->target.uid);
    x->next_numbered = *chain;
    *chain = x;
    x->next_of_uid = *mates;
    if (*mates != NULL)
        (*mates)->previous_of_uid = x;
    *mates = x;
    x->next = l->first;
    if (l->first != NULL)
        l->first->previous = x;
    l->first = x;
}

static void take_out(struct leases *l, struct lease *x)
{
    struct lease **at = numbered(l, x->target.session);
    while (*at != x)
        at = &(*at)->next_numbered;
    *at = x->next_numbered;
    *(x->previous_of_uid != NULL ? &x->previous_of_uid->next_of_uid : of_uid(l, x->target.uid)) =
        x->next_of_uid;
    if (x->next_of_uid != NULL)
        x->next_of_uid->previous_of_uid = x->previous_of_uid;
    *(x->previous != NULL ? &x->previous->next : &l->first) = x->next;
    if (x->next != NULL)
        x->next->previous = x->previous;
}

static void file_name(uint64_t session, char name[static 40])
{
    (void)snprintf(name, 40, "%" PRIu64 ".lease", session);
}

/* The request as it came, after the two instants: it is read back by the same decoder. */
static int encode(const struct lease *x, struct buf *b)
{
    uint8_t frame[FRAME_MAX];
    struct reap_request request = {
        .type = FRAME_REAP_LEASE,
        .target = x->target,
        .class = x->class,
    };
    int size = reap_encode_request(&request, frame);
    if (size < 0)
        return size;
    buf_put_u64(b, x->first_us);
    buf_put_u64(b, x->until_us);
    buf_put(b, frame, (size_t)size);
    return buf_error(b);
}

static int write_whole(int fd, const uint8_t *data, size_t size)
{
    ssize_t n = write(fd, data, size);
    return n == (ssize_t)size ? 0 : n < 0 ? -errno : -ENOSPC;
}

/* Through a second name, so that a reader never meets half a lease. No fsync: the folder is in memory. */
static int save(const struct lease *x)
{
    struct buf b cleanup_buf = BUF_INIT;
    char name[40];
    int r = encode(x, &b);
    if (r < 0)
        return r;
    int folder = x->all->options.folder;
    int fd cleanup_close = openat(folder, "new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    r = write_whole(fd, b.data, b.size);
    if (r < 0)
        return r;
    file_name(x->target.session, name);
    return renameat(folder, "new", folder, name) < 0 ? -errno : 0;
}

static int decode(const uint8_t *data, size_t size, struct lease *x)
{
    struct view v = view_of(data, size);
    struct frame_header header;
    struct reap_request request;
    x->first_us = view_get_u64(&v);
    x->until_us = view_get_u64(&v);
    const uint8_t *head = view_get(&v, FRAME_HEADER_SIZE);
    if (head == NULL || frame_parse_header(head, &header) < 0 || header.type != FRAME_REAP_LEASE ||
        header.length != v.left)
        return -EBADMSG;
    int r = reap_decode_request(header.type, v.data, v.left, &request);
    if (r < 0)
        return r;
    x->target = request.target;
    x->class = request.class;
    return 0;
}

static void forget(struct lease *x)
{
    char name[40];
    take_out(x->all, x);
    file_name(x->target.session, name);
    (void)unlinkat(x->all->options.folder, name, 0);
    (void)lease_free(x);
}

/* The lease itself goes when the ending is proven (leases_drop): until then it also spares nothing,
 * and a reaper that is killed in between finds it again and ends the session after its restart. */
static int on_lapse(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct lease *x = userdata;
    (void)source;
    (void)usec;
    x->all->options.lapsed(x->all->options.userdata, &x->target);
    return 0;
}

static int arm(struct lease *x)
{
    if (x->timer == NULL)
        return sd_event_add_time(x->all->options.event, &x->timer, CLOCK_BOOTTIME, x->until_us, 1000,
                                 on_lapse, x);
    int r = sd_event_source_set_time(x->timer, x->until_us);
    return r < 0 ? r : sd_event_source_set_enabled(x->timer, SD_EVENT_ONESHOT);
}

static int load_one(struct leases *l, const char *name)
{
    uint8_t data[FILE_SIZE];
    int fd cleanup_close = openat(l->options.folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, data, sizeof data);
    if (n < 0)
        return -errno;
    struct lease *x cleanup(lease_free_p) = calloc(1, sizeof *x);
    if (x == NULL)
        return -ENOMEM;
    x->all = l;
    int r = decode(data, (size_t)n, x);
    if (r < 0 || (r = arm(x)) < 0)
        return r;
    put(l, steal_pointer(&x));
    return 0;
}

static int load(struct leases *l, unsigned *skipped)
{
    int fd = openat(l->options.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        int r = -errno;
        (void)close_fd(fd);
        return r;
    }
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        size_t length = strlen(e->d_name);
        if (length > 6 && strcmp(e->d_name + length - 6, ".lease") == 0 && load_one(l, e->d_name) < 0)
            (*skipped)++;
    }
    (void)closedir(dir);
    return 0;
}

int leases_new(const struct leases_options *options, struct leases **ret, unsigned *skipped)
{
    struct leases *l cleanup(leases_free_p) = calloc(1, sizeof *l);
    *skipped = 0;
    if (l == NULL)
        return -ENOMEM;
    l->options = *options;
    int r = load(l, skipped);
    if (r < 0)
        return r;
    *ret = steal_pointer(&l);
    return 0;
}

struct leases *leases_free(struct leases *l)
{
    if (l == NULL)
        return NULL;
    while (l->first != NULL) {
        struct lease *x = l->first;
        l->first = x->next;
        (void)lease_free(x);
    }
    free(l);
    return NULL;
}

static uint64_t clamp(const struct leases *l, uint8_t class, uint64_t first_us, uint64_t until_us)
{
    uint64_t latest = first_us + l->options.maximum_seconds[class] * SECOND_US;
    return until_us < latest ? until_us : latest;
}

int leases_put(struct leases *l, const struct reap_target *target, uint8_t class, uint64_t seconds,
               uint64_t *granted_seconds)
{
    uint64_t now = clock_boot_us();
    struct lease *old = find(l, target->session);
    struct lease *x cleanup(lease_free_p) = calloc(1, sizeof *x);
    if (x == NULL)
        return -ENOMEM;
    if (class < 1 || class > 3 || seconds > UINT32_MAX || (old != NULL && old->target.uid != target->uid))
        return -EINVAL;
    *x = (struct lease){.all = l, .target = *target, .class = old != NULL ? old->class : class};
    x->first_us = old != NULL ? old->first_us : now;
    x->until_us = clamp(l, x->class, x->first_us, now + seconds * SECOND_US);
    int r = arm(x);
    if (r < 0 || (r = save(x)) < 0)
        return r;
    if (old != NULL) {
        take_out(l, old);
        (void)lease_free(old);
    }
    *granted_seconds = x->until_us > now ? (x->until_us - now) / SECOND_US : 0;
    put(l, steal_pointer(&x));
    return 0;
}

static int cut(struct lease *x)
{
    uint64_t until = clamp(x->all, x->class, x->first_us, x->until_us), before = x->until_us;
    if (until == before)
        return 0;
    x->until_us = until;
    int r = arm(x);
    if (r == 0)
        r = save(x);
    if (r < 0)
        x->until_us = before;
    return r;
}

int leases_set_maximum(struct leases *l, const uint64_t seconds[static 4])
{
    int result = 0;
    memcpy(l->options.maximum_seconds, seconds, sizeof l->options.maximum_seconds);
    for (struct lease *x = l->first; x != NULL; x = x->next) {
        int r = cut(x);
        result = result < 0 ? result : r;
    }
    return result;
}

void leases_drop(struct leases *l, uint64_t session, uint32_t uid)
{
    struct lease *x = find(l, session);
    if (x != NULL && x->target.uid == uid)
        forget(x);
}

static const struct lease *lowest_above(const struct lease *chain, uint64_t session)
{
    const struct lease *found = NULL;
    for (const struct lease *x = chain; x != NULL; x = x->next_numbered)
        if (x->target.session > session && (found == NULL || x->target.session < found->target.session))
            found = x;
    return found;
}

const struct reap_target *leases_next(const struct leases *l, uint64_t session)
{
    size_t chain = session & (CHAINS - 1);
    const struct lease *x = lowest_above(l->by_number[chain], session);
    while (x == NULL && ++chain < CHAINS)
        x = lowest_above(l->by_number[chain], 0);
    return x == NULL ? NULL : &x->target;
}

bool leases_has(const struct leases *l, uint64_t session)
{
    return find(l, session) != NULL;
}

size_t leases_count(const struct leases *l)
{
    size_t n = 0;
    for (const struct lease *x = l->first; x != NULL; x = x->next)
        n++;
    return n;
}

size_t leases_audit_sessions(const struct leases *l, uint32_t uid, uint64_t except, uint32_t *audit_sessions)
{
    uint64_t now = clock_boot_us();
    size_t n = 0;
    const struct lease *x = l->by_uid[uid & (CHAINS - 1)];
    for (; x != NULL && n < LEASES_PER_PERSON_MAX; x = x->next_of_uid)
        if (x->target.uid == uid && x->target.session != except && x->until_us > now)
            audit_sessions[n++] = x->target.audit_session;
    return n;
}
