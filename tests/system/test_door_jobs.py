"""cron and at: a job of a vendor runs if its service stands in a grant that is valid when it runs, and ends with that grant."""

import pytest

from doors import installed, left_of, peopled  # noqa: F401

WORK = "cat /proc/self/loginuid > ~/ran; sleep 600"


def by_crontab(site):
    site.box.sh(f"echo '@reboot {WORK}' | crontab -u zhang.san -")


def by_system_crontab(site):
    site.box.put("/etc/cron.d/job", f"@reboot zhang.san {WORK}\n")


def cron_runs(site):
    """cron does at its first start what is marked @reboot: no need to wait for a full minute."""
    site.box.sh("rm -f /run/crond.reboot; systemctl reset-failed cron; systemctl restart cron")


def by_at(site):
    site.box.put("/tmp/job", WORK + "\n")
    # Only who may log in can leave one; root can for them.
    site.box.sh("cd / && at -f /tmp/job now", user="zhang.san")


def at_runs(site):
    site.box.sh("systemctl reset-failed atd; systemctl restart atd")


WAYS = {"crontab": ("cron", by_crontab, cron_runs), "cron.d": ("cron", by_system_crontab, cron_runs), "at": ("at", by_at, at_runs)}


@pytest.fixture(params=WAYS)
def job(request, site, peopled):  # noqa: F811
    """The service, and a function that leaves the job and has it started, and returns the reason on record or whether it ran."""
    service, leave, run = WAYS[request.param]
    site.box.sh("systemctl stop atd")

    def attempt():
        site.box.sh("rm -f ~zhang.san/ran")
        before = len(site.audit(staff="zhang.san"))
        leave(site)
        run(site)

        def came():
            jobs = [record for record in site.audit(staff="zhang.san")[before:] if record["event"] == "job"]
            return [record["reason"] for record in jobs if record["result"] == "failure"] or site.box.run("test -s ~zhang.san/ran").ok

        return site.box.until(came)

    yield service, attempt
    site.box.run("crontab -u zhang.san -r; rm -f /etc/cron.d/job; systemctl stop atd; rm -f /var/spool/cron/atjobs/*")


@pytest.mark.usefixtures("installed")
def test_runs_under_a_grant_that_names_it(site, job):
    service, attempt = job
    site.grant()
    assert attempt() == ["wrong-service"]
    assert site.box.processes("zhang.san") == []
    # Neither a session nor a use, and no source: who was where when it was left is not asked.
    grant = site.grant(service=service, uses="1 per-host", source="10.0.0.0/8")
    for _ in range(2):
        assert attempt() is True
        assert site.box.get("/home/zhang.san/ran") == b"20001"
        assert site.box.processes("zhang.san") != []
    revoked = site.revoke(grant)
    assert revoked.ok, revoked
    assert left_of(site) == [] == site.box.processes("zhang.san")
    assert attempt() == ["wrong-service"]


def test_a_job_is_no_session(site, job):
    """Nothing that needs one can be had from a job."""
    service, attempt = job
    site.grant(service=service, **{"run-as": "oracle", "command": "any"})
    assert attempt() is True
    before = len(site.refusals())
    assert not site.box.run(["sudo", "-n", "-u", "oracle", "id"], user="zhang.san").ok
    assert site.refusals()[before:] == ["no-session"]


def test_a_job_beside_a_session(site, peopled):  # noqa: F811
    """What the session's grant gives is not the job's: it would outlive that session where jobs may stay."""
    login = site.grant(**{"run-as": "root", "command": "any"})
    site.grant(service="cron")
    running, _ = site.session_open()
    site.box.sh("rm -f ~zhang.san/ran; echo '@reboot sudo -n sleep 611 & sleep 1; pgrep -c -x -f \"sleep 611\" > ~/ran; sleep 600' | crontab -u zhang.san -")
    before = len(site.refusals())
    cron_runs(site)
    try:
        site.box.until("test -s ~zhang.san/ran")
        assert site.revoke(login).ok
        assert not site.box.run("pgrep -x -f 'sleep 611'").ok
        assert site.refusals()[before:] == ["no-session"]
        running.wait(timeout=2)
    finally:
        site.box.run("crontab -u zhang.san -r")


def test_staff_are_nobodys_business(site, peopled):  # noqa: F811
    before = site.gate_requests()
    site.box.sh("echo '@reboot touch ~/ran' | crontab -u staff.person -")
    cron_runs(site)
    at_runs(site)
    site.box.sh("cd / && echo 'touch ~/ran-at' | at now 2>/dev/null", user="staff.person")
    site.box.until("test -e ~staff.person/ran -a -e ~staff.person/ran-at")
    assert site.gate_requests() == before
