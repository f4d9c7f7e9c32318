"""The catalogues of messages are whole: po/hufu.pot is what the sources say, and each language says all of it.

usage: catalogues.py SOURCE XGETTEXT-COMMAND...   (the command of the target `pot`, without -o)
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import po

HAN = re.compile(r"[\u4e00-\u9fff]")

# One word for one thing: the glossary of po/zh_CN.po, by what must not stand in its place.
INSTEAD = {
    "密码": "口令", "帐户": "账户", "帐号": "账户", "账号": "账户", "撤消": "撤销", "供应商": "服务机构", "厂商": "服务机构",
    "许可证": "授权书", "仲裁": "访问控制服务", "登陆": "登录", "审核员": "审计员", "你": "您",
    "账本": "台账", "纪元": "信任期号", "批准人": "审批人", "录像": "录制文件", "代理": "访问控制服务", "换回": "恢复",
}


def collect(source, command):
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "hufu.pot"
        subprocess.run([*command, "-o", fresh], cwd=source, check=True)
        return set(po.read(fresh)[0])


def check_language(path, messages):
    entries, obsolete = po.read(path)
    if obsolete:
        yield "has obsolete entries; remove them"
    for message in sorted(messages - set(entries)):
        yield f"lacks `{message[0]}`"
    for message in sorted(set(entries) - messages):
        yield f"`{message[0]}` is in no source"
    for entry in entries.values():
        if "fuzzy" in entry.flags:
            yield f"`{entry.msgid}` is fuzzy"
        if not entry.texts or not all(entry.texts):
            yield f"`{entry.msgid}` is not translated"
    formats = subprocess.run(["msgfmt", "--check", "-o", "/dev/null", path], capture_output=True, text=True, check=False)
    if formats.returncode != 0 or formats.stderr:
        yield formats.stderr


def check_chinese(path):
    for entry in po.read(path)[0].values():
        for text in entry.texts:
            # Marks alone are full-width, without a word.
            if not HAN.search(text) and re.search("[A-Za-z]", re.sub("%[a-z]", "", entry.msgid)):
                yield f"`{entry.msgid}` is not Chinese: `{text}`"
            for word, instead in INSTEAD.items():
                if word in text:
                    yield f"`{text}`: {instead}, not {word}"


def main():
    source, command = Path(sys.argv[1]), sys.argv[2:]
    messages = collect(source, command)
    known = set(po.read(source / "po/hufu.pot")[0])
    found = []
    if len(messages) < 100:
        found.append(f"only {len(messages)} messages in the sources: xgettext does not see them")
    found += [f"po/hufu.pot lacks `{message[0]}`: run `ninja pot`, then translate" for message in sorted(messages - known)]
    found += [f"po/hufu.pot has `{message[0]}`, which no source has: run `ninja pot`" for message in sorted(known - messages)]
    for path in sorted((source / "po").glob("*.po")):
        found += [f"{path.name}: {text}" for text in check_language(path, messages)]
    found += [f"zh_CN.po: {text}" for text in check_chinese(source / "po/zh_CN.po")]
    for line in found:
        print(line)
    print(f"{len(messages)} messages, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
