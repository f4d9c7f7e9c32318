// LAYERS: daemon test_support
// LIBRARIES: libcrypto
// FIXTURES: unit/broker/daemon
// LINK: -Wl,--wrap=sd_event_run
#include "broker/daemon/directory_internal.h"
#include "tests/unit/broker/daemon/fake_ldapd.h"
#include "tests/unit/support/many.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * What a refresh from the directory with many entries does to the loop: its longest turn, in milliseconds of
 * its processor time, while entries are told and from their end until all is settled.
 *
 * bench_refresh ENTRIES
 */

static double longest;

int __real_sd_event_run(sd_event *event, uint64_t timeout);
int __wrap_sd_event_run(sd_event *event, uint64_t timeout);

static double processor(void)
{
    struct timespec t;

    must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int __wrap_sd_event_run(sd_event *event, uint64_t timeout)
{
    double begin = processor();
    int r = __real_sd_event_run(event, timeout);

    begin = processor() - begin;
    longest = begin > longest ? begin : longest;
    return r;
}

static double take_longest(void)
{
    double is = longest;

    longest = 0;
    return is;
}

static void refresh(struct ldapd *l, const char *what, const struct many_grant *grants, unsigned n, bool full,
                    unsigned present)
{
    const struct directory *d = l->w->broker->directory;
    double told;

    (void)take_longest();
    ldapd_begin(l, full);
    for (unsigned i = 0; i < n; i++)
        ldapd_entry(l, i + 1, grants[i].document, grants[i].approvals[0], grants[i].approvals[1]);
    for (unsigned i = 0; i < present; i += FEED_PRESENT_MAX)
        ldapd_present(l, i + 1, i + FEED_PRESENT_MAX < present ? i + FEED_PRESENT_MAX : present);
    world_for(l->w, 200);
    told = take_longest();
    ldapd_end(l, false, "rid=1,csn=1");
    while (d->phase == DIRECTORY_REFRESHING || !directory_is_quiet(d) || d->n_unwritten > 0)
        must(sd_event_run(l->w->event, UINT64_MAX) >= 0);
    ldapd_settle(l);
    (void)printf("%s: told %.1f ms, from its end on %.1f ms\n", what, told, take_longest());
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10000;
    struct many_grant *grants = calloc(n, sizeof(*grants));
    struct many_plan plan;
    struct world *w;
    struct ldapd l;
    void *state;

    must(grants && world_setup(&state) == 0);
    w = state;
    plan = (struct many_plan){
        .department = w->department, .from = time(NULL) - 3600, .until = time(NULL) + 86400};
    for (unsigned i = 0; i < n; i++)
        grants[i] = many_grant(&plan, i);
    l = ldapd_new(w);
    ldapd_connect(&l);
    refresh(&l, "all new", grants, n, true, 0);
    refresh(&l, "all told again", grants, n, true, 0);
    refresh(&l, "all still there", grants, 0, false, n);
    refresh(&l, "none left", grants, 0, true, 0);
    ldapd_hang_up(&l);
    for (unsigned i = 0; i < n; i++)
        many_grant_done(&grants[i]);
    free(grants);
    return world_teardown(&state);
}
