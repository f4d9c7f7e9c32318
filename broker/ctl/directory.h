#ifndef HUFU_CTL_DIRECTORY_H
#define HUFU_CTL_DIRECTORY_H

#include "broker/common/ldif.h"
#include "broker/common/oneshot.h"
#include "broker/ctl/cli.h"
#include "broker/ctl/options.h"

#include <stdbool.h>

/*
 * The directory, by way of hufu-ldapd's one-shot modes and with the credentials of whoever calls. Which
 * server, which base and who one is there is in a file: that of --directory, else
 * ~/.config/hufu/directory.conf, else /etc/hufu/ldapd.conf. It is never taken from the environment: who could
 * plant a variable in an administrator's shell would have them send their password to a server of their own.
 * The home directory is that of the user database, for the same reason.
 */

#define DIRECTORY_BASE_MAX 512

struct directory {
    const struct cli *cli; /* borrowed */
    char *config;
    char base[DIRECTORY_BASE_MAX];
    char password[ONESHOT_PASSWORD_MAX]; /* as typed, for as long as this verb runs; or empty */
};

/* For the tables of verbs: `at` is an offset of a const char *. */
#define DIRECTORY_OPTION(at)                                                                   \
    {                                                                                          \
        "directory", 0, OPTION_TEXT, false, "FILE",                                            \
            N_("how to reach the directory, and as whom [~/.config/hufu/directory.conf, else " \
               "/etc/hufu/ldapd.conf]"),                                                       \
            at                                                                                 \
    }

/** Finds the file and the base. `option` may be NULL. What is wrong has been said; then directory_done() may
 * still be called. */
enum exit_code directory_open(const struct cli *cli, const char *option, struct directory *d);
void directory_done(struct directory *d);
#define cleanup_directory cleanup(directory_done)

/* One entry, to be taken or left; anything but EXIT_DONE ends the listing and is what it returns. */
typedef enum exit_code directory_heard(struct ldif_record **record, void *userdata);

/** Hears each entry below the base, or with `folder` ("ou=uses") below that one, which the filter matches.
 * Without `heard` having ended it, EXIT_DONE means that all were told. `attributes` ends with NULL. */
enum exit_code directory_list(struct directory *d, const char *folder, const char *filter,
                              const char *const *attributes, directory_heard *heard, void *userdata);

/** The entry of this name below the base; EXIT_DONE with *ret NULL: there is none. Else the caller's. */
enum exit_code directory_read(struct directory *d, const char *name, const char *const *attributes,
                              struct ldif_record **ret);

/* What the server answered to one change: LDAP's result code (0: done), and its words, which may be empty. */
typedef void directory_answer(size_t number, int code, const char *text, void *userdata);

/** Sends changes (LDIF), and hears an answer for each that was sent. EXIT_DONE: each was answered, and done
 * or refused. */
enum exit_code directory_apply(struct directory *d, const struct buf *changes, directory_answer *answer,
                               void *userdata);

/* An answer that is kept: the last one, or the first refusal. */
struct directory_reply {
    int code; /* -1: none came */
    char text[200];
};

/** Sends one change. EXIT_DONE with *ret: it was done (code 0) or refused. */
enum exit_code directory_apply_one(struct directory *d, const struct buf *change,
                                   struct directory_reply *ret);

/* LDAP's result codes that mean something of their own here (RFC 4511, appendix A). */
#define DIRECTORY_NO_ATTRIBUTE  16
#define DIRECTORY_VALUE_EXISTS  20
#define DIRECTORY_NO_OBJECT     32
#define DIRECTORY_NOT_PERMITTED 50
#define DIRECTORY_EXISTS        68

/** Says that the directory refused `what`, and what that means. Returns the exit code that goes with it. */
enum exit_code directory_refused(const struct cli *cli, const char *what, int code, const char *text);

#endif
