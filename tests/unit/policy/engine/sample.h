#ifndef HUFU_TEST_ENGINE_SAMPLE_H
#define HUFU_TEST_ENGINE_SAMPLE_H

#include "policy/base/ident.h"
#include "policy/document/grant.h"

#include <stdint.h>

/* Grants for the tests of this folder, read by the real parser from a whole document. */
struct sample {
    uint32_t number;    /* makes the id: big-endian in its last octets */
    const char *staff;  /* NULL: zhang.san */
    const char *vendor; /* NULL: acme */
    const char *uses;   /* NULL: unlimited */
    uint32_t version;   /* 0: 1 */
    uint32_t days;      /* of validity from 2026-11-20, 1 to 9; 0: 1 */
};

struct ident_id sample_id(uint32_t number);

/** A valid grant; fails the test if the parser refuses. The caller's. */
struct grant *sample_grant(struct sample s);

#endif
