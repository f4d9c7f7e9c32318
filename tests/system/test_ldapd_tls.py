"""Whom hufu-ldapd believes: a server is refused before it has heard a word, or it is the right one."""

import select
import ssl
import subprocess
import threading
import time
import warnings

import pytest

from ldap_puppet import Puppet, connect, listen, shut
from ldapd_setup import Ldapd

ADDRESS = "127.0.0.21"
NAME = "ldap9.finance.example"
RIGHT = f"subjectAltName=DNS:{NAME},IP:{ADDRESS}"


class Authority:
    """Of openssl(1), in a folder."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "index.txt").write_text("")
        (folder / "index.txt.attr").write_text("unique_subject = no\n")
        (folder / "serial").write_text("01\n")
        (folder / "cnf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index.txt\nserial={folder}/serial\nnew_certs_dir={folder}\ndefault_md=sha256\n"
            f"certificate={folder}/ca.pem\nprivate_key={folder}/ca.key\npolicy=p\ncopy_extensions=copy\n[p]\nCN=supplied\n"
        )
        self.openssl("req", "-x509", *self.key("ca"), "-days", "30", "-subj", "/CN=CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", "ca.pem")
        self.revoke()

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]

    def path(self, name):
        return str(self.folder / name)

    def issue(self, name, extension=RIGHT, common=NAME, start="20200101000000Z", end="20480101000000Z"):
        self.openssl("req", "-new", *self.key(name), "-subj", f"/CN={common}", "-addext", extension, "-out", f"{name}.csr")
        self.openssl("ca", "-config", "cnf", "-batch", "-notext", "-startdate", start, "-enddate", end, "-in", f"{name}.csr", "-out", f"{name}.pem")
        return self.context(name)

    def self_signed(self, name):
        self.openssl("req", "-x509", *self.key(name), "-days", "30", "-subj", f"/CN={NAME}", "-addext", RIGHT, "-out", f"{name}.pem")
        return self.context(name)

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(f"{name}.pem"), self.path(f"{name}.key"))
        return context

    def revoke(self, *names):
        for name in names:
            self.openssl("ca", "-config", "cnf", "-revoke", f"{name}.pem")
        self.openssl("ca", "-config", "cnf", "-gencrl", "-crldays", "30", "-out", "crl.pem")


@pytest.fixture(scope="module")
def authority(box, tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("ca"))
    box.sh(f"echo '{ADDRESS} {NAME} other.finance.example' >> /etc/hosts")
    made.good = made.issue("good")
    return made


@pytest.fixture
def ldapd(box, authority):
    box.put("/etc/hufu/tls/ca.pem", open(authority.path("ca.pem"), "rb").read())
    box.put("/etc/hufu/tls/crl.pem", open(authority.path("crl.pem"), "rb").read())
    made = Ldapd(box)
    yield made
    made.end()


def live(request):
    request.refreshed()


TLS = "ca = /etc/hufu/tls/ca.pem\n"


def outcome(ldapd, context, uri=f"ldaps://{NAME}", tls=TLS, **settings):
    """What comes of it: `live`, or why not, and then not even a bind was sent."""
    with Puppet(ldapd.box, live, ADDRESS, 636, context) as puppet:
        hufud = ldapd.begin(uri, tls=tls, **settings)
        hufud.start("db01")
        state = hufud.wait(lambda me: next((f for f in me.of("state") if f.state in ("live", "failed")), None))
        assert (puppet.binds == 0) == (state.state == "failed")
        return state.text or state.state


def test_the_right_one(ldapd, authority):
    assert outcome(ldapd, authority.good) == "live"
    assert outcome(ldapd, authority.good, f"ldaps://{ADDRESS}") == "live"
    assert outcome(ldapd, authority.good, tls=TLS + "crl = /etc/hufu/tls/crl.pem\n") == "live"


def wrong(authority, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    yield "of another authority", Authority(other).issue("wrong")
    yield "self-signed", authority.self_signed("self")
    yield "expired", authority.issue("expired", end="20210101000000Z")
    yield "not yet valid", authority.issue("early", start="20470101000000Z")
    yield "of another name", authority.issue("name", "subjectAltName=DNS:elsewhere.example")
    yield "by its common name alone", authority.issue("common", "keyUsage=digitalSignature")
    yield "another name, and a fitting common name", authority.issue("both", "subjectAltName=DNS:elsewhere.example,IP:192.0.2.1")


def test_wrong_certificates(ldapd, authority, tmp_path):
    for what, context in wrong(authority, tmp_path):
        assert outcome(ldapd, context).startswith("no TLS: "), what


def test_old_protocol(ldapd, authority):
    context = authority.context("good")
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    assert outcome(ldapd, context).startswith("no TLS: ")


def test_revoked(ldapd, authority):
    context = authority.issue("revoked")
    with_crl = TLS + "crl = /etc/hufu/tls/crl.pem\n"
    assert outcome(ldapd, context, tls=with_crl) == "live"
    authority.revoke("revoked")
    ldapd.box.put("/etc/hufu/tls/crl.pem", open(authority.path("crl.pem"), "rb").read())
    assert outcome(ldapd, context, tls=with_crl).startswith("no TLS: ")
    assert outcome(ldapd, authority.good, tls=with_crl) == "live"


@pytest.mark.parametrize("content", ["", "nonsense\n"])
def test_broken_files(ldapd, authority, content):
    ldapd.box.put("/etc/hufu/tls/crl.pem", content)
    assert "TLS" in outcome(ldapd, authority.good, tls=TLS + "crl = /etc/hufu/tls/crl.pem\n")
    ldapd.box.put("/etc/hufu/tls/ca.pem", content)
    assert "TLS" in outcome(ldapd, authority.good)


def test_environment_and_ldaprc_change_nothing(ldapd, authority, tmp_path):
    box, other = ldapd.box, tmp_path / "other"
    other.mkdir()
    context = Authority(other).issue("wrong")
    box.put("/etc/hufu/tls/other.pem", (other / "ca.pem").read_bytes())
    lax = "TLS_REQCERT never\nTLS_REQSAN never\nTLS_CACERT /etc/hufu/tls/other.pem\n"
    for path in ("/etc/ldap/ldap.conf", "/lax/ldaprc", "/lax/.ldaprc", "/lax/conf"):
        box.put(path, lax)
    variables = "HOME=/lax LDAPTLS_REQCERT=never LDAPTLS_CACERT=/etc/hufu/tls/other.pem LDAPCONF=/lax/conf LDAPRC=/lax/conf SSLKEYLOGFILE=/tmp/keys"
    box.put("/etc/systemd/system/hufu-ldapd.service.d/lax.conf", f"[Service]\nEnvironment={variables}\nWorkingDirectory=/lax\n")
    box.sh("systemctl daemon-reload")
    try:
        # This is how lax it is for others.
        with Puppet(box, live, ADDRESS, 636, context) as puppet:
            box.run(f"env {variables} timeout 5 ldapwhoami -x -H ldaps://{NAME}")
            assert puppet.binds == 1
        assert outcome(ldapd, context).startswith("no TLS: ")
        assert outcome(ldapd, authority.good) == "live"
    finally:
        box.sh("rm -r /etc/systemd/system/hufu-ldapd.service.d /lax /etc/ldap/ldap.conf && systemctl daemon-reload")


class Slow:
    """A proxy that lets through so many octets at a time, and stops when told."""

    def __init__(self, box, address, port, target, size):
        self.target, self.size, self.holding = target, size, threading.Event()
        self.listener = listen(box, address, port)
        self.box = box
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        client, _ = self.listener.accept()
        server = connect(self.box, *self.target)
        ends = {client: server, server: client}
        try:
            while True:
                for ready in select.select(list(ends), [], [])[0]:
                    octets = ready.recv(self.size if ready is server else 1 << 16)
                    if not octets:
                        return
                    if self.holding.is_set() and ready is server:
                        ends[ready].sendall(octets[:3])
                        time.sleep(2)
                        octets = octets[3:]
                        self.holding.clear()
                    ends[ready].sendall(octets)
        except OSError:
            return


def test_partial_records(ldapd, authority):
    """A record that comes in pieces holds nobody up, also where it stops in the middle."""
    requests = []

    def search(request):
        requests.append(request)
        request.refreshed()

    with Puppet(ldapd.box, search, ADDRESS, 6360, authority.good):
        slow = Slow(ldapd.box, ADDRESS, 636, (ADDRESS, 6360), 7)
        hufud = ldapd.begin(f"ldaps://{NAME}", tls=TLS)
        hufud.start("db01")
        hufud.wait_for("state", state="live")
        slow.holding.set()
        before = ldapd.cpu
        requests[0].entry(b"a" * 16, "late", objectClass=[b"hufuTrust"], hufuDocument=[b"x"])
        time.sleep(0.3)
        # In the middle of a record: hufud is still heard.
        hufud.claim(7)
        assert hufud.wait_for("claimed", timeout=5).search == 7
        assert hufud.of("entry") == []
        assert hufud.wait_for("entry").document == b"x"
        assert ldapd.cpu - before < 0.5
        shut(slow.listener)
