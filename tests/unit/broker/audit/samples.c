#include "tests/unit/broker/audit/samples.h"

#include "tests/unit/unit.h"

#include <string.h>

struct record sample_record(void)
{
    struct record r = {
        .format = RECORD_FORMAT_2_SHA256,
        .sequence = 7,
        .at_us = 1795219200123456,
        .event = "login",
        .result = "failure",
        .reason = REASON_REVOKED,
        .staff = "zhang.san",
        .vendor = "acme",
        .account = "oracle",
        .service = "sshd",
        .address = "10.1.2.3",
        .tty = "pts/1",
        .grant = "0123456789abcdef0123456789abcdef",
        .version = 3,
        .ticket = "CHG-1",
        .session = 17,
        .deadline = 1795219300,
        .latency_us = 42,
        .reference = "8F3K-22",
        .actor = 1000,
        .detail = "said \"no\", \\ and 门 for \xf0\x9f\x90\xaf",
        .count = 5,
        .first_us = 1795219100654321,
        .sources = 2,
    };

    memset(r.previous, 0xab, sizeof(r.previous));
    memset(r.hash, 0xcd, sizeof(r.hash));
    return r;
}

struct record sample_bare_record(void)
{
    return (struct record){.format = RECORD_FORMAT_1,
                           .sequence = 1,
                           .at_us = 1795219200000000,
                           .event = "broker-start",
                           .result = "success",
                           .staff = "",
                           .vendor = "",
                           .account = "",
                           .service = "",
                           .address = "",
                           .tty = "",
                           .grant = "",
                           .ticket = "",
                           .reference = "",
                           .actor = UINT32_MAX,
                           .detail = ""};
}

void sample_expect_equal(const struct record *a, const struct record *b)
{
    for (size_t i = 0; i < RECORD_TEXTS; i++)
        assert_string_equal(record_text(a, i), record_text(b, i));
    assert_int_equal(a->format, b->format);
    assert_int_equal(a->sequence, b->sequence);
    assert_int_equal(a->at_us, b->at_us);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->session, b->session);
    assert_int_equal(a->deadline, b->deadline);
    assert_int_equal(a->latency_us, b->latency_us);
    assert_int_equal(a->actor, b->actor);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->first_us, b->first_us);
    assert_int_equal(a->sources, b->sources);
    assert_memory_equal(a->previous, b->previous, RECORD_HASH_SIZE);
    assert_memory_equal(a->hash, b->hash, RECORD_HASH_SIZE);
}
