"""The attacker is hufu-ldapd: they have its user, its socket and its word. hufud goes on deciding, and gives them nothing."""

from pathlib import Path

import pytest

from site_setup import HOST

FOLDER = "/tmp/impostor"
# Octets. Twice what hufud has at its highest in these floods.
MEMORY_MAX = 192 << 20
NEVER = 1_000_000


class Impostor:
    """Python in the box, as user hufu-ldap, with `feed`, connected, when it says `ready`."""

    def __init__(self, joined):
        self.joined, self.box = joined, joined.box
        self.box.sh("systemctl stop hufu-ldapd")
        self.box.put(f"{FOLDER}/feed_impostor.py", (Path(__file__).parent / "feed_impostor.py").read_bytes())

    def start(self, script, user="hufu-ldap", begin="feed = Impostor().started()"):
        self.box.sh(f"rm -f {FOLDER}/said; install -m 666 /dev/null {FOLDER}/said")
        head = f"import sys; sys.path.insert(0, '{FOLDER}'); from feed_impostor import *\ndef say(word): open('{FOLDER}/said', 'a').write(word + '\\n')\n"
        self.box.put(f"{FOLDER}/script.py", f"{head}{begin}\n{script}")
        self.running = self.box.start(["python3", f"{FOLDER}/script.py"], user=user)
        return self

    def said(self, word, timeout=30):
        def heard():
            lines = self.box.run(["cat", f"{FOLDER}/said"]).out.split()
            assert word in lines or not self.running.ended, self.running.wait()
            return word in lines

        self.box.until(heard, timeout=timeout)
        return self

    def memory(self, field="VmHWM"):
        pid = self.joined.daemon_pid()
        return int(self.box.sh(f"sed -n 's/^{field}:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{pid}/status")) * 1024


@pytest.fixture
def impostor(joined):
    made = Impostor(joined)
    pid = joined.daemon_pid()
    yield made
    made.running.kill()
    assert joined.daemon_pid() == pid, "hufud did not survive"


def test_forged_grants(joined, impostor):
    """Nobody is in by what nobody signed, whatever is said beside it; what the directory once had they can take away."""
    genuine, forged = joined.newcomer(), joined.newcomer()
    joined.resume()
    grant = joined.published(genuine)
    joined.box.sh("systemctl stop hufu-ldapd")
    document, approval = joined.drafted(forged), joined.approved(joined.last)[0]
    script = f"feed.begin()\nfeed.entry(uuid(), {document!r}, [{approval!r}] * 3)\nfeed.end(1)\nfeed.state()\nsay('done')\ntime.sleep(99)"
    impostor.start(script).said("done")
    joined.becomes(grant, "withdrawn")
    assert joined.sync("state") == "live" and joined.sync("waiting") == 1
    assert joined.why_not(forged) == "approval-missing"
    assert joined.why_not(genuine) == "withdrawn"
    assert joined.ssh("staff.person").ok


def test_all_claims_are_held(joined, impostor):
    """They say of each use of a fleet's grant that it is this host's, and say so before anybody has asked. Here it is two uses still."""
    who = joined.newcomer()
    octets = joined.drafted(who, uses="2 fleet", sessions="5")
    joined.handed_in(octets, joined.approved(octets))
    script = "feed.state()\nfor n in range(50): feed.say(CLAIMED, struct.pack('>IB', n, 1) + uuid() + uuid() + b'\\1')\nsay('done')\nfeed.answer_claims()"
    impostor.start(script).said("done")
    joined.box.until(lambda: joined.sync("claims_possible"))
    for _ in range(2):
        joined.session_open(who)
    assert joined.why_not(who) == "uses-exhausted"


def test_silent_about_claims(joined, impostor):
    """They never answer: who asks for such a use is refused in time, and everybody else is not kept waiting."""
    who, other = joined.newcomer(), joined.newcomer()
    octets = joined.drafted(who, uses="1 fleet", sessions="1")
    joined.handed_in(octets, joined.approved(octets))
    joined.grant(other)
    impostor.start("feed.state()\nsay('done')\ntime.sleep(99)").said("done")
    joined.box.until(lambda: joined.sync("claims_possible"))
    tries = [joined.ssh_start(who) for _ in range(3)]
    assert joined.comes_in(other)
    assert not any(one.wait().ok for one in tries)
    assert set(joined.refusals(who)) == {"claim-unavailable"}


FLOODS = {
    # A refresh that never ends, of as many entries as there is no room for.
    "entries": "feed.begin()\nfor _ in range(600): feed.link.sendall(b''.join(feed.entry_frame(uuid(), b'x' * 20, name='n' * 500) for _ in range(1000)))",
    # The same of statuses as large as one may be, none of which anybody signed.
    "documents": "feed.begin()\nfor _ in range(400): feed.entry(uuid(), large)",
    # The same after the end, when each is taken in at once, with approvals.
    "changes": "feed.begin(); feed.end(0)\nfor _ in range(40): feed.link.sendall(b''.join(feed.entry_frame(uuid(), document(), [b'y' * 2000] * 32) for _ in range(50)))",
    # Heartbeats, deletions of what is not there, lists of what is there, states.
    "noise": "feed.begin(); feed.end(0)\nfor n in range(3000):\n feed.entry(uuid(), b'2026-01-01T00:00:00Z', kind=2); feed.state(1 + n % 5, trouble='\\x1b[2J' * 50)\n feed.say(DELETE, feed.search + struct.pack('>H', 4096) + os.urandom(65536))",
}


@pytest.mark.parametrize("flood", FLOODS)
def test_flood(joined, impostor, flood):
    """hufud answers meanwhile, as long as it lasts and afterwards, and its memory is bounded."""
    who = joined.newcomer()
    joined.grant(who)
    text = joined.drafted()
    head = joined.status_document(epoch=NEVER)
    make = f"import re\ndef document(): return re.sub(rb'id: .*', b'id: ' + uuid().hex().encode(), {text!r}, count=1)\n"
    make += f"large = {head!r} + b''.join(b'revoked: %032x\\n' % n for n in range(24000))\n"
    impostor.start(f"{make}\nsay('begun')\ntry:\n for turn in for_a_while(3):\n  exec({FLOODS[flood]!r})\nexcept (OSError, EOFError): pass\nsay('done')").said("begun")
    while not impostor.running.ended:
        assert joined.comes_in(who) and joined.ssh("staff.person").ok
    impostor.said("done")
    memory = impostor.memory()
    assert memory < MEMORY_MAX, memory
    assert "\x1b" not in joined.box.run("hufuctl sync status").out
    # The genuine one is back, and so is all.
    joined.resume()
    joined.heard()
    assert joined.comes_in(who)


def test_others_are_not_heard(joined, impostor):
    """Whoever is neither hufu-ldap nor root is hung up on, and on record; hufu-ldapd goes on beside them."""
    joined.resume()
    for user in ("nobody", "zhang.san", "staff.person"):
        uid = joined.box.sh(["id", "-u", user])
        impostor.start("", user=user, begin="try: Impostor().started()\nexcept (EOFError, ConnectionError): say('away')\nexcept PermissionError: say('away')").said("away")
        joined.box.until(lambda: any(f"uid {uid}:" in record["detail"] for record in joined.audit(event="directory-trouble")))
    joined.heard()
    assert joined.sync("state") == "live"
    assert HOST == joined.ctl("status")["host"]
