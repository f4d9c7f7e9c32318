// LAYERS: trust test_support
// LIBRARIES: libcrypto
#include "broker/trust/verdict_cache.h"
#include "broker/trust/workers.h"
#include "tests/unit/support/department.h"

#include <openssl/evp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * Verification through the workers against as many threads' worth of the bare library's, and a remembered
 * verdict against a verification, for each algorithm, one after the other so that a noisy machine is equally
 * noisy to all. Prints ratios; judges nothing.
 *
 * bench_verify [TIMES]
 */

static double now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
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

/* A key of the kind and a message of the size; whether the parameters are ours makes no difference in time.
 */
static double bare_us(const struct scene *s, unsigned times)
{
    uint8_t message[1024] = {0}, signature[512];
    size_t size = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const char *digest = digest_of(s->signer.alg);
    double before;

    must(ctx && EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, s->signer.key, NULL) == 1);
    must(EVP_DigestSign(ctx, signature, &size, message, sizeof(message)) == 1);
    before = now_us();
    for (unsigned i = 0; i < times; i++) {
        must(EVP_MD_CTX_reset(ctx) == 1);
        must(EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, s->signer.key, NULL) == 1);
        must(EVP_DigestVerify(ctx, signature, size, message, sizeof(message)) == 1);
    }
    before = now_us() - before;
    EVP_MD_CTX_free(ctx);
    return before / times;
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

static double workers_us(struct scene *s, struct workers *w, unsigned times)
{
    double before = now_us();

    for (unsigned i = 0; i < times; i++)
        while (workers_submit(w, run, done, s) < 0)
            (void)workers_wait(w);
    while (workers_wait(w) > 0)
        ;
    return (now_us() - before) / times;
}

/* ---- remembered ---- */

static double remembered_us(const struct scene *s, unsigned times)
{
    struct verdict_cache *cache;
    struct trust_verdict_key key;
    struct trust_verdict v;
    double before;

    must(verdict_cache_new(4096, &cache) == 0);
    must(trust_verdict_make(s->trust, &s->subject, octets_of(s->approval), &v) == 0);
    must(trust_verdict_key_of(s->trust, &s->subject, octets_of(s->approval), &key) == 0);
    verdict_cache_put(cache, &key, &v);
    before = now_us();
    for (unsigned i = 0; i < times; i++) {
        must(trust_verdict_key_of(s->trust, &s->subject, octets_of(s->approval), &key) == 0);
        must(verdict_cache_find(cache, &key, &v));
    }
    before = now_us() - before;
    verdict_cache_free(cache);
    return before / times;
}

static void report(const char *name, enum signature_algorithm alg, unsigned times, int processors)
{
    struct scene s;
    struct workers *w;
    double bare, through, remembered;

    scene_new(&s, alg);
    must(workers_new(0, 64, &w) == 0);
    (void)workers_us(&s, w, times / 10 + 1);
    (void)bare_us(&s, times / 10 + 1);
    bare = bare_us(&s, times);
    through = workers_us(&s, w, times);
    remembered = remembered_us(&s, times);
    (void)printf(
        "%-18s through the workers %.2f of %d times the bare library's rate; remembered: %.0f times as "
        "fast as verified\n",
        name, bare / through, processors, bare / remembered);
    workers_free(w);
    scene_done(&s);
}

int main(int argc, char **argv)
{
    unsigned times = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 2000;
    cpu_set_t set;
    int processors = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

    if (times == 0) {
        (void)fprintf(stderr, "bench_verify: TIMES is not a number\n");
        return 1;
    }
    report("ed25519", SIGNATURE_ED25519, times, processors);
    report("ecdsa-p256-sha256", SIGNATURE_ECDSA_P256_SHA256, times, processors);
    report("rsa-pss-sha256", SIGNATURE_RSA_PSS_SHA256, times, processors);
    report("sm2-sm3", SIGNATURE_SM2_SM3, times, processors);
    return 0;
}
