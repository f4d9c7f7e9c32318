"""What somebody with root does to a ledger while hufud is down. Runs inside the box: python3 ledger_forger.py FILE ACT [NUMBER].

It knows how records are hashed (written down here a second time, from broker/audit/record.h), and it takes triggers away and puts
them back as they were, so that the store looks untouched."""

import hashlib
import sqlite3
import struct
import sys

TEXTS = "event result staff vendor account service address tty grant_id ticket reference detail".split()


def encode(row):
    def text(name):
        octets = row[name].encode()
        return struct.pack(">H", len(octets)) + octets

    def number(name, width):
        return struct.pack(">H", width) + (row[name] % (1 << (8 * width))).to_bytes(width, "big")

    label = {1: b"hufu-record-1", 2: b"hufu-record-2-sha256"}[row["format"]]
    octets = struct.pack(">H", len(label)) + label
    octets += number("sequence", 8) + number("at_us", 8) + text("event") + text("result") + number("reason", 2)
    octets += b"".join(map(text, ["staff", "vendor", "account", "service", "address", "tty", "grant_id"]))
    octets += number("version", 4) + text("ticket") + number("session", 8) + number("deadline", 8) + number("latency_us", 8)
    octets += text("reference") + number("actor", 4) + text("detail")
    if row["format"] > 1:
        octets += number("count", 8) + number("first_us", 8) + number("sources", 4)
    return octets


class Ledger:
    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.triggers = self.db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()

    def open(self):
        self.db.execute("BEGIN")
        for trigger in self.triggers:
            self.db.execute(f"DROP TRIGGER {trigger['name']}")

    def close(self):
        for trigger in self.triggers:
            self.db.execute(trigger["sql"])
        self.db.execute("COMMIT")
        self.db.close()

    def rows(self, first=1):
        return [dict(row) for row in self.db.execute("SELECT * FROM ledger WHERE sequence >= ? ORDER BY sequence", (first,))]

    def rehash(self, first):
        """Every hash from there on."""
        before = self.db.execute("SELECT hash FROM ledger WHERE sequence = ?", (first - 1,)).fetchone()
        previous = before[0] if before else bytes(32)
        for row in self.rows(first):
            digest = hashlib.sha256(previous + encode(row)).digest()
            self.db.execute("UPDATE ledger SET previous = ?, hash = ? WHERE sequence = ?", (previous, digest, row["sequence"]))
            previous = digest

    def append(self, n):
        """So many, as hufud would: what happened long ago lies behind what it looks at when it starts."""
        row = self.rows()[-1]
        like = self.db.execute("SELECT * FROM ledger WHERE event = 'login' ORDER BY sequence LIMIT 1").fetchone()
        columns = like.keys()
        previous, sequence = row["hash"], row["sequence"]
        for _ in range(n):
            sequence += 1
            new = dict(like) | {"sequence": sequence, "at_us": row["at_us"], "format": 2, "previous": previous}
            new["hash"] = previous = hashlib.sha256(previous + encode(new)).digest()
            marks = ", ".join("?" * len(columns))
            self.db.execute(f"INSERT INTO ledger ({', '.join(columns)}) VALUES ({marks})", [new[c] for c in columns])

    def change(self, n, field="staff", value="wang.wu"):
        self.db.execute(f"UPDATE ledger SET {field} = ? WHERE sequence = ?", (value, n))

    def remove(self, n, last=None):
        self.db.execute("DELETE FROM ledger WHERE sequence BETWEEN ? AND ?", (n, last or n))

    def close_gap(self, n):
        """Numbers behind a removed one move down."""
        for row in self.rows(n + 1):
            self.db.execute("UPDATE ledger SET sequence = ? WHERE sequence = ?", (row["sequence"] - 1, row["sequence"]))

    def swap(self, n):
        for a, b in ((n, 1 << 40), (n + 1, n), (1 << 40, n + 1)):
            self.db.execute("UPDATE ledger SET sequence = ? WHERE sequence = ?", (b, a))

    def insert(self, n):
        for row in reversed(self.rows(n)):
            self.db.execute("UPDATE ledger SET sequence = ? WHERE sequence = ?", (row["sequence"] + 1, row["sequence"]))
        like = self.db.execute("SELECT * FROM ledger WHERE sequence = ?", (n + 1,)).fetchone()
        new = dict(like) | {"sequence": n, "staff": "wang.wu"}
        self.db.execute(f"INSERT INTO ledger ({', '.join(new)}) VALUES ({', '.join('?' * len(new))})", list(new.values()))


def main():
    path, act, n = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0
    ledger = Ledger(path)
    ledger.open()
    if act == "check":  # that what is written down here is what hufud does
        previous = bytes(32)
        for row in ledger.rows():
            assert row["previous"] == previous, row["sequence"]
            assert hashlib.sha256(previous + encode(row)).digest() == row["hash"], row["sequence"]
            previous = row["hash"]
        print(len(ledger.rows()))
    elif act == "append":
        ledger.append(n)
    elif act == "cut":
        ledger.remove(n, 1 << 60)
    else:
        again = act.endswith("-anew")
        {"change": ledger.change, "remove": ledger.remove, "swap": ledger.swap, "insert": ledger.insert}[act.removesuffix("-anew")](n)
        if again and act.startswith("remove"):
            ledger.close_gap(n)
        if again:
            ledger.rehash(n)
    ledger.close()


main()
