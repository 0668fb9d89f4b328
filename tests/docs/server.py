"""The PostgreSQL server for docs/postgresql.md, and its functions as that page lists them.

The extension has to be installed where PG_CONFIG's server looks for it. The page finds the server as psql does, by the
environment, and a maildir of the server's user at /tmp/try/mail.
"""
import os
import re
import subprocess
import sys

LISTED = re.compile(r"^\| `([a-z_]+)\(([^)]*)\)` \| (.*?) \| ([a-z_, ]*) \|$")
ROLES = ("postrider_admin", "postrider_monitor")
FUNCTIONS = f"""
SELECT proname, pg_get_function_arguments(p.oid), coalesce(pg_get_function_result(p.oid), ''),
    string_agg(role, ', ' ORDER BY role)
FROM pg_proc p, unnest(ARRAY{list(ROLES)}) AS role
WHERE pronamespace = 'postrider'::regnamespace AND has_function_privilege(role, p.oid, 'EXECUTE')
GROUP BY p.oid, proname ORDER BY proname"""


def load_cluster(root):
    sys.path.insert(0, str(root / "tests/postgresql"))
    from nodes import load_cluster as load  # noqa: E402, PLC0415
    return load()


class Server:
    """A cluster for one page. Use as `with Server(root, base) as server:`."""

    def __init__(self, root, base):
        self.cluster = load_cluster(root).Cluster({})
        self.mail = base / "tmp/try/mail"

    def __enter__(self):
        self.cluster.__enter__()
        for folder in (self.mail, *(self.mail / part for part in ("tmp", "new", "cur"))):
            folder.mkdir(parents=True)
            if self.cluster.user is not None:
                os.chown(folder, self.cluster.user.pw_uid, self.cluster.user.pw_gid)
        return self

    def __exit__(self, *reason):
        self.cluster.__exit__(*reason)

    @property
    def environment(self):
        return {**self.cluster.environment, "PGOPTIONS": "-c client_min_messages=notice"}

    def functions(self):
        """What postrider_admin and postrider_monitor may call, as the page lists it."""
        process = [self.cluster.programs / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "postgres"]
        done = subprocess.run(
            process, input=f"CREATE EXTENSION IF NOT EXISTS postrider;{FUNCTIONS}", text=True, check=True,
            env={**os.environ, **self.cluster.environment}, capture_output=True)
        return {line.split("\t")[0]: tuple(map(plain, line.split("\t")[1:])) for line in done.stdout.splitlines()}


def plain(text):
    """As people write it: without casts, and with the columns of a result alone."""
    text = re.sub(r"::[a-z]+", "", text).removeprefix("IN ").replace('"', "")
    return text.removeprefix("TABLE(").removesuffix(")") if text.startswith("TABLE(") else text


def check_functions(path, functions):
    """Gives the complaints about the page's list of functions, and how many there are."""
    listed = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = LISTED.match(line)
        if entry:
            listed[entry[1]] = (entry[2], entry[3].replace("`", ""), entry[4])
    complaints = []
    for name in sorted({*listed, *functions}):
        if listed.get(name) != functions.get(name):
            complaints.append(f"docs/{path.name}: {name} is {functions.get(name)}, listed as {listed.get(name)}")
    return complaints, len({*listed, *functions})
