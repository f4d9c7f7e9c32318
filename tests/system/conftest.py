"""Fixtures of the system tests; README.md in this folder says how to write one."""

import itertools
import os
import re

import pytest

from box import Box
from directory import Directory
from joined_site import Joined
from site_setup import HOST, Site

counter = itertools.count()


def pytest_addoption(parser):
    parser.addoption("--installed", default="installed", help="the node with the product installed")
    parser.addoption("--with-389", help="the same, with 389 Directory Server besides")
    parser.addoption("--debian-13", help="a Debian 13 with the product installed")
    parser.addoption("--long", action="store_true", help="also tests marked long")
    parser.addoption("--keep", action="store_true", help="keep the boxes of failed files")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes longer than a minute; only with --long")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    for item in items:
        if "long" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes long: tests/run --long"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What the boxes' journals say goes with the report of a test that failed."""
    report = (yield).get_result()
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            box = value if isinstance(value, Box) else getattr(value, "box", None)
            if box:
                box.failed = True
                report.sections.append((f"journal of {box.name}", box.run("journalctl --no-pager -o short-precise -n 60").out))


def new_box(request, parent=None):
    stem = re.sub(r"[^A-Za-z0-9]", "-", request.node.name.split("/")[-1].removesuffix(".py"))[:30].strip("-") or "box"
    # Two runs at a time, each with a PID namespace of its own, share the store.
    run = os.environ.get("HUFU_WORLD_RUN", "").removeprefix("run-")
    return Box(f"{stem}-{run}-{os.getpid()}-{next(counter)}", parent or request.config.getoption("--installed"))


def end_box(request, box):
    keep = request.config.getoption("--keep") and getattr(box, "failed", False)
    box.drop(keep)
    if keep:
        print(f"kept: contrib/world up {box.name} && contrib/world exec {box.name} bash")


@pytest.fixture(scope="module")
def box(request):
    """A booted box for the whole test file, with the product installed and not set up."""
    made = new_box(request).up()
    yield made
    end_box(request, made)


@pytest.fixture
def fresh_box(request):
    """A booted box for one test alone."""
    made = new_box(request).up()
    yield made
    end_box(request, made)


@pytest.fixture(scope="session")
def pattern(request):
    """A guarded host, set up and shut down: what the others are clones of."""
    box = new_box(request).up()
    site = Site(box).establish()
    box.sh("systemctl stop hufud hufu-reaper ssh; sync")
    box.down()
    yield site
    box.drop(request.config.getoption("--keep"))


def guarded_clone(request, pattern):
    box = new_box(request, pattern.box.name)
    # hufud would take a clone for what it is, and refuse: this one is to be the original.
    box.offline("cat /etc/machine-id > /etc/machine-id.kept && mv /etc/machine-id.kept /etc/machine-id")
    return pattern.on(box.up())


@pytest.fixture(scope="module")
def guarded(request, pattern):
    """The file's host that Hufu guards: set up, hufud and hufu-reaper running, people and keys made."""
    site = guarded_clone(request, pattern)
    yield site
    end_box(request, site.box)


@pytest.fixture
def site(guarded):
    """The guarded host of the file; each test begins without grants and sessions."""
    yield guarded
    guarded.box.kill_running()
    guarded.revoke_everything()


@pytest.fixture
def chinese(guarded):
    """hufud's second language, after English, as long as the test lasts."""

    def speak(language):
        guarded.box.sh(f"sed -i 's/^language = .*/language = {language}/' /etc/hufu/hufud.conf && systemctl reload hufud")

    speak("zh_CN")
    yield
    speak("en")


@pytest.fixture
def fresh_site(request, pattern):
    """The same for one test alone, for tests that break things."""
    site = guarded_clone(request, pattern)
    yield site
    end_box(request, site.box)


@pytest.fixture(scope="module")
def served(guarded):
    """A slapd in the file's guarded host, made from contrib/ldap, with an account and a certificate for the host."""
    directory = Directory(guarded.box).establish()
    directory.host(HOST)
    return directory


@pytest.fixture
def directory(served, site):
    """The directory of the file, on `site`; each test begins without documents in it."""
    yield served
    served.restored().clear()


@pytest.fixture
def fresh_directory(fresh_site):
    """The same for one test alone, on `fresh_site`."""
    directory = Directory(fresh_site.box).establish()
    directory.host(HOST)
    return directory


@pytest.fixture(scope="session")
def joined_pattern(request):
    """A guarded host that follows a directory of its own, shut down: what the others are clones of."""
    box = new_box(request).up()
    site = Joined(box).establish()
    box.sh("systemctl stop hufu-ldapd hufud hufu-reaper ssh slapd; sync")
    box.down()
    yield site
    box.drop(request.config.getoption("--keep"))


@pytest.fixture(scope="module")
def joined_host(request, joined_pattern):
    site = guarded_clone(request, joined_pattern)
    yield site
    end_box(request, site.box)


@pytest.fixture
def joined(joined_host):
    """The file's host that follows a directory: a fresh status is in use, and nothing else is published."""
    yield joined_host
    joined_host.box.kill_running()
    joined_host.begin_anew()


@pytest.fixture
def fresh_joined(request, joined_pattern):
    """The same for one test alone."""
    site = guarded_clone(request, joined_pattern)
    yield site
    end_box(request, site.box)


@pytest.fixture
def disk(fresh_site):
    """A function that makes hufud's syncs do what strace's `inject` says, from now on. A power cut in a box loses no page
    cache, so whether something is on disk is asked of the kernel."""
    site, box = fresh_site, fresh_site.box

    def inject(what):
        calls = "fsync,fdatasync"
        # The first checkpoint comes some seconds after a start: it is to be no sync of those that are counted.
        box.sh("systemctl reload hufud")
        box.until(lambda: site.audit(event="checkpoint", result="success") and not site.live())
        box.start(f"exec strace -f -qq -e trace={calls} -e inject={calls}:{what} -o /root/syncs -p {site.daemon_pid()}")
        # Every thread: the store has one of its own.
        box.until("! grep -L 'TracerPid:.[1-9]' /proc/%d/task/*/status | grep -q ." % site.daemon_pid())

    return inject


@pytest.fixture(autouse=True)
def nothing_runs_on(request):
    """What a test started in its box ends with the test."""
    yield
    for value in list(request.node.funcargs.values()):
        box = value if isinstance(value, Box) else getattr(value, "box", None)
        if isinstance(box, Box):
            box.kill_running()
