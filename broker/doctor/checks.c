#include "broker/doctor/checks.h"

/* In the order in which findings of one severity are shown: what decides all others first. */
/* clang-format off */
const struct doctor_row doctor_checks[] = {
    {"broker", check_broker},
    {"decision", check_decision},
    {"pam", check_pam},
    {"sshd", check_sshd},
    {"config", check_config},
    {"units", check_units},
    {"files", check_files},
    {"accounts", check_accounts},
    {"grants", check_grants},
    {"groups", check_groups},
    {"database", check_database},
    {"sudo", check_sudo},
    {"switches", check_switches},
    {"kernel", check_kernel},
    {"processes", check_processes},
    {"time", check_time},
    {"records", check_records},
    {"ledger", check_ledger},
    {"recording", check_recording},
    {"register", check_register},
    {NULL, NULL},
};
/* clang-format on */
