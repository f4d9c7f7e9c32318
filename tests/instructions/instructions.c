/*
 * What the way of a decision costs, in instructions: run by compare.py under callgrind, which counts between
 * the marks. Each case is done once before it is counted, so that what happens once in a process (symbols
 * that are looked up) is not in its count.
 */
#include "policy/base/cleanup.h"
#include "policy/engine/decide.h"
#include "policy/wire/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#define NOW   ((when_t)1795219200) /* 2026-11-21T00:00:00Z */
#define TIMES 100                  /* a case is counted */
#define FEW   1000U
#define MANY  100000U
#define OWN   20U /* grants of the person who has many */

static const uint8_t seed[GRANT_INDEX_SEED_SIZE] = {1, 2, 3};
/* strcmp() goes octet by octet near the end of a page: what is compared must not lie there in one build and
 * elsewhere in the next. */
static const _Alignas(64) char site_name[] = "cn.example", host_name[] = "db01.example", sshd[] = "sshd",
                               member[] = "zhang.san", busy[] = "li.si", nobody[] = "wang.wu";
static const struct host_identity host = {.site = site_name, .name = host_name};

static void must(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "instructions: %s\n", what);
    exit(1);
}

/* ---- grants ---- */

static void put(struct grant_index *index, unsigned number, const char *staff, const char *service)
{
    char text[2048];
    struct grant *g = NULL;
    int size = snprintf(
        text, sizeof(text),
        "hufu-grant: 1\nsite: cn.example\nid: 01960000000070008000%012x\nversion: 1\nclass: normal\n"
        "vendor: acme\nemployer: acme\ncontract: C-1\nstaff: %s\nstaff-key: password\nhost: db01.example\n"
        "host: db02.example\nservice: %s\nchannel: shell\nrun-as: none\ncommand: none\nsource: 10.1.0.0/16\n"
        "not-before: 2026-11-20T00:00:00Z\nnot-after: 2026-11-25T00:00:00Z\nhours: mon-sun 00:00-24:00 "
        "+08:00\nuses: unlimited\n"
        "sessions: 1\nmax-session: 3600\nrecording: none\nrequester: li.si\nticket: T-1\npurpose: test\n",
        number, staff, service);

    struct document_error error = {0};
    must(size > 0 && grant_parse(text, (size_t)size, &g, &error) == 0, error.reason);
    must(grant_index_put(index, g, REASON_OK, NOW + 86400, 3600, NULL) == 0, "a grant was not taken");
}

/* `count` of others; one of zhang.san; and OWN of li.si, of which the last admits. */
static struct grant_index *index_of(unsigned count)
{
    struct grant_index *index = NULL;
    char staff[32];

    must(grant_index_new(seed, &index) == 0, "no index");
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(staff, sizeof(staff), "staff.%u", i);
        put(index, i, staff, sshd);
    }
    put(index, count, member, sshd);
    for (unsigned i = 1; i <= OWN; i++)
        put(index, count + i, busy, i == OWN ? sshd : "login");
    return index;
}

/* ---- cases ---- */

struct scene {
    const struct grant_index *index;
    const char *staff;
    enum verdict expected;
    struct gate_pam request;
    uint8_t asked[FRAME_MAX], answered[FRAME_MAX];
    size_t asked_size, answered_size;
};

static struct facts facts_of(const struct scene *s)
{
    struct facts f = {.now = NOW,
                      .host = &host,
                      .host_state = REASON_OK,
                      .status_until = WHEN_NEVER,
                      .person_state = REASON_OK,
                      .staff = s->staff,
                      .phase = PHASE_ACCOUNT,
                      .kind = SERVICE_LOGIN,
                      .service = sshd,
                      .source = SOURCE_ADDRESS,
                      .key = KEY_NOT_ASKED};

    must(address_parse("10.1.2.3", 8, &f.address) == 0, "an address");
    return f;
}

static void decide_case(struct scene *s)
{
    struct facts f = facts_of(s);

    must(decide(s->index, &f, NULL, NULL).verdict == s->expected, "another decision");
}

/* The module: its request as a frame. */
static void ask_case(struct scene *s)
{
    int size = gate_encode_pam(FRAME_GATE_ACCOUNT, &s->request, s->asked);

    must(size > 0, "no frame");
    s->asked_size = (size_t)size;
}

static const struct gate_reply admitted = {.verdict = VERDICT_ALLOW,
                                           .reason = REASON_OK,
                                           .valid_until = NOW + 3600,
                                           .reference = "a1b2c3d4",
                                           .message = "Hufu: you may come in until 2026-11-21 09:00."};

/* The broker, from the octets of the request to those of the reply, without what it looks up around it. */
static void answer_case(struct scene *s)
{
    struct gate_pam m;
    struct frame_header h;
    struct facts f = facts_of(s);
    int size;

    must(frame_parse(s->asked, s->asked_size, &h) == 0 && h.type == FRAME_GATE_ACCOUNT &&
             gate_decode_pam(s->asked + FRAME_HEADER_SIZE, h.length, &m) == 0,
         "the request");
    f.staff = m.person;
    f.service = service_grant_name(m.service);
    must(address_parse(m.remote_host, strlen(m.remote_host), &f.address) == 0, "its address");
    must(decide(s->index, &f, NULL, NULL).verdict == s->expected, "another decision");
    size = gate_encode_reply(&admitted, s->answered);
    must(size > 0, "no reply");
    s->answered_size = (size_t)size;
}

/* The module: the reply, read. */
static void read_case(struct scene *s)
{
    struct gate_reply reply;
    struct frame_header h;

    must(frame_parse(s->answered, s->answered_size, &h) == 0 &&
             gate_decode_reply(s->answered + FRAME_HEADER_SIZE, h.length, &reply) == 0 &&
             reply.verdict == VERDICT_ALLOW,
         "the reply");
}

static void count(const char *name, void (*f)(struct scene *s), struct scene *s)
{
    f(s);
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    for (unsigned i = 0; i < TIMES; i++)
        f(s);
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
}

static void describe(struct gate_pam *m)
{
    *m = (struct gate_pam){.caller = {1000, 999, 123456, 123400, 0, UINT32_MAX, UINT32_MAX},
                           .range = {20000, 29999},
                           .user = "zhang.san",
                           .user_uid = 20001,
                           .person = "zhang.san",
                           .person_uid = 20001,
                           .service = "sshd",
                           .tty = "ssh",
                           .remote_host = "10.1.2.3"};
}

int main(void)
{
    struct grant_index *few = index_of(FEW), *many = index_of(MANY);
    struct scene one_of_few = {.index = few, .staff = member, .expected = VERDICT_ALLOW};
    struct scene one_of_many = {.index = many, .staff = member, .expected = VERDICT_ALLOW};
    struct scene last_of_many = {.index = many, .staff = busy, .expected = VERDICT_ALLOW};
    struct scene stranger = {.index = many, .staff = nobody, .expected = VERDICT_DENY};

    describe(&one_of_many.request);
    count("decide-1000-grants", decide_case, &one_of_few);
    count("decide-100000-grants", decide_case, &one_of_many);
    count("decide-20-grants-of-the-person", decide_case, &last_of_many);
    count("decide-nobody", decide_case, &stranger);
    count("module-asks", ask_case, &one_of_many);
    count("broker-answers", answer_case, &one_of_many);
    count("module-reads", read_case, &one_of_many);
    grant_index_free(few);
    grant_index_free(many);
    return 0;
}
