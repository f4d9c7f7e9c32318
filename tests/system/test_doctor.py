"""hufuctl doctor on a real host: nothing is found on a healthy one, and each broken configuration is."""

import json

import pytest


def examined(site):
    """The exit status, and the findings by severity."""
    result = site.box.run("hufuctl --json doctor")
    report = json.loads(result.out)
    assert result.code == (1 if report["problems"] else 0), report
    return report


def codes(report, severity="problem"):
    return {finding["code"] for finding in report["findings"] if finding["severity"] == severity}


def test_a_healthy_host(site):
    report = examined(site)
    print(site.box.run("hufuctl doctor").out)
    assert codes(report) == set()
    assert any("decision about zhang.san" in line for line in report["looked_at"]), report["looked_at"]
