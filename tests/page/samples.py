"""Reviews to look at: one as a site of some size has them, one that is more than anybody plans for, one of a quiet month."""

import datetime
import random

UTC = datetime.timezone.utc
FROM = datetime.datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
UNTIL = datetime.datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
HOSTS = ["db01.finance.example", "db02.finance.example", "app01.finance.example", "gw01.finance.example"]
VENDORS = {"北辰软件有限公司": ["zhang.san", "li.si", "wang.wu"], "Oracle Support": ["j.smith", "m.garcia"],
           "华信网络": ["zhao.liu", "sun.qi"]}
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0bdbb7d0f1f2e3a4b5c6d7"
FINGERPRINT = "SHA256:Lx8wq0T3mYb1tS9cV5nK2hJd7rPz4gQe6uWfXaZyB0I"


def text(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def empty():
    """Everything that a review has, and nothing in it."""
    return {
        "hufu-review": 1, "made_at": text(UNTIL + datetime.timedelta(hours=9)), "period": {"from": text(FROM), "until": text(UNTIL)},
        "utc_offset_minutes": 480, "site": "财政局数据中心", "hosts": HOSTS[:1], "ledgers": [ledger(HOSTS[0])],
        "summary": dict.fromkeys(("sessions", "people", "vendors", "refusals", "forged", "revocations", "unproven", "commands",
                                  "denied", "recordings"), 0),
        "sessions": [], "longest": [], "refusals": {"total": 0, "by_reason": [], "by_staff": [], "by_source": []}, "sources": [],
        "grants": [], "revocations": [], "ended_rights": [], "sudo": [], "denied": {"available": True, "why": None, "items": []},
        "recordings": [], "incidents": [], "approvers": [], "expiring": [], "register": [], "forged": [], "reviews": [],
    }


def ledger(host, **changes):
    return {"host": host, "ledger": "5b2c9a7e41d08f36b1e2c3d4a5f60718", "first": 1, "last": 48211, "records": 48211, "head": HASH,
            "verified": True, "fault": None, "key": FINGERPRINT, "checkpoint_at": text(UNTIL), **changes}


def sessions_of(rng, people, count, hosts):
    rows = []
    for number in range(1, count + 1):
        vendor, staff = rng.choice(people)
        opened = FROM + datetime.timedelta(seconds=rng.randrange(int((UNTIL - FROM).total_seconds())))
        opened = opened.replace(hour=rng.choice((1, 2, 3, 6, 7, 8, 9)))
        seconds = int(rng.expovariate(1 / 5400)) + 40
        ended = opened + datetime.timedelta(seconds=seconds)
        still = ended >= UNTIL or number == count
        path = f"/var/log/hufu/recordings/{staff}/{number}.cast"
        rows.append({
            "host": rng.choice(hosts), "number": number, "staff": staff, "vendor": vendor, "grant": f"{number:032x}",
            "ticket": f"CHG-2026-{1000 + number % 40}", "service": "sshd", "source": f"10.20.{number % 3}.{number % 250}",
            "opened": text(opened), "ended": None if still else text(ended), "reason": "" if still else rng.choice(("logout", "expired")),
            "seconds": int((UNTIL - opened).total_seconds()) if still else seconds,
            "proven": None if still else number != count // 2, "proof_us": rng.randrange(30000, 900000),
            "recordings": [path] if number % 3 == 0 else [], "commands": rng.randrange(9),
            "channels": ["shell"] if number % 4 else ["shell", "transfer"]})
    return sorted(rows, key=lambda row: row["opened"])


def refusals_of(rng, names, scale=1):
    rows = []
    for name, sentence, weight in names:
        hours = [max(0, int(rng.gauss(weight, weight)) * scale) if 7 <= hour < 21 else 0 for hour in range(24)]
        rows.append({"reason": name, "sentence": sentence, "count": sum(hours), "people": rng.randrange(1, 6),
                     "sources": rng.randrange(1, 5), "hours": hours})
    return rows


def longest_of(sessions, count=10):
    rows = sorted(sessions, key=lambda row: -row["seconds"])[:count]
    return [{"host": row["host"], "number": row["number"], "seconds": row["seconds"]} for row in rows]


def wider():
    return [{"field": "host", "granted": HOSTS, "used": HOSTS[:1], "never": HOSTS[1:]},
            {"field": "run-as", "granted": ["oracle", "root", "app"], "used": ["oracle"], "never": ["root", "app"]},
            {"field": "hours", "granted": ["mon-fri 08:00-18:00", "sat 08:00-12:00"], "used": ["mon-fri 08:00-18:00"],
             "never": ["sat 08:00-12:00"]}]


def grants_of(people, start):
    rows = []
    for index, (vendor, staff) in enumerate(people):
        rows.append({
            "id": f"{index + 161:032x}", "version": 1 + index % 2, "class": ("standard", "incident", "standing")[index % 3], "staff": staff,
            "vendor": vendor, "ticket": f"CHG-2026-{1000 + index}", "purpose": ("数据库升级与巡检", "Quarterly patching of the ledger hosts")[index % 2],
            "not_before": text(start), "not_after": text(start + datetime.timedelta(days=20)), "uses": 12, "uses_taken": index * 3 % 12,
            "state": ("in-force", "expired")[index % 2], "used": index % 4 != 3, "wider": wider() if index % 3 == 0 else []})
    return rows


def month():
    """A month of a site with four hosts."""
    rng = random.Random(6)
    review = empty()
    people = [(vendor, staff) for vendor, names in VENDORS.items() for staff in names]
    day = datetime.timedelta(days=1)
    sessions = sessions_of(rng, people, 64, HOSTS)
    at = [text(FROM + day * n + datetime.timedelta(hours=2, minutes=7 * n)) for n in range(30)]
    review |= {
        "hosts": HOSTS, "ledgers": [ledger(host) for host in HOSTS[:3]] + [
            ledger(HOSTS[3], verified=False, fault="record 20117: its hash is not that of its content", checkpoint_at=None)],
        "sessions": sessions, "longest": longest_of(sessions),
        "refusals": {
            "total": 0, "by_reason": refusals_of(rng, [
                ("outside-hours", "Outside the hours of the grant.", 3), ("wrong-source", "Not from this address.", 1.4),
                ("expired", "The grant has ended.", 2), ("no-grant", "There is no grant for this.", 12),
                ("uses-exhausted", "All uses have been taken.", .6), ("command-not-granted", "The grant does not name this command.", 1)]),
            "by_staff": [{"staff": staff, "vendor": vendor, "count": 3 + 7 * n, "first": at[n], "last": at[n + 4],
                          "reasons": {"outside-hours": 2 + n, "no-grant": 1 + 6 * n}} for n, (vendor, staff) in enumerate(people)],
            "by_source": [{"address": address, "count": count, "people": 1 + count % 3}
                          for address, count in (("203.0.113.77", 148), ("10.20.1.14", 12), ("2001:db8:20::1f", 4))]},
        "sources": [{"staff": staff, "vendor": vendor, "grant": f"{n + 161:032x}", "granted": ["10.20.0.0/16", "2001:db8:20::/48"],
                     "seen": [{"address": f"10.20.{n}.14", "admitted": 9 - n, "refused": n % 2, "inside": True}] +
                     ([{"address": "203.0.113.77", "admitted": 0, "refused": 5, "inside": False}] if n == 2 else [])}
                    for n, (vendor, staff) in enumerate(people)],
        "grants": grants_of(people, FROM + day),
        "revocations": [{"at": at[n], "host": HOSTS[n % 4], "scope": ("staff", "grant", "vendor")[n % 3], "name": people[n % 7][1],
                         "actor": "chen.jing", "why": ("合同终止", "laptop stolen", "left the vendor")[n % 3],
                         "took_us": int(10 ** rng.uniform(4.9, 6.2)) if n != 8 else 12400000, "proven": n != 8} for n in range(14)],
        "ended_rights": [{"at": at[n + 5], "host": HOSTS[n % 4], "grant": f"{n + 161:032x}", "staff": people[n % 7][1],
                          "how": ("expired", "revoked", "closed")[n % 3], "sessions": n % 3, "proven": n != 4,
                          "proof": "2 censuses, nobody left, 412 ms" if n != 4 else "", "sequence": 40000 + 17 * n} for n in range(9)],
        "sudo": [{"at": at[n], "host": HOSTS[n % 4], "staff": people[n % 7][1], "session": n + 3, "account": ("oracle", "root")[n % 2],
                  "command": ("/usr/bin/systemctl restart oracle-listener", "/usr/bin/tail -n 200 /u01/app/oracle/diag/alert_FIN.log",
                              "/bin/bash")[n % 3], "allowed": n % 3 != 2, "reason": "" if n % 3 != 2 else "command-not-granted",
                  "ended": "exit 0" if n % 3 != 2 else None} for n in range(16)],
        "denied": {"available": True, "why": None, "items": [
            {"at": at[n], "host": HOSTS[n % 4], "staff": people[n][1], "what": "open", "path": path, "count": 1 + n}
            for n, path in enumerate(("/etc/shadow", "/u01/backup/2026/payroll.dmp", "/root/.ssh/id_ed25519"))]},
        "recordings": [{"host": row["host"], "session": row["number"], "staff": row["staff"], "path": path, "there": n != 3}
                       for n, (row, path) in enumerate((row, path) for row in sessions for path in row["recordings"])],
        "incidents": [{"at": at[9], "host": HOSTS[1], "event": "clock-step", "text": "the clock went back by 312 s", "sequence": 22118},
                      {"at": at[17], "host": HOSTS[3], "event": "store-damaged", "text": "the store could not be read", "sequence": 20117}],
        "approvers": [{"person": person, "roles": roles, "approvals": count, "grants": count - 2, "until": text(UNTIL + day * 200)}
                      for person, roles, count in (("chen.jing", ["department-leader"], 21), ("周海", ["responsible-unit", "security"], 38),
                                                   ("wu.min", ["security"], 6))],
        "expiring": [{"what": "certificate", "name": "chen.jing", "until": text(UNTIL + day * 12), "days": 12},
                     {"what": "status", "name": "status 118", "until": text(UNTIL - day * 2), "days": -2},
                     {"what": "ledger-key", "name": FINGERPRINT, "until": text(UNTIL + day * 80), "days": 80}],
        "register": [{"staff": "wang.wu", "vendor": "北辰软件有限公司", "what": "training", "until": text(UNTIL - day * 9), "lapsed": True,
                      "grants_live": 1},
                     {"staff": "sun.qi", "vendor": "华信网络", "what": "agreement", "until": text(UNTIL + day * 20), "lapsed": False, "grants_live": 2}],
        "forged": [{"at": at[20], "uid": 30004, "pid": 48113, "unit": "session-41.scope", "message": "session closed for zhang.san"}],
        "reviews": [{"from": text(FROM - 31 * day), "until": text(FROM - day), "signed_at": text(FROM + 2 * day), "actor": "liu.yang", "sha256": HASH,
                     "note": "与安全科核对过"}],
    }
    return summed(review)


def summed(review):
    sessions = review["sessions"]
    review["refusals"]["total"] = sum(row["count"] for row in review["refusals"]["by_reason"])
    review["summary"] = {
        "sessions": len(sessions), "people": len({(row["vendor"], row["staff"]) for row in sessions}),
        "vendors": len({row["vendor"] for row in sessions}), "refusals": review["refusals"]["total"], "forged": len(review["forged"]),
        "revocations": len(review["revocations"]), "unproven": sum(row["proven"] is False for row in sessions),
        "commands": len(review["sudo"]), "denied": len(review["denied"]["items"]), "recordings": len(review["recordings"])}
    return review


LONG = "x" * 180
HOSTILE = ["<script>alert(1)</script>", "\"><img src=http://192.0.2.1/x onerror=alert(1)>", "'</style></svg><h1>OK</h1>",
           "a\u202egnp.exe\u202c", "zero\u200bwidth\ufeff", "&lt;b&gt;&#x41;", "]]><!--", "}*{display:none}", "Z̸̢͖̹͈a̵l̴g̶o" + "\u0301" * 40,
           "javascript:alert(1)", "שלום עולם", "مرحبا", LONG, "名" * 90, "tab\tand\nline", "\u2066isolate\u2069", "%s%n%d", "\\u003cscript\\u003e"]


def flood():
    """Ten thousand sessions of two hundred people, and every text as bad as a text can be."""
    rng = random.Random(7)
    review = month()
    vendors = [f"{HOSTILE[n % len(HOSTILE)]} {n}" for n in range(70)]
    people = [(vendors[n % 70], f"{HOSTILE[n % len(HOSTILE)]}{n}") for n in range(200)]
    hosts = [f"host-{n:03d}.a-rather-long-name-of-a-domain.finance.example" for n in range(120)]
    sessions = sessions_of(rng, people, 10000, hosts)
    for n, row in enumerate(sessions[:400]):
        row |= {"ticket": HOSTILE[n % len(HOSTILE)], "source": HOSTILE[-n % len(HOSTILE)],
                "channels": HOSTILE if n < 5 else ["shell"], "recordings": HOSTILE[:3]}
    review |= {"site": HOSTILE[1], "hosts": hosts, "ledgers": [ledger(host, verified=False, fault=LONG) for host in hosts],
               "sessions": sessions, "longest": longest_of(sessions, 40),
               "grants": [row | {"purpose": HOSTILE[n % len(HOSTILE)], "ticket": LONG, "wider": [
                   {"field": "command", "granted": HOSTILE * 9, "used": [], "never": HOSTILE * 9}] if n < 5 else wider()[:1]}
                   for n, row in enumerate(grants_of(people, FROM))],
               "recordings": [{"host": LONG, "session": 1, "staff": text_, "path": text_, "there": False} for text_ in
                              [*HOSTILE, "/var/log/" + LONG * 3, "//evil.example/x", "/a\"onmouseover=alert(1) b"]],
               "approvers": [{"person": HOSTILE[n % len(HOSTILE)], "roles": HOSTILE[n % 9:n % 9 + 3], "approvals": 10 ** (n % 16),
                              "grants": n, "until": "never"}
                             for n in range(60)]}
    reasons = [(f"reason-{n}-{'long-' * 6}", HOSTILE[n % len(HOSTILE)], 40) for n in range(45)]
    review["refusals"]["by_reason"] = refusals_of(rng, reasons, 1700)
    review["refusals"]["by_staff"] = [{"staff": staff, "vendor": vendor, "count": 10 ** 12, "first": "x", "last": "",
                                       "reasons": dict.fromkeys(HOSTILE[n % 9:n % 9 + 3], 3)} for n, (vendor, staff) in enumerate(people)]
    review["refusals"]["by_source"] = [{"address": f"2001:db8:{n:x}:1111:2222:3333:4444:5555", "count": n * 999983, "people": n}
                                       for n in range(500)]
    for rows in ("revocations", "sudo", "incidents", "ended_rights"):
        review[rows] = [row | {key: rng.choice(HOSTILE) for key, value in row.items() if isinstance(value, str) and key != "at"}
                        for row in review[rows] * 60]
    return summed(review)


SAMPLES = {"empty": empty, "month": month, "flood": flood}
