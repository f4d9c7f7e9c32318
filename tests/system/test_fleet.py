"""A large directory, most of which concerns other hosts: what one host takes of it is all that concerns it and nothing else, also if
the servers and hufu-ldapd are killed again and again meanwhile.
"""

import random
import sys
import time

import pytest

from box import TREE

sys.path.insert(0, str(TREE / "tests" / "bench" / "fleet"))
import one_host  # noqa: E402

PROGRAMS = TREE / "build" / "release"
KILLS = 20


@pytest.fixture(scope="module")
def world():
    with one_host.made(PROGRAMS, 100000) as made:
        yield made


@pytest.fixture
def small_world():
    with one_host.made(PROGRAMS, 50, 50) as made:
        yield made


@pytest.fixture(scope="module")
def large_world():
    with one_host.made(PROGRAMS, 1000000) as made:
        yield made


def has_exactly_its_own(world):
    control, figures = one_host.first_fill(world)
    print(figures)
    assert all(world.allows(control, number) for number in world.expected)
    assert control.ask("SyncShow")["grants"] == len(world.expected)
    control.close()


def test_takes_what_concerns_it(world):
    has_exactly_its_own(world)


def test_is_interrupted_at_random(world):
    """slapd or hufu-ldapd is killed at any instant of a refresh, while the directory changes."""
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    control = world.new_host()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0, 0.6))
        victim = chance.choice((world.slapd, world.agent))
        victim.stop(kill=True)
        world.slapd.start()
        world.change(chance)
        world.agent.start()
        control.ask("SyncRefresh")
    world.until(lambda: world.in_force(control) == world.expected)
    assert all(world.allows(control, number) for number in world.expected)
    control.close()


def test_follows_a_replica(small_world):
    """What is written at the provider arrives by the replica; without the replica, by the next of its servers."""
    world, chance = small_world, random.Random(1)
    replica = world.add_replica()
    control = world.new_host(f"{replica.uri} {world.slapd.uri}")
    world.until(lambda: world.in_force(control) == world.expected)
    world.change(chance)
    world.until(lambda: world.in_force(control) == world.expected)
    assert control.ask("SyncShow")["server"] == replica.uri

    replica.stop(kill=True)
    world.change(chance)
    world.until(lambda: world.in_force(control) == world.expected)
    assert control.ask("SyncShow")["server"] == world.slapd.uri
    control.close()


@pytest.mark.long
def test_a_million(large_world):
    has_exactly_its_own(large_world)
