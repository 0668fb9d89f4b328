#!/usr/bin/env python3
"""Checks the text of every file: length, columns, opening comment, links, and words that must not be there.

Prints one line per finding, then "N passed, M failed" with one check per file.
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINES_MAX = 600
COLUMNS_MAX = {".cpp": 100, ".hpp": 100, ".h": 100, ".c": 100, ".py": 120, ".sh": 120, "": 120}
CODE = {".cpp", ".hpp", ".h", ".c", ".py", ".sh", ".cmake"}
# Mails, vectors, seeds, recorded output and word lists are what they are.
DATA = re.compile(
    r"\.(eml|hex|bin|cbor|out|sum|svg|png)$|^tests/fuzz/corpus/|^tests/vectors/|^LICENSE$|word_list\.cpp$"
)
# Written in two halves so that this file passes its own test.
LEFT_OVERS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
PLACES = re.compile(
    r"(?<![\w/-])/(?:wor" + r"k|hom" + r"e|roo" + r"t)/[a-z]|(?<![\w-])share" + r"d/(?!data/chinook)"
    r"|(?:pypi\.or" + r"g|npmjs\.or" + r"g|crates\.i" + r"o|deb\.debian\.or" + r"g|proxy\.golang\.or" + r"g)"
)
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#]+)")


def project_files():
    """What git tracks or would track; everything outside build/ where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True,
            capture_output=True,
        ).stdout.decode()
        names = [name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [str(file.relative_to(ROOT)) for file in ROOT.rglob("*") if file.is_file()]
        names = [name for name in names if not name.startswith(("build/", ".git/"))]
    return sorted(name for name in set(names) if (ROOT / name).is_file())


def has_opening_comment(name, lines):
    if name.endswith((".cpp", ".hpp", ".h", ".c")):
        return bool(lines) and lines[0].startswith(("// ", "/*"))
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    return bool(lines) and lines[0].startswith(("# ", '"""'))


def is_script(name, lines):
    return "." not in pathlib.PurePath(name).name and bool(lines) and lines[0].startswith("#!")


def check_file(name):
    findings = []
    try:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return [f"{name}: is not UTF-8 text"]
    suffix = pathlib.PurePath(name).suffix
    is_code = suffix in CODE or is_script(name, lines) or name.endswith("CMakeLists.txt")
    if is_code and len(lines) > LINES_MAX:
        findings.append(f"{name}: {len(lines)} lines, at most {LINES_MAX}")
    if is_code and not has_opening_comment(name, lines):
        findings.append(f"{name}:1: does not open with a comment that says what it is")
    columns_max = COLUMNS_MAX.get(suffix) if is_code else None
    is_table = False  # between "clang-format off" and "on" stand tables whose rows are lines
    for number, line in enumerate(lines, 1):
        is_table = "clang-format off" in line or (is_table and "clang-format on" not in line)
        if columns_max and len(line) > columns_max and not is_table:
            findings.append(f"{name}:{number}: {len(line)} columns, at most {columns_max}")
        if LEFT_OVERS.search(line):
            findings.append(f"{name}:{number}: unfinished work is written down in the tracker, not here")
        if PLACES.search(line):
            findings.append(f"{name}:{number}: names a place outside the project")
        for target in LINK.findall(line) if suffix == ".md" else []:
            if not ((ROOT / name).parent / target).exists():
                findings.append(f"{name}:{number}: links to {target}, which does not exist")
        if is_code and line != line.rstrip():
            findings.append(f"{name}:{number}: blanks at the end of the line")
    return findings


def check_versions():
    """What PGXN is told is the version that CREATE EXTENSION makes."""
    meta = json.loads((ROOT / "META.json").read_text(encoding="utf-8"))
    control = (ROOT / "pg_extension/postrider.control").read_text(encoding="utf-8")
    version = re.search(r"^default_version = '(.*)'", control, re.M)[1]
    provided = meta["provides"]["postrider"]
    wrong = [f"META.json: version {each}, but {version} in pg_extension/postrider.control"
             for each in (meta["version"], provided["version"]) if each != f"{version}.0"]
    if not (ROOT / provided["file"]).is_file():
        wrong.append(f"META.json: there is no {provided['file']}")
    return wrong


def main():
    names = [name for name in project_files() if not DATA.search(name)]
    failed = 0
    for name in names:
        findings = check_file(name)
        failed += bool(findings)
        for finding in findings:
            print(finding)
    wrong = check_versions()
    print("\n".join(wrong), end="\n" if wrong else "")
    failed += bool(wrong)
    print(f"{len(names) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
