"""Every forward that ssh has, on a real sshd: only what `channel: forward` gives, only while the session lives, and all dead when it
ends."""

import shlex
import subprocess

import pytest

from tunnels import Echo, Unix, greeting, listens, serve_x11, socks_greeting, through_stdin

TUNNELLER, GROUPED, PLAIN = "he.tunnel", "gu.pin", "zhang.san"


@pytest.fixture(scope="module", autouse=True)
def people(guarded):
    """Who may forward is in hufu-forward and has a grant that says so; each of the others lacks one of the two."""
    guarded.vendor(TUNNELLER, 20003, "hufu-forward")
    guarded.vendor(GROUPED, 20004, "hufu-forward")


@pytest.fixture
def echo(site):
    return Echo(site.box).up()


def forwarding(site, account, *options, command=()):
    argv, environment = site.box.ssh_argv(account, *command, key=site.keys[account])
    return site.box.start([argv[0], *options, *argv[1:]], env={**environment, "DISPLAY": ":7"})


def connected(site, running, account):
    """The connection stands: hufud has the session, and the client would have asked for its forwards."""

    def opened():
        assert not running.ended, running.wait()
        return [s for s in site.live() if s["staff"] == account]

    site.box.until(opened)


KINDS = {
    "local": (["-N", "-L", "9100:127.0.0.1:8099"], lambda box: greeting(box, 9100)),
    "remote": (["-N", "-R", "9200:127.0.0.1:8099"], lambda box: greeting(box, 9200)),
    "socks": (["-N", "-D", "9300"], lambda box: socks_greeting(box, 9300)),
}
FORWARDS = [word for options, _ in KINDS.values() for word in options[1:]]


@pytest.mark.parametrize("kind", KINDS)
def test_granted_forward_ends_with_its_grant(site, echo, kind):
    """Also what goes through it at that moment is cut, and nothing listens any more."""
    options, greeted = KINDS[kind]
    grant = site.grant(TUNNELLER, channel="forward")
    running = forwarding(site, TUNNELLER, *options)
    site.box.until(lambda: greeted(site.box))
    held = echo.hold(options)
    assert site.revoke(grant).ok
    assert held.wait(timeout=5).out == "end\n"
    assert not listens(site.box, 9200)
    assert not greeted(site.box)
    assert site.box.processes(TUNNELLER) == []
    assert running.wait(timeout=5).code != 0


def test_everything_over_a_connection_ends_with_its_grant(site, echo):
    """One of each channel that there is, at work: none is alive after it, here or there."""
    box = site.box
    box.sh("truncate -s 1G /srv/large")
    grant = site.grant(TUNNELLER)
    master, over = site.ssh_master(TUNNELLER, *FORWARDS)

    def begin(*command, program="ssh", **how):
        return box.start(box.ssh_argv(TUNNELLER, *command, program=program, **over)[0], **how)

    there, remote = f"{TUNNELLER}@127.0.0.1", shlex.join(box.ssh_argv(TUNNELLER, **over)[0][:-1])
    begun = {
        "shell": begin(stdin=subprocess.PIPE),
        "sleep": begin("sleep 600"),
        "sftp": begin(there, program="sftp", stdin=subprocess.PIPE),
        "scp": begin("-l", "8000", f"{there}:/srv/large", "/root/copied", program="scp"),
        "scp -O": begin("-O", "-l", "8000", f"{there}:/srv/large", "/root/copied.old", program="scp"),
        "rsync": box.start(["rsync", "--bwlimit=1000", "-e", remote, f"{there}:/srv/large", "/root/copied.rsync"]),
    }
    held = [echo.hold(options) for options, _ in KINDS.values()]
    names = "ps -u he.tunnel -o comm= | sort"
    box.until(lambda: {"bash", "rsync", "scp", "sftp-server", "sleep"} <= set(box.run(names).out.split()) and box.run(names).out.count("sftp-server") == 2)
    assert [name for name, running in begun.items() if running.ended] == []
    assert len([s for s in site.live() if s["staff"] == TUNNELLER]) == 1
    assert site.revoke(grant).ok
    assert box.run(names).out == ""
    # (sftp ends well when its connection is gone.)
    assert [name for name, running in {**begun, "master": master}.items() if running.wait(timeout=5).ok] == ["sftp"]
    assert [running.wait(timeout=5).out for running in held] == ["end\n"] * 3
    assert [port for port in (9100, 9200, 9300) if listens(box, port)] == []


def test_a_version_that_takes_forwarding_away_ends_the_connection(site, echo):
    """sshd was told that this connection may forward, and cannot be told anything else; so it may not go on."""
    grant = site.grant(TUNNELLER, channel=["forward", "shell"])
    running = forwarding(site, TUNNELLER, "-N", "-L", "9100:127.0.0.1:8099", "-R", "9200:127.0.0.1:8099")
    site.box.until(lambda: greeting(site.box, 9200))
    held = echo.hold(["-N", "-L", "9100:"])
    number = site.live()[0]["number"]
    site.grant(TUNNELLER, channel="shell", id=grant, version=2)
    assert held.wait(timeout=5).out == "end\n"
    assert running.wait(timeout=5).code == 255
    site.box.until(lambda: site.sessions() == [])
    assert not listens(site.box, 9200)
    assert [s["reason"] for s in site.sessions("--all") if s["number"] == number] == ["channel-not-granted"]
    # The next one may not, and is let in.
    running = forwarding(site, TUNNELLER, "-N", "-L", "9100:127.0.0.1:8099")
    connected(site, running, TUNNELLER)
    site.box.until(lambda: listens(site.box, 9100))
    assert not greeting(site.box, 9100)


def test_stdio_forward_ends_with_its_grant(site, echo):
    grant = site.grant(TUNNELLER, channel="forward")
    running = through_stdin(site, TUNNELLER)
    assert running.process.stdout.readline() == "hello\n"
    assert site.revoke(grant).ok
    assert running.wait(timeout=5).code == 255


@pytest.mark.parametrize("account, channels", [(GROUPED, ["exec", "shell", "transfer"]), (PLAIN, ["exec", "forward", "shell", "transfer"])])
def test_no_forward_without_both(site, echo, account, channels):
    """All at once, over one connection, which stands: the group without the grant, and the grant without the group."""
    site.grant(account, channel=channels)
    for kind in KINDS.values():
        running = forwarding(site, account, *kind[0], "-o", "ExitOnForwardFailure=no")
        connected(site, running, account)
        port = int(kind[0][2].split(":")[0])
        assert port == 9200 or site.box.until(lambda: listens(site.box, port))  # the client's own end
        assert not kind[1](site.box)
        running.kill()
    assert not listens(site.box, 9200)
    refused = through_stdin(site, account).wait(timeout=10)
    assert "hello" not in refused.out and "administratively prohibited" in refused.err, refused


@pytest.mark.parametrize("account", [TUNNELLER, PLAIN])
def test_what_no_grant_gives(site, echo, account):
    """Agent, X11, tun and sockets in the file system: not even where forwarding is granted."""
    box = site.box
    site.grant(account)
    agent = box.sh("ssh-agent -s").split(";")[0].split("=")[1]
    look = "echo agent=$SSH_AUTH_SOCK display=$DISPLAY tunnel=$SSH_TUNNEL; ip -o link | grep -c tun; ls ~/.Xauthority"
    serve_x11(box)
    for option in ("-X", "-Y"):
        argv, _ = box.ssh_argv(account, look, key=site.keys[account])
        seen = box.run([argv[0], "-A", option, *argv[1:]], env={"SSH_AUTH_SOCK": agent, "DISPLAY": ":7"})
        assert seen.out == "agent= display= tunnel=\n0\n", seen
        # (-X wants more of the client's display before it asks at all.)
        assert option == "-X" or "X11 forwarding request failed" in seen.err, seen
    argv, _ = box.ssh_argv(account, look, key=site.keys[account], options=["ExitOnForwardFailure=no"])
    # Root made the device and gave it to them; the client has its end, and it is sshd that refuses.
    box.sh("mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200")
    box.sh(f"ip tuntap add dev tun8 mode tun user {account}")
    seen = box.run([argv[0], "-w", "7:8", *argv[1:]])
    box.sh("ip tuntap del dev tun8 mode tun")
    assert "Tunnel forwarding failed" in seen.err and "device open failed" not in seen.err, seen
    there = Unix(box, "/run/echo.socket").up()
    running = forwarding(site, account, "-N", "-L", f"/root/here.socket:{there.path}", "-R", "/tmp/there.socket:127.0.0.1:8099")
    connected(site, running, account)
    box.until("test -S /root/here.socket")
    assert Unix(box, "/root/here.socket").greeting() == ""
    assert not box.run("test -e /tmp/there.socket").ok
    running.kill()
    box.run("rm -f /root/here.socket")


def test_control_what_the_configuration_withholds(site):
    """Staff of the department have all that by the same sshd: the refusals are of the block for gated accounts."""
    box = site.box
    serve_x11(box)
    agent = box.sh("ssh-agent -s").split(";")[0].split("=")[1]
    argv, _ = box.ssh_argv("staff.person", "echo agent=$SSH_AUTH_SOCK display=$DISPLAY", key=site.keys["staff.person"])
    seen = box.run([argv[0], "-A", "-Y", *argv[1:]], env={"SSH_AUTH_SOCK": agent, "DISPLAY": ":7"})
    assert "agent=/tmp/ssh-" in seen.out and "display=localhost:10" in seen.out, seen


def test_control_of_tun(site):
    """Whom the block is not for gets a device that is theirs, where sshd's configuration says so for everybody."""
    box = site.box
    box.put("/etc/ssh/sshd_config.d/10-test.conf", "PermitTunnel yes\n")
    box.sh("systemctl restart ssh; mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200")
    box.sh("ip tuntap add dev tun8 mode tun user staff.person")
    try:
        running = forwarding(site, "staff.person", "-N", "-w", "7:8")
        box.until("ls -l /proc/$(pgrep -n -u staff.person -x sshd)/fd | grep -q /dev/net/tun")
        running.kill()
    finally:
        box.sh("rm /etc/ssh/sshd_config.d/10-test.conf; systemctl restart ssh; ip tuntap del dev tun8 mode tun")


def test_remote_listener_of_a_detached_process(site, echo):
    """The vendor's own forwarder, detached from everything, is theirs all the same."""
    box = site.box
    grant = site.grant(TUNNELLER)
    relay = "import socket, time; s = socket.create_server(('127.0.0.1', 9400)); time.sleep(600)"
    script = f"setsid nohup python3 -c {shlex.quote(relay)} >/dev/null 2>&1 </dev/null & disown; sleep 600"
    running = forwarding(site, TUNNELLER, "-R", "9200:127.0.0.1:8099", command=[f"bash -c {shlex.quote(script)}"])
    box.until(lambda: listens(box, 9400) and listens(box, 9200))
    running.kill()
    box.until(lambda: not listens(box, 9400) and not listens(box, 9200))
    assert box.processes(TUNNELLER) == []
    box.until(lambda: [s for s in site.live() if s["staff"] == TUNNELLER] == [])
    assert site.revoke(grant).ok
