"""What cannot be ended: a process that waits for a file server which has taken its request and never answers. No signal reaches
it, not even KILL. It is said, recorded, and its account is locked until it is gone."""

import pytest

from menagerie import CAGES, Menagerie

STUCK = r"""
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* A FUSE server that says hello, and then takes requests and answers none. */
int main(void)
{
    static char request[1 << 17];
    struct fuse_in_header *in = (struct fuse_in_header *)request;
    struct { struct fuse_out_header head; struct fuse_init_out init; } hello = {.init = {.major = 7, .minor = 31, .max_write = 4096}};
    char options[100];
    int fd = open("/dev/fuse", O_RDWR);

    snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
    if (fd < 0 || mount("stuck", "/mnt/stuck", "fuse.stuck", MS_NOSUID | MS_NODEV, options) < 0 || read(fd, request, sizeof(request)) < 0)
        return 1;
    hello.head.len = sizeof(hello);
    hello.head.unique = in->unique;
    if (write(fd, &hello, sizeof(hello)) < 0)
        return 1;
    while (read(fd, request, sizeof(request)) > 0)
        ;
    return 1;
}
"""


@pytest.fixture
def server(site):
    """The file server; once it is gone, all that wait for it are let go."""
    box = site.box
    box.put("/root/stuck.c", STUCK)
    box.sh("cc -o /usr/local/bin/stuck /root/stuck.c; [ -e /dev/fuse ] || mknod /dev/fuse c 10 229; mkdir -p /mnt/stuck")
    running = box.start("exec /usr/local/bin/stuck")
    box.until("grep -q ' /mnt/stuck ' /proc/self/mountinfo")
    yield running
    running.kill()
    box.sh("umount -l /mnt/stuck")


def test_what_cannot_be_ended_locks_its_account(site, server):
    box = site.box
    zoo = Menagerie(site)
    zoo.cages("zhang.san")
    site.grant()
    site.grant(uses="unlimited")
    stuck = f"flock -s {CAGES}/zhang.san/nohup stat /mnt/stuck/x & setsid -f /usr/local/bin/beast setsid; sleep 600"
    running, session = site.session_open(command=stuck)
    box.until(lambda: zoo.alive("zhang.san") == ["nohup", "setsid"])
    pid = box.sh("pgrep -u zhang.san -x stat")

    revoked = site.revoke(session["grant"])
    assert revoked.code == 4, revoked
    assert pid in revoked.text and "stat" in revoked.text, revoked
    assert zoo.alive("zhang.san") == ["nohup"]
    running.wait(timeout=5)
    remains = site.audit(event="session-remains")[-1]
    assert f"{pid} (stat)" in remains["detail"] and remains["session"] == session["number"]
    assert [(s["number"], s["state"]) for s in site.sessions()] == [(session["number"], "ending")]

    # Whatever other grant they have; nobody else notices.
    assert not site.ssh().ok
    assert site.refusals()[-1] == "remains"
    assert site.ssh("staff.person").ok

    # Over a restart of hufud, too.
    box.sh("systemctl restart hufud")
    box.until("hufuctl status >/dev/null || test $? = 1")
    box.until(lambda: not site.ssh().ok and site.refusals()[-1] == "remains")

    server.kill()
    box.until(lambda: site.audit(event="session-close"), timeout=10)
    assert zoo.alive("zhang.san") == [] == box.processes("zhang.san")
    assert "none left" in site.audit(event="session-close")[-1]["detail"]
    assert site.ssh().ok
