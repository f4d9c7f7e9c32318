"""A guarded host on which sessions can be recorded, set up as docs/operations.md says."""

import json

FOLDER = "/var/log/hufu/recordings"


def set_up(site):
    box = site.box
    box.sh("install -m 644 /usr/share/hufu/recording/hufu-recording.conf /etc/tmpfiles.d/ && systemd-tmpfiles --create hufu-recording.conf")
    box.sh("install -m 644 /usr/share/hufu/recording/hufu-recording.sh /etc/profile.d/")
    box.sh("printf '\\n[recording]\\nrecorder = tlog\\n' >>/etc/hufu/hufud.conf && systemctl reload hufud")


def names(site):
    return site.box.sh(f"ls {FOLDER}").split()


def text(site, name):
    """What a recording shows, output only."""
    lines = site.box.get(f"{FOLDER}/{name}").decode().splitlines()
    return "".join(json.loads(line)["out_txt"] for line in lines)


def typed(site, name):
    lines = site.box.get(f"{FOLDER}/{name}").decode().splitlines()
    return "".join(json.loads(line)["in_txt"] for line in lines)


def last(site):
    """Name of the file of the last recording on record."""
    return site.audit(event="recording", result="success")[-1]["detail"]
