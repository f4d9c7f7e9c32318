#ifndef HUFU_DOCTOR_SSHD_CONFIG_H
#define HUFU_DOCTOR_SSHD_CONFIG_H

#include "policy/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What of an sshd configuration decides under which circumstances to ask `sshd -T` about it: its Match lines.
 * What applies is sshd's own business. Pure.
 */

#define SSHD_MATCHES_MAX 64
#define SSHD_TEXT_MAX    128

/* A connection, as `sshd -T -C` takes it. */
struct sshd_circumstance {
    char host[SSHD_TEXT_MAX], address[SSHD_TEXT_MAX];
    char local_address[SSHD_TEXT_MAX], local_port[SSHD_TEXT_MAX];
    char routing_domain[SSHD_TEXT_MAX]; /* RDomain: a VRF */
};

struct sshd_match {
    struct sshd_circumstance circumstance; /* one that meets the line; "" where it does not say */
    char users[SSHD_TEXT_MAX * 4];         /* patterns with commas, "" if it does not say */
};

struct sshd_matches {
    struct sshd_match items[SSHD_MATCHES_MAX];
    size_t n;
    bool more; /* there are more */
};

/** Adds the Match lines of a configuration's text. */
void sshd_config_add_matches(const char *text, struct sshd_matches *ret);

/** The words of the next `Include` line; *at goes on behind it. The caller's to free; NULL: none, or (with
 * *at not NULL) no memory. */
char *sshd_config_next_include(const char **at);

/** Something that meets the first pattern of a list that does not exclude: "10.1.0.0/16" is 10.1.0.0,
 * "*.example" x.example. false if there is none. */
bool sshd_config_example(const char *patterns, char ret[static SSHD_TEXT_MAX]);

/** Whether a name meets a list of patterns with commas: `*`, `?` and `!`, as sshd has it. */
bool sshd_config_meets(const char *name, const char *patterns);

#endif
