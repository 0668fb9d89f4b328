"""The sqlite3 shell as a person uses it: one statement, then what it prints."""
import os
import select
import subprocess
import time

SECONDS_MAX = 60


class Session:
    """One sqlite3 process. It is fed line by line; a `.print` of ours marks the end of an answer."""

    def __init__(self, command, directory, environment):
        self.prompt = "sqlite>"
        self.count = 0
        self.rest = b""
        self.process = subprocess.Popen(
            ["sqlite3", "-batch", *command[1:]], cwd=directory, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def _write(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError as broken:
            raise RuntimeError("the sqlite3 shell has ended") from broken

    def _line(self, until):
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise RuntimeError(f"no answer after {SECONDS_MAX} s; is the statement whole?")
            more = os.read(self.process.stdout.fileno(), 1 << 16)
            if not more:
                raise RuntimeError("the sqlite3 shell has ended")
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode(errors="replace")

    def ask(self, lines):
        """Types lines and gives what is printed."""
        if lines[0].startswith(".prompt"):
            self.prompt = lines[0].split("'")[1].strip()
        if lines == [".quit"]:
            self.close()
            return []
        self.count += 1
        mark = f"== answer {self.count} =="
        self._write("\n".join([*lines, f".print {mark}"]) + "\n")
        until = time.monotonic() + SECONDS_MAX
        came = []
        while (line := self._line(until)) != mark:
            came.append(line)
        return came

    @property
    def is_open(self):
        return self.process.poll() is None

    def close(self):
        """Ends the shell; kills it when it does not end."""
        if self.is_open:
            self.process.stdin.close()
            try:
                self.process.wait(SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
