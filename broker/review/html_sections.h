#ifndef HUFU_REVIEW_HTML_SECTIONS_H
#define HUFU_REVIEW_HTML_SECTIONS_H

#include "broker/review/html_page.h"

/*
 * The parts of the page, in the order in which they stand. Each reads the member of the review that it is
 * about, and says so where there is nothing.
 */
void html_cover(struct html_page *p);

void html_section_ledgers(struct html_page *p);
void html_section_summary(struct html_page *p);
void html_section_findings(struct html_page *p);
void html_section_sessions(struct html_page *p);
void html_section_refusals(struct html_page *p);
void html_section_sources(struct html_page *p);
void html_section_grants(struct html_page *p);
void html_section_revocations(struct html_page *p);
void html_section_ended(struct html_page *p);
void html_section_sudo(struct html_page *p);
void html_section_denied(struct html_page *p);
void html_section_recordings(struct html_page *p);
void html_section_incidents(struct html_page *p);
void html_section_approvers(struct html_page *p);
void html_section_expiring(struct html_page *p);
void html_section_register(struct html_page *p);
void html_section_reviews(struct html_page *p);

struct html_section {
    const char *id;
    const char *title; /* msgid */
    void (*write)(struct html_page *p);
};

extern const struct html_section html_sections[];
extern const size_t html_n_sections;

#endif
