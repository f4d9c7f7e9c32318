#include "broker/daemon/check_store.h"

#include "broker/store/inspect.h"
#include "broker/trust/digest.h"
#include "policy/base/when.h"

#include <errno.h>
#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <unistd.h>

#define USER   "hufu"
#define NOBODY 65534

static int give_up_rights(void *userdata)
{
    const struct passwd *user;
    uid_t uid = NOBODY;
    gid_t gid = NOBODY;

    (void)userdata;
    if (geteuid() != 0)
        return 0;
    user = getpwnam(USER);
    if (user) {
        uid = user->pw_uid;
        gid = user->pw_gid;
    }
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return -errno;
    return 0;
}

static json_t *time_of(int64_t us)
{
    char text[WHEN_TEXT_SIZE];

    if (us == 0)
        return json_null();
    when_format(us / 1000000, text);
    return json_string(text);
}

int check_store(const char *path, FILE *out, char error[static 200])
{
    const struct store_options options = {.path = path, .sha256 = digest_sha256, .sm3 = digest_sm3};
    struct store_inspection x;
    char hash[2 * sizeof(x.hash) + 1];
    json_t *found;
    int r = store_inspect(&options, give_up_rights, NULL, &x, error);

    if (r < 0)
        return r;
    ident_format_hex(x.hash, sizeof(x.hash), hash);
    found =
        json_pack("{ss ss ss sI sI ss so so sI sI sI sI sI}", "host", x.host, "machine_id", x.machine_id,
                  "ledger", x.ledger, "first", (json_int_t)x.first, "last", (json_int_t)x.last, "hash", hash,
                  "first_at", time_of(x.first_us), "last_at", time_of(x.last_us), "grants",
                  (json_int_t)x.grants, "uses", (json_int_t)x.uses, "tombstones", (json_int_t)x.tombstones,
                  "locks", (json_int_t)x.locks, "sessions_open", (json_int_t)x.sessions_open);
    if (!found)
        return -ENOMEM;
    r = json_dumpf(found, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF ? 0 : -EIO;
    json_decref(found);
    return r;
}
