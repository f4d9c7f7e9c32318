// LAYERS: ldap wire common base
// LIBRARIES: libldap
// LINK: -Wl,--wrap=ldap_get_values_len -Wl,--wrap=ldap_value_free_len
// LINK: -Wl,--wrap=ldap_get_dn -Wl,--wrap=ldap_memfree
// COVERS: broker/ldap/entry.c
// OPTIONS: -max_len=65536
/*
 * An entry as a server may have it: its name, and behind it `NAME LENGTH` lines, each with so many octets and
 * one more. What is told of it is a frame that hufud reads, points into what the server said, and holds no
 * approval that could push another out.
 */
#include "broker/ldap/entry.h"
#include "policy/base/buf.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VALUES_MAX 64

static struct {
    const char *name;
    struct berval value;
} values[VALUES_MAX];
static size_t n_values;
static const char *dn;

struct berval **__wrap_ldap_get_values_len(LDAP *ldap, LDAPMessage *message, const char *name);
struct berval **__wrap_ldap_get_values_len(LDAP *ldap, LDAPMessage *message, const char *name)
{
    struct berval **found = calloc(VALUES_MAX + 1, sizeof(*found));
    size_t n = 0;

    (void)ldap, (void)message;
    demand(found != NULL, "memory");
    for (size_t i = 0; i < n_values; i++)
        if (strcmp(values[i].name, name) == 0)
            found[n++] = &values[i].value;
    if (n > 0)
        return found;
    free((void *)found);
    return NULL;
}

void __wrap_ldap_value_free_len(struct berval **found);
void __wrap_ldap_value_free_len(struct berval **found)
{
    free((void *)found);
}

char *__wrap_ldap_get_dn(LDAP *ldap, LDAPMessage *message);
char *__wrap_ldap_get_dn(LDAP *ldap, LDAPMessage *message)
{
    (void)ldap, (void)message;
    return dn && dn[0] != '\0' ? strdup(dn) : NULL;
}

void __wrap_ldap_memfree(void *p);
void __wrap_ldap_memfree(void *p)
{
    free(p);
}

static bool is_a_value(const struct feed_octets *o)
{
    for (size_t i = 0; i < n_values; i++)
        if ((const uint8_t *)values[i].value.bv_val == o->data && values[i].value.bv_len == o->size)
            return true;
    return false;
}

static void judge(const struct entry *e)
{
    cleanup_buf struct buf frame = BUF_INIT;
    struct feed_message again;

    demand(feed_encode(&e->message, &frame) == 0, "an entry that no frame holds");
    demand(feed_decode(FEED_ENTRY, frame.data + FRAME_HEADER_SIZE, frame.size - FRAME_HEADER_SIZE, &again) ==
               0,
           "an entry that hufud does not read");
    demand(memcmp(again.uuid, e->message.uuid, sizeof(again.uuid)) == 0, "an entry comes back");
    demand(!e->message.document.data || is_a_value(&e->message.document), "a document is one of its values");
    for (size_t i = 0; i < e->message.n_approvals; i++)
        demand(is_a_value(&e->message.approvals[i]), "an approval is one of its values");
    demand(memchr(e->modified, 0, sizeof(e->modified)) != NULL, "a time has an end");
}

/* "NAME LENGTH" and a line feed, and so many octets: as many of these as there are. */
static void cut(char *at, size_t size)
{
    while (size > 0 && n_values < VALUES_MAX) {
        char *end = memchr(at, '\n', size), *blank = end ? memchr(at, ' ', (size_t)(end - at)) : NULL;
        size_t length;

        if (!blank)
            return;
        *blank = *end = '\0';
        length = strtoul(blank + 1, NULL, 10);
        size -= (size_t)(end + 1 - at);
        values[n_values].name = at;
        at = end + 1;
        if (length > size)
            length = size;
        values[n_values++].value = (struct berval){.bv_len = length, .bv_val = at};
        /* As liblber does it. The last one has the text's own. */
        if (size > length)
            at[length++] = '\0';
        at += length;
        size -= length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t uuid[16] = {1, 2, 3};
    cleanup_free char *text = fuzz_text(data, size);
    char *end = memchr(text, '\n', size);

    n_values = 0;
    dn = end ? text : NULL;
    if (!end)
        return 0;
    *end = '\0';
    cut(end + 1, size - (size_t)(end + 1 - text));
    for (int given = 0; given < 2; given++) {
        struct entry e = {0};
        int r = entry_read(NULL, NULL, given ? uuid : NULL, &e);

        if (r == 0) {
            judge(&e);
            entry_done(&e);
        } else {
            demand(r == -EBADMSG, "an error that no entry makes");
        }
    }
    return 0;
}
