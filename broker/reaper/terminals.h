#ifndef HUFU_REAPER_TERMINALS_H
#define HUFU_REAPER_TERMINALS_H

#include "broker/reaper/look.h"

/** Writes a bell and `text` (control characters other than LF are dropped), on lines of its own, to each
 * terminal that a process of the target has as its controlling one. Each is checked before a byte is written:
 * a terminal device of exactly that number, owned by the person or root, opened without following links,
 * without blocking, without becoming ours. Returns how many took the whole text; none is for the caller to
 * record (PAM_TTY is only `ssh`). A terminal that is stopped or full takes nothing, and nobody waits for it.
 */
uint32_t terminals_write(int proc, const struct leases *leases, const struct reap_target *target,
                         const char *text);
/** The same for those of a census that was taken already. *relayed: one of them is a pty, from which a
 * program (sshd) still has to carry the text to the person. */
uint32_t terminals_tell(const struct look *l, uint32_t uid, const char *text, bool *relayed);

/** Writes it to one of them, by its device number as in /proc/PID/stat. Whether it took all of it. */
bool terminals_write_one(uint32_t device, uint32_t uid, const char *text);

/** "/dev/pts/3", "/dev/tty1" ... of a device number. 0, or -ENODEV for what is no terminal we write to. */
int terminals_path(uint32_t device, char path[static 32]);

#endif
