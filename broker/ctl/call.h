#ifndef HUFU_CTL_CALL_H
#define HUFU_CTL_CALL_H

#include "broker/ctl/cli.h"
#include "broker/ipc/varlink.h"
#include "policy/base/ident.h"

/* Questions to the broker, and what its refusals are to a person and to a script. */

#define CALL_TIMEOUT_MS        5000
#define CALL_ENDING_TIMEOUT_MS 15000 /* hufud itself gives up on a proof after 10 s */
/* A change of trust has all grants verified before it is answered: a million of them take minutes. That hufud
 * is gone is noticed at once all the same. */
#define CALL_VERIFYING_TIMEOUT_MS 1800000

/** Calls org.hufu.control.METHOD. EXIT_DONE with *ret, the caller's (json_decref): the reply's parameters.
 * Else the exit code of what went wrong, which has been said on cli->error (with cli->json also, as the
 * broker said it, on cli->out). Takes `parameters` over; NULL: without memory. */
enum exit_code call_broker(const struct cli *cli, const char *method, json_t *parameters, unsigned timeout_ms,
                           json_t **ret);

/* One reply of a stream. Anything but EXIT_DONE ends it, and is what call_stream() returns. */
typedef enum exit_code call_heard(const struct cli *cli, const json_t *parameters, void *userdata);

/** Calls org.hufu.control.METHOD and hears replies until the broker ends it or goes; each one is on its way
 * to the terminal before the next is waited for. As call_broker(). */
enum exit_code call_stream(const struct cli *cli, const char *method, json_t *parameters, call_heard *heard,
                           void *userdata);

/** Prints a JSON value in one line: one of many. */
enum exit_code call_print_json_line(const struct cli *cli, const json_t *value);

/** Prints a JSON value and a line end. */
enum exit_code call_print_json(const struct cli *cli, const json_t *value);

/** Puts members into `object` that are not NULL. */
void call_put_text(json_t *object, const char *member, const char *text);

/** Whether it could be a grant's id or a prefix of one, which the broker takes for it: 8 to 32 digits.
 * EXIT_DONE or EXIT_USAGE, said. */
enum exit_code call_check_id(const struct cli *cli, const char *text);

/** The whole id, asking the broker if only a prefix is given. EXIT_USAGE or what call_broker() says. */
enum exit_code call_whole_id(const struct cli *cli, const char *text, char ret[static IDENT_ID_TEXT_SIZE]);

/** A session's number. EXIT_DONE or EXIT_USAGE, said. */
enum exit_code call_session_number(const struct cli *cli, const char *text, uint32_t *ret);

#endif
