#ifndef HUFU_PAM_MODULE_CALLER_H
#define HUFU_PAM_MODULE_CALLER_H

#include "policy/wire/gate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Fills in the calling process: pid, parent, start times, real uid, audit login uid and session. What
 * cannot be read is 0 (start times) or UINT32_MAX (audit: no such file on a kernel without it). */
void caller_describe(struct gate_caller *ret);

/** The same in three pieces, since /proc takes its time. What needs none: pids and uid; the rest is as if it
 * could not be read. */
void caller_identify(struct gate_caller *ret);
/** Audit login uid and session. */
void caller_find_login(struct gate_caller *c);
/** Start times, of itself and of the parent. */
void caller_find_start(struct gate_caller *c);

/** Whether hufud can tell this process from another with the same pid by itself: from Linux 6.9 on the kernel
 * counts processes, and then no start time is needed to keep a use for this one. */
bool caller_is_counted(void);

/** The same of a kernel's release, as uname(2) has it: "6.9" and later; what cannot be read is older. */
bool caller_release_counts(const char *release);

/** pkexec becomes root before it opens the session of anybody but root. Who called it stands in $PKEXEC_UID,
 * in an environment that pkexec made itself: `value` is that variable's, NULL without. Puts it in the place
 * of a real uid of 0, if `service` is polkit's; a value that is no uid changes nothing. */
void caller_of_pkexec(const char *service, const char *value, struct gate_caller *c);

/** Start time (clock ticks since boot) of process `pid` as this process may see it, or 0. */
uint64_t caller_start_time(uint32_t pid);

/** Field 22 of a /proc/PID/stat line. The process names itself in field 2, blanks and parentheses
 * included, so fields are counted from the last `)`. 0 or -EBADMSG. */
int caller_parse_stat(const char *text, size_t size, uint64_t *ret);

/** A decimal of the audit files: digits up to 4294967295, nothing else. 0 or -EBADMSG. */
int caller_parse_audit(const char *text, size_t size, uint32_t *ret);

#endif
