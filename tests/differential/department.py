"""Keys and certificates of a department, good ones and such that are good but for one thing. trust_cases makes them,
once for a process; what stands in them is known here."""

from second import words
from second.trust import Certificate

BASE = words.instant("2026-11-21T10:00:00Z")
HOUR, DAY = 3600, words.DAY
BEGIN, END = words.instant("2026-01-01T00:00:00Z"), words.instant("2049-01-01T00:00:00Z")

AUTHORITIES = {"root": "ed25519", "sm2-root": "sm2-sm3", "middle": "ed25519", "other-root": "ed25519",
               "false-root": "ed25519", "weak-root": "rsa-1024"}
OF_PEOPLE = {"e1": "ed25519", "e2": "ed25519", "e3": "ed25519", "e4": "ed25519", "e5": "ed25519",
             "p1": "ecdsa-p256-sha256", "s1": "sm2-sm3", "r1": "rsa-pss-sha256"}
WEAK = {"weak": "rsa-1024", "p384": "p-384"}
KEYS = {**AUTHORITIES, **OF_PEOPLE, **WEAK}
UNFIT = ("rsa-1024", "p-384")  # no algorithm is for these

SIGNS_CERTIFICATES = "critical,keyCertSign,cRLSign"
SIGNS_DOCUMENTS = "critical,digitalSignature"


def plans():
    """(name, subject, key, issuer, from, until, kind, keyUsage)"""
    def authority(name, subject, key, issuer="-", begin=BEGIN, end=END, kind="authority", usage=SIGNS_CERTIFICATES):
        return name, subject, key, issuer, begin, end, kind, usage

    yield authority("root", "root", "root")
    yield authority("root.soon", "root", "root", end=BASE + 2 * HOUR)  # the same authority, with other dates
    yield authority("root.later", "root", "root", begin=BASE + HOUR)
    yield authority("root.person", "root", "root", kind="person", usage=SIGNS_DOCUMENTS)
    yield authority("root.crl", "root", "root", usage="critical,cRLSign")
    yield authority("sm2-root", "sm2-root", "sm2-root")
    yield authority("middle", "middle", "middle", issuer="root", end=BASE + 3 * HOUR)
    yield authority("other-root", "other-root", "other-root")
    yield authority("false-root", "root", "false-root")
    yield authority("weak-root", "weak-root", "weak-root")
    for key in OF_PEOPLE:
        def person(variant, issuer="root", begin=BEGIN, end=END, kind="person", usage=SIGNS_DOCUMENTS):
            return f"{key}.{variant}", key, key, issuer, begin, end, kind, usage

        yield person("long")
        yield person("long2", usage="critical,digitalSignature,nonRepudiation")
        yield person("day", end=BASE + DAY)
        yield person("soon", end=BASE + HOUR)
        yield person("later", begin=BASE + HOUR)
        yield person("sm2", issuer="sm2-root")
        yield person("middle", issuer="middle")
    for key in ("e1", "e2"):
        def other(variant, issuer="root", kind="person", usage=SIGNS_DOCUMENTS):
            return f"{key}.{variant}", key, key, issuer, BEGIN, END, kind, usage

        yield other("other", issuer="other-root")
        yield other("false", issuer="false-root")
        yield other("self", issuer="-")
        yield other("person", issuer="e3.long")
        yield other("weak-root", issuer="weak-root")
        yield other("nothing", usage="-")
        yield other("encipherment", usage="critical,keyEncipherment")
        yield other("cert-sign", usage="critical,digitalSignature,keyCertSign")
        yield other("authority", kind="authority", usage="critical,digitalSignature,keyCertSign")
    for key in WEAK:
        yield key + ".long", key, key, "root", BEGIN, END, "person", SIGNS_DOCUMENTS


PLANS = {plan[0]: plan for plan in plans()}
GOOD = ["long", "long2", "day", "soon", "later"]
ODD = ["other", "false", "self", "person", "weak-root", "nothing", "encipherment", "cert-sign", "authority"]


class Department:
    """Certificates by name (`named`: their base64) and by base64 (`certificates`)."""

    def __init__(self, harness):
        for name, kind in KEYS.items():
            harness.say("key", name, kind)
        for plan in PLANS.values():
            harness.say("certificate", *map(str, plan))
        harness.send()
        self.named, self.sha256, self.certificates = {}, {}, {}
        for name, subject, key, issuer, begin, end, kind, usage in PLANS.values():
            by = (subject, key) if issuer == "-" else PLANS[issuer][1:3]
            algorithm = None if KEYS[key] in UNFIT else KEYS[key]
            c = Certificate(subject, key, algorithm, by, begin, end, kind == "authority", usage.split(","))
            self.named[name], c.sha256 = harness.answer().split(" ")
            self.sha256[name] = c.sha256
            self.certificates[self.named[name]] = c


def algorithm_of(certificate):
    kind = KEYS[PLANS[certificate][2]]
    return "rsa-pss-sha256" if kind == "rsa-1024" else "ecdsa-p256-sha256" if kind == "p-384" else kind


__all__ = ["BASE", "DAY", "Department", "GOOD", "HOUR", "ODD", "OF_PEOPLE", "PLANS", "algorithm_of"]
