"""What the tests of the doors have in common: people, passwords, the two ways to install the stacks, and a program that asks
PAM as any service that one likes to be."""

import pathlib

import pytest

from site_setup import Site

# Asks libpam as a service, in a process of its own, and says what came of each phase: `account=0 open=6`.
ASK = "/usr/local/bin/ask-pam"
ASKING = r"""#!/usr/bin/python3
import ctypes, os, sys

class Conversation(ctypes.Structure):
    _fields_ = [("function", ctypes.c_void_p), ("data", ctypes.c_void_p)]

CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
libc, pam = ctypes.CDLL(None), ctypes.CDLL("libpam.so.0")
libc.calloc.restype = ctypes.c_void_p
pam.pam_start.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p]
for call in (pam.pam_acct_mgmt, pam.pam_open_session, pam.pam_close_session):
    call.argtypes = [ctypes.c_void_p, ctypes.c_int]
pam.pam_set_item.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p]

def shown(n, messages, replies, data):
    replies[0] = libc.calloc(n, 16)
    return 0

handle, function = ctypes.c_void_p(), CALLBACK(shown)
conversation = Conversation(ctypes.cast(function, ctypes.c_void_p), None)
service, user, phases = sys.argv[1], sys.argv[2], sys.argv[3:] or ["account"]
pam.pam_start(service.encode(), user.encode(), ctypes.byref(conversation), ctypes.byref(handle))
if "local" in phases:
    pam.pam_set_item(handle, 3, b"tty1")
if "account" in phases:
    print("account=%d" % pam.pam_acct_mgmt(handle, 0))
if "open" in phases:
    print("open=%d" % pam.pam_open_session(handle, 0))
"""
ADMITTED, DENIED = 0, 6

STACKS = {
    "pam-auth-update": "DEBIAN_FRONTEND=noninteractive pam-auth-update --enable hufu;"
    " install -m 644 /usr/share/hufu/pam/runuser /etc/pam.d/",
    "whole": "DEBIAN_FRONTEND=noninteractive pam-auth-update --disable hufu;"
    " for f in /usr/share/hufu/pam/*; do case $f in */README) ;; *) install -m 644 $f /etc/pam.d/ ;; esac; done",
}


def people(site: Site):
    """li.wei is another vendor's person, oracle an account of an application; everybody's password is pw, root's too."""
    box = site.box
    site.vendor("li.wei", 20002)
    box.account("oracle")
    box.sh("echo root:pw | chpasswd")
    box.put("/etc/sudoers.d/test", "zhang.san ALL=(ALL) NOPASSWD: ALL\n", mode="440")
    box.put("/etc/polkit-1/rules.d/50-test.rules", 'polkit.addRule(function(a, s) { if (s.user == "zhang.san") return "yes"; });\n')
    box.put(ASK, ASKING, mode="755")
    box.sh("systemctl start polkit")


def ask_pam(site, service, user, *phases, by=None):
    """{"account": 0}: what libpam told a program of that service, run by `by` (root)."""
    said = site.box.sh([ASK, service, user, *phases], user=by)
    return {phase: int(code) for phase, code in (line.split("=") for line in said.splitlines())}


def left_of(site, uid=20001):
    """Every process on the host whose login uid it is, whoever it runs as."""
    return site.box.run(f"grep -lsx {uid} /proc/[0-9]*/loginuid").out.split()


@pytest.fixture(scope="module")
def peopled(guarded):
    people(guarded)
    return guarded


@pytest.fixture(scope="module", params=STACKS)
def installed(request, peopled):
    """Both ways to install, one after the other."""
    peopled.box.sh(STACKS[request.param])
    return request.param
