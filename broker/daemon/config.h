#ifndef HUFU_DAEMON_CONFIG_H
#define HUFU_DAEMON_CONFIG_H

#include "broker/audit/record.h"
#include "broker/common/conf.h"
#include "policy/base/cleanup.h"
#include "policy/base/when.h"
#include "policy/document/grant.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* /etc/hufu/hufud.conf, after strict parsing (hufud(8) explains each key). */
struct config {
    char *host;    /* [host] host: the name that grants call this host by */
    char **groups; /* [host] groups: its groups, without @ */
    size_t n_groups;
    unsigned gated_first; /* [gate] gated-uid: range of gated uids, both inclusive */
    unsigned gated_last;
    char **serial; /* [gate] serial-lines: ttys that count as local, without /dev/ */
    size_t n_serial;
    bool status_required;           /* [directory] status-max-age: false if `none` */
    uint32_t status_max_age;        /* seconds */
    uint32_t tolerance;             /* [time] tolerance: seconds the wall clock may step back */
    bool recorder;                  /* [recording] recorder: `tlog`; false if `none` or absent */
    enum record_format ledger_hash; /* [ledger] hash: of new records */
    char *ledger_key;      /* [ledger] key: a path, or a URI pkcs11:...; NULL: ledger.key beside the store */
    char *ledger_pin_file; /* [ledger] pin-file: with the PIN of that token; NULL */
    uint32_t checkpoint_every; /* [ledger] checkpoint-every: seconds, at most an hour */
    uint32_t keep;             /* [ledger] keep: seconds that records stay; 0: for ever */
    uint64_t keep_size;        /* [ledger] keep-size: octets of records that stay; 0: all */
    char *archive;             /* [ledger] archive: folder for what leaves the ledger; NULL: none */
    uint64_t reserve;          /* [ledger] reserve: octets set aside for a full disk */
    uint32_t review_every;     /* [review] every: seconds after which a review is overdue; 0: never */
    char *language;            /* [texts] language: "en", "zh_CN" */
};

/** Reads a configuration file that belongs to `owner`. *ret is the caller's (config_free). 0, or -errno with
 * `error` filled. */
int config_load(const char *path, uid_t owner, struct config **ret, struct conf_error *error);

/** The same from octets with a NUL behind them. */
int config_parse(const char *text, size_t size, struct config **ret, struct conf_error *error);

struct config *config_free(struct config *c);
DEFINE_CLEANUP(struct config, config_free);

#endif
