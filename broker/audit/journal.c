#include "broker/audit/journal.h"

#include "broker/audit/fields.h"

#include <errno.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Without a socket libsystemd drops the record and says that all is well. */
int journal_send(const struct record *r, const char *host, const char *ledger)
{
    cleanup_fields struct fields f;
    int e = fields_build(r, host, ledger, &f);

    if (e < 0)
        return e;
    if (access(JOURNAL_SOCKET, F_OK) < 0)
        return -errno;
    return sd_journal_sendv(f.items, (int)f.n);
}
