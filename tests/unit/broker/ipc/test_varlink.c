// LAYERS: wire common base
// LIBRARIES: jansson sd-event

#include "broker/common/files.h"
#include "broker/common/sockets.h"
#include "broker/ipc/varlink.h"
#include "broker/ipc/varlink_client.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int parse(const char *text, struct varlink_call *call)
{
    return varlink_parse_call(text, strlen(text), call);
}

static void test_calls(void **state)
{
    struct varlink_call call;

    (void)state;
    assert_int_equal(parse("{\"method\":\"a.b.C\"}", &call), 0);
    assert_string_equal(call.method, "a.b.C");
    assert_int_equal(json_object_size(call.parameters), 0);
    assert_false(call.oneway);
    varlink_call_done(&call);
    assert_int_equal(
        parse("{\"method\":\"a.b.C\",\"parameters\":{\"x\":1},\"oneway\":true,\"more\":true}", &call), 0);
    assert_int_equal(json_object_size(call.parameters), 1);
    assert_true(call.oneway);
    assert_true(call.more);
    varlink_call_done(&call);
    assert_int_equal(parse("{\"method\":\"a.b.C\",\"parameters\":null}", &call), 0);
    assert_int_equal(json_object_size(call.parameters), 0);
    varlink_call_done(&call);
}

static void test_calls_that_are_none(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "\"a.b.C\"",
        "{}",
        "{\"parameters\":{}}",
        "{\"method\":1}",
        "{\"method\":null}",
        "{\"method\":\"a.b.C\",\"parameters\":[]}",
        "{\"method\":\"a.b.C\",\"parameters\":\"x\"}",
        "{\"method\":\"a.b.C\",\"more\":1}",
        "{\"method\":\"a.b.C\",\"oneway\":\"true\"}",
        "{\"method\":\"a.b.C\",\"upgrade\":true}",
        "{\"method\":\"a.b.C\",\"upgrade\":0}",
        "{\"method\":\"a.b.C\",\"moer\":true}",
        "{\"method\":\"a.b.C\",\"method\":\"a.b.D\"}",
        "{\"method\":\"a.b.C\"} x",
        "{\"method\":\"a.b.C\"}{\"method\":\"a.b.C\"}",
        "{\"method\":\"a.\\u0000b.C\"}",
        "{\"method\":\"\xff\"}",
        "{\"method\":\"a.b.C\"",
    };
    struct varlink_call call;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        if (parse(bad[i], &call) != -EBADMSG)
            fail_msg("taken for a call: %s", bad[i]);
        assert_null(call.message);
        assert_null(call.method);
        assert_null(call.parameters);
    }
}

/* Arrays in arrays in arrays: the parser has its own bound, and says no. */
static void test_deep_nesting(void **state)
{
    char *text = malloc(200100);
    struct varlink_call call;
    size_t n;

    (void)state;
    n = (size_t)snprintf(text, 100, "{\"method\":\"a.b.C\",\"parameters\":{\"x\":");
    memset(text + n, '[', 100000);
    memset(text + n + 100000, ']', 100000);
    (void)snprintf(text + n + 200000, 4, "}}");
    assert_int_equal(parse(text, &call), -EBADMSG);
    free(text);
}

/* Octets are bounded, and so is what is made of them. */
static void test_number_of_values(void **state)
{
    struct varlink_call call;
    struct buf few = BUF_INIT, many = BUF_INIT, commas = BUF_INIT;

    (void)state;
    buf_puts(&few, "{\"method\":\"a.B\",\"parameters\":{\"x\":[0");
    buf_puts(&many, "{\"method\":\"a.B\",\"parameters\":{\"x\":[0");
    buf_puts(&commas, "{\"method\":\"a.B\",\"parameters\":{\"x\":[\"\\\"");
    for (unsigned i = 0; i < VARLINK_CALL_VALUES_MAX; i++) {
        buf_puts(&commas, "[,{");
        buf_puts(&many, ",0");
        if (i < VARLINK_CALL_VALUES_MAX - 10)
            buf_puts(&few, ",0");
    }
    buf_puts(&few, "]}}");
    buf_puts(&many, "]}}");
    buf_puts(&commas, "\"]}}");
    assert_int_equal(varlink_parse_call((const char *)few.data, few.size, &call), 0);
    varlink_call_done(&call);
    assert_int_equal(varlink_parse_call((const char *)commas.data, commas.size, &call), 0);
    varlink_call_done(&call);
    assert_int_equal(varlink_parse_call((const char *)many.data, many.size, &call), -EBADMSG);
    buf_done(&few);
    buf_done(&many);
    buf_done(&commas);
}

static void test_what_is_written_is_read(void **state)
{
    struct buf b = BUF_INIT;
    json_t *parameters = json_pack("{ss si}", "text", "\xe8\x99\x8e\xe7\xac\xa6 \"\\ \n", "number", 7);
    struct varlink_call call;
    struct varlink_reply reply;

    (void)state;
    varlink_write_call(&b, "a.b.C", parameters);
    assert_int_equal(varlink_message_size(b.data, b.size, 4096), b.size - 1);
    assert_int_equal(varlink_parse_call((char *)b.data, b.size - 1, &call), 0);
    assert_true(json_equal(call.parameters, parameters));
    varlink_call_done(&call);
    buf_done(&b);
    varlink_write_reply(&b, "a.b.Wrong", parameters);
    assert_int_equal(varlink_parse_reply((char *)b.data, b.size - 1, &reply), 0);
    assert_string_equal(reply.error, "a.b.Wrong");
    assert_true(json_equal(reply.parameters, parameters));
    varlink_reply_done(&reply);
    buf_done(&b);
    varlink_write_reply(&b, NULL, NULL);
    assert_int_equal(varlink_parse_reply((char *)b.data, b.size - 1, &reply), 0);
    assert_null(reply.error);
    varlink_reply_done(&reply);
    buf_done(&b);
    json_decref(parameters);
}

static void test_too_long_a_reply_is_an_error_of_the_buffer(void **state)
{
    struct buf b = {.limit = 64};
    json_t *parameters =
        json_pack("{ss}", "text", "0123456789012345678901234567890123456789012345678901234567890");

    (void)state;
    varlink_write_reply(&b, NULL, parameters);
    assert_int_equal(buf_error(&b), -EMSGSIZE);
    buf_done(&b);
    json_decref(parameters);
}

static void test_message_size(void **state)
{
    (void)state;
    assert_int_equal(varlink_message_size("abc", 3, 10), -EAGAIN);
    assert_int_equal(varlink_message_size("abc\0d", 5, 10), 3);
    assert_int_equal(varlink_message_size("\0", 1, 10), 0);
    assert_int_equal(varlink_message_size(NULL, 0, 10), -EAGAIN);
    assert_int_equal(varlink_message_size("abc\0", 4, 3), 3);
    assert_int_equal(varlink_message_size("abcd\0", 5, 3), -EMSGSIZE);
}

/* ---- parameters ---- */

static void test_fields(void **state)
{
    const char *text = NULL, *other = "as it was", *wrong = "?";
    json_int_t number = 0;
    bool flag = false;
    json_t *list = NULL;
    const struct varlink_field fields[] = {{"text", VARLINK_STRING, false, &text},
                                           {"other", VARLINK_STRING, true, &other},
                                           {"number", VARLINK_INT, true, &number},
                                           {"flag", VARLINK_BOOL, true, &flag},
                                           {"list", VARLINK_STRINGS, true, &list}};
    json_t *good =
        json_pack("{ss sn si sb s[ss]}", "text", "t", "other", "number", 5, "flag", 1, "list", "a", "b");

    (void)state;
    assert_int_equal(varlink_read(good, fields, 5, &wrong), 0);
    assert_null(wrong);
    assert_string_equal(text, "t");
    assert_string_equal(other, "as it was");
    assert_int_equal(number, 5);
    assert_true(flag);
    assert_int_equal(json_array_size(list), 2);
    json_decref(good);
}

static void test_fields_that_do_not_fit(void **state)
{
    const char *text = NULL, *wrong;
    json_int_t number = 0;
    json_t *list = NULL;
    const struct varlink_field fields[] = {{"text", VARLINK_STRING, false, &text},
                                           {"number", VARLINK_INT, true, &number},
                                           {"list", VARLINK_STRINGS, true, &list}};
    static const struct {
        const char *json, *wrong;
    } cases[] = {
        {"{}", "text"},
        {"{\"text\":null}", "text"},
        {"{\"text\":1}", "text"},
        {"{\"text\":\"t\",\"txet\":\"t\"}", "txet"},
        {"{\"text\":\"t\",\"number\":-1}", "number"},
        {"{\"text\":\"t\",\"number\":1.5}", "number"},
        {"{\"text\":\"t\",\"number\":\"1\"}", "number"},
        {"{\"text\":\"t\",\"list\":\"a\"}", "list"},
        {"{\"text\":\"t\",\"list\":[1]}", "list"},
        {"{\"text\":\"t\",\"list\":[\"a\",null]}", "list"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        json_t *j = json_loads(cases[i].json, 0, NULL);

        assert_non_null(j);
        if (varlink_read(j, fields, 3, &wrong) != -EINVAL || strcmp(wrong, cases[i].wrong) != 0)
            fail_msg("%s", cases[i].json);
        json_decref(j);
    }
}

/* ---- the calling side ---- */

/* A server in a child: takes one connection, reads, sends these octets, hangs up or stays. */
static pid_t serve(const char *path, const char *octets, size_t size, bool stay)
{
    int listening = socket_listen_unix(path, SOCK_STREAM, 0600, 4);
    pid_t pid = fork();

    if (pid == 0) {
        char in[4096];
        int fd;

        while ((fd = accept(listening, NULL, NULL)) < 0)
            ;
        if (recv(fd, in, sizeof(in), 0) > 0 && size > 0)
            (void)send(fd, octets, size, MSG_NOSIGNAL);
        if (stay)
            (void)sleep(5);
        _exit(0);
    }
    close_fd(listening);
    return pid;
}

static int call(const char *octets, size_t size, bool stay, struct varlink_reply *reply)
{
    char folder[] = "/tmp/hufu-varlink.XXXXXX", path[64];
    pid_t pid;
    int r;

    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s", folder);
    pid = serve(path, octets, size, stay);
    r = varlink_call(path, "a.b.C", NULL, 300, reply);
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    return r;
}

static void test_client(void **state)
{
    static const char good[] = "{\"parameters\":{\"x\":1}}", nonsense[] = "nonsense";
    struct varlink_reply reply;

    (void)state;
    assert_int_equal(call(good, sizeof(good), false, &reply), 0);
    assert_int_equal(json_integer_value(json_object_get(reply.parameters, "x")), 1);
    varlink_reply_done(&reply);
    assert_int_equal(call(nonsense, sizeof(nonsense), false, &reply), -EBADMSG);
    assert_int_equal(call(good, sizeof(good) - 1, false, &reply), -ECONNRESET);
    assert_int_equal(call(NULL, 0, false, &reply), -ECONNRESET);
    assert_int_equal(call(NULL, 0, true, &reply), -ETIMEDOUT);
    assert_int_equal(varlink_call("/nonexistent/socket", "a.b.C", NULL, 300, &reply), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_calls_that_are_none),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_number_of_values),
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_too_long_a_reply_is_an_error_of_the_buffer),
        cmocka_unit_test(test_message_size),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_fields_that_do_not_fit),
        cmocka_unit_test(test_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
