#ifndef HUFU_TESTS_UNIT_BROKER_DOCTOR_DEBIAN_H
#define HUFU_TESTS_UNIT_BROKER_DOCTOR_DEBIAN_H

#include "tests/unit/broker/doctor/patient.h"

/* Fixture: the PAM stacks of Debian 12, and Hufu put in place in one of its two ways. */

/** Debian's files, without Hufu. */
void debian_put_pam(struct patient *p);
/** The same with the whole stacks of contrib/pam.d. */
void debian_put_stacks(struct patient *p);
/** The same with the profile of contrib/pam-configs, as pam-auth-update puts it into common-*. */
void debian_put_profile(struct patient *p);
/** pam_unix.so and pam_hufu.so where libpam looks for them. */
void debian_put_modules(struct patient *p);

/** Changes the first `what` in a file; fails if there is none. */
void debian_change(struct patient *p, const char *path, const char *what, const char *to);

#endif
