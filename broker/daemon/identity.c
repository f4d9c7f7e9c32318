#include "broker/daemon/identity.h"

#include "broker/common/files.h"
#include "broker/common/i18n.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/directory.h"
#include "broker/daemon/life.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define META_HOST         "host"
#define META_MACHINE_ID   "machine-id"

#define MACHINE_ID_LENGTH (IDENTITY_ID_SIZE - 1)

/* systemd writes this into images whose first boot has still to come. */
static const char uninitialized[] = "uninitialized";

static int parse_machine_id(const char *content, size_t size, char text[static IDENTITY_ID_SIZE])
{
    static const uint8_t zero[16];
    uint8_t octets[16];

    if (size > 0 && content[size - 1] == '\n')
        size--;
    if (size == 0 || (size == strlen(uninitialized) && memcmp(content, uninitialized, size) == 0))
        return -ENODATA;
    if (size != MACHINE_ID_LENGTH || ident_parse_hex(content, size, octets, sizeof(octets)) < 0 ||
        memcmp(octets, zero, sizeof(zero)) == 0)
        return -EBADMSG;
    ident_format_hex(octets, sizeof(octets), text);
    return 0;
}

int identity_machine_id(const struct broker_options *o, char text[static IDENTITY_ID_SIZE])
{
    cleanup_free char *content = NULL;
    size_t size = 0;
    int r = files_read(o->machine_id_path, o->owner, 64, &content, &size);

    text[0] = '\0';
    return r < 0 ? r : parse_machine_id(content, size, text);
}

int identity_of_host(const struct broker *b, struct identity *ret)
{
    (void)snprintf(ret->host, sizeof(ret->host), "%s", b->config->host);
    return identity_machine_id(&b->options, ret->machine_id);
}

static void load(struct broker *b, const char *name, char *value, size_t size)
{
    if (store_load_meta(b->store, name, value, size) < 0)
        value[0] = '\0';
}

void identity_load(struct broker *b)
{
    load(b, META_HOST, b->identity.host, sizeof(b->identity.host));
    load(b, META_MACHINE_ID, b->identity.machine_id, sizeof(b->identity.machine_id));
}

static void say_no_machine_id(struct broker *b, int error, char *text, size_t size)
{
    if (error == -ENOENT || error == -ENODATA)
        (void)snprintf(text, size,
                       _("%s is missing or was never written: run systemd-machine-id-setup as root, then "
                         "`hufuctl host confirm`"),
                       b->options.machine_id_path);
    else
        (void)snprintf(text, size, _("%s cannot be read or is no machine-id: %s"), b->options.machine_id_path,
                       strerror(-error));
}

static void compare(struct broker *b, const struct identity *here, char *text, size_t size)
{
    const struct identity *made_for = &b->identity;

    if (strcmp(made_for->host, here->host) != 0)
        (void)snprintf(text, size,
                       _("the store was made for host %s, and hufud.conf says host = %s. If this host was "
                         "renamed: `hufuctl host confirm`. A clone has to get a store of its own (hufud(8))"),
                       made_for->host, here->host);
    else if (strcmp(made_for->machine_id, here->machine_id) != 0)
        (void)snprintf(
            text, size,
            _("the store was made on machine %s, and this is %s. If it is the same host with a new "
              "machine-id: `hufuctl host confirm`. A clone has to get a store of its own "
              "(hufud(8))"),
            made_for->machine_id, here->machine_id);
}

void identity_check(struct broker *b)
{
    char text[sizeof(b->host_trouble)] = "";
    struct identity here = {0};
    int r;

    if (!b->store)
        return; /* trouble enough, and nothing to compare with */
    r = identity_of_host(b, &here);
    if (r < 0)
        say_no_machine_id(b, r, text, sizeof(text));
    else
        compare(b, &here, text, sizeof(text));
    if (strcmp(text, b->host_trouble) == 0)
        return;
    memcpy(b->host_trouble, text, sizeof(text));
    b->generation++;
}

void identity_metas(const struct identity *i, struct store_meta metas[static IDENTITY_METAS])
{
    metas[0] = (struct store_meta){META_HOST, i->host};
    metas[1] = (struct store_meta){META_MACHINE_ID, i->machine_id};
}

void identity_write(struct store_txn *t, const struct identity *i)
{
    store_txn_meta(t, META_HOST, i->host);
    store_txn_meta(t, META_MACHINE_ID, i->machine_id);
}

void identity_confirmed(struct broker *b, const struct identity *i)
{
    b->identity = *i;
    identity_check(b);
    directory_host_changed(b->directory);
    b->generation++;
    life_recheck_all(b);
}
