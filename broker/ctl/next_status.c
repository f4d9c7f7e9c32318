#include "broker/ctl/next_status.h"

#include "broker/common/i18n.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EPOCH_MAX 2147483647u

static int refuse(struct document_error *error, const char *reason)
{
    error->line = 0;
    (void)snprintf(error->reason, sizeof(error->reason), "%s", reason);
    return -EINVAL;
}

static int check_order(const struct next_status_plan *p, struct document_error *error)
{
    const struct status *c = p->current;

    if (!c)
        return 0;
    if (strcmp(c->site, p->site) != 0)
        return refuse(error, _("the status before is of another site than the trust file"));
    if (p->trust_epoch < c->trust_epoch)
        return refuse(error, _("the trust file is older than that of the status before"));
    if (p->issued < c->issued)
        return refuse(error,
                      _("this machine's clock is behind the time at which the status before was issued"));
    if (c->epoch == EPOCH_MAX)
        return refuse(error, _("there is no epoch after that of the status before"));
    return 0;
}

/* --- lists: those of the current one, and what is new ------------------------------------------------------
 */

/* Both in new memory of the caller's; each item once. */
static void *merge(const void *a, size_t n_a, const void *b, size_t n_b, size_t size, size_t *n)
{
    uint8_t *list = calloc(n_a + n_b + 1, size);

    *n = 0;
    for (size_t i = 0; list && i < n_a + n_b; i++) {
        const uint8_t *item = i < n_a ? (const uint8_t *)a + i * size : (const uint8_t *)b + (i - n_a) * size;
        size_t k = 0;

        while (k < *n && memcmp(list + k * size, item, size) != 0)
            k++;
        if (k == *n)
            memcpy(list + (*n)++ * size, item, size);
    }
    return list;
}

static struct status_minimum *merge_minimums(const struct next_status_plan *p, size_t *n)
{
    size_t n_current = p->current ? p->current->n_minimum_versions : 0;
    struct status_minimum *list = calloc(n_current + p->n_minimums + 1, sizeof(*list));

    *n = 0;
    for (size_t i = 0; list && i < n_current + p->n_minimums; i++) {
        const struct status_minimum *item =
            i < n_current ? &p->current->minimum_versions[i] : &p->minimums[i - n_current];
        size_t k = 0;

        while (k < *n && !ident_id_equal(&list[k].id, &item->id))
            k++;
        if (k == *n)
            list[(*n)++] = *item;
        else if (list[k].version < item->version)
            list[k].version = item->version;
    }
    return list;
}

int next_status(const struct next_status_plan *p, char **ret, struct document_error *error)
{
    const struct status none = {0};
    const struct status *c = p->current ? p->current : &none;
    struct status next = {
        .site = p->site,
        .trust_epoch = p->trust_epoch,
        .epoch = c->epoch + 1,
        .issued = p->issued,
        .expires = p->expires,
    };
    cleanup_free struct ident_id *revoked =
        merge(c->revoked, c->n_revoked, p->revoked, p->n_revoked, sizeof(*revoked), &next.n_revoked);
    cleanup_free struct status_certificate *certificates =
        merge(c->revoked_certificates, c->n_revoked_certificates, p->certificates, p->n_certificates,
              sizeof(*certificates), &next.n_revoked_certificates);
    cleanup_free struct status_minimum *minimums = merge_minimums(p, &next.n_minimum_versions);
    int r = check_order(p, error);

    *ret = NULL;
    if (r < 0)
        return r;
    if (!revoked || !certificates || !minimums)
        return -ENOMEM;
    next.revoked = revoked;
    next.revoked_certificates = certificates;
    next.minimum_versions = minimums;
    return status_write(&next, ret, error);
}
