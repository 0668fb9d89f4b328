#!/usr/bin/env python3
"""Holds the includes to the layers: a folder includes itself and the layers left of it, nothing else.

Also: a database's headers are included by its own extension alone, and in common/ by connection/; common/sources.list
is sorted and names exactly the sources on disk. Prints one line per finding, then "N passed, M failed" with one check
per file.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Each set is one layer; a folder may include its own layer only where it is the folder itself.
LAYERS = [
    {"common/base"},
    {"common/model", "common/crypto"},
    {"common/wire"},
    {"common/mail", "common/stream", "common/merge", "common/task", "common/dialect"},
    {"common/engine"},
    {"common/connection", "common/vault"},
    {"common/transport"},
    {"common/network"},
    {"pg_extension", "sqlite_extension"},
    {"programs"},
]
# The headers of a PostgreSQL server, and what else belongs to a database; who may include them.
SERVER_HEADERS = re.compile(
    r"^(postgres(_fe|_ext)?|fmgr|funcapi|miscadmin|pgstat|pgtime|windowapi|c|pg_config\w*|port/.*"
    r"|(access|backup|catalog|commands|executor|foreign|jit|lib|libpq|nodes|optimizer|parser|partitioning|postmaster"
    r"|replication|rewrite|statistics|storage|tcop|tsearch|utils)/.*)\.h$"
)
DATABASE_HEADERS = [
    (re.compile(r"^sqlite3.*\.h$"), {"common/connection", "sqlite_extension", "programs"}),
    (re.compile(r"^libpq-fe\.h$"), {"common/connection"}),
    (SERVER_HEADERS, {"pg_extension"}),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(folder):
    for index, layer in enumerate(LAYERS):
        if folder in layer:
            return index
    return None


def folder_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "common" else parts[0]


def may_include(source, target):
    if source == target:
        return True
    return layer_of(target) < layer_of(source)


def check_file(path, findings):
    folder = folder_of(path)
    if layer_of(folder) is None:
        findings.append(f"{path}: folder {folder} has no place in the layers")
        return
    text = (ROOT / path).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quoted, name = match.group(1) == '"', match.group(2)
        place = f"{path}:{number}"
        for headers, folders in DATABASE_HEADERS:
            if not quoted and headers.match(name) and folder not in folders:
                where = ", ".join(sorted(folders))
                findings.append(f"{place}: {name} belongs to a database; only {where} may include it")
        if not quoted:
            continue
        if not (ROOT / name).is_file():
            findings.append(f'{place}: "{name}" is not a path from the root of the project')
        elif layer_of(folder_of(name)) is None:
            findings.append(f"{place}: {name} is not part of the product")
        elif not may_include(folder, folder_of(name)):
            findings.append(f"{place}: {folder} may not include {name}")


def check_sources_list(findings):
    path = "common/sources.list"
    lines = [line for line in (ROOT / path).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    if lines != sorted(lines):
        findings.append(f"{path}: not sorted")
    if len(lines) != len(set(lines)):
        findings.append(f"{path}: names a file twice")
    on_disk = {str(file.relative_to(ROOT)) for file in (ROOT / "common").rglob("*.cpp")}
    for missing in sorted(on_disk - set(lines)):
        findings.append(f"{path}: does not name {missing}")
    for gone in sorted(set(lines) - on_disk):
        findings.append(f"{path}: names {gone}, which does not exist")


def main():
    folders = ["common", "pg_extension", "sqlite_extension", "programs"]
    files = sorted(
        str(file.relative_to(ROOT))
        for folder in folders
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".cpp", ".hpp", ".h", ".c"}
    )
    failed = 0
    for check in [lambda found, path=path: check_file(path, found) for path in files] + [check_sources_list]:
        findings = []
        check(findings)
        failed += bool(findings)
        for finding in findings:
            print(finding)
    print(f"{len(files) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
