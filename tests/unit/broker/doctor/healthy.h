#ifndef HUFU_TESTS_UNIT_BROKER_DOCTOR_HEALTHY_H
#define HUFU_TESTS_UNIT_BROKER_DOCTOR_HEALTHY_H

#include "tests/unit/broker/doctor/patient.h"

/*
 * A host that nothing is wrong with, for tests that break one thing of it. root, hufu and the folder's files
 * are those of whoever runs the test. Vendors' people are zhang.san (20001, in hufu-gated) and li.si (20002);
 * the department's is wang.wu (1000).
 */

/** Setup for cmocka: patient_setup() and all of the below. */
int healthy_setup(void **state);

/** The user database answers with these lines besides; they are of getent and of /etc. */
void healthy_accounts(struct patient *p, const char *passwd, const char *group);

/** Makes a file hufu's, with that mode. */
void healthy_give(struct patient *p, const char *path, mode_t mode);

/** `systemctl show` of Hufu's units, with one line in place of another (NULL: none). */
void healthy_units(struct patient *p, const char *line, const char *instead);

/** sudo's list for an account: Debian's settings, then `settings` and `entries` (each NULL: none). */
void healthy_sudo(struct patient *p, const char *account, const char *settings, const char *entries);

/** Sets hufud's answers from JSON (NULL: it does not answer); they live until the next call. */
void healthy_broker(struct patient *p, const char *status, const char *grants);

#endif
