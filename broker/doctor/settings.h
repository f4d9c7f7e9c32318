#ifndef HUFU_DOCTOR_SETTINGS_H
#define HUFU_DOCTOR_SETTINGS_H

#include "broker/doctor/lines.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Small readers of what the system says in files and tables, each by the manual page that is named. */

/** proc_mounts(5): copies the options of the file system mounted at `where`, the last one if there are
 * several. False if there is none. */
bool mount_options(const char *mounts, const char *where, char *ret, size_t size);

/** Whether processes are hidden by these options: `hidepid=` with another value than 0 and off. */
bool mount_hides_processes(const char *options);

/** nsswitch.conf(5): what stands behind a database's name. False if it has no line. */
bool nsswitch_sources(const char *text, const char *database, struct span *ret);

/** systemctl(1) `show`: the value of a property of a unit, where several units' blocks follow each other,
 * told apart by their `Id=`. NULL-terminated copy in `ret`; false if it is not there. */
bool unit_property(const char *shown, const char *unit, const char *property, char *ret, size_t size);

/** auditd's rules: whether they watch these login uids, and every line that names uids names these. */
bool audit_rules_cover(const char *text, uint32_t first, uint32_t last);

/** "6.1.0-18-amd64": whether it is at least that. True if it cannot be read. */
bool kernel_is_at_least(const char *release, uint32_t major, uint32_t minor);

/** What is left of a file system: whether a store that grows has too little, below 100 MiB or 5 of 100. */
bool space_is_short(uint64_t free_octets, uint64_t all_octets);

#endif
