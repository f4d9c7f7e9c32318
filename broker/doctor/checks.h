#ifndef HUFU_DOCTOR_CHECKS_H
#define HUFU_DOCTOR_CHECKS_H

#include "broker/doctor/doctor.h"

/* Every check has a row in checks.c; the last one's are NULL. */
struct doctor_row {
    const char *name;
    doctor_check *check;
};
extern const struct doctor_row doctor_checks[];

doctor_check check_broker;   /* is hufud there, does it decide, what does it report */
doctor_check check_decision; /* what the real module says of a gated account, and of root */
doctor_check check_sshd;     /* what sshd makes of its configuration for gated accounts */
doctor_check check_pam;      /* every service's stack: is the gate on every way, and in nobody else's */

#endif
