#ifndef HUFU_TESTS_DAEMON_VISITOR_H
#define HUFU_TESTS_DAEMON_VISITOR_H

#include <sys/types.h>

/* A process that connects when told and hands the connection over: so the kernel notes its pid as the peer's,
 * and the test can let it live or die. */
struct visitor {
    pid_t pid;
    int control;
};

struct visitor visitor_new(void);
/** One of another uid; takes root. */
struct visitor visitor_new_as(uid_t uid);
/** A connection of the visitor's to a unix stream socket. */
int visitor_connect(const struct visitor *v, const char *path);
/** Ends it and waits until it is gone. */
void visitor_end(struct visitor *v);

#endif
