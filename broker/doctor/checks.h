#ifndef HUFU_DOCTOR_CHECKS_H
#define HUFU_DOCTOR_CHECKS_H

#include "broker/doctor/doctor.h"

/* Every check has a row in checks.c; the last one's are NULL. */
struct doctor_row {
    const char *name;
    doctor_check *check;
};
extern const struct doctor_row doctor_checks[];

doctor_check check_broker;    /* is hufud there, does it decide, what does it report */
doctor_check check_decision;  /* what the real module says of a gated account, and of root */
doctor_check check_sshd;      /* what sshd makes of its configuration for gated accounts */
doctor_check check_pam;       /* every service's stack: is the gate on every way, and in nobody else's */
doctor_check check_config;    /* is each file taken, and the range the same */
doctor_check check_units;     /* do the units run, and as they are shipped */
doctor_check check_files;     /* owners and modes of what decides, room for records */
doctor_check check_accounts;  /* who is gated, and who only looks like it */
doctor_check check_grants;    /* are the people of the grants gated */
doctor_check check_groups;    /* groups that amount to root */
doctor_check check_database;  /* where accounts come from, and which uids new ones get */
doctor_check check_sudo;      /* what sudo allows, and how */
doctor_check check_switches;  /* other ways to become another user */
doctor_check check_kernel;    /* what is needed of the kernel and of logind */
doctor_check check_processes; /* does anybody run here without a session */
doctor_check check_time;      /* clock, and how old news may be */
doctor_check check_records;   /* journal, copies elsewhere, auditd */
doctor_check check_ledger;    /* is it signed, and can it leave what is old */
doctor_check check_recording; /* does recording have what it takes */
doctor_check check_register;  /* whose papers lapsed although a grant is in force */

#endif
