#!/usr/bin/env python3
"""Reads a JUnit report as ctest or pytest writes it. On standard output: who failed, and who was skipped and why. On file
descriptor 3: passed, failed and skipped, as three numbers."""

import os
import sys
import xml.etree.ElementTree as ElementTree


def reason_of(case, element):
    """Why a test was skipped: what pytest was told, or the last line a test of ctest printed."""
    output = (case.findtext("system-out") or "").strip().splitlines()
    if output and element.get("message", "").startswith("SKIP_RETURN_CODE"):
        return output[-1]
    return element.get("message") or "no reason given"


def main(path):
    passed = failed = skipped = 0
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
    print(f"   {passed} passed, {failed} failed, {skipped} skipped")
    os.write(3, f"{passed} {failed} {skipped}\n".encode())


main(sys.argv[1])
