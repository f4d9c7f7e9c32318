"""What cases are made of. In each pool stands first what satisfies the facts that all cases share."""

from second import hours, words
from second.words import NEVER

BASE = words.instant("2026-11-20T02:00:00Z")
TEMPLATE = {
    "hufu-grant": ["1"], "site": ["cn.example.finance"], "version": ["1"], "class": ["normal"], "vendor": ["acme"],
    "employer": ["acme"], "contract": ["C-2026-017"], "staff": ["zhang.san"],
    "staff-key": ["SHA256:" + "a" * 42 + "A"], "host": ["db01.finance.example"], "service": ["login", "sshd"],
    "channel": ["exec", "shell"], "run-as": ["oracle"], "command": ["/usr/bin/systemctl restart oracle"],
    "source": ["10.1.2.0/24", "local"], "not-before": ["2026-11-20T00:00:00Z"], "not-after": ["2026-11-22T00:00:00Z"],
    "hours": ["any"], "uses": ["2 per-host"], "sessions": ["2"], "max-session": ["14400"], "recording": ["none"],
    "requester": ["li.si"], "ticket": ["CHG-2026-1142"], "purpose": ["更换数据库存储阵列控制器"]}
BOOKS = {"votes-until": words.instant("2027-06-01T00:00:00Z"), "session-max": 28800, "by-status-until": NEVER}

KEYS = ["SHA256:" + c * 42 + "A" for c in "abc"]
# What a fact is to the rules, by the text that it has in a case.
FACTS = {
    "now": BASE, "site": "cn.example.finance", "host": "db01.finance.example", "groups": "databases linux",
    "host-state": "ok", "status-until": NEVER, "person-state": "ok", "staff": "zhang.san", "phase": "account",
    "service": "sshd", "source": "10.1.2.7", "key": KEYS[0], "target": "none", "run": "judged", "doubts": "none",
    "session-live": "no", "session-grant": "none", "reserved": "none", "channels": "none", "recorder": "no",
    "claim": "no", "incident": "0"}
WORD_OF_RUN = ("free", "unknown", "judged", "not-asked")
LETTERS = "ABCDEF"

SITES = ["cn.example.finance", "cn.example.health"]
HOSTS = [["db01.finance.example"], ["@linux"], ["@databases", "db02.finance.example"],
         ["app01", "db01.finance.example"], ["db02.finance.example"], ["@web"], ["linux"], ["@db01.finance.example"],
         ["db01.finance.exampl"]]
SERVICES = [["cron", "login", "sshd"], ["sshd"], ["login"], ["at", "cron"], ["cron"], ["gdm-password", "sshd"],
            ["vsftpd"], ["su2"]]
CHANNELS = [["exec", "shell"], ["exec", "forward", "shell", "transfer"], ["forward"], ["shell"], ["transfer"], ["none"],
            ["exec"], ["forward", "transfer"]]
COMMANDS = [["/usr/bin/systemctl restart oracle"], ["any"], ["none"], ["/usr/bin/systemctl restart *"],
            ["/usr/bin/tail -n * -F", "/usr/bin/lsof"], ["/usr/bin/less *", "/usr/bin/systemctl * *"], ["/usr/bin/id"]]
SOURCES = [["10.1.2.0/24", "local"], ["any"], ["10.1.2.7/32"], ["local"], ["2001:db8:1::/48"], ["10.0.0.0/7", "::/1"],
           ["10.1.2.8/29", "2001:db8:1:8000::/49"], ["128.0.0.0/1"], ["10.1.3.0/24", "fe80::/10"],
           ["2001:db8::1/128", "10.1.2.6/31"], ["0.0.0.0/1"]]
USES = ["2 per-host", "unlimited", "1 per-host", "1 fleet", "3 fleet", "2147483647 per-host"]
SESSIONS = ["2", "unlimited", "1"]
BOUNDS = ["14400", "unlimited", "1", "60", "900", "28800", "28801", "2147483647"]
STAFF_KEYS = [[KEYS[0]], [KEYS[0], KEYS[1]], ["password"], [KEYS[1]], [KEYS[1], KEYS[2]]]
RUN_AS = [["oracle"], ["oracle", "root"], ["none"], ["root"]]
CLASSES = [("normal", None), ("privileged", None), ("emergency", "1"), ("emergency", "2"), ("emergency", "3")]
DAY_WORDS = hours.DAYS + ["mon-fri", "mon-sun", "sat-sun", "fri-sun", "mon-tue", "wed-fri"]
SPANS = ["09:00-18:00", "00:00-24:00", "22:00-02:00", "02:00-02:01", "01:00-02:00", "02:00-03:00", "00:00-00:01",
         "23:59-24:00", "00:01-00:00", "18:00-09:00", "12:00-24:00", "00:00-12:00", "23:59-00:00", "02:01-02:00"]
OFFSETS = ["+00:00", "+08:00", "-05:00", "+05:30", "+14:00", "-12:00", "+05:45", "-00:01", "+00:01"]
REASONS_OF_STANDING = ["approval-missing", "class-limit", "approval-expired", "revoked"]
TAKEN = ["revoked", "vendor-revoked", "vendor-locked", "withdrawn", "staff-locked", "closed"]
STATES = ["broker-error", "bad-request", "caller-mismatch", "caller-forbidden", "too-many-requests", "store-damaged",
          "store-unavailable", "trust-missing", "trust-expired", "host-unconfirmed", "clock-unsure", "status-stale",
          "reaper-away", "stopping", "store-restored", "store-full", "host-locked"]
PERSON_STATES = ["not-gated", "two-persons", "account-unknown", "staff-locked", "staff-revoked", "remains"]
ASKED_SERVICES = ["sshd", "login", "gdm-password", "cron", "crond", "at", "atd", "su", "su-l", "sudo", "sudo-i",
                  "runuser", "runuser-l", "polkit-1", "systemd-user", "(own uid)", "chfn", "vsftpd"]
ADDRESSES = ["10.1.2.7", "10.1.2.0", "10.1.2.255", "10.1.1.255", "10.1.3.0", "::ffff:10.1.2.7", "::ffff:a01:207",
             "11.255.255.255", "12.0.0.0", "9.255.255.255", "10.1.2.8", "10.1.2.15", "10.1.2.16", "2001:db8:1::",
             "2001:db8:1:7fff:ffff:ffff:ffff:ffff", "2001:db8:1:8000::", "2001:db8:1:ffff:ffff:ffff:ffff:ffff",
             "2001:db8:2::", "2001:db8::1", "2001:db8::2", "128.0.0.0", "127.255.255.255", "::", "7fff:ffff::1",
             "8000::", "fe80::1", "febf::1", "fec0::", "255.255.255.255"]
RUNS = ["/usr/bin/systemctl restart oracle", "/usr/bin/systemctl restart sshd", "/usr/bin/systemctl restart",
        "/usr/bin/lsof", "/usr/bin/systemctl restart oracle ''", "/usr/bin/systemctl restart ''",
        "/usr/bin/tail -n 100 -F", "/usr/bin/less +x", "/usr/bin/less .", "/usr/bin/less ..", "/usr/bin/less ...",
        "/usr/bin/less -", "/usr/bin/less a/b", "/usr/bin/less *", "/usr/bin/less é", "/usr/bin/less a-b",
        "/usr/bin/lsof ''", "/usr/bin/id", "/usr/bin/systemctl * *", "sudoedit /etc/hosts",
        "/usr/bin/systemctl2 restart oracle", "/usr/bin/less a\x7f", "/usr/bin/less ~", "/usr/bin/less !"]
ARGUMENTS = ["oracle", "oracle", "''", ".", "..", "...", "-", "-x", "+", "+x", "a/b", "/", "*", "a-b", "a+b", "~", "!",
             "\x7f", "é", ".x"]
DOUBTS = ["sudoedit", "shell", "login-shell", "relative-path", "path-writable", "interpreter", "other-name",
          "arguments", "environment", "preserve-environment", "group", "identity", "descriptors", "chroot", "host",
          "security-context", "background"]
CENTERS = [BASE] * 6 + [words.instant(t) for t in (
    "2028-02-29T12:00:00Z", "1970-01-02T00:00:00Z", "9999-12-30T20:00:00Z", "2038-01-19T03:14:07Z",
    "2026-12-31T23:59:59Z", "2100-03-01T00:00:00Z", "2000-02-29T00:00:00Z")]
LIVING = ("sshd", "login", "gdm-password", "cron", "crond", "at", "atd")
# Of a scene: "anything", a key of a grant, or of several grants that admit which one does.
THEMES = ["anything"] * 4 + ["choice", "command", "staff-key", "source", "hours"]
