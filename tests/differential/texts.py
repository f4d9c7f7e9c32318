"""Words and documents, good ones and such that are good but for one thing: which of them does each implementation
take? And of quorums: are they met, and until when?"""

from cases import Maker, Put
from second import document, quorum, words
from second.words import DAY

TIMES = ["2026-11-20T02:00:00Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z",
         "2028-02-29T23:59:59Z", "2027-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2000-02-29T00:00:00Z",
         "2026-11-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z",
         "2026-11-20T24:00:00Z", "2026-11-20T23:60:00Z", "2026-12-31T23:59:60Z", "2026-11-20t02:00:00z",
         "2026-11-20T02:00:00", "2026-11-20T02:00:00+00:00", "2026-4-01T00:00:00Z", "02026-11-20T02:00:00Z"]
NUMBERS = ["1", "0", "2147483647", "2147483648", "4294967296", "4294967297", "01", "-1", "+1", " 1", "1 ", "",
           "9999999999", "12a", "99999999999999999999", "1000000000", "1e3", "0x10", "١"]
IDS = ["0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789abcdef", "0123456789abcdef0123456789abcde",
       "0123456789abcdef0123456789abcdef0", "g123456789abcdef0123456789abcdef"]
NAMES = ["a", "A.b_c-9", "9", ".a", "-a", "_a", "a" * 64, "a" * 65, "é", "a b", "a/b", "@a", "a@", "", "zhang.san",
         "_x", "a" * 32, "a" * 33, "Zhang", "a$", "any", "none", "password", "unlimited", "local"]
NETWORKS = ["10.1.2.0/24", "10.1.2.1/24", "10.1.2.1/32", "0.0.0.0/0", "0.0.0.0/1", "10.0.0.0/08", "10.0.0.0/8",
            "10.0.0/8", "010.0.0.0/8", "10.1.2.0/33", "10.1.2.0/", "10.1.2.0/24/8", "10.1.2.0", "256.0.0.0/8",
            "2001:db8::/32", "2001:DB8::/32", "2001:db8:0::/32", "2001:0db8::/32", "2001:db8::1/128",
            "2001:db8::/129", "::/0", "::/1", "::1/128", "::/128", "::ffff:10.0.0.0/104", "::ffff:0:0/96",
            "::ffff:a00:0/104", "fe80::1%eth0/128", "fe80::/10", "1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7::/112",
            "1:0:0:4:5:0:0:8/128", "1::4:5:0:0:8/128", "1:0:0:4:5::8/128", "2001:db8:0:1:1:1:1:1/128",
            "2001:db8::1:1:1:1:1/128", "::1.2.3.4/128", "::102:304/128", "::1:2/128", "1::/16", "64:ff9b::/96",
            "64:ff9b::1.2.3.4/128", "::ffff:0:1.2.3.4/128", "0:0:0:0:0:0:0:1/128", "1:0:0:0:0:0:0:0/128",
            "1::1::1/128", "8000::/1", "c000::/2", "::10000/128", ":1/128", "1:/128"]
PIECES = ["0", "1", "a", "f", "ff", "ffff", "db8", "2001", "0000", "00a", "10000", "", "g", "255", "1.2.3.4"]
HOURS = ["mon-fri 09:00-18:00 +08:00", "mon 09:00-09:00 +08:00", "mon 00:00-24:00 +00:00", "mon 24:00-01:00 +00:00",
         "fri-mon 09:00-18:00 +00:00", "mon-mon 09:00-18:00 +00:00", "sat-sun 22:00-02:00 -12:00",
         "sun 22:00-02:00 +14:00", "sun 22:00-02:00 +14:01", "sun 22:00-02:00 -12:01", "sun 22:00-02:00 -00:00",
         "sun 22:00-24:01 +00:00", "sun 2:00-3:00 +00:00", "sun 02:60-03:00 +00:00", "Sun 02:00-03:00 +00:00",
         "sun 02:00-03:00", "sun 02:00-03:00 +0800", "mon,tue 02:00-03:00 +00:00", "sun 02:00-03:00 +13:60",
         "sun  02:00-03:00 +00:00", "any", "sun 00:00-00:00 +00:00", "sun 00:01-00:00 +00:00",
         "sun 24:00-24:00 +00:00", "sun 00:00-24:00 -11:59", "mon-sun 23:59-24:00 +05:45"]
COMMANDS = ["/usr/bin/id", "usr/bin/id", "/", "//usr/bin/id", "/usr//bin/id", "/usr/bin/", "/usr/./id", "/usr/../id",
            "/usr/.../id", "/usr/bin/i*", "/usr/bin/id *", "/usr/bin/id a*", "/usr/bin/id **", "/usr/bin/id  a",
            "/usr/bin/id a ", "/usr/bin/id é", "/usr/bin/id /a//b/.", "any", "none", "/any", "/usr/bin/..id",
            "/usr/bin/id.", "/usr/bin/id a\\ b", "/" + "a" * 200, "/*"]
PURPOSES = ["更换", "a", " a", "a ", "a  b", "a\u200bb", "a\u202eb", "a\u00a0b", "a\u3000b", "a\ufe0fb", "a\u00adb",
            "a\ufeffb", "a\U000e0041b", "a\u2028b", "a\ue000b", "a\ufffeb", "a\u115fb", "a\u3164b", "á", "a\u0301",
            "😀", "a\u2800b", "a\x7fb", "a\x85b", "\ufffd", "a\u061cb", "a\u2066b", "a\ufff9b", "a\U000f0000b",
            "a\u034fb", "a\u180eb", "a\u17b4b", "a\u1680b", "a\ufdd0b", "a\U0001d173b"]
FINGERPRINTS = ["SHA256:" + "a" * 42 + "A", "SHA256:" + "a" * 43, "SHA256:" + "a" * 42 + "B",
                "SHA256:" + "a" * 42 + "E", "SHA256:" + "a" * 42, "SHA256:" + "a" * 42 + "A=",
                "sha256:" + "a" * 42 + "A", "MD5:" + "a" * 43, "SHA256:" + "+/" * 21 + "8",
                "SHA256:" + "-_" * 21 + "8", "password", "any"]
USES = ["1 per-host", "unlimited", "0 per-host", "1 fleet", "1 fleets", "1", "per-host", "1  fleet",
        "2147483648 fleet", "any", "none"]
SERVICES = ["sshd", "login", "cron", "at", "atd", "crond", "su", "su-l", "sudo", "sudo-i", "runuser", "runuser-l",
            "polkit-1", "systemd-user", "gdm-password", "vsftpd", "other", "any", "none", "su2", "Sudo"]
# Key of a document, words to try as its value.
VALUES = [("not-before", TIMES), ("not-after", TIMES), ("version", NUMBERS), ("site", NAMES), ("staff", NAMES),
          ("vendor", NAMES), ("requester", NAMES), ("source", NETWORKS + ["any", "local"]), ("hours", HOURS),
          ("command", COMMANDS), ("purpose", PURPOSES), ("staff-key", FINGERPRINTS), ("uses", USES),
          ("sessions", NUMBERS + ["unlimited", "any"]), ("run-as", NAMES), ("max-session", NUMBERS + ["unlimited"]),
          ("recording", ["required", "none", "any", ""]), ("host", NAMES + ["@a", "@@a", "@", "a.b"]),
          ("class", ["normal", "privileged", "emergency", "Normal", ""]),
          ("incident-level", ["1", "2", "3", "0", "4", "01"]), ("service", SERVICES),
          ("channel", ["shell", "exec", "transfer", "forward", "none", "any"]), ("hufu-grant", ["1", "2", "01"])]
WORDS = {"time": TIMES, "number": NUMBERS, "id": IDS, "name": NAMES, "account": NAMES, "network": NETWORKS,
         "visible": PURPOSES,
         "address": [n.split("/")[0] for n in NETWORKS], "fingerprint": FINGERPRINTS}
# What separates what is seen from what is not, in and around Unicode's blocks of such.
POINTS = [0x20, 0x7E, 0x7F, 0x80, 0x9F, 0xA0, 0xA1, 0xAC, 0xAD, 0xAE, 0x300, 0x34F, 0x600, 0x605, 0x606, 0x61B,
          0x61C, 0x6DD, 0x70F, 0x890, 0x8E2, 0x115E, 0x115F, 0x1160, 0x1161, 0x1680, 0x17B3, 0x17B4, 0x17B5, 0x180A,
          0x180B, 0x180E, 0x180F, 0x1FFF, 0x2000, 0x200A, 0x200B, 0x200F, 0x2010, 0x2027, 0x2028, 0x202F, 0x2030,
          0x205F, 0x2060, 0x2065, 0x206F, 0x2070, 0x2800, 0x3000, 0x3001, 0x3164, 0xD7FF, 0xE000, 0xF8FF, 0xF900,
          0xFDCF, 0xFDD0, 0xFDEF, 0xFDF0, 0xFDFF, 0xFE00, 0xFE0F, 0xFE10, 0xFEFF, 0xFFA0, 0xFFEF, 0xFFF0, 0xFFF9,
          0xFFFB, 0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x110BD, 0x110CD, 0x13430, 0x1343F, 0x1BCA0, 0x1BCA3,
          0x1D173, 0x1D17A, 0x1FFFE, 0x20000, 0xDFFFF, 0xE0000, 0xE0001, 0xE0020, 0xE007F, 0xE0100, 0xE01EF, 0xE0FFF,
          0xE1000, 0xF0000, 0x10FFFF]
OCTETS = [0, 9, 10, 13, 32, 42, 45, 46, 47, 48, 57, 58, 64, 65, 90, 95, 97, 122, 127, 128, 0xC0, 0xC2, 0xE2, 0xED,
          0xF0, 0xF5, 255]


def canonical_word(kind, octets):
    """What decide_cases prints."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return "refused"
    if kind == "time":
        t = words.instant(text)
        return "refused" if t is None else f"{t} {(t // words.DAY + 3) % 7}"
    if kind == "address":
        found = words.address(text)
        return f"{found[0]} {found[1]:0{8 if found[0] == 4 else 32}x}" if found else "refused"
    if kind == "visible":
        return text if words.visible(text) else "refused"
    reader = {"number": words.number, "id": words.grant_id, "name": words.name, "account": words.account,
              "fingerprint": words.fingerprint, "network": words.network}[kind]
    return text if reader(text) is not None else "refused"


def document_word(octets):
    try:
        document.read(octets)
        return "valid"
    except document.Refused:
        return "refused"


class Texts(Maker):
    def mutate(self, octets):
        """One change of some octets."""
        at = int(self.random() * (len(octets) + 1))
        end = at + self.pick((1, 1, 1, 2, 8))
        what = int(self.random() * 5)
        if what == 0:
            return octets[:at] + octets[end:]
        if what == 1:
            return octets[:at] + bytes([self.pick(OCTETS)]) + octets[at:]
        if what == 2:
            return octets[:at] + bytes([self.pick(OCTETS)]) + octets[at + 1:]
        if what == 3:
            return octets[:end] + octets[at:]
        return octets[:at]

    def word(self):
        """(kind, octets)"""
        kind = self.pick(list(WORDS))
        if kind in ("address", "network") and self.chance(0.5):
            length = self.pick((3, 4, 4, 6, 7, 8, 8, 9))
            text = self.pick((":", ":", ".")).join(self.pick(PIECES) for _ in range(length))
            if self.chance(0.5):
                text = text.replace(":0:", "::", 1)
            if kind == "network":
                text += f"/{self.pick((1, 7, 8, 16, 31, 32, 64, 112, 127, 128, 129))}"
            octets = text.encode()
        elif kind == "visible" and self.chance(0.7):
            octets = "".join(chr(min(0x10FFFF, max(0x20, self.pick(POINTS) + self.pick((-1, 0, 0, 1)))))
                             for _ in range(self.pick((1, 1, 2)))).encode("utf-8", "surrogatepass")
        elif kind == "time" and self.chance(0.5):
            octets = words.text_of(int(self.random() * words.LAST)).encode()
        else:
            octets = self.pick(WORDS[kind]).encode()
        if self.chance(0.3):
            octets = self.mutate(octets)
        if b"\n" in octets or len(octets) > 200:
            octets = octets.replace(b"\n", b"")[:200]
        return kind, octets

    def document(self):
        lines = {}
        self.changes(lines)
        octets = Put("A", lines, {}).octets()
        for _ in range(self.pick((0, 1, 1, 1, 2))):
            octets = self.change_document(octets)
        return octets

    def change_document(self, octets):
        lines = octets.split(b"\n")
        at = int(self.random() * len(lines))
        what = int(self.random() * 12)
        if what < 6:  # another value of some key, or one line more of it
            key, values = self.pick(VALUES)
            new = f"{key}: {self.pick(values)}".encode()
            of_key = [i for i, line in enumerate(lines) if line.startswith(key.encode() + b": ")]
            if of_key and self.chance(0.7):
                lines[of_key[0]] = new
            else:
                lines.append(new)
            if self.chance(0.9):
                known = [line for line in lines if line.partition(b": ")[0].decode(errors="replace") in document.ORDER]
                known.sort(key=lambda line: (document.ORDER[line.partition(b": ")[0].decode()], line))
                return b"\n".join(known) + b"\n"
        elif what < 7:
            lines.insert(at, self.pick(lines))
        elif what < 8:
            del lines[at]
        elif what < 9:
            other = int(self.random() * len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif what < 10:
            key = self.pick((b"host: db", b"command: /usr/bin/x", b"source: 10.0.0.", b"run-as: x", b"service: x"))
            suffix = b"/32" if key.startswith(b"source") else b""
            count = self.pick((2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65))
            many = [key + b"%d" % i + suffix for i in range(count)]
            lines = [line for line in lines if not line.startswith(key.partition(b":")[0] + b": ")] + many
            known = [line for line in lines if line]
            known.sort(key=lambda l: (document.ORDER.get(l.partition(b": ")[0].decode(errors="replace"), 99), l))
            return b"\n".join(known) + b"\n"
        elif what < 11:
            lines[at] += b"x" * self.pick((4000, 4096 - len(lines[at]), 4097 - len(lines[at]), 16384))
        else:
            return self.mutate(octets)
        return b"\n".join(lines)

    def quorum(self):
        """A quorum, who signed, and what a status says: quorum.Case."""
        n_roles = self.pick((1, 1, 2, 2, 3, 4))
        needed = [self.pick((0, 0, 1, 1, 1, 2)) for _ in range(n_roles)]
        total = max(1, sum(needed)) + self.pick((0, 0, 0, 1, 2))
        count = self.pick((0, 1, 2, 2, 3, 4, 5, 6, 8))
        ends = sorted((self.pick((5, 6, 7, 8, 9, 10)) for _ in range(count)), reverse=True)
        signed = [(int(self.random() * 5), int(self.random() * (n_roles + self.pick((0, 0, 1)))), end,
                   int(self.random() * 6)) for end in ends]
        revoked = sorted({int(self.random() * 6) for _ in range(self.pick((0, 0, 1, 2)))})
        return quorum.Case(total, needed, signed, revoked, self.chance(0.1), self.pick((0, 0, 1, 2, 3)),
                           self.pick((1, 2, 3)), self.pick((4, 5, 6, 7, 8, 11, 11)))

    def limit(self, put):
        """(longest validity, longest session, fields that may be left open), for a class."""
        length = words.instant(put.value("not-after")) - words.instant(put.value("not-before"))
        session = put.value("max-session")
        session = 28800 if session == "unlimited" else int(session)
        return (max(1, length + self.pick((-1, 0, 0, 1, DAY))), max(1, session + self.pick((-1, 0, 0, 1, 60))),
                [f for f in quorum.OPEN_FIELDS if self.chance(0.8)])


__all__ = ["Texts", "canonical_word", "document_word"]
