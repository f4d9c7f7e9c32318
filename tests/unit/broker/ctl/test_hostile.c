// LAYERS: test_support
// LIBRARIES: jansson

#include "tests/unit/broker/ctl/invoke.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>

/* Nothing of a reply steers a terminal or hides there, whichever command prints it and in which sentence. */

#define ESCAPE  "\\u001b[2Jx\\u202e\\n"
#define NAME(n) "\"" n "\": \"" ESCAPE "\""

static void assert_harmless(const char *line, const char *text)
{
    static const unsigned char override[] = {0xe2, 0x80, 0xae};

    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' && *p != '\n')
            fail_msg("\"%s\" prints octet %02x", line, (unsigned)(unsigned char)*p);
    if (memmem(text, strlen(text), override, sizeof(override)))
        fail_msg("\"%s\" turns its direction round", line);
}

/* What is shown is there, spelled out. */
static void test_every_sentence(void **state)
{
    static const struct {
        const char *line, *reply;
    } cases[] = {
        {"clock confirm --yes", NAME("now") "," NAME("was")},
        {"host confirm --yes", "\"changed\": true," NAME("host") "," NAME("machine_id") "," NAME(
                                   "was_host") "," NAME("was_machine_id")},
        {"host confirm --yes", "\"changed\": false," NAME("host")},
        {"document add document", NAME("type") "," NAME("state") "," NAME("id") ", \"version\": 1"},
        {"document add document", "\"type\": \"grant\", \"version\": 1," NAME("state") "," NAME("id")},
        {"document add document", "\"type\": \"trust\", \"version\": 1," NAME("state")},
        {"document add document", "\"type\": \"revocation\", \"version\": 1," NAME("state") "," NAME("id")},
        {"explain zhang.san", NAME("verdict") "," NAME("reason") "," NAME("message") "," NAME("taken_by")},
        {"explain zhang.san", "\"verdict\": \"allow\"," NAME("valid_until")},
        {"explain zhang.san", NAME("reason") ", \"considered\": [{" NAME("id") "," NAME("reason") "}]"},
        {"trust show", "\"epoch\": {" NAME("site") "}, \"file\": {" NAME("differs") "}"},
        {"trust show", NAME("trouble")},
        {"grant list", "\"grants\": [{" NAME("id") "," NAME("staff") "}]"},
        {"grant show " PAPERS_ID, "\"grant\": {" NAME("state") "}," NAME("document")},
        {"grant finish " PAPERS_ID, NAME("id")},
        {"session list", "\"sessions\": [{" NAME("grant") "," NAME("staff") "}]"},
        {"session show 1", "\"session\": {" NAME("staff") "}, \"processes\": [{" NAME("name") "}]"},
        {"unlock --staff zhang.san --why test", "\"was\": {" NAME("at") "," NAME("by") "," NAME("why") "}"},
        {"locks", "\"taken\": [{" NAME("kind") "," NAME("until") "," NAME("signer") "}]"},
        {"audit", "\"more\": false, \"records\": [{" NAME("time") "," NAME("grant") "," NAME("event") "}]"},
        {"status",
         NAME("reason") ", \"findings\": [{" NAME("severity") "," NAME("message") "," NAME("subject") "}]"},
    };

    (void)state;
    put_file("document", "hufu-grant: 1\n");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *call = NULL;
        cleanup_free char *reply = issue_text("{\"parameters\": {%s}}", cases[i].reply);
        cleanup_result struct result r = invoke_with(reply, cases[i].line, &call);

        assert_harmless(cases[i].line, r.out);
        assert_harmless(cases[i].line, r.error);
        if (!strstr(r.out, "\\x1b[2Jx") && !strstr(r.error, "\\x1b[2Jx"))
            fail_msg("\"%s\" says: %s%s", cases[i].line, r.out, r.error);
    }
}

/* One entry, whose name is whoever's who put it there. */
static void put_directory(void)
{
    put_file(
        "hufu-ldapd",
        "#!/bin/sh\n"
        "case \"$*\" in\n"
        "*--base) echo ou=hufu ;;\n"
        "*--apply) echo '1 0 ' ;;\n"
        "*) printf 'version: 1\\n\\ndn:: %s\\nhufuId: x\\n\\n' Y249G1sySnjigK4sb3U9Z3JhbnRzLG91PWh1ZnU= ;;\n"
        "esac\n");
    must(chmod("hufu-ldapd", 0700) == 0);
}

/* Nor of what a directory says. */
static void test_names_of_entries(void **state)
{
    cleanup_result struct result r = {0};

    (void)state;
    put_directory();
    r = invoke("withdraw", PAPERS_ID, "--yes", "--directory", "conf", NULL);
    assert_string_equal(r.error, "");
    assert_int_equal(r.code, EXIT_DONE);
    assert_harmless("withdraw", r.out);
    assert_says(r.out, "\\x1b[2Jx");
}

/* Columns that show the beginning of an id cut what is spelled out, not what would be. */
static void test_short_ids(void **state)
{
    cleanup_free char *call = NULL;
    cleanup_result struct result r =
        invoke_with("{\"parameters\": {\"grants\": [{" NAME("id") "}]}}", "grant list", &call);

    (void)state;
    assert_says(r.out, "\n\\x1b[2Jx ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_sentence, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_names_of_entries, enter_folder, leave_folder),
        cmocka_unit_test_setup_teardown(test_short_ids, enter_folder, leave_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
