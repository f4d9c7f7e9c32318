"""The page that hufuctl makes of what really happened on a host, in a real browser. tests/page asks the same of made-up reviews."""

import hashlib
import json
import pathlib
import shutil
import sys

sys.path.insert(1, str(pathlib.Path(__file__).parents[1] / "page"))
import check  # noqa: E402
from browser import Browser  # noqa: E402


def test_what_hufuctl_wrote(site, tmp_path):
    """Every word of the value stands on the page; nothing reaches over an edge or asks for anything; print names the digest."""
    assert not site.ssh().ok
    site.grant(for_="4h")
    assert site.ssh(command="true").ok
    site.revoke_everything()
    # A period ends with a whole second, which has to be over.
    site.box.until("cd /root && hufuctl review --json --html page.html >page.json && ! grep -q '\"ended_rights\": *\\[\\]' page.json")
    octets, text = site.box.get("/root/page.json"), site.box.get("/root/page.html").decode()
    value = json.loads(octets)
    assert value["sessions"] and value["refusals"]["total"], value
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    check.failures.clear()
    check.check_markup("page", text, "en")
    with Browser(shutil.which("chromium")) as browser:
        page = browser.page(path, check.WIDE)
        check.check_layout("page", page)
        check.check_content("page", page, value)
        check.check_pdf("page", page, tmp_path, "en", value, hashlib.sha256(octets).hexdigest())
        check.check_quiet("page", page)
        page.close()
    assert not check.failures
