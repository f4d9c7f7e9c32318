#ifndef HUFU_CHANNEL_SHELL_H
#define HUFU_CHANNEL_SHELL_H

/** The login shell of who runs this, from the user database and not from the environment; /bin/sh if that
 * names none. NULL: no such account. Valid until the next look into the user database. */
const char *shell_of_account(void);

/** The part of a path behind its last slash. */
const char *shell_name(const char *path);

#endif
