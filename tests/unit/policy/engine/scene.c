#include "tests/unit/policy/engine/scene.h"

#define NOW SCENE_NOW

static const char *const hosts[] = {"db01.example"};
static const char *const services[] = {"sshd"};
static const char *const accounts[] = {"oracle"};
static const char *const commands[] = {"/usr/bin/systemctl restart oracle"};
static const struct command_run granted = {"/usr/bin/systemctl", "restart\noracle\n", 0};
static const struct ident_fingerprint key = {{7}};
static const struct network network = {{ADDRESS_IPV4, {10, 1, 2, 0}}, 24};

void scene_init(struct scene *s)
{
    *s = (struct scene){
        .grant =
            {
                .site = "cn.example",
                .class = GRANT_CLASS_NORMAL,
                .vendor = "acme",
                .staff = "zhang.san",
                .keys = &key,
                .n_keys = 1,
                .hosts = {hosts, 1},
                .services = {services, 1},
                .run_as = {accounts, 1},
                .commands = {commands, 1},
                .networks = &network,
                .n_networks = 1,
                .valid = {NOW - 1000, NOW + 1000},
                .any_hours = true,
                .uses = {GRANT_USES_PER_HOST, 2},
                .sessions = {.value = 1},
                .max_session = {.value = 600},
            },
        .entry =
            {
                .standing = REASON_OK,
                .taken_away = REASON_OK,
                .by_status = REASON_OK,
                .by_status_until = WHEN_NEVER,
                .votes_until = NOW + 500,
                .session_max = 900,
            },
        .host = {.site = "cn.example", .name = "db01.example"},
        .facts =
            {
                .now = NOW,
                .host_state = REASON_OK,
                .status_until = WHEN_NEVER,
                .person_state = REASON_OK,
                .staff = "zhang.san",
                .phase = PHASE_SESSION,
                .kind = SERVICE_LOGIN,
                .service = "sshd",
                .source = SOURCE_ADDRESS,
                .address = {ADDRESS_IPV4, {10, 1, 2, 3}},
                .key = KEY_FINGERPRINT,
                .fingerprint = key,
                .target = "oracle",
                .command = COMMAND_GIVEN,
                .run = &granted,
            },
    };
    s->never_now = (struct grant_hours){.days = 1, .start_minute = 0, .end_minute = 1};
    s->facts.host = &s->host;
}

/* The entry is none of an index: its grant is the scene's, as it is at that moment. */
struct grant __wrap_grant_entry_grant(const struct grant_entry *entry);

struct grant __wrap_grant_entry_grant(const struct grant_entry *entry)
{
    const char *scene = (const char *)entry - offsetof(struct scene, entry);

    return ((const struct scene *)(const void *)scene)->grant;
}
