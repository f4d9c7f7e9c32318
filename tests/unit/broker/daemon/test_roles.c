// LAYERS: test_support

#include "broker/common/files.h"
#include "tests/unit/broker/daemon/world.h"
#include "tests/unit/support/issuing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Who may call what: every method that the broker has, asked by everybody there is, against the table that is
 * printed in docs/protocol-control.md. The methods' own handlers are left out: what is asked here is the
 * door.
 */

#define DOCUMENT    "docs/protocol-control.md"
#define HEADING     "| method | root | hufu-operators | hufu-auditors | gated | others | without hufu-reaper |\n"
#define OTHER_UID   4242
#define NO_GROUP    ((gid_t)-1)
#define METHODS_MAX 64

enum column { ROOT, OPERATORS, AUDITORS, GATED, OTHERS, BLIND, N_COLUMNS };

/* ---- the printed table ---- */

struct printed_row {
    char name[40];
    char cells[N_COLUMNS][8];
};

struct printed {
    struct printed_row rows[METHODS_MAX];
    size_t n;
};

/* The next cell of a line, without its blanks; moves on behind it. */
static void take_cell(const char **at, char *cell, size_t size)
{
    const char *end = strchr(*at, '|');
    int length;

    assert_non_null(end);
    *at += strspn(*at, " ");
    for (length = (int)(end - *at); length > 0 && (*at)[length - 1] == ' '; length--)
        ;
    assert_true(length < (int)size);
    (void)snprintf(cell, size, "%.*s", length > 0 ? length : 0, *at);
    *at = end + 1;
}

/* A line may name several methods. */
static void take_line(struct printed *p, const char *line)
{
    char names[400], cells[N_COLUMNS][8], *rest = names;
    const char *at = line + 1;

    take_cell(&at, names, sizeof(names));
    for (size_t i = 0; i < N_COLUMNS; i++)
        take_cell(&at, cells[i], sizeof(cells[i]));
    for (char *name = strtok_r(names, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
        assert_true(p->n < METHODS_MAX);
        (void)snprintf(p->rows[p->n].name, sizeof(p->rows[0].name), "%s", name);
        memcpy(p->rows[p->n++].cells, cells, sizeof(cells));
    }
}

static void read_printed(struct printed *p)
{
    FILE *f = fopen(DOCUMENT, "re");
    char line[600];
    bool in_table = false;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        if (in_table && line[0] != '|')
            break;
        if (in_table && line[1] != '-')
            take_line(p, line);
        in_table = in_table || strcmp(line, HEADING) == 0;
    }
    (void)fclose(f);
    assert_true(p->n > 5);
}

static const struct printed_row *printed_row(const struct printed *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->rows[i].name, name) == 0)
            return &p->rows[i];
    fail_msg("%s is not in the table of " DOCUMENT, name);
    return NULL;
}

/* ---- everybody there is ---- */

struct caller {
    const char *name;
    bool root, operator, auditor;
    bool gated_uid; /* the peer's uid is in the range */
    uint32_t login_uid;
    enum column columns[2];
    size_t n_columns; /* what any of them may, this one may; 0: nothing */
    uint32_t person;
};

#define STAFF   20001
#define UNKNOWN CONTROL_LOGIN_UID_UNKNOWN
#define NOBODY  CONTROL_NO_PERSON
#define MINE    1 /* the uid that the test runs as */

static const struct caller callers[] = {
    {"root", true, false, false, false, 1000, {ROOT}, 1, NOBODY},
    {"root without a login", true, false, false, false, CONTROL_LOGIN_UID_UNSET, {ROOT}, 1, NOBODY},
    {"operator", false, true, false, false, 1000, {OPERATORS}, 1, NOBODY},
    {"auditor", false, false, true, false, 1000, {AUDITORS}, 1, NOBODY},
    {"operator and auditor", false, true, true, false, 1000, {OPERATORS, AUDITORS}, 2, NOBODY},
    {"another", false, false, false, false, 1000, {OTHERS}, 1, NOBODY},
    {"gated by uid", false, false, false, true, 1000, {GATED}, 1, MINE},
    {"gated by both", false, false, false, true, MINE, {GATED}, 1, MINE},
    {"gated by login uid", false, false, false, false, STAFF, {GATED}, 1, STAFF},
    {"gated as root", true, false, false, false, STAFF, {GATED}, 1, STAFF},
    {"gated in both groups", false, true, true, false, STAFF, {GATED}, 1, STAFF},
    {"gated as root in both groups", true, true, true, false, STAFF, {GATED}, 1, STAFF},
    {"two gated", false, false, false, true, STAFF, {0}, 0, NOBODY},
    {"two gated in both groups", false, true, true, true, STAFF, {0}, 0, NOBODY},
};

/* The same with nobody to tell the login uid: what the last column has, of what they may. */
static const struct caller unknown_callers[] = {
    {"root", true, false, false, false, UNKNOWN, {ROOT}, 1, NOBODY},
    {"operator", false, true, false, false, UNKNOWN, {OPERATORS}, 1, NOBODY},
    {"auditor", false, false, true, false, UNKNOWN, {AUDITORS}, 1, NOBODY},
    {"operator and auditor", false, true, true, false, UNKNOWN, {OPERATORS, AUDITORS}, 2, NOBODY},
    {"another", false, false, false, false, UNKNOWN, {OTHERS}, 1, NOBODY},
    {"gated", false, false, false, true, UNKNOWN, {0}, 0, NOBODY},
    {"gated in both groups", false, true, true, true, UNKNOWN, {0}, 0, NOBODY},
};

/* ---- asking ---- */

struct door {
    struct world world; /* folder and loop alone */
    struct control *control;
    struct control_method methods[METHODS_MAX];
    uint32_t login_uid, person;
    unsigned handled, refused;
};

static void handle(void *userdata, struct control_call *call, json_t *parameters)
{
    struct door *d = userdata;

    (void)parameters;
    d->handled++;
    d->person = control_call_person(call);
    control_reply(call, json_object());
}

static void identify(void *userdata, struct control_connection *connection, pid_t pid)
{
    (void)pid;
    control_identified(connection, ((struct door *)userdata)->login_uid);
}

static void refused(void *userdata, const struct control_call *call, const char *method, const char *needs)
{
    (void)call;
    assert_non_null(method);
    assert_true(strlen(needs) > 0);
    ((struct door *)userdata)->refused++;
}

static uint32_t uid_of(uint32_t uid)
{
    return uid == MINE ? (uint32_t)geteuid() : uid;
}

static void door_open(struct door *d, const struct caller *c)
{
    struct control_options options = {.event = d->world.event,
                                      .path = world_path(&d->world, "control"),
                                      .interface = "org.hufu.control",
                                      .description = "",
                                      .version = "1",
                                      .methods = d->methods,
                                      .n_methods = broker_n_control_methods,
                                      .root = c->root ? geteuid() : OTHER_UID,
                                      .operators = c->operator? getegid() : NO_GROUP,
                                      .auditors = c->auditor ? getegid() : NO_GROUP,
                                      .gated_first = STAFF,
                                      .gated_last = STAFF,
                                      .identify = identify,
                                      .refused = refused,
                                      .userdata = d};

    if (c->gated_uid) {
        options.gated_first = uid_of(MINE) < STAFF ? uid_of(MINE) : STAFF;
        options.gated_last = uid_of(MINE) < STAFF ? STAFF : uid_of(MINE);
    }
    d->login_uid = uid_of(c->login_uid);
    /* Logged in as somebody who is not gated, whatever the range of this test. */
    if (c->gated_uid && c->login_uid == 1000)
        d->login_uid = CONTROL_LOGIN_UID_UNSET;
    assert_int_equal(control_new(&options, &d->control), 0);
}

static bool may(struct door *d, const char *method)
{
    unsigned handled_before = d->handled, refused_before = d->refused;
    struct varlink_reply reply = world_call(&d->world, method, NULL);
    bool handled = !reply.error;

    if (!handled)
        assert_string_equal(reply.error, "org.hufu.control.NotPermitted");
    varlink_reply_done(&reply);
    assert_int_equal(d->handled - handled_before, handled);
    assert_int_equal(d->refused - refused_before, !handled);
    return handled;
}

static bool is_printed(const struct printed_row *row, enum column column)
{
    const char *cell = row->cells[column];

    if (cell[0] != '\0' && strcmp(cell, column == GATED ? "own" : "x") != 0)
        fail_msg("%s: a cell says \"%s\"", row->name, cell);
    return cell[0] != '\0';
}

static void ask_all(struct door *d, const struct printed *p, const struct caller *c, bool blind)
{
    door_open(d, c);
    for (size_t i = 0; i < broker_n_control_methods; i++) {
        const struct printed_row *row = printed_row(p, d->methods[i].name);
        bool expected = false;

        for (size_t j = 0; j < c->n_columns; j++)
            expected = expected || is_printed(row, c->columns[j]);
        expected = expected && (!blind || is_printed(row, BLIND));
        if (may(d, d->methods[i].name) != expected)
            fail_msg("%s%s: %s is %s by the table", c->name, blind ? ", login uid unknown" : "", row->name,
                     expected ? "allowed" : "refused");
        if (expected)
            assert_int_equal(d->person, uid_of(c->person));
    }
    d->control = control_free(d->control);
}

static int setup(void **state)
{
    struct door *d = calloc(1, sizeof(*d));

    if (!d)
        return -1;
    must(broker_n_control_methods <= METHODS_MAX);
    (void)snprintf(d->world.folder, sizeof(d->world.folder), "/tmp/hufu-roles.XXXXXX");
    must(mkdtemp(d->world.folder) != NULL && sd_event_new(&d->world.event) >= 0);
    memcpy(d->methods, broker_control_methods, broker_n_control_methods * sizeof(d->methods[0]));
    for (size_t i = 0; i < broker_n_control_methods; i++)
        d->methods[i].handle = handle;
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct door *d = *state;

    control_free(d->control);
    sd_event_unref(d->world.event);
    (void)unlink(world_path(&d->world, "control"));
    must(rmdir(d->world.folder) == 0);
    free(d);
    return 0;
}

static void test_each_cell(void **state)
{
    struct printed p = {.n = 0};

    read_printed(&p);
    for (size_t i = 0; i < ARRAY_SIZE(callers); i++)
        ask_all(*state, &p, &callers[i], false);
    for (size_t i = 0; i < ARRAY_SIZE(unknown_callers); i++)
        ask_all(*state, &p, &unknown_callers[i], true);
}

/* Nothing is printed that is not there, and nothing twice. */
static void test_printed_methods_exist(void **state)
{
    struct printed p = {.n = 0};

    (void)state;
    read_printed(&p);
    for (size_t i = 0; i < p.n; i++) {
        bool found = strcmp(p.rows[i].name, "org.varlink.service.*") == 0;

        for (size_t j = 0; j < broker_n_control_methods; j++)
            found = found || strcmp(p.rows[i].name, broker_control_methods[j].name) == 0;
        if (!found || printed_row(&p, p.rows[i].name) != &p.rows[i])
            fail_msg("%s is printed in vain", p.rows[i].name);
    }
}

/* Rights that no row can mean: what a gated person may call judges itself whose it is. */
static void test_rows_make_sense(void **state)
{
    (void)state;
    for (size_t i = 0; i < broker_n_control_methods; i++) {
        const struct control_method *m = &broker_control_methods[i];

        assert_true(m->needs == CONTROL_READ || m->needs == CONTROL_CHANGE || m->needs == CONTROL_ROOT ||
                    m->needs == CONTROL_AUDIT);
        assert_false(m->own && m->needs == CONTROL_ROOT);
        assert_false(m->blind && m->needs == CONTROL_ROOT);
        assert_non_null(m->handle);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_cell, setup, teardown),
        cmocka_unit_test(test_printed_methods_exist),
        cmocka_unit_test(test_rows_make_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
