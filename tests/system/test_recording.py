"""Sessions under `recording: required`, recorded by the real tlog: what is recorded, and how it ends when it is not."""

import pytest
import recording_site as recording


@pytest.fixture(scope="module", autouse=True)
def recorded(guarded):
    recording.set_up(guarded)


def test_a_command_is_recorded(site):
    site.grant(recording="required")
    result = site.ssh(command="echo out-$((40+2)); cat; echo err >&2; exit 3")
    assert result.code == 3 and "out-42" in result.out and "err" in result.out, result
    assert "out-42" in recording.text(site, recording.last(site))
    # Much in both directions at once, and an end of input that is heard.
    result = site.box.run("head -c 3000000 /dev/zero | tr '\\0' x | ssh -o BatchMode=yes -o StrictHostKeyChecking=no"
                          f" -i {site.keys['zhang.san']} zhang.san@127.0.0.1 'cat; wc -c </dev/null' | wc -c")
    assert result.out.strip() == "3000002", result


def test_a_shell_is_recorded(site):
    site.grant(recording="required", **{"run-as": "root", "command": "any"})
    shell = site.shell()
    shell.sendline("echo in-$((40+2)); tty")
    shell.expect("in-42")
    shell.expect("/dev/pts/")
    shell.sendline("exit")
    name = recording.last(site)
    site.box.until(lambda: "in-42" in recording.text(site, name))
    assert "echo in-$((40+2))" in recording.typed(site, name)
