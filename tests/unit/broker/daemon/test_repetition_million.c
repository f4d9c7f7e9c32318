// LAYERS: test_support
// LINK: -Wl,--wrap=clock_wall -Wl,--wrap=clock_wall_us -Wl,--wrap=clock_boot_us
// LINK: -Wl,--wrap=gate_call_peer -Wl,--wrap=gate_call_since -Wl,--wrap=gate_call_reply -Wl,--wrap=texts_refuse

#include "broker/audit/event.h"
#include "broker/common/clock.h"
#include "broker/common/files.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/repetition.h"
#include "broker/daemon/texts.h"
#include "tests/unit/broker/daemon/set_clock.h"
#include "tests/unit/broker/daemon/sums.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A million refusals, at the function that the gate calls for a login: what becomes of them is told by
 * counts. */

#define MILLION  1000000
#define A_SECOND 4000 /* so many within one, as far as the broker can tell: four minutes and ten seconds */
#define A_TURN   1000 /* so many between two turns of the loop */

static struct {
    struct peer peer;
    unsigned refused;
    char reference[sizeof((struct gate_reply){0}.reference)];
} gate;

/* There is one caller, whose call is this. */
static int call;

const struct peer *__wrap_gate_call_peer(const struct gate_call *c);
uint64_t __wrap_gate_call_since(const struct gate_call *c);
void __wrap_gate_call_reply(struct gate_call *c, const struct gate_reply *reply);

const struct peer *__wrap_gate_call_peer(const struct gate_call *c)
{
    assert_ptr_equal(c, &call);
    return &gate.peer;
}

uint64_t __wrap_gate_call_since(const struct gate_call *c)
{
    (void)c;
    return 0;
}

void __wrap_gate_call_reply(struct gate_call *c, const struct gate_reply *reply)
{
    assert_ptr_equal(c, &call);
    assert_int_equal(reply->verdict, VERDICT_DENY);
    memcpy(gate.reference, reply->reference, sizeof(gate.reference));
    gate.refused++;
}

/* The words that the person reads take three quarters of the time, and nothing is counted by them. */
void __wrap_texts_refuse(const struct texts_refusal *t, char message[static TEXTS_MESSAGE_SIZE]);
void __wrap_texts_refuse(const struct texts_refusal *t, char message[static TEXTS_MESSAGE_SIZE])
{
    assert_int_equal(strlen(t->reference), LEDGER_REFERENCE_SIZE - 1);
    message[0] = '\0';
}

static gate_handler *handler_of(enum frame_type type)
{
    for (size_t i = 0; i < broker_n_gate_requests; i++)
        if (broker_gate_requests[i].type == type)
            return broker_gate_requests[i].handle;
    return NULL;
}

/* Three persons, ten thousand addresses. */
static void ask(struct world *w, gate_handler *handle, unsigned i)
{
    static const char *const people[] = {"zhang.san", "li.si", "wang.wu"};
    struct visitor me = {.pid = getpid()};
    struct gate_pam m = world_login(&me);
    uint8_t frame[FRAME_MAX];
    int size;

    (void)snprintf(m.user, sizeof(m.user), "%s", people[i % 3]);
    (void)snprintf(m.person, sizeof(m.person), "%s", people[i % 3]);
    (void)snprintf(m.remote_host, sizeof(m.remote_host), "10.%u.%u.1", i / 100 % 100, i % 100);
    (void)snprintf(m.ssh_connection, sizeof(m.ssh_connection), "10.%u.%u.1 40000 10.1.2.1 22", i / 100 % 100,
                   i % 100);
    size = gate_encode_pam(FRAME_GATE_ACCOUNT, &m, frame);
    assert_true(size > FRAME_HEADER_SIZE);
    handle(w->broker, (struct gate_call *)&call, frame + FRAME_HEADER_SIZE, (size_t)size - FRAME_HEADER_SIZE);
}

static void test_a_million(void **state)
{
    struct world *w = *state;
    gate_handler *handle = handler_of(FRAME_GATE_ACCOUNT);
    size_t before = mallinfo2().uordblks;
    uint64_t began = clock_boot_us(), minutes;
    struct repetition_counters counters;
    struct sum s;

    gate.peer = (struct peer){.pid = getpid(), .uid = geteuid(), .pidfd = -1};
    gate.refused = 0;
    for (unsigned i = 0; i < MILLION; i++) {
        ask(w, handle, i);
        if (i % A_SECOND == A_SECOND - 1)
            set_clock_wait(1);
        if (i % A_TURN == A_TURN - 1)
            assert_true(sd_event_run(w->event, 0) >= 0);
    }
    assert_int_equal(gate.refused, MILLION);
    assert_int_equal(store_flush(w->broker->store), 0);
    s = sums_of(w, EVENT_LOGIN, "failure", gate.reference);
    assert_non_null(s.found); /* of the last of them, too */
    assert_int_equal(s.last->sources, RECORD_SOURCES_MANY);
    counters = repetition_counters(w->broker->repetition);
    assert_int_equal(counters.kinds, 3);
    /* At each turn of the loop one for the counts, and at the minutes those of the records. */
    assert_true(counters.transactions <= MILLION / A_TURN + s.rows);
    assert_true(mallinfo2().uordblks < before + 1024 * 1024);
    minutes = (clock_boot_us() - began) / 60000000 + 1;
    assert_true(s.rows <= 3 * minutes * (REPETITION_FEW + 1));
    print_message("%u refusals: %u rows, %u transactions\n", MILLION, s.rows,
                  (unsigned)counters.transactions);
    sums_done(&s);
    world_restart(w);
    s = sums_of(w, EVENT_LOGIN, "failure", NULL);
    assert_int_equal(s.stands_for, MILLION);
    sums_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_million, set_clock_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
