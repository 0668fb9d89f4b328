"""Databases "hq" and "branch" of one throw-away cluster, paired over a maildir: what tests on each round share.
Rounds are calls of postrider.sync_now(). hq sends tables of schema public, which each case makes anew in both."""
import os
import pathlib
import subprocess
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
from nodes import load_cluster  # noqa: E402

FIELD = "\x1f"


class Failure(Exception):
    """A case did not come out as it should."""


def expect(actual, expected, what):
    if actual != expected:
        raise Failure(f"{what}: {actual!r} instead of {expected!r}")


class Session:
    """A client that stays connected, for transactions that others meet."""

    def __init__(self, node):
        self.process = subprocess.Popen(
            node.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=node.environment,
        )

    def run(self, sql):
        """Runs statements and gives what came, once they are through."""
        self.send(sql)
        return self.wait()

    def send(self, sql):
        self.process.stdin.write(sql + "\n\\echo :end:\n")
        self.process.stdin.flush()

    def wait(self):
        lines = []
        while (line := self.process.stdout.readline()) and line.strip() != ":end:":
            lines.append(line.rstrip("\n"))
        return lines

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Node:
    """A database with the extension."""

    def __init__(self, cluster, name):
        self.name = name
        self.cluster = cluster
        self.environment = {**os.environ, **cluster.environment}

    def psql(self, *options):
        return [self.cluster.programs / "psql", "-X", "-q", "-A", "-t", "-F", FIELD, "-v", "ON_ERROR_STOP=1",
                *options, "-d", self.name]

    def run(self, sql):
        done = subprocess.run(
            self.psql("-f", "-"), input=sql, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
            env=self.environment,
        )
        if done.returncode != 0:
            raise Failure(f"{self.name}: {done.stderr.strip()} in {sql[:300]!r}")
        return [tuple(line.split(FIELD)) for line in done.stdout.splitlines()]

    def rows(self, table, order="1"):
        return self.run(f"SELECT * FROM {table} ORDER BY {order};")

    def sync(self):
        self.run("CALL postrider.sync_now();")

    def parked(self):
        return self.run('SELECT "table", row, change, reason FROM postrider.parked ORDER BY id;')

    def declare(self, text):
        self.run(f"SELECT * FROM postrider.declare($task${text}$task$);")


class Pair:
    """hq and branch, paired."""

    def __init__(self, cluster):
        self.hq = Node(cluster, "hq")
        self.branch = Node(cluster, "branch")
        mail = cluster.folder / "mail"
        for folder in (mail, mail / "tmp", mail / "new", mail / "cur"):
            folder.mkdir()
            if cluster.user is not None:
                os.chown(folder, cluster.user.pw_uid, cluster.user.pw_gid)
        template = Node(cluster, "postgres")
        for name in ("hq", "branch"):
            template.run(f"CREATE DATABASE {name};")
            Node(cluster, name).run("CREATE EXTENSION postrider;")
        self.hq.declare(f"NODE hq; PEER branch MAILDIR '{mail}';")
        line = self.hq.run("SELECT postrider.invite('branch');")[0][0]
        self.branch.declare(f"NODE branch; PEER hq MAILDIR '{mail}';")
        self.branch.run(f"SELECT postrider.accept('{line}', 'maildir:{mail}', true);")
        self.exchange()

    def exchange(self, rounds=4):
        for _ in range(rounds):
            self.hq.sync()
            self.branch.sync()

    def begin(self, tables, names, clauses="", only_here=""):
        """Tables on both sides, of which `names` are sent."""
        for node in (self.hq, self.branch):
            node.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public;" + tables)
        self.branch.run(only_here)
        self.hq.declare(f"TASK t SEND {names} TO branch{clauses};")
        self.exchange()

    def end(self):
        self.hq.declare("DROP TASK t;")
        self.branch.run("SELECT count(postrider.discard_parked(id)) FROM postrider.parked;")
        self.exchange(2)

    def send(self, sql, rounds=2):
        self.hq.run(sql)
        self.exchange(rounds)


def wait_for_lock(node):
    """Until the worker waits for another session."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if node.run("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock';") != [("0",)]:
            return
        time.sleep(0.02)
    raise Failure("the worker did not meet the other session")


def run_cases(cases, pair, names):
    passed = 0
    for name in names:
        try:
            cases[name](pair)
            passed += 1
            print(f"ok    {name}", flush=True)
        except Failure as failure:
            print(f"FAIL  {name}: {failure}", flush=True)
        except Exception:
            print(f"FAIL  {name}\n{traceback.format_exc()}", flush=True)
        try:
            pair.end()
        except Failure as failure:
            print(f"      afterwards: {failure}", flush=True)
    return passed


def main(functions):
    """Runs those of the functions that are cases, or the ones that the command line names; gives the exit code."""
    cases = {name.removeprefix("case_"): value for name, value in functions.items() if name.startswith("case_")}
    names = sys.argv[1:] or list(cases)
    unknown = [name for name in names if name not in cases]
    if unknown:
        sys.exit(f"there is no case {unknown[0]}")
    with load_cluster().Cluster({}) as cluster:
        passed = run_cases(cases, Pair(cluster), names)
        if os.environ.get("POSTRIDER_SHOW_LOG"):
            print(cluster.log.read_text(errors="replace"))
    print(f"{passed} passed, {len(names) - passed} failed")
    return 0 if passed == len(names) else 1
