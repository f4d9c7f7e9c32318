"""sudo.conf and the plugin's file, in both orders; what must never happen is a line without its file."""

from test_sudo import SHARE

PLUGIN = "/usr/libexec/hufu/hufu_sudo.so"


def staff_sudo(box):
    return box.run(["sudo", "-n", "id", "-un"], user="staff.person")


def lines(box):
    return [line for line in box.get("/etc/sudo.conf").decode().splitlines() if line.startswith("Plugin")]


def test_both_orders(fresh_site):
    site, box = fresh_site, fresh_site.box
    box.put("/etc/sudoers.d/test", "staff.person ALL=(ALL) NOPASSWD: ALL\nzhang.san ALL=(ALL) NOPASSWD: ALL\n", mode="440")
    box.account("oracle")
    site.grant(**{"run-as": "oracle", "command": "/usr/bin/id -un"})
    kept = "Set disable_coredump false\n# the last line is not ended\nDebug sudo /var/log/sudo_debug all@warn\\"
    box.put("/etc/sudo.conf", kept, mode="640")

    # Enabled, again and again: two lines, and every other line stays.
    for _ in range(2):
        box.sh(f"{SHARE}/enable")
        text = box.get("/etc/sudo.conf").decode()
        assert text.startswith(kept + "\n") and len(lines(box)) == 2 and all(PLUGIN in line for line in lines(box))
        assert box.sh("stat -c %a /etc/sudo.conf") == "640"
        assert staff_sudo(box).out == "root\n"
        assert site.ssh(command="sudo -n -u oracle /usr/bin/id -un").out == "oracle\n"
    box.sh(f"{SHARE}/enable --gated-uid 20000-29998")
    assert len(lines(box)) == 2 and all("20000-29998" in line for line in lines(box))
    box.sh(f"{SHARE}/enable")

    # Installing anew puts the file in place by rename, under a line that stands: sudo works all the time.
    box.sh(f"cp -p {PLUGIN} {PLUGIN}.new && mv {PLUGIN}.new {PLUGIN}")
    assert staff_sudo(box).out == "root\n"

    # sudo's keywords have no case; and what it complains of anyway is none of the plugin's.
    box.sh("sed -i 's/^Plugin hufu_audit/plugin hufu_audit/; 1i Set max_groups none' /etc/sudo.conf")
    box.sh(f"{SHARE}/enable")
    assert len(lines(box)) == 2 and "plugin" not in box.get("/etc/sudo.conf").decode()
    box.sh("sed -i '/max_groups/d; s/^Plugin/PLUGIN/' /etc/sudo.conf")

    # The right order of removal: lines, then file.
    box.sh(f"{SHARE}/disable")
    assert "hufu" not in box.get("/etc/sudo.conf").decode() and "disable_coredump false" in box.get("/etc/sudo.conf").decode()
    assert box.sh("stat -c %a /etc/sudo.conf") == "640"
    box.sh(f"mv {PLUGIN} /root/plugin.so")
    assert staff_sudo(box).out == "root\n"
    assert box.run(f"{SHARE}/disable").ok

    # Interrupted when the lines are there and sudo has not been seen to take them; a file that sudo does not heed; no range.
    box.sh("install /root/plugin.so -m 644 " + PLUGIN)
    before = box.get("/etc/sudo.conf")
    box.put("/root/slow/sudo", f"#!/bin/sh\ngrep -q {PLUGIN} /etc/sudo.conf && kill -TERM $(cat /root/slow/pid)\ntrue\n", mode="755")
    for attempt in (f"sh -c 'echo $$ > /root/slow/pid; PATH=/root/slow:$PATH exec {SHARE}/enable'", f"chmod 662 /etc/sudo.conf; {SHARE}/enable",
                    f"chmod 640 /etc/sudo.conf; {SHARE}/enable --gated-uid '20000-29999 x'"):
        assert not box.run(attempt).ok, attempt
        assert box.get("/etc/sudo.conf") == before and box.sh("ls /etc/sudo.conf*") == "/etc/sudo.conf", attempt
    box.sh(f"rm {PLUGIN}")

    # The wrong order of installation: lines before the file are not written.
    for spoil in ("true", f"echo junk > {PLUGIN}", f"install -m 666 /root/plugin.so {PLUGIN}", f"install -o staff.person /root/plugin.so {PLUGIN}"):
        box.sh(spoil)
        refused = box.run(f"{SHARE}/enable")
        assert not refused.ok and "nothing was changed" in refused.err, (spoil, refused)
        assert lines(box) == [] and staff_sudo(box).out == "root\n", spoil

    # A file that loads and is no plugin: sudo does not take it, and sudo.conf is as it was.
    box.sh(f"install -m 644 -o root /lib/x86_64-linux-gnu/libcrypt.so.1 {PLUGIN}")
    before = box.get("/etc/sudo.conf")
    refused = box.run(f"{SHARE}/enable")
    assert not refused.ok and "as it was" in refused.err and box.get("/etc/sudo.conf") == before, refused
    assert staff_sudo(box).out == "root\n"

    # The wrong order of removal is what stops sudo for everyone, and taking the lines out mends it.
    box.sh(f"install -m 644 -o root /root/plugin.so {PLUGIN} && {SHARE}/enable && rm {PLUGIN}")
    assert not staff_sudo(box).ok
    box.sh(f"{SHARE}/disable")
    assert staff_sudo(box).out == "root\n"


def test_whatever_language_sudo_speaks(fresh_site):
    """A setting that this sudo does not know would have it complain to everybody, each time."""
    box = fresh_site.box
    told = box.sh(f"{SHARE}/enable")
    snippet = box.run("test -e /etc/sudoers.d/hufu").ok
    box.sh(f"{SHARE}/disable")
    box.put("/root/zh/visudo", '#!/bin/sh\n[ "$LC_ALL" = C ] && exec /usr/sbin/visudo "$@"\necho 未知的默认条目\n', mode="755")
    assert box.sh(f"LANG=zh_CN.UTF-8 PATH=/root/zh:$PATH {SHARE}/enable") == told
    assert box.run("test -e /etc/sudoers.d/hufu").ok == snippet
