// LAYERS: trust test_support
// LIBRARIES: libcrypto
#include "broker/trust/verdict_cache.h"
#include "broker/trust/workers.h"
#include "tests/unit/support/department.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Verification through the workers against the bare library in as many threads, and a remembered verdict
 * against a verification, for each algorithm. The two take turns, so that a noisy machine is equally noisy to
 * both, and medians of their ratios are shown: of the rates, and of the processor time that one verification
 * takes, in which other processes have no part. Judges nothing.
 *
 * bench_verify [TIMES [ROUNDS]]
 */

#define ROUNDS_MAX 100

/* Of one run: wall clock and processor time of all threads, for one verification. */
struct cost {
    double wall_us, processor_us;
};

static double clock_us(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct cost cost_begin(void)
{
    return (struct cost){clock_us(CLOCK_MONOTONIC), clock_us(CLOCK_PROCESS_CPUTIME_ID)};
}

static struct cost cost_end(struct cost begun, unsigned times)
{
    return (struct cost){(clock_us(CLOCK_MONOTONIC) - begun.wall_us) / times,
                         (clock_us(CLOCK_PROCESS_CPUTIME_ID) - begun.processor_us) / times};
}

static struct octets octets_of(const char *text)
{
    return (struct octets){(const uint8_t *)text, strlen(text)};
}

/* One grant, and an approval of it by one algorithm. */
struct scene {
    struct department *department;
    struct signatory signer;
    char *trust_text, *text, *approval;
    struct trust_set *trust;
    struct grant *grant;
    struct subject subject;
};

static void scene_new(struct scene *s, enum signature_algorithm alg)
{
    struct trust_plan plan;

    *s = (struct scene){.department = department_new()};
    plan = department_plan(s->department);
    s->signer = department_signatory(s->department, "a.b", "finance", "leader,unit", alg);
    struct signatory approvers[] = {s->signer, s->department->approvers[DEPARTMENT_UNIT]};
    plan.approvers = approvers;
    plan.n_approvers = 2;
    s->trust_text = paper_trust(&plan);
    s->text = paper_grant(&(struct grant_plan){0});
    s->approval = paper_approval(&(struct approval_plan){.by = &s->signer, .document = s->text});
    must(trust_set_new(s->trust_text, strlen(s->trust_text), &s->trust, NULL) == 0);
    must(grant_parse(s->text, strlen(s->text), &s->grant, NULL) == 0);
    must(subject_of_grant(s->grant, octets_of(s->text), &s->subject) == 0);
}

static void scene_done(struct scene *s)
{
    grant_free(s->grant);
    trust_set_free(s->trust);
    free(s->trust_text);
    free(s->text);
    free(s->approval);
    signatory_done(&s->signer);
    department_free(s->department);
}

/* ---- the bare library ---- */

static const char *digest_of(enum signature_algorithm alg)
{
    if (alg == SIGNATURE_ED25519)
        return NULL;
    return alg == SIGNATURE_SM2_SM3 ? "SM3" : "SHA256";
}

/* A key of the kind and a message of the size. Called as its manual says, each verification begins with the
 * key; it takes less time to begin with a copy of a context that has begun, as trust_verdict_make() does. The
 * digest is fetched once either way. */
struct bare {
    const struct scene *scene;
    bool copies;
    unsigned times;
    uint8_t message[1024], signature[512];
    size_t size;
};

static bool bare_pad(const struct bare *b, EVP_PKEY_CTX *ctx)
{
    return b->scene->signer.alg != SIGNATURE_RSA_PSS_SHA256 ||
           (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32) == 1);
}

static void bare_sign(struct bare *b)
{
    EVP_PKEY_CTX *key_ctx = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    b->size = sizeof(b->signature);
    must(ctx && EVP_DigestSignInit_ex(ctx, &key_ctx, digest_of(b->scene->signer.alg), NULL, NULL,
                                      b->scene->signer.key, NULL) == 1);
    must(bare_pad(b, key_ctx) &&
         EVP_DigestSign(ctx, b->signature, &b->size, b->message, sizeof(b->message)) == 1);
    EVP_MD_CTX_free(ctx);
}

static void bare_begin(const struct bare *b, const EVP_MD *digest, EVP_MD_CTX *ctx)
{
    EVP_PKEY_CTX *key_ctx = NULL;

    must(EVP_MD_CTX_reset(ctx) == 1);
    must(EVP_DigestVerifyInit(ctx, &key_ctx, digest, NULL, b->scene->signer.key) == 1 &&
         bare_pad(b, key_ctx));
}

static void *bare_run(void *userdata)
{
    const struct bare *b = userdata;
    const char *name = digest_of(b->scene->signer.alg);
    EVP_MD *digest = name ? EVP_MD_fetch(NULL, name, NULL) : NULL;
    EVP_MD_CTX *begun = EVP_MD_CTX_new(), *ctx = EVP_MD_CTX_new();

    must(begun && ctx && (!name || digest));
    bare_begin(b, digest, begun);
    for (unsigned i = 0; i < b->times; i++) {
        if (b->copies)
            must(EVP_MD_CTX_copy_ex(ctx, begun) == 1);
        else
            bare_begin(b, digest, ctx);
        must(EVP_DigestVerify(ctx, b->signature, b->size, b->message, sizeof(b->message)) == 1);
    }
    EVP_MD_CTX_free(begun);
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(digest);
    return NULL;
}

static struct cost bare_cost(const struct scene *s, bool copies, unsigned times, int processors)
{
    struct bare b = {.scene = s, .copies = copies, .times = times / (unsigned)processors};
    pthread_t threads[WORKERS_MAX];
    struct cost begun;

    bare_sign(&b);
    begun = cost_begin();
    for (int i = 0; i < processors; i++)
        must(pthread_create(&threads[i], NULL, bare_run, &b) == 0);
    for (int i = 0; i < processors; i++)
        must(pthread_join(threads[i], NULL) == 0);
    return cost_end(begun, b.times * (unsigned)processors);
}

/* ---- through the workers ---- */

static void run(void *job)
{
    const struct scene *s = job;
    struct trust_verdict v;

    must(trust_verdict_make(s->trust, &s->subject, octets_of(s->approval), &v) == 0);
    must(v.outcome == SIGNATURE_COUNTED);
}

static void done(void *job, int result)
{
    (void)job;
    must(result == 0);
}

static struct cost workers_cost(struct scene *s, struct workers *w, unsigned times)
{
    struct cost begun = cost_begin();

    for (unsigned i = 0; i < times; i++)
        while (workers_submit(w, run, done, s) < 0)
            (void)workers_wait(w);
    while (workers_wait(w) > 0)
        ;
    return cost_end(begun, times);
}

/* ---- remembered ---- */

static struct cost remembered_cost(const struct scene *s, unsigned times)
{
    struct verdict_cache *cache;
    struct trust_verdict_key key;
    struct trust_verdict v;
    struct cost cost;

    must(verdict_cache_new(4096, &cache) == 0);
    must(trust_verdict_make(s->trust, &s->subject, octets_of(s->approval), &v) == 0);
    must(trust_verdict_key_of(s->trust, &s->subject, octets_of(s->approval), &key) == 0);
    verdict_cache_put(cache, &key, &v);
    cost = cost_begin();
    for (unsigned i = 0; i < times; i++) {
        must(trust_verdict_key_of(s->trust, &s->subject, octets_of(s->approval), &key) == 0);
        must(verdict_cache_find(cache, &key, &v));
    }
    cost = cost_end(cost, times);
    verdict_cache_free(cache);
    return cost;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double median(double *values, unsigned n)
{
    qsort(values, n, sizeof(*values), compare);
    return values[n / 2];
}

static void report(const char *name, enum signature_algorithm alg, unsigned times, unsigned rounds,
                   int processors)
{
    double rate[ROUNDS_MAX], processor[ROUNDS_MAX], copied[ROUNDS_MAX], remembered[ROUNDS_MAX],
        bare_us[ROUNDS_MAX];
    struct scene s;
    struct workers *w;

    scene_new(&s, alg);
    must(workers_new((size_t)processors, 64, &w) == 0);
    (void)workers_cost(&s, w, times / 10 + 1);
    for (unsigned i = 0; i < rounds; i++) {
        struct cost bare = bare_cost(&s, false, times, processors), through = workers_cost(&s, w, times),
                    copying = bare_cost(&s, true, times, processors);

        rate[i] = bare.wall_us / through.wall_us;
        processor[i] = bare.processor_us / through.processor_us;
        copied[i] = copying.processor_us / through.processor_us;
        remembered[i] = bare.processor_us / remembered_cost(&s, times).processor_us;
        bare_us[i] = bare.processor_us;
    }
    (void)printf("| %-17s | %5.1f us | %5.1f %% | %5.1f %% | %5.1f %% | %4.0f x |\n", name,
                 median(bare_us, rounds), 100 * median(rate, rounds), 100 * median(processor, rounds),
                 100 * median(copied, rounds), median(remembered, rounds));
    (void)fflush(stdout);
    workers_free(w);
    scene_done(&s);
}

static unsigned number(int argc, char **argv, int at, unsigned otherwise)
{
    return argc > at ? (unsigned)strtoul(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    unsigned times = number(argc, argv, 1, 2000), rounds = number(argc, argv, 2, 15);
    cpu_set_t set;
    int processors = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

    if (processors > WORKERS_MAX)
        processors = WORKERS_MAX;
    if (times < WORKERS_MAX || rounds == 0 || rounds > ROUNDS_MAX) {
        (void)fprintf(stderr, "usage: bench_verify [TIMES [ROUNDS]]\n");
        return 1;
    }
    (void)printf("%u verifications in %d threads, %u rounds, medians\n\n", times, processors, rounds);
    (void)printf("| algorithm | the bare library | rate of the workers | processor time: bare / workers | "
                 "bare with a copied context / workers | remembered |\n"
                 "|---|---|---|---|---|---|\n");
    report("Ed25519", SIGNATURE_ED25519, times, rounds, processors);
    report("ECDSA P-256", SIGNATURE_ECDSA_P256_SHA256, times, rounds, processors);
    report("RSA-PSS", SIGNATURE_RSA_PSS_SHA256, times, rounds, processors);
    report("SM2 with SM3", SIGNATURE_SM2_SM3, times, rounds, processors);
    return 0;
}
