#!/usr/bin/env python3
"""Reads a JUnit report as ctest or pytest writes it. On standard output: who failed, and who was skipped and why, and what was
counted on the way (lines `tampering: 412 tried, 412 found` of ctest's tests, properties of that name of pytest's). On file
descriptor 3: passed, failed and skipped, as three numbers."""

import os
import re
import sys
import xml.etree.ElementTree as ElementTree


def reason_of(case, element):
    """Why a test was skipped: what pytest was told, or the last line a test of ctest printed."""
    output = (case.findtext("system-out") or "").strip().splitlines()
    if output and element.get("message", "").startswith("SKIP_RETURN_CODE"):
        return output[-1]
    return element.get("message") or "no reason given"


def counted(case):
    """How many altered ledgers a test tried, and how many were found."""
    said = [f"tampering: {p.get('value')}" for p in case.iter("property") if p.get("name") == "tampering"]
    for line in [*said, *(case.findtext("system-out") or "").splitlines()]:
        numbers = re.fullmatch(r"tampering: (\d+) tried, (\d+) found", line.strip())
        if numbers:
            return int(numbers[1]), int(numbers[2])
    return 0, 0


def main(path):
    passed = failed = skipped = tried = found = 0
    for case in ElementTree.parse(path).iter("testcase"):
        name = case.get("name")
        if case.get("classname") and case.get("classname") != name:
            name = f"{case.get('classname')}::{name}"
        skip = case.find("skipped")
        if skip is not None and case.get("status") != "fail":
            skipped += 1
            print(f"SKIPPED: {name}: {reason_of(case, skip)}")
        elif case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
            failed += 1
            print(f"FAILED: {name}")
        else:
            passed += 1
        more = counted(case)
        tried, found = tried + more[0], found + more[1]
    if tried > 0:
        print(f"   tampering: {tried} tried, {found} found")
    print(f"   {passed} passed, {failed} failed, {skipped} skipped")
    os.write(3, f"{passed} {failed} {skipped}\n".encode())


main(sys.argv[1])
