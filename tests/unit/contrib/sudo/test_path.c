// LINK: -Wl,--wrap=fstatfs
/* Where paths lead, and who could change that, on a small host in a folder. */
#include "contrib/sudo/path.h"
#include "place.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cmocka.h>

static struct path_found found;
static bool all_is_fuse;

int __real_fstatfs(int fd, struct statfs *ret);
int __wrap_fstatfs(int fd, struct statfs *ret);
int __wrap_fstatfs(int fd, struct statfs *ret)
{
    int r = __real_fstatfs(fd, ret);

    if (all_is_fuse)
        ret->f_type = FUSE_SUPER_MAGIC;
    return r;
}

static void leads(const char *path, enum path_result result, const char *real)
{
    enum path_result r = path_follow(&place.as, path, &found);

    if (r != result || strcmp(found.real, real) != 0)
        fail_msg("%s: %d %s, about %s", path, (int)r, found.real, found.concern);
}

static void test_links_are_followed(void **state)
{
    (void)state;
    leads("/usr/bin/id", PATH_HOLDS, "/usr/bin/id");
    assert_true(S_ISREG(found.mode));
    leads("/bin/id", PATH_HOLDS, "/usr/bin/id");
    leads("/bin/awk", PATH_HOLDS, "/usr/bin/mawk");
    leads("/home/who/link", PATH_HOLDS, "/usr/bin/id");
    leads("//usr/./bin/../bin//id", PATH_HOLDS, "/usr/bin/id");
    leads("/../../usr/bin/id", PATH_HOLDS, "/usr/bin/id");
    place_folder(&place, "/usr/share", 0755);
    leads("/bin/../share", PATH_HOLDS, "/usr/share"); /* above where the link leads */
}

static void test_folders(void **state)
{
    (void)state;
    leads("/", PATH_HOLDS, "/");
    assert_true(S_ISDIR(found.mode));
    leads("/usr/bin/", PATH_HOLDS, "/usr/bin");
    assert_true(S_ISDIR(found.mode));
    leads("/usr/bin/.", PATH_HOLDS, "/usr/bin");
    assert_true(S_ISDIR(found.mode));
}

static void test_what_others_may_write(void **state)
{
    (void)state;
    leads("/open/tool", PATH_CHANGES, "/open/tool");
    assert_string_equal(found.concern, "/open");
    place_link(&place, "/usr/bin/tool", "/open/tool");
    leads("/usr/bin/tool", PATH_CHANGES, "/open/tool");
    place_file(&place, "/usr/bin/loose", 0775, "x"); /* by its group */
    leads("/usr/bin/loose", PATH_CHANGES, "/usr/bin/loose");
    place_file(&place, "/usr/bin/looser", 0757, "x");
    leads("/usr/bin/looser", PATH_CHANGES, "/usr/bin/looser");
    /* A folder on the way out counts as well as one on the way in. */
    leads("/open/../usr/bin/id", PATH_CHANGES, "/usr/bin/id");
    place_folder(&place, "/shared", 0775);
    place_file(&place, "/shared/tool", 0755, "x");
    leads("/shared/tool", PATH_CHANGES, "/shared/tool");
    assert_int_equal(chmod(place.folder, 0777), 0);
    leads("/usr/bin/id", PATH_CHANGES, "/usr/bin/id");
    assert_string_equal(found.concern, "/");
}

static void test_what_belongs_to_others(void **state)
{
    (void)state;
    place.as.owner = geteuid() + 1;
    leads("/usr/bin/id", PATH_CHANGES, "/usr/bin/id");
    assert_string_equal(found.concern, "/");
    if (geteuid() != 0)
        return; /* to give one file away takes root */
    place.as.owner = 0;
    assert_int_equal(fchownat(place.as.root, "home/who", 1000, 1000, 0), 0);
    leads("/home/who/link", PATH_CHANGES, "/usr/bin/id");
    assert_string_equal(found.concern, "/home/who");
    assert_int_equal(fchownat(place.as.root, "home/who", 0, 0, 0), 0);
    assert_int_equal(fchownat(place.as.root, "home/who/link", 1000, 1000, AT_SYMLINK_NOFOLLOW), 0);
    leads("/home/who/link", PATH_CHANGES, "/usr/bin/id");
    assert_int_equal(fchownat(place.as.root, "usr/bin/id", 1000, 1000, 0), 0);
    leads("/usr/bin/id", PATH_CHANGES, "/usr/bin/id");
}

static void test_fuse(void **state)
{
    (void)state;
    all_is_fuse = true;
    leads("/usr/bin/id", PATH_CHANGES, "/usr/bin/id");
    all_is_fuse = false;
    leads("/usr/bin/id", PATH_HOLDS, "/usr/bin/id");
}

/* On the host itself: links of /proc lead each process elsewhere, and not where they say. */
static void test_made_up(void **state)
{
    static const char *const paths[] = {"/proc", "/proc/self/cwd/id", "/proc/self/fd/0/id", "/dev/fd/0/id",
                                        "/proc/self/root/usr/bin/id"};
    struct path_place host = {.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), .owner = 0};

    (void)state;
    assert_true(host.root >= 0);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        enum path_result r = path_follow(&host, paths[i], &found);

        if (r != PATH_CHANGES && r != PATH_LOST)
            fail_msg("%s: %d %s", paths[i], (int)r, found.real);
        assert_true(r == PATH_LOST || strcmp(found.concern, "/proc") == 0);
    }
    assert_int_equal(close(host.root), 0);
}

static void test_nowhere(void **state)
{
    char longest[PATH_REAL_SIZE + 10];

    (void)state;
    leads("usr/bin/id", PATH_LOST, "usr/bin/id");
    leads("./id", PATH_LOST, "./id");
    leads("", PATH_LOST, "");
    leads("sudoedit", PATH_LOST, "sudoedit");
    leads("/usr/bin/id/x", PATH_LOST, "/usr/bin/id/x");
    leads("/usr/bin/nothing", PATH_ABSENT, "/usr/bin/nothing");
    leads("/snap/bin", PATH_ABSENT, "/snap");
    leads("/open/nothing", PATH_LOST, "/open/nothing"); /* anybody can make it */
    place_link(&place, "/usr/bin/ring", "/usr/bin/ring");
    leads("/usr/bin/ring", PATH_LOST, "/usr/bin/ring");
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(path_follow(&place.as, longest, &found), PATH_LOST);
    assert_int_equal(strlen(found.real), PATH_REAL_SIZE - 1);
    assert_int_equal(strlen(found.concern), PATH_CONCERN_SIZE - 1);
}

static void doubtful(const char *path, int expected, const char *about)
{
    char concern[PATH_CONCERN_SIZE] = "";
    int r = path_interpreter_is_doubtful(&place.as, path, concern);

    if (r != expected || (expected && strcmp(concern, about) != 0))
        fail_msg("%s: %d, about %s", path, r, concern);
}

static void test_interpreters(void **state)
{
    char line[600];

    (void)state;
    doubtful("/usr/bin/id", 0, "");
    doubtful("/usr/bin/report", 0, "");
    place_file(&place, "/usr/bin/relative", 0755, "#!sh\n");
    doubtful("/usr/bin/relative", 1, "sh");
    place_file(&place, "/usr/bin/changeable", 0755, "#!/open/tool\n");
    doubtful("/usr/bin/changeable", 1, "/open/tool");
    place_file(&place, "/usr/bin/absent", 0755, "#!/usr/bin/python3\n");
    doubtful("/usr/bin/absent", 1, "/usr/bin/python3");
    place_file(&place, "/usr/bin/folder", 0755, "#!/usr/bin\n");
    doubtful("/usr/bin/folder", 1, "/usr/bin");
    place_file(&place, "/usr/bin/second", 0755, "#!/usr/bin/changeable\n");
    doubtful("/usr/bin/second", 1, "/open/tool");
    place_file(&place, "/usr/bin/itself", 0755, "#!/usr/bin/itself\n");
    doubtful("/usr/bin/itself", 1, "/usr/bin/itself");
    place_file(&place, "/usr/bin/empty", 0755, "");
    doubtful("/usr/bin/empty", 0, "");
    place_file(&place, "/usr/bin/nothing", 0755, "#!\n");
    doubtful("/usr/bin/nothing", 1, "");
    (void)snprintf(line, sizeof(line), "#!/usr/bin/%0500d\n", 0);
    place_file(&place, "/usr/bin/cut", 0755, line);
    doubtful("/usr/bin/cut", 1, "/usr/bin/cut");
    doubtful("/usr/bin/gone", 1, "/usr/bin/gone");
}

#define PATH_TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(test_links_are_followed),
        PATH_TEST(test_folders),
        PATH_TEST(test_what_others_may_write),
        PATH_TEST(test_what_belongs_to_others),
        PATH_TEST(test_fuse),
        PATH_TEST(test_made_up),
        PATH_TEST(test_nowhere),
        PATH_TEST(test_interpreters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
