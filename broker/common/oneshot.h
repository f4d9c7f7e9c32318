#ifndef HUFU_COMMON_ONESHOT_H
#define HUFU_COMMON_ONESHOT_H

/*
 * What hufuctl and the one-shot modes of hufu-ldapd agree on. hufuctl runs it with the credentials of whoever
 * calls, so that libldap stays behind one door, and reads from standard output:
 *
 *   hufu-ldapd [--config FILE] [--password-fd N] --base      the configured base in one line; no connection
 *   ... [--below DN] --list FILTER [ATTRIBUTE ...]           LDIF of what is below the base, or DN, which is
 *   ... --entry DN [ATTRIBUTE ...]                           LDIF of this one entry; nothing if there is none
 *   ... --apply                                              for each change record (LDIF) of standard input,
 *                                                            as soon as it has been answered, one line:
 *                                                            NUMBER CODE TEXT
 *
 * NUMBER counts the records from 1, CODE is LDAP's result code in decimal (RFC 4511; 0: done), TEXT what the
 * server said, without control characters, perhaps empty. A refused record does not stop those behind it. A
 * lost connection does, and a record that is malformed or not below the base: those that got no line were not
 * sent, except that the first of them perhaps was if the connection was lost. What went wrong as a whole is a
 * sentence on standard error, and the exit status.
 *
 * --password-fd: the password of the simple bind is read there instead of from the configured file, up to the
 * end or the first line end.
 */

enum oneshot_exit {
    ONESHOT_DONE = 0,
    ONESHOT_REFUSED = 1,       /* --apply: a record was; the lines say which. Else the server refused */
    ONESHOT_USAGE = 2,         /* arguments, or the input is no LDIF of changes below the base */
    ONESHOT_CONFIGURATION = 3, /* the file, or one that it names */
    ONESHOT_AWAY = 4,          /* no connection: network, TLS, time-out, or it was lost */
    ONESHOT_CREDENTIALS = 5,   /* the server takes them not */
    ONESHOT_PASSWORD = 6, /* a password is configured by no file, or the file is not there: --password-fd */
};

#define ONESHOT_PASSWORD_MAX 256

#endif
