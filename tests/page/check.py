"""The page of a review, as its readers see it: in a real browser, wide, narrow and on paper, in both languages.

usage: check.py RENDER LOCALEDIR

RENDER is tests/page/render.c, the shipped renderer. A browser that is not there is a test that cannot run (77).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import samples
from browser import Browser

XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {XHTML + name for name in (
    "html head meta title style body header nav main section h1 h2 h3 p ul ol li dl dt dd table caption thead tbody tr th td div span small "
    "b br code pre bdi time a figure figcaption").split()} | {SVG + name for name in "svg title desc rect line circle polygon text g".split()}
ATTRIBUTES = set("lang charset http-equiv content name id class href scope datetime data-t role aria-labelledby aria-hidden viewBox x y "
                 "x1 y1 x2 y2 cx cy r width height points".split()) | {"{http://www.w3.org/XML/1998/namespace}lang"}
DIGEST = "3f2a7c9e51d04b86a1c3e5f7091b2d4f6a8c0e2143658799abcdef0123456789"  # of render.c
WIDE, NARROW, PAPER = 1200, 390, 680
TITLES = {"en": "Review of vendors' access", "zh_CN": "服务机构访问审阅"}
MEASURE = (pathlib.Path(__file__).parent / "measure.js").read_text(encoding="utf-8")

failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)


def render(program, locales, review, language):
    environment = os.environ | {"LC_ALL": "C.UTF-8", "LANGUAGE": language}
    return subprocess.run([program, locales], input=json.dumps(review), env=environment, capture_output=True, text=True, check=True).stdout


def check_markup(name, text, language):
    """Nothing but elements and attributes that the renderer writes: whatever a text holds, it stays text."""
    root = ElementTree.fromstring(text)
    expect(root.get("lang") == language.replace("_", "-"), f"{name}: lang is {root.get('lang')}")
    for element in root.iter():
        expect(element.tag in ELEMENTS, f"{name}: an element {element.tag}")
        for attribute, value in element.items():
            expect(attribute in ATTRIBUTES, f"{name}: an attribute {attribute}")
            if attribute == "href":
                expect(re.fullmatch(r"#[a-z]+|file:///[^/][A-Za-z0-9._/%-]*", value), f"{name}: a link to {value}")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    expect(len(ids) == len(set(ids)), f"{name}: an id twice")
    for element in root.iter(XHTML + "a"):
        expect(not element.get("href").startswith("#") or element.get("href")[1:] in ids, f"{name}: no {element.get('href')}")
    expect(not re.search("[\x00-\x08\x0b-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]", text), f"{name}: something invisible")


def check_layout(name, page):
    for width, media in ((WIDE, "screen"), (NARROW, "screen"), (PAPER, "print")):
        page.width(width)
        page.media(media)
        for sentence in page.evaluate(MEASURE):
            failures.append(f"{name} at {width}: {sentence}")
    page.media("")


def check_quiet(name, page):
    """No script, no network: neither asked for, nor to be had."""
    others = [url for url in page.requests() if not url.startswith("file://")]
    expect(not others and len(page.requests()) == 1, f"{name}: asked for {page.requests()}")
    expect(page.evaluate("document.scripts.length + document.images.length") == 0, f"{name}: a script or an image")
    injected = """(() => { const s = document.createElement("script"); s.textContent = "window.ran = true"; document.head.append(s);
      return window.ran === true; })()"""
    expect(page.evaluate(injected) is False, f"{name}: a script can run in it")
    # The policy stands in the way also of what nobody foresaw.
    page.evaluate("""(() => { for (const tag of ["img", "iframe"]) { const e = document.createElement(tag);
      e.src = "http://127.0.0.1:9/x"; document.body.append(e); } })()""")
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(not any(event["method"] == "Page.javascriptDialogOpening" for event in page.browser.events), f"{name}: a dialog")
    loaded = [event for event in page.browser.events if event.get("method") == "Network.responseReceived" and
              event["params"]["response"]["url"].startswith("http")]
    expect(not loaded, f"{name}: something came over the network")


def words_of(review):
    """What has to stand on the page of this review."""
    yield from review["hosts"]
    yield from (row["staff"] for row in review["sessions"])
    yield from (row["ticket"] for row in review["sessions"])
    yield from (row["reason"] for row in review["refusals"]["by_reason"])
    yield from (row["address"] for row in review["refusals"]["by_source"])
    yield from (seen["address"] for row in review["sources"] for seen in row["seen"])
    yield from (row["purpose"] for row in review["grants"])
    yield from (row["why"] for row in review["revocations"])
    yield from (row["proof"] for row in review["ended_rights"])
    yield from (row["command"] for row in review["sudo"])
    yield from (row["path"] for row in review["denied"]["items"] + review["recordings"])
    yield from (row["text"] for row in review["incidents"])
    yield from (row["person"] for row in review["approvers"])
    yield from (row["name"] for row in review["expiring"])
    yield from (row["message"] for row in review["forged"])
    yield from (row["note"] for row in review["reviews"])
    yield from (row["head"] for row in review["ledgers"])
    yield from (row["key"] for row in review["ledgers"] if row["key"])
    yield from (f"{count:,}" for count in review["summary"].values() if count is not None)  # null: nobody could look


def check_content(name, page, review):
    text = " ".join(page.evaluate("document.body.innerText").split())  # blanks as a browser shows them
    for word in words_of(review):
        expect(" ".join(word.split()) in text, f"{name}: lacks {word}")


def check_pdf(name, page, folder, language, review, digest=DIGEST):
    path = folder / f"{name}.pdf"
    page.pdf(path)
    said = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    pages = int(re.search(r"Pages:\s+(\d+)", said)[1])
    width, height = map(float, re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", said).groups())
    expect(abs(width - 595) < 2 and abs(height - 842) < 2, f"{name}: a page of {width} x {height}")
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    expect(TITLES[language] in text, f"{name}: its title is not text of the PDF")
    expect((review["site"] or "") in text, f"{name}: its site is not text of the PDF")
    numbers = re.findall(rf"(\d+) ?/ ?{pages}$", text, re.MULTILINE)
    expect(numbers == [str(n + 1) for n in range(pages)], f"{name}: pages are numbered {numbers}")
    expect(f"SHA-256 {digest[:16]}" in text, f"{name}: pages do not name the review")
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    expect(fonts and all(re.search(r" yes (yes|no) +yes ", line) for line in fonts), f"{name}: letters without a font of their own: {fonts}")
    return pages


def check_heat(name, page):
    """The steps of the heat map are told apart in grey: each is darker than the one before."""
    shades = page.evaluate("""[...Array(6).keys()].map((n) => { const r = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      r.setAttribute("class", "h" + n); document.querySelector("svg").append(r); const [a, b, c] = getComputedStyle(r).fill.match(/\\d+/g);
      r.remove(); return 0.2126 * a + 0.7152 * b + 0.0722 * c; })""")
    expect(all(a - b > 12 for a, b in zip(shades, shades[1:])), f"{name}: shades of grey {shades}")


def check_sample(browser, folder, name, review, language, text):
    label = f"{name}.{language}"
    path = folder / f"{label}.html"
    path.write_text(text, encoding="utf-8")
    check_markup(label, text, language)
    page = browser.page(path, WIDE)
    check_layout(label, page)
    if name == "month":
        check_content(label, page, review)
        check_heat(label, page)
    pages = check_pdf(label, page, folder, language, review) if name != "flood" else 0
    if name == "month":
        expect(pages < 40, f"{label}: {pages} printed pages")
    check_quiet(label, page)
    page.close()
    print(f"{label}: {len(text)} octets, {pages} printed pages")


def main():
    program, locales = sys.argv[1:3]
    missing = [tool for tool in ("chromium", "pdfinfo", "pdftotext", "pdffonts") if not shutil.which(tool)]
    if missing:
        print(f"cannot run here: no {missing[0]}")
        return 77
    with tempfile.TemporaryDirectory() as folder, Browser(shutil.which("chromium")) as browser:
        for name, make in samples.SAMPLES.items():
            review = make()
            for language in TITLES if name != "flood" else ["zh_CN"]:
                text = render(program, locales, review, language)
                expect(len(text) < 6_000_000, f"{name}: {len(text)} octets")
                check_sample(browser, pathlib.Path(folder), name, review, language, text)
    for line in failures[:60]:
        print(line)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
