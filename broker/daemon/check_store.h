#ifndef HUFU_DAEMON_CHECK_STORE_H
#define HUFU_DAEMON_CHECK_STORE_H

#include <stdio.h>

/** `hufud --check-store`: checks a copy of a store that nobody uses, and writes what is in it as a JSON
 * object. Reads this one file and changes nothing. Called as root it opens the file and goes on as the user
 * hufu (where there is none, as nobody), before it believes anything in it. 0; -errno, and `error` says what.
 */
int check_store(const char *path, FILE *out, char error[static 200]);

#endif
