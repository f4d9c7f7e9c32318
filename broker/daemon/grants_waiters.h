#ifndef HUFU_DAEMON_GRANTS_WAITERS_H
#define HUFU_DAEMON_GRANTS_WAITERS_H

/* Who waits until all grants are there: behind grants_when_whole(). */
struct grants_waiter;
struct grants_waiters {
    struct grants_waiter *first, **end;
};

void grants_waiters_init(struct grants_waiters *w);
/** 0 or -ENOMEM. */
int grants_waiters_add(struct grants_waiters *w, void (*done)(void *userdata, int result), void *userdata);
/** Tells all of them, in their order; who comes while they are told waits for the next time. */
void grants_waiters_tell(struct grants_waiters *w, int result);

#endif
