"""A PostgreSQL node with a mailbox, in a cluster of its own, whose worker starts the network process."""
import os
import pathlib
import shutil
import signal
import sys
import time

from mail_servers import started_at

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "postgresql"))
from pair import Pair  # noqa: E402


class Office(Pair):
    """Use as `with Office(servers, user) as office:`."""

    NAME = "hq"

    def __init__(self, servers, user, password):
        super().__init__()
        self.servers, self.user, self.password = servers, user, password

    def __enter__(self):
        # The certificates and the password are the server user's to read.
        authority = self.folder / "authority.pem"
        shutil.copy(self.servers.certificates.authority, authority)
        authority.chmod(0o644)
        self.cluster.server_environment["SSL_CERT_FILE"] = str(authority)
        super().__enter__()
        self.write_password(self.password)
        self.create_database(self.NAME)
        self.query("CREATE EXTENSION postrider")
        return self

    def write_password(self, password):
        place = self.folder / "secret" / "main.password"
        place.touch(0o600)
        place.write_text(password + "\n", encoding="utf-8")
        if self.cluster.user is not None:
            os.chown(place, self.cluster.user.pw_uid, self.cluster.user.pw_gid)

    def mailbox(self):
        ports = self.servers.ports
        return (f"MAILBOX main ADDRESS '{self.servers.address(self.user)}' "
                f"RECEIVE 'imaps://localhost:{ports['imaps']}' SEND 'smtp://localhost:{ports['submission']}';")

    def query(self, text):
        return self.sql(self.NAME, text)

    def wait_for(self, query, wanted, seconds=120):
        deadline = time.monotonic() + seconds
        while (found := self.query(query)) != wanted:
            if time.monotonic() > deadline:
                raise AssertionError(f"{query} gives {found!r} and not {wanted!r}\n" + self.query(
                    "SELECT message FROM postrider.events; SELECT reason FROM postrider.refused;"
                    "SELECT summary FROM postrider.status"))
            time.sleep(0.05)

    def network_process(self, seconds=30):
        """The pid of the worker's child."""
        deadline = time.monotonic() + seconds
        while True:
            worker = self.worker_pid(self.NAME)
            children = pathlib.Path(f"/proc/{worker}/task/{worker}/children") if worker else None
            for child in children.read_text(encoding="utf-8").split() if children and children.exists() else []:
                name = pathlib.Path(f"/proc/{child}/comm")
                if name.exists() and name.read_text(encoding="utf-8").startswith("postrider-netwo"):
                    return int(child)
            assert time.monotonic() < deadline, "the worker has no network process"
            time.sleep(0.05)

    def end_network_process(self, how=signal.SIGKILL):
        pid = self.network_process()
        began = started_at(pid)
        os.kill(pid, how)
        deadline = time.monotonic() + 30
        while started_at(pid) == began:
            assert time.monotonic() < deadline, f"the network process is still there after signal {how}"
            time.sleep(0.02)
