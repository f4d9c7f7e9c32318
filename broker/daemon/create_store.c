#include "broker/common/i18n.h"
#include "broker/daemon/broker.h"
#include "broker/daemon/sealer_key.h"
#include "broker/trust/digest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* hufud --create-store, and what opening the store later shares with it. */

struct store_options broker_store_options(const char *path, const struct config *c)
{
    return (struct store_options){.path = path,
                                  .sha256 = digest_sha256,
                                  .sm3 = digest_sm3,
                                  .format = c->ledger_hash,
                                  .measure = c->keep_size != 0};
}

int broker_store_path(const struct broker_options *o, char *path)
{
    int n = snprintf(path, PATH_MAX, "%s/hufu.db", o->state_dir);

    return n > 0 && n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int broker_create_store(const struct broker_options *o, const struct config *config, char error[static 256])
{
    struct store_meta metas[IDENTITY_METAS];
    char path[PATH_MAX], why[200] = "";
    struct store_options options;
    struct identity identity;
    int r = identity_machine_id(o, identity.machine_id);

    if (r < 0) {
        (void)snprintf(error, 256, _("%s cannot be read or is no machine-id: %s"), o->machine_id_path,
                       strerror(-r));
        return r;
    }
    (void)snprintf(identity.host, sizeof(identity.host), "%s", config->host);
    r = broker_store_path(o, path);
    if (r < 0)
        return r;
    options = broker_store_options(path, config);
    identity_metas(&identity, metas);
    options.metas = metas;
    options.n_metas = IDENTITY_METAS;
    r = store_create(&options, why);
    if (r == 0)
        r = sealer_key_make(o, config);
    if (r < 0)
        (void)snprintf(error, 256, "%.120s: %.120s", path, why[0] != '\0' ? why : strerror(-r));
    return r;
}
