"""Uses that are counted over all hosts: hufu-ldapd of several hosts at one slapd, with the shipped configuration."""

import json
from pathlib import Path

import pytest

from directory import BASE, KEYS, Directory

HOSTS = [f"db{number:02}.finance.example" for number in range(1, 5)]
ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def server(box):
    directory = Directory(box).establish()
    for host in HOSTS:
        directory.host(host)
    box.put("/root/claimants.py", (Path(__file__).parent / "claimants.py").read_bytes())
    return directory


@pytest.fixture
def ldap(server):
    yield server
    server.restored().clear()


def claimants(ldap, script, hosts=1, timeout=60):
    """Runs it in the box with `c`, the claimants of so many hosts, of which each can claim; what it puts into `result`."""
    begin = (
        "import json, sys; sys.path.insert(0, '/root'); from claimants import *\n"
        f"ID = '{ID}'\nresult = None\n"
        f"c = [Claimant(host, '{ldap.provider.uri}', '{BASE}', '{KEYS}') for host in {HOSTS[:hosts]}]\n"
        "until(lambda: all(one.possible for one in c))\n"
    )
    end = "\nfor one in c: one.end()\nprint(json.dumps(result))\n"
    ldap.box.put("/root/script.py", begin + script + end)
    return json.loads(ldap.box.sh("rm -rf /root/claimant.*; exec python3 /root/script.py", timeout=timeout))


def holders(ldap):
    return sorted(entry["hufuHolder"][0].decode() for entry in ldap.search("(hufuHolder=*)", base=f"ou=uses,{BASE}"))


def test_each_operation(ldap):
    """A use is taken once for a nonce, is seen by that nonce, and is free again when it was given back."""
    ldap.uses(ID, 2, HOSTS)
    script = """
one, other, third = nonce(), nonce(), nonce()
result = [ask(c[0], TAKE, ID, one), ask(c[0], TAKE, ID, one), ask(c[0], LOOK, ID, one), ask(c[0], LOOK, ID, other)]
result += [ask(c[0], TAKE, ID, other), ask(c[0], TAKE, ID, third), ask(c[0], GIVE_BACK, ID, one), ask(c[0], GIVE_BACK, ID, one)]
result += [ask(c[0], LOOK, ID, one), ask(c[0], TAKE, ID, third), ask(c[0], TAKE, '0' * 32, nonce()), ask(c[0], GIVE_BACK, ID, third)]
result.append(other.hex())
"""
    held, not_held, exhausted, unavailable = 1, 2, 3, 4
    *outcomes, other = claimants(ldap, script)
    expected = [held, held, held, not_held, held, exhausted, not_held, not_held, not_held, held, unavailable, not_held]
    assert outcomes == expected
    assert holders(ldap) == [f"{HOSTS[0]}:{other}"]


def test_another_hosts_use(ldap):
    """Is neither seen nor given back, although the nonce is known."""
    ldap.uses(ID, 1, HOSTS)
    script = """
n = nonce()
result = [ask(c[0], TAKE, ID, n), ask(c[1], LOOK, ID, n), ask(c[1], GIVE_BACK, ID, n), ask(c[1], TAKE, ID, n), ask(c[0], LOOK, ID, n)]
"""
    assert claimants(ldap, script, hosts=2) == [1, 2, 2, 3, 1]


def test_racers(ldap):
    """16 at a time for one use, four on each of four hosts: exactly one has it, each time."""
    ldap.uses(ID, 1, HOSTS)
    script = """
result = []
for _ in range(20):
    racers = [(c[number % 4], nonce()) for number in range(16)]
    outcomes = ask_all([(one, TAKE, ID, n) for one, n in racers])
    result.append(sorted(outcomes))
    one, n = racers[outcomes.index(HELD)]
    assert ask(one, GIVE_BACK, ID, n) == NOT_HELD
"""
    assert claimants(ldap, script, hosts=4) == [[1] + [3] * 15] * 20
    assert holders(ldap) == []


def test_as_many_as_there_are(ldap):
    ldap.uses(ID, 5, HOSTS)
    script = "result = sorted(ask_all([(c[number % 4], TAKE, ID, nonce()) for number in range(40)]))"
    assert claimants(ldap, script, hosts=4) == [1] * 5 + [3] * 35
    assert len(holders(ldap)) == 5


def test_more_than_there_is_room_for(ldap):
    """What does not fit is refused at once, and the rest is answered."""
    ldap.uses(ID, 1, HOSTS)
    outcomes = claimants(ldap, "result = ask_all([(c[0], LOOK, ID, nonce()) for _ in range(500)])")
    assert set(outcomes) <= {2, 4} and outcomes.count(2) >= 64


def test_provider_stops(ldap):
    """It is known at once that nothing can be claimed; and when it is back, that it can."""
    ldap.uses(ID, 1, HOSTS)
    script = """
stop, start = (lambda: subprocess.run(["systemctl", "stop", "slapd"])), (lambda: subprocess.run(["systemctl", "start", "slapd"]))
stop()
until(lambda: not c[0].possible)
result = [ask(c[0], TAKE, ID, nonce())]
start()
until(lambda: c[0].possible)
result.append(ask(c[0], TAKE, ID, nonce()))
"""
    assert claimants(ldap, script) == [4, 1]


def test_provider_stands_still(ldap):
    """Before it has the question: nothing was changed. In the middle of the change nobody knows; later it is known. Neither takes as
    long as hufud would wait."""
    ldap.uses(ID, 1, HOSTS)
    script = f"""
pid = {ldap.provider.pid}
first, second = nonce(), nonce()
freeze(pid)
result = [ask(c[0], TAKE, ID, first), c[0].took[1] < 5]
thaw(pid)
until(lambda: c[0].possible)
# The search is answered; then it stands still. Which of both happens is a matter of microseconds: until it is the change.
for _ in range(300):
    number = c[0].ask(TAKE, ID, second)
    time.sleep(random.random() * 0.003)
    freeze(pid)
    until(lambda: number in c[0].answers)
    thaw(pid)
    until(lambda: c[0].possible)
    if c[0].answers[number] == UNKNOWN:
        break
    until(lambda: ask(c[0], GIVE_BACK, ID, second) == NOT_HELD) # the line may be gone, and that not be known yet
result.append(c[0].answers[number])
time.sleep(0.5)
look = ask(c[0], LOOK, ID, second)
result.append(look in (HELD, NOT_HELD))
result.append(ask(c[0], GIVE_BACK, ID, second))
"""
    assert claimants(ldap, script, timeout=300) == [4, True, 5, True, 2]
    assert holders(ldap) == []
