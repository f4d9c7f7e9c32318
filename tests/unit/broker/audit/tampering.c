#include "tests/unit/broker/audit/tampering.h"

#include <stdio.h>

unsigned tried, found;
struct sample_ledger sound, altered;

void begin_altered(void)
{
    struct sample_key key = altered.key, other = altered.other;

    altered = sound;
    altered.key = key;
    altered.other = other;
    for (size_t i = 0; i < altered.n; i++)
        if (sound.rows[i].detail == sound.details[i])
            altered.rows[i].detail = altered.details[i];
}

void judged(const struct chain_report *t, const char *what, size_t row)
{
    tried++;
    if (t->fault.what == CHAIN_SOUND)
        fail_msg("%s at row %zu was not found", what, row);
    found++;
}

void judged_at(const struct chain_report *t, const char *what, size_t row, uint64_t sequence)
{
    judged(t, what, row);
    if (t->fault.sequence != sequence)
        fail_msg("%s at row %zu was found at record %llu (%s: %s), not %llu", what, row,
                 (unsigned long long)t->fault.sequence, chain_fault_name(t->fault.what), t->fault.text,
                 (unsigned long long)sequence);
}

struct chain_report judge_beside_journal(void)
{
    struct chain_witness w[ROWS];
    struct chain_options o = {.ledger = SAMPLE_LEDGER_ID, .witnesses = w, .n_witnesses = ROWS};

    for (size_t i = 0; i < ROWS; i++)
        w[i] = sample_ledger_witness(&sound, i, CHAIN_BY_JOURNAL);
    sample_ledger_means(&altered, &o);
    return sample_ledger_judge(&altered, &o);
}

struct chain_report judge_beside_checkpoint(size_t row)
{
    const struct chain_witness w = sample_ledger_witness(&sound, row, CHAIN_BY_CHECKPOINT);
    struct chain_options o = {.ledger = SAMPLE_LEDGER_ID, .witnesses = &w, .n_witnesses = 1};

    sample_ledger_means(&altered, &o);
    return sample_ledger_judge(&altered, &o);
}

static int run(uint8_t format, const struct CMUnitTest *tests, size_t n)
{
    int failed;

    sample_ledger_make(&sound, format, ROWS);
    altered.key = sound.key;
    altered.other = sound.other;
    failed = _cmocka_run_group_tests("tampering", tests, n, NULL, NULL);
    sample_ledger_done(&sound);
    return failed;
}

int tampering_run(const struct CMUnitTest *tests, size_t n)
{
    int failed = run(RECORD_FORMAT_2_SHA256, tests, n) + run(RECORD_FORMAT_2_SM3, tests, n);

    (void)printf("tampering: %u tried, %u found\n", tried, found);
    return failed;
}
