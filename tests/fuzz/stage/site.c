#include "tests/fuzz/stage/site.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR 3600
#define DAY  86400

const struct site_person site_persons[SITE_PERSONS] = {
    {"zhang.san", 20001, 0},
    {"li.wu", 20002, 0},
    {"hua.an", 20003, 1},
};
const char *const site_vendors[SITE_VENDORS] = {"acme", "beta"};

struct site_paper site_papers[SITE_PAPERS] = {
    {.grant = 0,
     .version = 1,
     .person = 0,
     .uses = 1,
     .sessions = 1,
     .from = -HOUR,
     .until = HOUR,
     .max_session = 14400,
     .run_as = "oracle",
     .command = "/usr/bin/systemctl restart oracle"},
    {.grant = 0,
     .version = 2,
     .person = 0,
     .uses = 2,
     .sessions = 2,
     .from = -HOUR,
     .until = 2 * HOUR,
     .max_session = 600},
    {.grant = 0,
     .version = 3,
     .person = 0,
     .uses = 1,
     .sessions = 1,
     .from = -HOUR,
     .until = HOUR / 2,
     .max_session = 14400},
    {.grant = 1,
     .version = 1,
     .person = 0,
     .uses = 0,
     .sessions = 1,
     .from = -HOUR,
     .until = HOUR / 3,
     .max_session = 300,
     .run_as = "root",
     .command = "any"},
    {.grant = 2,
     .version = 1,
     .person = 0,
     .uses = 2,
     .sessions = 50,
     .from = 600,
     .until = 3 * DAY,
     .hours = {9, 12},
     .max_session = 14400,
     .job = "at"},
    {.grant = 3,
     .version = 1,
     .person = 1,
     .uses = 1,
     .sessions = 1,
     .from = -HOUR,
     .until = HOUR,
     .max_session = 14400,
     .run_as = "root",
     .command = "any"},
    {.grant = 4,
     .version = 1,
     .person = 1,
     .uses = 3,
     .sessions = 2,
     .from = -DAY,
     .until = 300,
     .max_session = 14400},
    {.grant = 4,
     .version = 2,
     .person = 1,
     .uses = 3,
     .sessions = 1,
     .from = -DAY,
     .until = 2 * DAY,
     .hours = {9, 18},
     .max_session = 14400,
     .job = "cron",
     .run_as = "oracle",
     .command = "/usr/bin/id -u"},
    {.grant = 5,
     .version = 1,
     .person = 2,
     .uses = 2,
     .sessions = 2,
     .from = -DAY,
     .until = 7 * DAY,
     .max_session = 28800,
     .local = true,
     .job = "cron",
     .run_as = "root",
     .command = "any"},
    {.grant = 5,
     .version = 2,
     .person = 1,
     .uses = 9,
     .sessions = 2,
     .from = -DAY,
     .until = 7 * DAY,
     .max_session = 28800,
     .local = true},
    {.grant = 5,
     .version = 3,
     .person = 2,
     .uses = 3,
     .sessions = 1,
     .from = -DAY,
     .until = 7 * DAY,
     .max_session = 28800,
     .job = "at",
     .run_as = "root",
     .command = "/usr/bin/id -u"},
    {.grant = 6,
     .version = 1,
     .person = 0,
     .uses = 2,
     .fleet = true,
     .sessions = 2,
     .from = -HOUR,
     .until = 7 * DAY,
     .max_session = 14400},
    {.grant = 6,
     .version = 2,
     .person = 0,
     .uses = 3,
     .sessions = 2,
     .from = -HOUR,
     .until = 7 * DAY,
     .max_session = 600},
    {.grant = 6,
     .version = 3,
     .person = 0,
     .uses = 4,
     .fleet = true,
     .sessions = 3,
     .from = -HOUR,
     .until = HOUR,
     .max_session = 14400,
     .local = true},
    {.grant = 7,
     .version = 1,
     .person = 1,
     .uses = 1,
     .fleet = true,
     .sessions = 1,
     .from = -DAY,
     .until = DAY,
     .max_session = 28800},
};

unsigned site_uses_of_all(unsigned grant)
{
    unsigned most = 0;

    for (unsigned i = SITE_FLEET_PAPER; i < SITE_PAPERS; i++)
        if (site_papers[i].grant == grant && site_papers[i].fleet && site_papers[i].uses > most)
            most = site_papers[i].uses;
    return most;
}

const char *site_id(unsigned grant)
{
    static char ids[SITE_GRANTS][33];

    (void)snprintf(ids[grant], sizeof(ids[0]), "%032x", grant + 1);
    return ids[grant];
}

static void write_paper(struct site_paper *p)
{
    char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE], uses[32], sessions[16], longest[16], hours[48],
        about[64];
    const struct site_person *person = &site_persons[p->person];

    when_format(SITE_BEGIN + p->from, from);
    when_format(SITE_BEGIN + p->until, until);
    (void)snprintf(uses, sizeof(uses), "%u %s", p->uses, p->fleet ? "fleet" : "per-host");
    (void)snprintf(sessions, sizeof(sessions), "%u", p->sessions);
    (void)snprintf(longest, sizeof(longest), "%u", p->max_session);
    (void)snprintf(hours, sizeof(hours), "mon-sun %02u:00-%02u:00 +00:00", p->hours[0], p->hours[1]);
    p->document = paper_grant(&(struct grant_plan){.id = site_id(p->grant),
                                                   .version = p->version,
                                                   .vendor = site_vendors[person->vendor],
                                                   .staff = person->name,
                                                   .job = p->job,
                                                   .run_as = p->run_as,
                                                   .command = p->command,
                                                   .source = p->local ? "any" : NULL,
                                                   .from = from,
                                                   .until = until,
                                                   .hours = p->hours[1] != 0 ? hours : "any",
                                                   .uses = p->uses != 0 ? uses : "unlimited",
                                                   .sessions = sessions,
                                                   .max_session = longest});
    (void)snprintf(about, sizeof(about), "grant %s %u", site_id(p->grant), p->version);
    for (unsigned key = 0; key < KEYS_OF_GRANTS; key++)
        p->approvals[key] = keys_approval(key, p->document, about);
}

void site_make(void)
{
    for (unsigned i = 0; i < SITE_PAPERS && !site_papers[i].document; i++)
        write_paper(&site_papers[i]);
}
