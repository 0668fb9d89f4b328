"""Two databases of one throw-away cluster that are nodes, paired over a maildir: what tests on whole nodes share."""
import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS_MAX = 30


def load_cluster():
    loader = importlib.machinery.SourceFileLoader("cluster", str(HERE / "cluster"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("cluster", loader))
    loader.exec_module(module)
    return module


class Failed(Exception):
    """What a test found."""


class Pair:
    """A sender and a receiver. Tables are made in both before `pair` declares the tasks, which are the sender's."""

    def __init__(self, cluster, number):
        self.cluster = cluster
        self.sender, self.receiver = f"sender{number}", f"receiver{number}"
        self.mail = cluster.folder / f"mail{number}"
        for part in ("tmp", "new", "cur"):
            (self.mail / part).mkdir(parents=True)
        if cluster.user is not None:
            for path in (self.mail, *self.mail.iterdir()):
                os.chown(path, cluster.user.pw_uid, cluster.user.pw_gid)
        for database in (self.sender, self.receiver):
            self.run("template1", f"CREATE DATABASE {database}")
            self.run(database, "CREATE EXTENSION postrider")

    def client(self, database, sql, *options):
        return subprocess.run(
            [self.cluster.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database,
             *options, "-f", "-"],
            input=sql, env={**os.environ, **self.cluster.environment}, text=True, check=False, capture_output=True,
        )

    def run(self, database, sql):
        done = self.client(database, sql)
        if done.returncode != 0:
            raise Failed(f"{database}: {sql}\n{done.stderr}")
        return done.stdout.strip()

    def both(self, sql):
        for database in (self.sender, self.receiver):
            self.run(database, sql)

    def pair(self, tasks):
        path = f"MAILDIR ''{self.mail}''"
        self.run(self.sender, f"SELECT postrider.declare('NODE office; PEER branch {path}; {tasks}')")
        self.run(self.receiver, f"SELECT postrider.declare('NODE branch; PEER office {path};')")
        line = self.run(self.sender, "SELECT postrider.invite('branch')")
        self.run(self.receiver, f"SELECT postrider.accept('{line}', 'maildir:{self.mail}', true)")
        self.sync()

    def round(self, database):
        """Whether it did anything."""
        done = self.client(database, "CALL postrider.sync_now()")
        if done.returncode != 0 or "WARNING" in done.stderr:
            raise Failed(f"{database}: a round failed\n{done.stderr}")
        return any(word.isdigit() and word != "0" for word in done.stderr.split())

    def sync(self):
        """Rounds until neither side has anything to do."""
        for _ in range(ROUNDS_MAX):
            if not [database for database in (self.sender, self.receiver) if self.round(database)]:
                return
        raise Failed("the rounds find no end")

    def table(self, database, name, order="1"):
        return self.run(database, f"SELECT * FROM {name} ORDER BY {order}")

    def expect_equal(self, *names, order="1"):
        for name in names:
            here, there = self.table(self.sender, name, order), self.table(self.receiver, name, order)
            if here != there:
                raise Failed(f"table {name} differs\n--- sender\n{here[:2000]}\n--- receiver\n{there[:2000]}")


def run_cases(cases, settings=()):
    """Each case is a function that is given a Pair of its own. Ends with "N passed, M failed"; gives an exit code."""
    wanted = sys.argv[1:]
    passed = failed = 0
    module = load_cluster()
    with module.Cluster(dict(settings)) as cluster:
        for number, case in enumerate(case for case in cases if not wanted or case.__name__ in wanted):
            try:
                case(Pair(cluster, number))
                passed += 1
                print(f"ok      {case.__name__}", flush=True)
            except Failed as failure:
                failed += 1
                print(f"FAILED  {case.__name__}: {failure}", flush=True)
        if failed:
            print(cluster.log.read_text(errors="replace")[-6000:])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
