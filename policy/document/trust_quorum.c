#include "policy/document/trust.h"

static uint32_t slots_of(const struct trust_quorum *quorum, unsigned set)
{
    uint64_t slots = 0;

    for (unsigned i = 0; i < TRUST_ROLES_MAX; i++)
        if (set >> i & 1)
            slots += quorum->role[i];
    return slots < UINT32_MAX ? (uint32_t)slots : UINT32_MAX;
}

static uint32_t able_of(const uint16_t *roles, size_t n, unsigned set)
{
    uint32_t able = 0;

    for (size_t i = 0; i < n; i++)
        if (roles[i] & set)
            able++;
    return able;
}

/*
 * Hall's condition: distinct persons can be assigned to all slots if and only if, for every set of roles, at
 * least as many persons have one of them as there are slots of them; and the worst set's lack is what has to
 * be added (Ore). A quorum asks for as many roles as its total at most, so there are few sets.
 *
 * Counting role by role would be wrong both ways: one person who holds two roles would fill two slots, and a
 * person counted in the first role that fits may be missing in the only other one.
 */
uint32_t trust_quorum_missing(const struct trust_quorum *quorum, const uint16_t *roles, size_t n)
{
    uint32_t missing = quorum->total > n ? quorum->total - (uint32_t)n : 0;
    unsigned asked = 0;

    for (unsigned i = 0; i < TRUST_ROLES_MAX; i++)
        if (quorum->role[i] > 0)
            asked |= 1U << i;
    for (unsigned set = asked; set != 0; set = (set - 1) & asked) {
        uint32_t slots = slots_of(quorum, set);
        uint32_t able = able_of(roles, n, set);

        if (slots > able && slots - able > missing)
            missing = slots - able;
    }
    return missing;
}
