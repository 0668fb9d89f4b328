"""The fault server for tests in Python: starts it, speaks to its control port, and ends it.

    with FaultServer() as server:
        server.say("fault", "smtp", "rcpt", "reply=450 4.2.1 later", "times=1")
        smtplib.SMTP("localhost", server.ports["smtp"])
        server.ask("submissions")
"""
import json
import pathlib
import shlex
import socket
import ssl
import subprocess
import sys
import time

PROGRAM = pathlib.Path(__file__).resolve().parent / "fault_server"
STOP_SECONDS = 10


class FaultServer:
    def __init__(self, *options):
        self.options = options
        self.ports = {}
        self.authority = None
        self.process = None
        self.control = None

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, PROGRAM, *self.options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            name, _, value = line.strip().partition("=")
            if name.endswith("_port"):
                self.ports[name.removesuffix("_port")] = int(value)
            elif name == "ca":
                self.authority = value
            else:
                break
        if "control" not in self.ports:
            raise RuntimeError("the fault server did not start")
        self.control = socket.create_connection(("127.0.0.1", self.ports["control"]), 30).makefile("rwb")
        return self

    def __exit__(self, *_):
        if self.control:
            self.control.close()
        self.process.stdin.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def say(self, *words, content=b""):
        """A request; the bytes of its answer."""
        line = shlex.join(map(str, words)) + (f" bytes={len(content)}" if content else "")
        if "\n" in line:
            raise ValueError(f"a request is one line; write \\n for a new one: {line}")
        self.control.write(line.encode() + b"\n" + content)
        self.control.flush()
        verdict, size = self.control.readline().decode().split()
        answer = self.control.read(int(size))
        if verdict != "ok":
            raise ValueError(answer.decode())
        return answer

    def ask(self, *words, content=b""):
        """A request whose answer is JSON."""
        return json.loads(self.say(*words, content=content))

    def wait_for_mails(self, user, count, box="INBOX", seconds=20):
        deadline = time.monotonic() + seconds
        while len(mails := self.ask("mails", user, box)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(mails)} instead of {count} mails for {user} in {box}")
            time.sleep(0.02)
        return mails

    def client_tls(self):
        """What a client needs to trust the right certificate and no other."""
        return ssl.create_default_context(cafile=self.authority)
