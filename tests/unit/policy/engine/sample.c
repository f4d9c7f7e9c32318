#include "tests/unit/policy/engine/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct ident_id sample_id(uint32_t number)
{
    struct ident_id id = {{0}};

    for (unsigned i = 0; i < 4; i++)
        id.octets[IDENT_ID_SIZE - 1 - i] = (uint8_t)(number >> (8 * i));
    return id;
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

struct grant *sample_grant(struct sample s)
{
    struct ident_id id = sample_id(s.number);
    char id_text[IDENT_ID_TEXT_SIZE], text[2048];
    struct document_error error = {0};
    struct grant *g = NULL;
    int size;

    ident_format_id(&id, id_text);
    size =
        snprintf(text, sizeof text,
                 "hufu-grant: 1\nsite: cn.example\nid: %s\nversion: %u\nclass: normal\nvendor: %s\n"
                 "employer: acme\ncontract: C-1\nstaff: %s\nstaff-key: password\nhost: db01.example\n"
                 "service: sshd\nchannel: shell\nrun-as: none\ncommand: none\nsource: any\n"
                 "not-before: 2026-11-20T00:00:00Z\nnot-after: 2026-11-2%uT00:00:00Z\nhours: any\nuses: %s\n"
                 "sessions: 1\nmax-session: 3600\nrecording: none\nrequester: li.si\nticket: T-1\n"
                 "purpose: test\n",
                 id_text, s.version ? s.version : 1, or_else(s.vendor, "acme"), or_else(s.staff, "zhang.san"),
                 s.days ? s.days : 1, or_else(s.uses, "unlimited"));
    assert_in_range(size, 1, sizeof text - 1);
    if (grant_parse(text, (size_t)size, &g, &error) < 0)
        fail_msg("line %u: %s", error.line, error.reason);
    return g;
}
