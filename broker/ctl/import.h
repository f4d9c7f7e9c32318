#ifndef HUFU_CTL_IMPORT_H
#define HUFU_CTL_IMPORT_H

#include "broker/ctl/entry.h"

/* Entries of an exported file, judged as strictly as the documents in them: everything but document and
 * approvals, and a use's id, number, hosts and holder, is made anew from these. So an export of one base fits
 * another. */

#define IMPORT_HOSTS_MAX 64 /* as many as a grant may name */

struct import_item {
    unsigned line;              /* of the file */
    struct ldif_record *record; /* what the rest points into */
    struct signable document;   /* of a document's entry; else .text is NULL */
    struct entry entry;
    struct octets approvals[ENTRY_APPROVALS_MAX];
    size_t n_approvals;
    char use[IDENT_ID_TEXT_SIZE]; /* of a use's entry: its grant, ... */
    uint32_t slot;
    const char *holder; /* NULL: free */
    const char *hosts[IMPORT_HOSTS_MAX];
    size_t n_hosts;
    char name[ENTRY_NAME_SIZE];
};

#define IMPORT_REASON_SIZE 320

/** Judges one entry and takes it over. 0; -EINVAL with a reason (translated); -ENOMEM. */
int import_item_of(struct ldif_record **record, struct import_item *ret,
                   char reason[static IMPORT_REASON_SIZE]);
void import_item_done(struct import_item *item);

#endif
