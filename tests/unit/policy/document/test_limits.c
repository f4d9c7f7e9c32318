/*
 * Sizes of lines and documents, and how often each key may stand: the last that is accepted and the first
 * that is not.
 */
#include "policy/base/buf.h"
#include "policy/base/cleanup.h"
#include "tests/unit/policy/document/sample.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define GRANT (&samples[0])
#define TRUST (&samples[4])

/* "command: /a" and more a's, so long that the line has `length` octets. */
static void put_command(struct buf *text, unsigned number, size_t length)
{
    size_t start = text->size;

    buf_printf(text, "command: /%02u", number);
    while (text->size - start < length)
        buf_puts(text, "a");
    buf_puts(text, "\n");
}

/* The sample grant with n commands of these line lengths, the last of them with the other length. */
static char *grant_with_commands(unsigned n, size_t length, size_t last_length)
{
    cleanup_buf struct buf commands = BUF_INIT;
    cleanup_free char *text = NULL;

    for (unsigned i = 0; i < n; i++)
        put_command(&commands, i, i + 1 < n ? length : last_length);
    text = buf_steal_text(&commands);
    assert_non_null(text);
    return sample_edit(sample_grant, "command: /usr/bin/systemctl restart oracle\n", text);
}

static void test_line_of_a_grant(void **state)
{
    cleanup_free char *longest = grant_with_commands(1, 0, 4096);
    cleanup_free char *longer = grant_with_commands(1, 0, 4097);

    (void)state;
    sample_accepted(GRANT->round, longest, strlen(longest));
    sample_refused(GRANT->round, longer, strlen(longer), 16, "the line has 4097 octets, more than 4096");
}

static void test_size_of_a_grant(void **state)
{
    cleanup_free char *probe = grant_with_commands(5, 3000, 100);
    size_t rest = 16384 - strlen(probe) + 100;
    cleanup_free char *largest = grant_with_commands(5, 3000, rest);
    cleanup_free char *larger = grant_with_commands(5, 3000, rest + 1);

    (void)state;
    assert_int_equal(strlen(largest), 16384);
    sample_accepted(GRANT->round, largest, strlen(largest));
    sample_refused(GRANT->round, larger, strlen(larger), 0, "the document has 16385 octets, more than 16384");
}

/* "approver: pNN o x ed25519 AAAA...": certificates come in fours. */
static void put_approver(struct buf *text, unsigned number, size_t length)
{
    size_t start = text->size;

    buf_printf(text, "approver: p%02u o leader,unit ed25519 ", number);
    while (text->size - start < length)
        buf_puts(text, "A");
    buf_puts(text, "\n");
}

static char *trust_with_approvers(unsigned n, size_t length, size_t last_length)
{
    cleanup_buf struct buf approvers = BUF_INIT;
    cleanup_free char *text = NULL;

    for (unsigned i = 0; i < n; i++)
        put_approver(&approvers, i, i + 1 < n ? length : last_length);
    text = buf_steal_text(&approvers);
    assert_non_null(text);
    return sample_edit(sample_trust,
                       "approver: wang.wu finance leader sm2-sm3 MAAC\n"
                       "approver: zhou.ming finance leader,unit ed25519 MAAD\n"
                       "approver: zhou.ming finance unit ed25519 MAAE\n",
                       text);
}

static void test_line_of_a_trust_file(void **state)
{
    /* The name grows by an octet, the certificate stays: 65536 and 65537 octets. */
    cleanup_free char *longest = NULL, *longer = NULL;
    size_t length = strlen("anchor: finance-sm2x ");
    char *certificate = malloc(65536 + 8);

    (void)state;
    length += (65536 - length) / 4 * 4;
    memset(certificate, 0, 65536 + 8);
    memset(certificate, 'A', length - strlen("anchor: finance-sm2x "));
    {
        cleanup_free char *line = NULL, *line_longer = NULL;
        int pad = (int)(65536 - length);

        assert_true(asprintf(&line, "anchor: finance-sm2x%.*s %s\n", pad, "yyyy", certificate) == 65537);
        assert_true(asprintf(&line_longer, "anchor: finance-sm2xx%.*s %s\n", pad, "yyyy", certificate) ==
                    65538);
        longest = sample_edit(sample_trust, "anchor: finance-sm2 MAAB\n", line);
        longer = sample_edit(sample_trust, "anchor: finance-sm2 MAAB\n", line_longer);
    }
    free(certificate);
    sample_accepted(TRUST->round, longest, strlen(longest));
    sample_refused(TRUST->round, longer, strlen(longer), 7, "the line has 65537 octets, more than 65536");
}

static void test_size_of_a_trust_file(void **state)
{
    const size_t whole = strlen("approver: p00 o leader,unit ed25519 ") + 60000;
    cleanup_free char *probe = trust_with_approvers(18, whole, 1000);
    size_t rest = 1048576 - strlen(probe) + 1000;
    /* rest - head is a multiple of four only by luck: let the site's name take up the difference. */
    size_t pad = (rest - strlen("approver: p00 o leader,unit ed25519 ")) % 4;
    cleanup_free char *unpadded = trust_with_approvers(18, whole, rest - pad);
    cleanup_free char *site = NULL, *largest = NULL, *larger = NULL, *site_larger = NULL;

    (void)state;
    assert_true(asprintf(&site, "site: %.*scn.example.finance\n", (int)pad, "xxxx") > 0);
    assert_true(asprintf(&site_larger, "site: y%.*scn.example.finance\n", (int)pad, "xxxx") > 0);
    largest = sample_edit(unpadded, "site: cn.example.finance\n", site);
    larger = sample_edit(unpadded, "site: cn.example.finance\n", site_larger);
    assert_int_equal(strlen(largest), 1048576);
    sample_accepted(TRUST->round, largest, strlen(largest));
    sample_refused(TRUST->round, larger, strlen(larger), 0,
                   "the document has 1048577 octets, more than 1048576");
}

/* --- counts ------------------------------------------------------------------------------------------ */

struct count {
    size_t sample;
    const char *lines;  /* of the sample, that are replaced */
    const char *before; /* of a line that may be repeated: what stands before and behind a number */
    const char *behind;
    unsigned first_number;
    unsigned most;
};

static const struct count counts[] = {
    {0, "host: db01.finance.example\n", "host: h", "", 100, 64},
    {0, "service: login\nservice: sshd\n", "service: s", "", 100, 8},
    {0, "run-as: oracle\n", "run-as: a", "", 100, 16},
    {0, "command: /usr/bin/systemctl restart oracle\n", "command: /bin/c", "", 100, 32},
    {0, "source: 10.1.2.0/24\nsource: local\n", "source: 10.0.0.", "/32", 100, 32},
    {0, "hours: mon-fri 09:00-18:00 +08:00\n", "hours: mon 01:", "-02:00 +00:00", 10, 16},
    {0, "staff-key: SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\n",
     "staff-key: SHA256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", "E", 10, 8},
    {4, "anchor: finance-ed25519 MAAA\nanchor: finance-sm2 MAAB\n", "anchor: a", " MAAB", 100, 8},
    {4, "requester: li.si finance\nrequester: zhou.ming finance\n", "requester: r", " finance", 100, 256},
    {4,
     "approver: wang.wu finance leader sm2-sm3 MAAC\napprover: zhou.ming finance leader,unit ed25519 MAAD\n"
     "approver: zhou.ming finance unit ed25519 MAAE\n",
     "approver: p", " finance leader,unit ed25519 MAAE", 100, 64},
    {4, "revoker: sun.qi finance ecdsa-p256-sha256 MAAF\n", "revoker: p", " finance ed25519 MAAE", 100, 64},
    {4, "status-key: status-2026 rsa-pss-sha256 MAAG\n", "status-key: k", " sm2-sm3 MAAE", 100, 4},
};

/* The sample with n lines instead. */
static char *with_count(const struct count *c, unsigned n)
{
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_free char *lines = NULL;

    for (unsigned i = 0; i < n; i++)
        buf_printf(&text, "%s%u%s\n", c->before, c->first_number + i, c->behind);
    lines = buf_steal_text(&text);
    assert_non_null(lines);
    return sample_edit(samples[c->sample].text, c->lines, lines);
}

static void test_counts(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(counts); k++) {
        const struct count *c = &counts[k];
        const struct sample *s = &samples[c->sample];
        cleanup_free char *two = with_count(c, 2), *most = with_count(c, c->most),
                          *more = with_count(c, c->most + 1);
        cleanup_free char *part = NULL;

        assert_true(asprintf(&part, "stands %u times, more than %u", c->most + 1, c->most) > 0);
        sample_accepted(s->round, two, strlen(two));
        sample_accepted(s->round, most, strlen(most));
        sample_refused(s->round, more, strlen(more), sample_line(s->text, c->lines) + c->most, part);
    }
}

/* Four channels are all there are; a limit and a quorum for each class, and no fourth. */
static void test_counts_of_words(void **state)
{
    (void)state;
    sample_edit_accepted(GRANT, "channel: shell\n",
                         "channel: exec\nchannel: forward\nchannel: shell\nchannel: transfer\n");
    sample_edit_refused(GRANT, "channel: shell\n",
                        "channel: exec\nchannel: forward\nchannel: shell\nchannel: transfer\nchannel: x11\n",
                        18, "stands 5 times, more than 4");
    sample_edit_refused(TRUST, "limit: normal validity=2592000 session=28800 any=none\n", "", 17,
                        "`limit` is missing before `quorum`");
    sample_edit_refused(TRUST, "quorum: normal total=2 leader=1 unit=1\n", "", 19,
                        "`quorum` is missing at the end");
    sample_edit_refused(TRUST, "limit: privileged validity=604800 session=14400 any=uses\n",
                        "limit: privileged validity=604800 session=14400 any=uses\nlimit: x\n", 18,
                        "stands 4 times, more than 3");
    sample_edit_refused(TRUST, "quorum: privileged total=2 leader=1\n",
                        "quorum: privileged total=2 leader=1\nquorum: x total=1\n", 21,
                        "stands 4 times, more than 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_of_a_grant),
        cmocka_unit_test(test_size_of_a_grant),
        cmocka_unit_test(test_line_of_a_trust_file),
        cmocka_unit_test(test_size_of_a_trust_file),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_counts_of_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
