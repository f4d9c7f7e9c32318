"""Random cases. Each is a scene (grants with their books) and a question with its facts, made to lie at the edges: one
instant from a boundary, one address from the end of a network, one count from the limit. Most of a case satisfies
every rule, so that the later rules are reached, too."""

from pools import *  # noqa: F403 (nothing but pools)
from second import document, hours, words
from second.words import DAY, NEVER

_meaning = {}


def meaning(key, text):
    """A fact's text as second/rules.py takes it."""
    if key in ("now", "status-until"):
        return text
    found = _meaning.get((key, text))
    if found is None:
        found = _meaning[key, text] = _means(key, text)
        if len(_meaning) > 50000:
            _meaning.clear()
    return found[0]


def _means(key, text):
    if key in ("groups", "channels", "doubts"):
        return (frozenset() if text == "none" else frozenset(text.split(" ")),)
    if key in ("session-live", "recorder", "claim"):
        return (text == "yes",)
    if key in ("target", "session-grant", "reserved"):
        return (None if text == "none" else text,)
    if key == "incident":
        return (int(text),)
    if key == "source" and text not in ("none", "local", "not-address", "ignored"):
        return (words.address(text),)
    if key == "key" and text not in ("none", "not-asked"):
        return (words.fingerprint(text),)
    if key == "run" and text not in WORD_OF_RUN:
        return (["" if w == "''" else w for w in text.split(" ")],)
    return (text,)


DEFAULTS = {key: meaning(key, text) for key, text in FACTS.items()}


def facts_of(own):
    f = DEFAULTS.copy()
    for key, text in own.items():
        f[key] = meaning(key, text)
    return f


def time_text(t):
    return "never" if t == NEVER else words.text_of(t)


class Put:
    """One document for the index: `lines` and `books` are what differs from the template."""

    def __init__(self, letter, lines, books):
        self.letter, self.lines, self.books = letter, lines, books

    def octets(self):
        out = []
        for key, _, _ in document.KEYS:
            if key == "id":
                out.append("id: " + self.letter.lower() * 32)
                continue
            for value in sorted(self.lines.get(key) or TEMPLATE.get(key, []), key=str.encode):
                out.append(f"{key}: {value}")
        return ("\n".join(out) + "\n").encode()

    def value(self, key):
        return (self.lines.get(key) or TEMPLATE[key])[0]

    def book(self, key):
        return self.books.get(key, BOOKS.get(key))

    def book_texts(self):
        for key, value in self.books.items():
            if key == "closed":
                value = "yes" if value else "no"
            elif key in ("votes-until", "by-status-until"):
                value = words.text_of(value)
            yield key, str(value)


class Case:
    def __init__(self, puts, ask, facts):
        self.puts, self.ask, self.facts = puts, ask, facts

    def fact_texts(self):
        for key, text in self.facts.items():
            yield key, time_text(text) if key in ("now", "status-until") else text


class Maker:
    """Makes cases out of a random.Random."""

    def __init__(self, rnd):
        self.rnd, self.random = rnd, rnd.random

    def pick(self, pool):
        return pool[int(self.random() * len(pool))]

    def chance(self, p):
        return self.random() < p

    def near(self, t):
        return self.within(t + self.pick((-1, 0, 0, 1)))

    @staticmethod
    def within(t):
        return max(words.FIRST, min(words.LAST, t))

    # --- grants ---

    def hours(self):
        if self.chance(0.3):
            return ["mon-sun 00:00-24:00 +00:00"]
        return sorted({f"{self.pick(DAY_WORDS)} {self.pick(SPANS)} {self.pick(OFFSETS)}"
                       for _ in range(self.pick((1, 1, 2, 3)))})

    def changes(self, lines):
        """Some lines another way; the ones of which little is to be seen are rarer."""
        for _ in range(self.pick((0, 0, 1, 1, 2, 3))):
            which = int(self.random() * 16)
            if which < 6:
                key, pool = (("service", SERVICES), ("channel", CHANNELS), ("command", COMMANDS), ("source", SOURCES),
                             ("staff-key", STAFF_KEYS), ("run-as", RUN_AS))[which]
                lines[key] = self.pick(pool)
            elif which < 10:
                key, pool = (("uses", USES), ("uses", USES), ("sessions", SESSIONS), ("max-session", BOUNDS))[which - 6]
                lines[key] = [self.pick(pool)]
            elif which < 13:
                lines["hours"] = self.hours()
            elif which < 14:
                lines["recording"] = ["required"]
            elif which < 15:
                lines["host"] = self.pick(HOSTS)
            else:
                key, value = self.pick((("site", SITES[1]), ("staff", "li.wei"), ("staff", "li.wei"),
                                        ("vendor", "zenith")))
                lines[key] = [value]

    def lines(self, center, theme):
        """What differs from the template: anything, or in most themes one thing of which there is then much."""
        lines = {}
        if theme == "choice":
            lines["uses"] = [self.pick(USES)]
            lines["not-after"] = [words.text_of(self.within(center + self.pick((DAY, DAY, 2 * DAY, DAY + 1))))]
            lines["not-before"] = [words.text_of(self.within(center - DAY))]
            return lines
        if theme == "anything":
            self.changes(lines)
        else:
            lines[theme] = self.hours() if theme == "hours" else self.pick(
                {"command": COMMANDS, "staff-key": STAFF_KEYS, "source": SOURCES}[theme])
            if theme == "staff-key":
                lines["channel"] = self.pick(CHANNELS)
        if theme == "anything" and self.chance(0.15):
            name, level = self.pick(CLASSES)
            lines["class"] = [name]
            if level:
                lines["incident-level"] = [level]
        begin = self.within(center + self.pick((-DAY, -7200, -7200, -7200, -7200, -1, 0, 1, -3600 * 40)))
        length = self.pick((1, 7200, 10800, DAY, DAY, 2 * DAY, 2 * DAY, 3 * DAY, 400 * DAY))
        end = self.within(begin + length)
        if end <= begin:
            begin = end - 1
        if center != BASE or self.chance(0.5):
            lines["not-before"], lines["not-after"] = [words.text_of(begin)], [words.text_of(end)]
        return lines

    def books(self, center, again):
        books = {}
        if center != BASE or self.chance(0.2):
            books["votes-until"] = self.within(
                center + self.pick((-1, 1, 3600, DAY, 10 * DAY, 10 * DAY, 500 * DAY, 500 * DAY)))
        if self.chance(0.15):
            books["session-max"] = self.pick((1, 60, 3600, 14400, 14401, 2147483647))
        if self.chance(0.06):
            books["standing"] = self.pick(REASONS_OF_STANDING)
        if self.chance(0.05):
            books["taken-away"] = self.pick(TAKEN)
        if again or self.chance(0.1):
            books["by-status"] = self.pick(("ok",) * 9 + ("revoked", "approval-missing", "status-stale"))
        if self.chance(0.1):
            books["by-status-until"] = self.within(center + self.pick((-1, 0, 1, 60, 3600, DAY)))
        if self.chance(0.4):
            books["uses-taken"] = self.pick((0, 1, 1, 2, 2, 3, 4))
        if self.chance(0.3):
            books["sessions-live"] = self.pick((0, 1, 1, 2, 3))
        if self.chance(0.05):
            books["closed"] = self.chance(0.8)
        return books

    def scene(self):
        """(center, theme, puts): up to four grants, some of them in several versions."""
        center, theme = self.pick(CENTERS), self.pick(THEMES)
        puts, letters = [], []
        for _ in range(self.pick((1, 1, 2, 2, 3, 4))):
            letter = self.pick(letters) if letters and self.chance(0.3) else self.pick(LETTERS)
            lines = self.lines(center, theme)
            if letter in letters:
                lines["version"] = [self.pick(("1", "2", "2", "3", "2147483647"))]
                if self.chance(0.3):
                    lines["version"] = ["1"]
                if self.chance(0.6):  # else hardly ever of the same class, vendor and staff
                    for key in ("site", "class", "incident-level", "vendor", "staff"):
                        lines.pop(key, None)
                        before = next(p for p in puts if p.letter == letter).lines
                        if key in before:
                            lines[key] = before[key]
            elif self.chance(0.1):
                lines["version"] = ["2"]
            if theme == "anything" or self.chance(0.1):
                books = self.books(center, letter in letters)
            else:
                books = {"by-status": "ok", "votes-until": self.within(center + 500 * DAY)}
            # Of nobody yet, and somebody's lock is on it.
            if theme == "anything" and letter not in letters and self.chance(0.1):
                books["standing"], books["taken-away"] = "approval-missing", self.pick(TAKEN[1:3])
                lines["vendor"] = [self.pick(("zenith", "acme"))]
            puts.append(Put(letter, lines, books))
            letters.append(letter)
        return center, theme, puts

    def edges(self, center, puts):
        """Instants at which something changes."""
        edges = [center]
        for p in puts:
            begin, end = words.instant(p.value("not-before")), words.instant(p.value("not-after"))
            edges += [begin, end, p.book("votes-until")]
            if p.book("by-status-until") != NEVER:
                edges.append(p.book("by-status-until"))
            bound = p.value("max-session")
            if bound != "unlimited":
                edges.append(end - int(bound))
            lines = p.lines.get("hours", ["any"])
            if lines != ["any"]:
                week = hours.week_of(tuple(hours.read(line) for line in lines))
                for _ in range(2):
                    t = center + int(self.random() * 2 * DAY) - DAY
                    closes = hours.open_until(week, t)
                    if closes != "never":
                        edges.append(closes or hours.next_opening(week, t))
        return edges

    # --- questions ---

    def question(self, center, theme, puts, edges):
        facts = {}
        if self.chance(0.4):
            now = self.near(self.pick(edges))
        elif self.chance(0.9):
            now = self.within(center + 2 + int(self.random() * 3598))
        else:
            now = self.within(center + int(self.random() * 6 * DAY) - 3 * DAY)
        if now != BASE:
            facts["now"] = now
        letter = self.pick(puts).letter
        kind = 7 if theme == "command" else 12 if theme == "staff-key" and self.chance(0.6) else int(self.random() * 16)
        ask = "decide"
        of_letter = [p for p in puts if p.letter == letter][-1]
        if kind < 7:  # a login
            if self.chance(0.3):
                facts["service"], facts["source"], facts["key"] = "login", "local", "not-asked"
        elif kind < 10:  # su, sudo
            facts.update({"service": self.pick(("sudo", "sudo", "sudo", "su", "polkit-1")), "source": "ignored",
                          "key": "not-asked", "session-live": "yes", "session-grant": letter})
            if self.chance(0.7):
                facts["phase"], facts["target"] = "session", self.pick(("oracle", "oracle", "root"))
            facts["run"] = self.run_near(of_letter) if self.chance(0.7) else self.pick(WORD_OF_RUN)
            if self.chance(0.2):
                facts["doubts"] = " ".join(sorted({self.pick(DOUBTS), self.pick(DOUBTS)}))
        elif kind < 11:  # a job, a user manager, a locker
            facts.update({"service": self.pick(("cron", "atd", "crond", "systemd-user", "(own uid)", "at")),
                          "source": "ignored", "key": "not-asked", "session-live": self.pick(("yes", "no"))})
        elif kind < 12:
            ask = "channel " + self.pick(document.CHANNELS)
            facts["session-grant"] = letter
        elif kind < 13:
            ask = self.pick(("key", "key", "opening", "standing"))
            facts["key"] = self.pick(KEYS)
        else:
            facts["session-grant"] = letter
            bounds = [int(p.value("max-session")) for p in puts if p.value("max-session") != "unlimited"]
            bound = self.pick(bounds or [28800])
            opened = self.near(now - self.pick((0, 0, 600, bound, bound - 60, bound - 300, bound - 900, 28800, -5)))
            ask = "live " + words.text_of(opened)
            if self.chance(0.2):
                facts["service"], facts["source"], facts["key"] = self.pick(("cron", "at")), "ignored", "not-asked"
        for _ in range(self.pick((0, 0, 0, 1, 1, 2, 3))):
            self.change_fact(facts, now, of_letter, ask)
        return Case(puts, ask, facts)

    def address_near(self, put):
        """An address at the edge of one of the grant's networks, or the same octets in the other family."""
        network = words.network(self.pick(put.lines.get("source") or TEMPLATE["source"]))
        if not network or self.chance(0.3):
            return self.pick(ADDRESSES)
        family, prefix, first = network
        bits = 32 if family == 4 else 128
        found = first + self.pick((-1, 0, 0, (1 << (bits - prefix)) - 1, 1 << (bits - prefix)))
        found = max(0, min((1 << bits) - 1, found))
        if self.chance(0.2):
            family, found = (6, found << 96) if family == 4 else (4, found >> 96)
        text = words.canonical((family, found))
        return "::ffff:" + text if family == 4 and self.chance(0.1) else text

    def run_near(self, put):
        """A run of one of the grant's commands, with other arguments for its stars, or another one."""
        command = self.pick(put.lines.get("command") or TEMPLATE["command"])
        if command in ("any", "none") or self.chance(0.2):
            return self.pick(RUNS)
        given = [self.pick(ARGUMENTS) if word == "*" else word for word in command.split(" ")]
        what = int(self.random() * 6)
        if what == 0:
            given.append(self.pick(ARGUMENTS))
        elif what == 1:
            given[-1] += self.pick(("x", "*", "/"))
        elif what == 2 and len(given) > 1:
            del given[-1]
        return " ".join(given)

    def change_fact(self, facts, now, put, ask):
        letter, which = put.letter, int(self.random() * 24)
        if which < 4:
            facts["source"] = self.address_near(put)
        elif which < 5:
            facts["source"] = self.pick(("local", "none", "not-address", "ignored"))
        elif which < 6:
            facts["key"] = self.pick(KEYS) if ask == "key" else self.pick(KEYS + ["none", "not-asked"])
        elif which < 8:
            facts["channels"] = self.pick(("none", "forward", "shell", "units", "exec shell units", "transfer",
                                           "transfer units"))
        elif which < 9:
            facts["recorder"] = "yes"
        elif which < 10:
            facts["claim"] = "yes"
        elif which < 11:
            facts["incident"] = self.pick(("1", "2", "3"))
        elif which < 13:
            facts["reserved"] = self.pick((letter, letter, "A", "F", "none"))
        elif which < 14:
            facts["service"] = self.pick(ASKED_SERVICES)
            if ask.startswith("live") and facts["service"] not in LIVING:
                facts["service"] = "sshd"  # nothing else lives
        elif which < 15:
            facts["status-until"] = self.within(now + self.pick((-1, 0, 1, 60, 3600, DAY)))
        elif which < 16:
            if self.chance(0.5):
                facts["host-state"] = self.pick(STATES + ["session-live", "no-grant", "staff-locked"])
            if self.chance(0.5):
                facts["person-state"] = self.pick(PERSON_STATES + ["session-live", "clock-unsure"])
        elif which < 17:
            facts["host"] = self.pick(("db02.finance.example", "linux", "app01", "web", "db01.finance.exampl"))
        elif which < 18:
            facts["groups"] = self.pick(("none", "linux", "web", "db01.finance.example", "databases web"))
        elif which < 19:
            facts["staff"] = self.pick(("li.wei", "li.wei", "zhang.sa"))
        elif which < 20:
            facts["session-grant"] = self.pick(LETTERS + letter)
        elif which < 21:
            facts["session-live"] = self.pick(("yes", "no"))
        elif which < 22:
            facts["target"] = self.pick(("oracle", "root", "none", "oracle2"))
        elif which < 23:
            facts["phase"] = self.pick(("account", "session"))
        elif self.chance(0.3):
            facts["site"] = SITES[1]
