#include "policy/document/document.h"

#include "policy/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct type_row {
    enum document_type type;
    const char *name;
    const char *first_line;
};

static const struct type_row type_rows[] = {
    {DOCUMENT_GRANT, "grant", "hufu-grant: 1\n"},
    {DOCUMENT_APPROVAL, "approval", "hufu-approval: 1\n"},
    {DOCUMENT_REVOCATION, "revocation", "hufu-revocation: 1\n"},
    {DOCUMENT_STATUS, "status", "hufu-status: 1\n"},
    {DOCUMENT_TRUST, "trust", "hufu-trust: 1\n"},
};

int document_type_of(const void *octets, size_t size, enum document_type *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(type_rows); i++) {
        size_t length = strlen(type_rows[i].first_line);

        if (size >= length && memcmp(octets, type_rows[i].first_line, length) == 0) {
            *ret = type_rows[i].type;
            return 0;
        }
    }
    return -EINVAL;
}

const char *document_type_name(enum document_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(type_rows); i++)
        if (type_rows[i].type == type)
            return type_rows[i].name;
    return NULL;
}
