"""See tests/bench/peers/run. Prints the two sections of docs/performance.md, and writes their pictures."""

import argparse
import os
import pathlib
import sys
import time

import away
import logins
import setting
from box import Box

PLANS = {  # rounds and milliseconds of a slice: asking alone, at once, afresh
    False: {"alone": (8, 800), "at_once": (3, 400), "fresh": (8, 700)},
    True: {"alone": (3, 200), "at_once": (1, 150), "fresh": (3, 200)},
}


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/peers/run", description=__doc__)
    parser.add_argument("--installed", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--grants", required=True, help=argparse.SUPPRESS)  # SIZE=TAR ...
    parser.add_argument("--pictures", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="whether it works, not how fast it is")
    parser.add_argument("--only", choices=["logins", "away"], help="one of the two sections")
    parser.add_argument("--near", action="store_true", help="logins, of Hufu and those nearest to it; no pictures")
    options = parser.parse_args()
    run = os.environ.get("HUFU_WORLD_RUN", "").removeprefix("run-")
    grants = {int(size): path for size, _, path in (word.partition("=") for word in options.grants.split())}
    if options.near:
        plan, only, pictures = {way: PLANS[options.quick][way] for way in ("alone", "fresh")}, logins.NEAREST, None
    else:
        plan, only, pictures = PLANS[options.quick], None, options.pictures
        pictures.mkdir(exist_ok=True)
    if options.only in (None, "logins"):
        box = Box(f"peers-logins-{run}", options.installed)
        box.offline("cat /etc/machine-id > /etc/machine-id.kept && mv /etc/machine-id.kept /etc/machine-id")
        try:
            for size, path in grants.items():
                setting.unpack(box, size, path)
            logins.show(box.up(), grants, plan, only, pictures, say)
        finally:
            box.drop()
    if options.only in (None, "away") and not options.near:
        box = Box(f"peers-away-{run}", options.installed)
        try:
            away.show(box.up(), say)
        finally:
            box.drop()


main()
