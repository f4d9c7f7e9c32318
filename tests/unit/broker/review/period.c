#include "tests/unit/broker/review/period.h"

#include "policy/base/buf.h"

#include <stdio.h>

static uint64_t next_sequence = 1;

struct review *period_new(void)
{
    const struct review_settings settings = {.from = FROM,
                                             .until = UNTIL,
                                             .made_at = MADE,
                                             .utc_offset_minutes = 480,
                                             .site = "cn.example.finance"};
    struct review *v = NULL;

    next_sequence = 1;
    assert_int_equal(review_new(&settings, &v), 0);
    return v;
}

void period_begin_at(uint64_t first)
{
    next_sequence = first;
}

struct record period_record(const char *event, bool success, when_t at_s)
{
    return (struct record){.format = RECORD_FORMAT_2_SHA256,
                           .sequence = next_sequence++,
                           .at_us = at_s * 1000000,
                           .event = event,
                           .result = success ? "success" : "failure",
                           .reason = success ? REASON_OK : REASON_NO_GRANT,
                           .staff = "zhang.san",
                           .vendor = "acme",
                           .account = "zhang.san",
                           .service = "sshd",
                           .address = "10.1.2.17",
                           .tty = "ssh",
                           .grant = GRANT,
                           .version = 1,
                           .ticket = "CHG-2026-1142",
                           .reference = "",
                           .actor = UINT32_MAX,
                           .detail = ""};
}

void period_take(struct review *v, const struct record *r)
{
    assert_int_equal(review_take(v, HOST, r), 0);
}

void period_session(struct review *v, uint64_t number, when_t opened, when_t closed)
{
    struct record r = period_record(EVENT_SESSION_OPEN, true, opened);

    r.session = number;
    period_take(v, &r);
    if (closed == 0)
        return;
    r = period_record(EVENT_SESSION_CLOSE, true, closed);
    r.session = number;
    r.reason = REASON_LOGGED_OUT;
    r.latency_us = number * 1000;
    r.detail = "3 processes ended, none left";
    period_take(v, &r);
}

void period_refusal(struct review *v, enum reason reason, when_t at_s)
{
    struct record r = period_record(EVENT_LOGIN, false, at_s);

    r.reason = reason;
    period_take(v, &r);
}

/* ---- the grant ---- */

static const char *const lines[] = {
    "hufu-grant: 1",
    "site: cn.example.finance",
    "id: " GRANT,
    "version: 1",
    "class: normal",
    "vendor: acme",
    "employer: acme",
    "contract: C-1",
    "staff: zhang.san",
    "staff-key: password",
    "host: @db\nhost: app02.finance.example\nhost: " HOST,
    "service: cron\nservice: sshd",
    "channel: exec\nchannel: forward\nchannel: shell\nchannel: transfer",
    "run-as: oracle\nrun-as: root",
    "command: /usr/bin/less *\ncommand: /usr/bin/systemctl restart oracle\ncommand: /usr/bin/true",
    "source: 10.1.2.0/24\nsource: 10.1.9.0/24\nsource: local",
    "not-before: 2026-11-01T00:00:00Z",
    "not-after: 2026-11-28T00:00:00Z",
    "hours: mon-fri 09:00-18:00 +08:00\nhours: sat 09:00-12:00 +08:00",
    "uses: 10 per-host",
    "sessions: 3",
    "max-session: unlimited",
    "recording: none",
    "requester: li.si",
    "ticket: CHG-2026-1142",
    "purpose: 更换数据库存储阵列控制器",
};

/* The lines of `changes` that begin with the key of `line`; 0: none. */
static size_t put_changed(struct buf *b, const char *line, const char *changes)
{
    size_t key = strcspn(line, ":") + 1, n = 0;

    for (const char *c = changes; c && *c != '\0'; c += strcspn(c, "\n") + 1) {
        if (strncmp(c, line, key) == 0) {
            buf_printf(b, "%.*s\n", (int)strcspn(c, "\n"), c);
            n++;
        }
        if (c[strcspn(c, "\n")] == '\0')
            break;
    }
    return n;
}

struct grant *period_grant(struct review *v, const char *changes, const char *state)
{
    cleanup_buf struct buf b = BUF_INIT;
    struct document_error error = {0};
    struct grant *g = NULL;
    struct review_grant known;

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        if (put_changed(&b, lines[i], changes) == 0)
            buf_printf(&b, "%s\n", lines[i]);
        else if (strncmp(lines[i], "class:", 6) == 0 && strstr(changes, "class: emergency"))
            buf_puts(&b, "incident-level: 2\n");
    if (grant_parse(b.data, b.size, &g, &error) < 0)
        fail_msg("line %u: %s", error.line, error.reason);
    known = (struct review_grant){g, state};
    assert_int_equal(review_add_grant(v, &known), 0);
    return g;
}

/* ---- asking ---- */

json_t *period_json(struct review *v)
{
    json_t *value = NULL;

    assert_int_equal(review_json(v, NULL, NULL, &value), 0);
    return value;
}

const json_t *at(const json_t *value, const char *path)
{
    while (value && *path != '\0') {
        size_t length = strcspn(path, ".");
        char name[64];

        (void)snprintf(name, sizeof(name), "%.*s", (int)length, path);
        value = json_is_array(value) ? json_array_get(value, (size_t)strtoul(name, NULL, 10))
                                     : json_object_get(value, name);
        path += length + (path[length] == '.');
    }
    return value;
}

void check_text(const json_t *value, const char *path, const char *expected)
{
    const json_t *found = at(value, path);

    if (!expected) {
        if (!json_is_null(found))
            fail_msg("%s is not null", path);
        return;
    }
    if (!json_is_string(found))
        fail_msg("%s is no text", path);
    assert_string_equal(json_string_value(found), expected);
}

void check_number(const json_t *value, const char *path, json_int_t expected)
{
    const json_t *found = at(value, path);
    json_int_t n = json_is_boolean(found) ? json_is_true(found) : json_integer_value(found);

    if (!json_is_integer(found) && !json_is_boolean(found))
        fail_msg("%s is no number", path);
    if (n != expected)
        fail_msg("%s is %lld and not %lld", path, (long long)n, (long long)expected);
}

void check_size(const json_t *value, const char *path, size_t expected)
{
    const json_t *found = at(value, path);

    if (!json_is_array(found) || json_array_size(found) != expected)
        fail_msg("%s has %zu and not %zu", path, json_array_size(found), expected);
}

void check_list(const json_t *value, const char *path, const char *expected)
{
    const json_t *found = path[0] != '\0' ? at(value, path) : value;
    char text[1000] = "";

    assert_true(json_is_array(found));
    for (size_t i = 0, n = 0; i < json_array_size(found) && n < sizeof(text); i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i > 0 ? "," : "",
                              json_string_value(json_array_get(found, i)));
    assert_string_equal(text, expected);
}

const json_t *wider(const json_t *value, const char *field)
{
    const json_t *rows = at(value, "grants.0.wider");

    for (size_t i = 0; i < json_array_size(rows); i++)
        if (strcmp(json_string_value(at(json_array_get(rows, i), "field")), field) == 0)
            return json_array_get(rows, i);
    return NULL;
}
