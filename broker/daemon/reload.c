#include "broker/daemon/reload.h"

#include "broker/common/i18n.h"
#include "broker/daemon/directory.h"
#include "broker/daemon/ledger.h"
#include "broker/daemon/life.h"
#include "broker/daemon/sealer.h"
#include "broker/daemon/timekeeper.h"

#include <stdio.h>
#include <string.h>

static bool lists_differ(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
    if (n_a != n_b)
        return true;
    for (size_t i = 0; i < n_a; i++)
        if (strcmp(a[i], b[i]) != 0)
            return true;
    return false;
}

/* NULL: not set. */
static bool texts_differ(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) != 0 : a != b;
}

/* The keys whose values are not what they were, and what else was read anew, for the record. */
static void describe_changes(const struct config *was, const struct config *is, bool accounts, char *text,
                             size_t size)
{
    const struct {
        const char *key;
        bool changed;
    } keys[] = {
        {"host", strcmp(was->host, is->host) != 0},
        {"groups", lists_differ(was->groups, was->n_groups, is->groups, is->n_groups)},
        {"gated-uid", was->gated_first != is->gated_first || was->gated_last != is->gated_last},
        {"serial-lines", lists_differ(was->serial, was->n_serial, is->serial, is->n_serial)},
        {"status-max-age",
         was->status_required != is->status_required || was->status_max_age != is->status_max_age},
        {"tolerance", was->tolerance != is->tolerance},
        {"recorder", was->recorder != is->recorder},
        {"hash", was->ledger_hash != is->ledger_hash},
        {"key", texts_differ(was->ledger_key, is->ledger_key)},
        {"pin-file", texts_differ(was->ledger_pin_file, is->ledger_pin_file)},
        {"checkpoint-every", was->checkpoint_every != is->checkpoint_every},
        {"keep", was->keep != is->keep},
        {"keep-size", was->keep_size != is->keep_size},
        {"archive", texts_differ(was->archive, is->archive)},
        {"reserve", was->reserve != is->reserve},
        {"every", was->review_every != is->review_every},
        {"language", strcmp(was->language, is->language) != 0},
        {"users and groups of the host", accounts},
    };
    size_t used = 0;

    (void)snprintf(text, size, "nothing changed");
    for (size_t i = 0; i < ARRAY_SIZE(keys) && used < size; i++)
        if (keys[i].changed)
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     used > 0 ? ", " : "changed: ", keys[i].key);
}

static void record_reload(struct broker *b, enum reason reason, bool taken, const char *detail)
{
    struct record r = ledger_record(EVENT_RELOAD, reason, taken);

    r.detail = detail;
    ledger_write(b, &r);
}

static int not_taken(struct broker *b, int error, const struct conf_error *why)
{
    char detail[256];

    (void)snprintf(detail, sizeof(detail), "line %u: %s", why->line, why->reason);
    if (why->line > 0)
        (void)snprintf(b->config_trouble, sizeof(b->config_trouble), _("%.40s, line %u: %s"),
                       b->options.config_path, why->line, why->reason);
    else
        (void)snprintf(b->config_trouble, sizeof(b->config_trouble), "%.40s: %s", b->options.config_path,
                       why->reason);
    record_reload(b, REASON_BAD_REQUEST, false, why->line > 0 ? detail : why->reason);
    return error;
}

/* Root may have made the groups since, or made them anew with other numbers. */
static bool find_accounts(struct broker *b)
{
    struct accounts *a = &b->options.accounts, was = *a;

    if (b->options.find_accounts)
        b->options.find_accounts(a);
    gate_set_keys_uid(b->gate, a->keys);
    control_set_groups(b->control, a->operators, a->auditors);
    return accounts_differ(&was, a);
}

/* Everybody who holds a part of the configuration gets the new one, before the old one is gone. */
static void hand_out(struct broker *b)
{
    broker_take_host(b);
    control_set_gated(b->control, b->config->gated_first, b->config->gated_last);
    if (b->feeder)
        feeder_set_host(b->feeder, b->host.name);
    timekeeper_set_tolerance(b->timekeeper, b->config->tolerance);
    room_reload(b->room);
    b->range_differs = false;
}

int broker_reload(struct broker *b)
{
    struct config *was = b->config, *fresh = NULL;
    struct conf_error error;
    char detail[160];
    int r = config_load(b->options.config_path, b->options.owner, &fresh, &error);

    if (r < 0)
        return not_taken(b, r, &error);
    r = b->store ? store_set_format(b->store, fresh->ledger_hash) : 0;
    if (r < 0) {
        error = (struct conf_error){.reason = "hash = sm3, but this OpenSSL has no SM3"};
        config_free(fresh);
        return not_taken(b, r, &error);
    }
    describe_changes(was, fresh, find_accounts(b), detail, sizeof(detail));
    b->config = fresh;
    hand_out(b);
    config_free(was);
    b->config_trouble[0] = '\0';
    identity_check(b);
    record_reload(b, REASON_OK, true, detail);
    trust_keeper_reload(b);
    directory_host_changed(b->directory);
    sealer_reload(b->sealer);
    b->generation++;
    life_recheck_all(b);
    return 0;
}
