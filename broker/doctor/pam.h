#ifndef HUFU_DOCTOR_PAM_H
#define HUFU_DOCTOR_PAM_H

#include "broker/doctor/doctor.h"
#include "broker/doctor/stack.h"
#include "policy/base/service.h"

/* A PAM service of the host, as check_pam() judges it. */

struct pam_service {
    const char *name;
    enum service_kind kind;
    enum doctor_severity severity; /* of a way past the gate in it */
    const char *file;              /* what findings name: its own file, or that of `other` */
    struct stack *stack;
};

/** Kind and severity by name. */
void pam_service_classify(struct pam_service *s);

/** Whether the service neither opens a session nor starts anything: passwd, useradd, greeters, screen
 * lockers.
 */
bool pam_service_is_harmless(const char *name);

/** Is there a way past the gate, for each who could be gated; does the gate stop anybody else. */
void pam_judge_ways(struct doctor *d, const struct pam_service *s);

/** Whether no session of a gated account begins without its login uid having been set. */
bool pam_sets_loginuid(struct doctor *d, const struct pam_service *s);

/** What the lines themselves say: arguments, order, pam_loginuid. */
void pam_judge_lines(struct doctor *d, const struct pam_service *s);

/** The folder where libpam finds modules that are named without one; NULL: none of those that are known. */
const char *pam_module_folder(struct doctor *d);

/** A module's file, once for all services: may others change it; is pam_hufu there, and the installed one.
 * `module` is as a stack names it. */
void pam_judge_module(struct doctor *d, const char *module);

#endif
