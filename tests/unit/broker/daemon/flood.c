#include "tests/unit/broker/daemon/flood.h"

#include "broker/audit/event.h"
#include "broker/daemon/ledger.h"

#include <stdio.h>

struct record flood_refusal(const char *staff, const char *address)
{
    static char references[64][LEDGER_REFERENCE_SIZE];
    static unsigned next;
    struct record r = ledger_record(EVENT_LOGIN, REASON_NO_GRANT, false);

    ledger_reference(references[next % 64]);
    r.staff = r.account = staff;
    r.service = "sshd";
    r.address = address;
    r.reference = references[next++ % 64];
    return r;
}

const char *flood(struct world *w, unsigned n)
{
    static char told[LEDGER_REFERENCE_SIZE];

    for (unsigned i = 0; i < n; i++) {
        struct record r = flood_refusal("zhang.san", i % 2 == 0 ? "10.1.2.3" : "10.1.2.4");

        (void)snprintf(told, sizeof(told), "%s", repetition_write(w->broker, &r));
    }
    return told;
}

struct sum flood_recorded(struct world *w)
{
    return sums_of(w, EVENT_LOGIN, "failure", NULL);
}

unsigned flood_rows(struct world *w)
{
    struct sum s = flood_recorded(w);
    unsigned rows = s.rows;

    sums_done(&s);
    return rows;
}

static bool is_on_disk(struct world *w, void *userdata)
{
    return sums_on_disk(w).stands_for == *(const uint64_t *)userdata;
}

void flood_until_on_disk(struct world *w, uint64_t n)
{
    world_until(w, is_on_disk, &n);
}
