#include "tests/unit/broker/daemon/shop.h"

#include "broker/common/files.h"
#include "broker/daemon/state.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- what is there at the start ---- */

static char *document(struct grant_plan plan)
{
    char *from = offices_time(-3600), *until = offices_time(3600), *text;

    plan.from = from;
    plan.until = until;
    text = paper_grant(&plan);
    free(from);
    free(until);
    return text;
}

void shop_hand_in(struct world *w, const char *text, const char *error)
{
    char *one = department_approval(w->department, DEPARTMENT_LEADER, text);
    char *two = department_approval(w->department, DEPARTMENT_UNIT, text);
    struct varlink_reply r = world_hand_in(w, text, one, two);

    assert_string_equal(r.error ? strrchr(r.error, '.') + 1 : "", error);
    varlink_reply_done(&r);
    free(one);
    free(two);
}

static void read_file(const struct world *w, const char *name, void **octets, size_t *size)
{
    char *text;

    assert_int_equal(files_read(world_path(w, name), geteuid(), 64 * 1024 * 1024, &text, size), 0);
    *octets = text;
}

void shop_use_one(struct world *w)
{
    struct visitor v = visitor_new();

    world_log_in(w, &v);
    visitor_end(&v);
    world_until(w, world_nobody_is_left, NULL);
}

int shop_setup(void **state)
{
    struct shop *s = calloc(1, sizeof(*s));
    struct world *w;
    char *text;

    assert_non_null(s);
    s->o = offices_new("none");
    w = s->o->w;
    world_start(w);
    world_grant(w, (struct grant_plan){.uses = "9 per-host", .sessions = "9"});
    shop_use_one(w);
    s->lower = document((struct grant_plan){.id = ID_TWO, .staff = "li.wu", .version = 3});
    shop_hand_in(w, s->lower, "");
    text = document((struct grant_plan){.id = ID_TWO, .staff = "li.wu", .version = 4});
    shop_hand_in(w, text, "");
    free(text);
    world_grant(w, (struct grant_plan){.id = ID_OTHER, .staff = "li.wu", .vendor = "beta"});
    s->higher =
        document((struct grant_plan){.id = ID_OTHER, .staff = "li.wu", .vendor = "beta", .version = 4});
    s->new = document((struct grant_plan){.id = ID_NEW, .staff = "li.wu"});
    s->unsigned_one = document((struct grant_plan){.id = ID_UNSIGNED, .staff = "zhao.liu"});
    {
        struct varlink_reply r = world_hand_in(w, s->unsigned_one, NULL, NULL);

        varlink_reply_done(&r);
    }
    world_grant(w, (struct grant_plan){.id = ID_CLOSED, .staff = WORLD_STAFF});
    assert_string_equal(world_error_of(w, "GrantFinish", json_pack("{ss}", "id", ID_CLOSED)), "");
    world_grant(w, (struct grant_plan){.id = ID_LEADERS, .staff = "sun.ba"});
    world_stop(w);
    read_file(w, "hufu.db", &s->store, &s->store_size);
    read_file(w, "anchor", &s->anchor, &s->anchor_size);
    *state = s;
    return 0;
}

int shop_teardown(void **state)
{
    struct shop *s = *state;

    offices_free(s->o);
    free(s->unsigned_one);
    free(s->lower);
    free(s->higher);
    free(s->new);
    free(s->store);
    free(s->anchor);
    free(s);
    return 0;
}

/* ---- what there is afterwards ---- */

static void dump_entry(struct grant_entry *e, void *userdata)
{
    char **lines = userdata, id[IDENT_ID_TEXT_SIZE], *line;
    size_t n = 0;

    ident_format_id(&e->id, id);
    while (lines[n])
        n++;
    assert_true(n < 30);
    line =
        issue_text("%s %s %u standing=%s verified=%u uses=%u live=%u closed=%d taken=%s status=%s votes=%d "
                   "max=%u\n",
                   id, grant_entry_staff(e), e->version, reason_name(e->standing), e->verified_version,
                   e->uses_taken, e->sessions_live, e->closed, reason_name(e->taken_away),
                   reason_name(e->by_status), e->votes_until != 0, e->session_max);
    for (; n > 0 && strcmp(lines[n - 1], line) > 0; n--)
        lines[n] = lines[n - 1];
    lines[n] = line;
}

static void refresh(struct grant_entry *e, void *userdata)
{
    state_refresh_grant(userdata, e, time(NULL));
}

static int dump_row(void *userdata, int n, char **values, char **names)
{
    struct buf *b = userdata;

    (void)names;
    for (int i = 0; i < n; i++) {
        buf_puts(b, values[i] ? values[i] : "NULL");
        buf_puts(b, i + 1 < n ? " " : "\n");
    }
    return 0;
}

static void dump_store(struct world *w, const char *sql, struct buf *b)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(world_path(w, "hufu.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, dump_row, b, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Ends the broker. */
char *shop_dump(struct world *w, bool verdicts)
{
    char *lines[32] = {NULL};
    struct buf b = BUF_INIT;

    grant_index_each(grants_index(w->broker->grants), refresh, w->broker);
    grant_index_each(grants_index(w->broker->grants), dump_entry, (void *)lines);
    for (size_t i = 0; lines[i]; i++) {
        buf_puts(&b, lines[i]);
        free(lines[i]);
    }
    world_stop(w);
    dump_store(w,
               "SELECT hex(id), type, version, CASE type WHEN 1 THEN hex(octets) END FROM document"
               " ORDER BY id, type, version",
               &b);
    dump_store(w, "SELECT hex(id), uses_taken, closed, verified_version FROM books ORDER BY id", &b);
    dump_store(w, "SELECT count(DISTINCT basis) FROM verdict", &b);
    if (verdicts)
        dump_store(w, "SELECT count(*) FROM verdict", &b);
    dump_store(w, "SELECT kind, scope, name FROM taken ORDER BY kind, scope, name", &b);
    return buf_steal_text(&b);
}

void shop_put_back(struct shop *s)
{
    (void)unlink(world_path(s->o->w, "hufu.db-wal"));
    assert_int_equal(files_write(world_path(s->o->w, "hufu.db"), 0600, s->store, s->store_size), 0);
    assert_int_equal(files_write(world_path(s->o->w, "anchor"), 0600, s->anchor, s->anchor_size), 0);
}
