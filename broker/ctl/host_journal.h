#ifndef HUFU_CTL_HOST_JOURNAL_H
#define HUFU_CTL_HOST_JOURNAL_H

#include "broker/audit/journal_read.h"

/** Opens this machine's journal for what hufud, or others in its name, told it within [from_us, until_us), as
 * journald received it; 0: no bound. 0; -EACCES: the caller may not read it; -ENODATA: there is none; -ESRCH:
 * there is no user hufu; other -errno. */
int host_journal_open(enum journal_wanted wanted, int64_t from_us, int64_t until_us,
                      struct journal_reader **ret);

#endif
