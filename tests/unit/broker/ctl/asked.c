#include "tests/unit/broker/ctl/asked.h"

#include "tests/unit/unit.h"

#include <jansson.h>
#include <string.h>

void assert_call(const char *calls, size_t at, const char *method, const char *parameters)
{
    json_t *call, *expected = json_loads(parameters, 0, NULL);
    cleanup_free char *qualified = issue_text("org.hufu.control.%s", method);

    for (; at > 0; at--)
        calls = strchr(calls, '\n') + 1;
    call = json_loads(calls, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(call);
    assert_non_null(expected);
    assert_string_equal(json_string_value(json_object_get(call, "method")), qualified);
    if (!json_equal(json_object_get(call, "parameters"), expected))
        fail_msg("%s was called with %s", method, calls);
    json_decref(call);
    json_decref(expected);
}

void assert_asks(const char *reply, const char *line, const char *method, const char *parameters,
                 enum exit_code code, const char *says)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(reply, line, &call);

    if (r.code != code)
        fail_msg("\"%s\" exits %d: %s%s", line, (int)r.code, r.out, r.error);
    assert_call(call, 0, method, parameters);
    if (!strstr(r.out, says) && !strstr(r.error, says))
        fail_msg("\"%s\" says: %s%s", line, r.out, r.error);
}

void assert_asks_in_part(const char *reply, const char *line, const char *call_part, enum exit_code code,
                         const char *says)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r = invoke_with(reply, line, &call);

    if (r.code != code)
        fail_msg("\"%s\" exits %d: %s%s", line, (int)r.code, r.out, r.error);
    assert_says(call, call_part);
    if (!strstr(r.out, says) && !strstr(r.error, says))
        fail_msg("\"%s\" says: %s%s", line, r.out, r.error);
}
