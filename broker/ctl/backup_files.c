#include "broker/ctl/backup_files.h"

#include "broker/common/files.h"
#include "broker/ctl/helper.h"
#include "broker/trust/digest.h"
#include "policy/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BROKER "/usr/sbin/hufud"

const char *const backup_configuration[] = {"hufud.conf", "reaper.conf", "trust", "ldapd.conf", NULL};

static int copy_octets(int from, int to)
{
    static char octets[1 << 18];
    ssize_t n;

    while ((n = read(from, octets, sizeof(octets))) > 0)
        for (ssize_t done = 0; done < n;) {
            ssize_t m = write(to, octets + done, (size_t)(n - done));

            if (m < 0 && errno != EINTR)
                return -errno;
            done += m > 0 ? m : 0;
        }
    return n < 0 ? -errno : 0;
}

static int fill(int from, int to, mode_t mode, uint8_t sha256[static 32], uint64_t *size)
{
    int r = copy_octets(from, to);

    if (r == 0 && (fchmod(to, mode) < 0 || fsync(to) < 0))
        r = -errno;
    return r < 0 ? r : digest_file(to, sha256, size);
}

int backup_copy(int from_folder, const char *from, int to_folder, const char *to, mode_t mode,
                uint8_t sha256[static 32], uint64_t *size)
{
    cleanup_close int in = openat(from_folder, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    cleanup_close int out = -1;
    struct stat st;
    int r;

    if (in < 0)
        return errno == ELOOP ? -EPERM : -errno;
    if (fstat(in, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EPERM;
    out = openat(to_folder, to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0)
        return -errno;
    r = fill(in, out, mode, sha256, size);
    if (r < 0)
        (void)unlinkat(to_folder, to, 0);
    return r;
}

enum exit_code backup_check_store(const struct cli *cli, const char *path, json_t **ret)
{
    cleanup(helper_done) struct helper h = HELPER_INIT;
    cleanup_free char *option = NULL;
    cleanup_free char *message = NULL;
    json_error_t error;
    int r;

    *ret = NULL;
    if (asprintf(&option, "--check-store=%s", path) < 0) {
        option = NULL;
        return cli_fail(cli, EXIT_REFUSED, _("out of memory"));
    }
    char *argv[] = {(char *)BROKER, option, NULL};

    r = helper_start(&h, argv, -1, -1);
    if (r < 0)
        return cli_fail(cli, EXIT_REFUSED, _("cannot start %s: %s"), BROKER, strerror(-r));
    *ret = json_loadf(h.out, 0, &error);
    r = helper_finish(&h, &message);
    if (r == 0 && *ret)
        return EXIT_DONE;
    json_decref(*ret);
    *ret = NULL;
    return cli_fail(cli, EXIT_REFUSED, _("%s: %s"), path,
                    message && message[0] != '\0' ? message : _("the store cannot be checked"));
}
