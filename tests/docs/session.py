"""The sqlite3 shell and psql as a person uses them: one statement, then what it prints."""
import os
import select
import subprocess
import time

SECONDS_MAX = 60


class Session:
    """One process of a shell. It is fed line by line; a `.print` of ours marks the end of an answer."""

    OPTIONS = ("-batch",)
    PRINT = ".print"
    QUIT = [".quit"]

    def __init__(self, command, directory, environment):
        self.name = command[0]
        self.prompt = "sqlite>"
        self.count = 0
        self.rest = b""
        self.process = subprocess.Popen(
            [self.name, *self.OPTIONS, *command[1:]], cwd=directory, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def _write(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError as broken:
            raise RuntimeError(f"{self.name} has ended") from broken

    def _line(self, until):
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise RuntimeError(f"no answer after {SECONDS_MAX} s; is the statement whole?")
            more = os.read(self.process.stdout.fileno(), 1 << 16)
            if not more:
                raise RuntimeError(f"{self.name} has ended")
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode(errors="replace")

    def ask(self, lines):
        """Types lines and gives what is printed."""
        if lines[0].startswith(".prompt"):
            self.prompt = lines[0].split("'")[1].strip()
        if lines == self.QUIT:
            self.close()
            return []
        self.count += 1
        mark = f"== answer {self.count} =="
        self._write("\n".join([*lines, f"{self.PRINT} {mark}"]) + "\n")
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


class PsqlSession(Session):
    """One process of psql, which has its database's name as prompt."""

    OPTIONS = ("-X",)
    PRINT = "\\echo"
    QUIT = ["\\q"]

    def __init__(self, command, directory, environment):
        super().__init__(command, directory, environment)
        self.prompt = f"{command[1]}=#"

    def ask(self, lines):
        """A table is followed by an empty line, which pages leave out; what a slow machine tells on the way, too."""
        came = [line for line in super().ask(lines) if not line.startswith("NOTICE:  so far: ")]
        while came and not came[-1].strip():
            came.pop()
        return came
