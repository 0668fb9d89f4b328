"""Two databases, hq and branch, paired over a maildir, with their workers at work: for tests.

Nothing here sleeps for a fixed time: what is waited for is asked for again and again until a deadline.
"""
import os
import subprocess
import time

from nodes import load_cluster

NODES = ("hq", "branch")


class Pair:
    """Use as `with Pair(settings) as pair:`; the settings are the server's. The databases are of one cluster, or each
    of its own where they are `apart`; the secrets lie beside the cluster's data."""

    def __init__(self, settings=(), preload=True, apart=False):
        self.cluster = self.new_cluster(settings, preload)
        branch = self.new_cluster(settings, preload) if apart else self.cluster
        self.clusters = {"hq": self.cluster, "branch": branch}

    @staticmethod
    def new_cluster(settings, preload):
        cluster = load_cluster().Cluster({
            "restart_after_crash": "on",
            "max_worker_processes": "16",
            **({"shared_preload_libraries": "postrider"} if preload else {}),
            **dict(settings),
        })
        cluster.settings["postrider.secret_directory"] = str(cluster.folder / "secret")
        return cluster

    def __enter__(self):
        try:
            for cluster in dict.fromkeys(self.clusters.values()):
                self.make_folder(cluster, "secret")
                cluster.__enter__()
            for name in ("mail", "mail/tmp", "mail/new", "mail/cur"):
                self.make_folder(self.cluster, name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *reason):
        for cluster in dict.fromkeys(self.clusters.values()):
            cluster.__exit__(*reason)

    @staticmethod
    def make_folder(cluster, name):
        path = cluster.folder / name
        path.mkdir(mode=0o700)
        if cluster.user is not None:
            os.chown(path, cluster.user.pw_uid, cluster.user.pw_gid)

    @property
    def folder(self):
        return self.cluster.folder

    def cluster_of(self, database):
        return self.clusters.get(database, self.cluster)

    @property
    def mail(self):
        return self.folder / "mail"

    def client(self, database, *options, program="psql", **more):
        cluster = self.cluster_of(database)
        return subprocess.Popen(
            [cluster.programs / program, *options, database], text=True,
            env={**os.environ, **cluster.environment, "PGCONNECT_TIMEOUT": "10"}, **more,
        )

    def sql(self, database, text, may_fail=False):
        """What the statements give, without headings; None where they fail and may."""
        process = self.client(
            database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        out, errors = process.communicate(text)
        if process.returncode != 0:
            if may_fail:
                return None
            raise RuntimeError(f"{database}: {text}\n{errors}")
        return out.strip()

    def create_database(self, node):
        cluster = self.cluster_of(node)
        subprocess.run([cluster.programs / "createdb", node], env={**os.environ, **cluster.environment}, check=True)

    def pair(self, tables, task):
        """Makes the tables on both sides and joins them; the workers do the rest."""
        for node in NODES:
            self.create_database(node)
            self.sql(node, f"CREATE EXTENSION postrider;\n{tables}")
        path = f"MAILDIR '{self.mail}'"
        self.sql("hq", f"SELECT * FROM postrider.declare($$NODE hq; PEER branch {path}; {task}$$)")
        line = self.sql("hq", "SELECT postrider.invite('branch')")
        self.sql("branch", f"SELECT * FROM postrider.declare($$NODE branch; PEER hq {path};$$)")
        self.sql("branch", f"SELECT * FROM postrider.accept('{line}', 'maildir:{self.mail}', true)")

    def wait_until(self, what, is_so, seconds=60):
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {seconds} seconds\n{self.report()}")
            time.sleep(0.05)

    def worker_pid(self, node):
        pid = self.sql(node, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'postrider'"
                             " AND datname = current_database()", may_fail=True)
        return int(pid) if pid else None

    def wait_for_worker(self, node, other_than=None):
        self.wait_until(f"a worker of {node}", lambda: self.worker_pid(node) not in (None, other_than))
        return self.worker_pid(node)

    def report(self):
        """What the databases and the server say, for whoever looks for the reason."""
        lines = []
        for node in NODES:
            for query in ("SELECT * FROM postrider.status", "SELECT * FROM postrider.parked",
                          "SELECT * FROM postrider.events ORDER BY 1 DESC LIMIT 10"):
                lines.append(f"{node}: {self.sql(node, query, may_fail=True)}")
        for cluster in dict.fromkeys(self.clusters.values()):
            lines += cluster.log.read_text(errors="replace").splitlines()[-40:]
        return "\n".join(lines)
