#include "broker/doctor/checks.h"

/* In the order in which findings of one severity are shown: what decides all others first. */
const struct doctor_row doctor_checks[] = {
    {"broker", check_broker},
    {"decision", check_decision},
    {"pam", check_pam},
    {"sshd", check_sshd},
    {NULL, NULL},
};
