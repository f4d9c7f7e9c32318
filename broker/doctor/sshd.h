#ifndef HUFU_DOCTOR_SSHD_H
#define HUFU_DOCTOR_SSHD_H

#include "broker/doctor/doctor.h"
#include "broker/doctor/sshd_config.h"

#define SSHD_CONFIG        "/etc/ssh/sshd_config"
#define SSHD_OPTIONS_MAX   16
#define SSHD_INSTANCES_MAX 8

/* One way in which sshd is started on this host. */
struct sshd_instance {
    char config[SSHD_TEXT_MAX * 2];
    char options[SSHD_OPTIONS_MAX][SSHD_TEXT_MAX * 2]; /* -o and -p, and their values */
    size_t n_options;
    char program[SSHD_TEXT_MAX * 2]; /* "": the host's own */
};

struct sshd_instances {
    struct sshd_instance items[SSHD_INSTANCES_MAX];
    size_t n;
    bool more; /* there are more */
};

/** Adds the sshd that a command line starts ("/usr/sbin/sshd -D -f FILE"), unless it is known. false: it
 * starts none. Pure. */
bool sshd_instances_add(struct sshd_instances *all, const char *command_line);

/** Every sshd that this host's units start or that runs; at least one, with SSHD_CONFIG. */
void sshd_instances_find(struct doctor *d, struct sshd_instances *ret);

/* What `sshd -T` printed for a gated account, in lines of "keyword value". */
struct sshd_asked {
    const char *subject; /* the configuration's file */
    const char *who;     /* account and circumstance, for messages */
    const char *settings;
};

/** Findings for all that leaves another way, or none. Told are those whose bit in *told is not set yet. */
void sshd_judge_settings(struct doctor *d, const struct sshd_asked *asked, uint32_t *told);

/** The first value of a keyword in the output, the caller's to free; NULL: it is not there. */
char *sshd_setting(const char *settings, const char *keyword);

#endif
