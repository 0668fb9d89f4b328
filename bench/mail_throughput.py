#!/usr/bin/env python3
"""How fast the network process sends and fetches beside the programs that people use for it, and what memory it takes:

  mail_throughput.py [--mta exim|postfix] [--rounds N] [COUNTxKILOBYTES…]     200x100 10x10000 when left out

In one run, against the same servers on this machine, with TLS for all and every file on /dev/shm: sending by msmtp and
swaks (a process for each mail) and by curl (all mails over one connection, which is its best); fetching by mpop (POP3)
and mbsync (IMAP) from the same mailbox. They take turns, a turn waits until the MTA has delivered what the last one
sent, and the figures are medians of the rounds' times. "Fetched" leaves the mails on the server, "moved" removes them
there (mbsync cannot). Memory is the peak of the resident size of a fresh process. Needs root, as tests/mail/run does;
$POSTRIDER_BUILD is where postrider-network is (default build/release)."""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests" / "mail"))

from mail_servers import MTAS, MailServers  # noqa: E402
from network_process import NetworkProcess, account, stamped_envelope  # noqa: E402

STAMP_KEY = os.urandom(32)
SWAKS_MAILS_MAX = 10  # a Perl for each: more would only take longer
MEMORY_MEGABYTES = (1, 25)
MEMORY_MAILS = 5
PATIENCE_SECONDS = 600


class Place:
    """The servers, and what every program is told of them."""

    def __init__(self, servers, folder):
        self.servers, self.folder = servers, folder
        self.ca = servers.certificates.authority
        self.sender, self.receiver = (servers.address(user) for user in "ab")

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    def run(self, *command, **options):
        done = subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, check=False, **options)
        if done.returncode != 0:
            sys.exit(f"mail_throughput.py: {command[0]} failed: {done.stderr}")

    def ours(self):
        return NetworkProcess(ca=self.ca, password=self.servers.password)

    def out(self):
        return account("out", user=self.sender, send=f"smtp://localhost:{self.servers.ports['submission']}")

    def into(self, protocol):
        return account("in", user=self.receiver, stamp_keys=[STAMP_KEY],
                       receive=f"{protocol}://localhost:{self.servers.ports[protocol]}")

    # --- the mailbox --------------------------------------------------------------------------------------------------

    def mailbox(self):
        return self.servers.folder / "mail/b/Maildir"

    def empty(self):
        for mail in self.servers.mails("b"):
            mail.path.unlink()

    def fill(self, mails):
        """As if they had just been delivered."""
        self.empty()
        owner = (self.mailbox() / "cur").stat()
        for number, mail in enumerate(mails):
            path = self.mailbox() / "tmp" / f"{int(time.time())}.M{number}P{time.monotonic_ns()}.host:2,"
            path.write_bytes(mail)
            os.chown(path, owner.st_uid, owner.st_gid)
            path.rename(self.mailbox() / "cur" / path.name)


# --- sending: each gives the mails' number; what is made before `begin` is called is not counted ----------------------


def send_ours(place, envelopes, _mail, begin):
    with place.ours() as process:
        process.configure(place.out())
        begin()
        for envelope in envelopes:
            process.submit("out", [place.receiver], envelope)
        for _ in envelopes:
            delivered = process.wait_for("delivered", seconds=PATIENCE_SECONDS)
            if not delivered["accepted"]:
                sys.exit(f"mail_throughput.py: {delivered}")
    return len(envelopes)


def send_msmtp(place, envelopes, mail, begin):
    settings = place.write("msmtprc", f"""account default
host localhost
port {place.servers.ports['submission']}
tls on
tls_trust_file {place.ca}
auth plain
user {place.sender}
password {place.servers.password}
from {place.sender}
""")
    begin()
    for _ in envelopes:
        with open(mail, "rb") as text:
            place.run("msmtp", "-C", settings, "--", place.receiver, stdin=text)
    return len(envelopes)


def send_curl(place, envelopes, mail, begin):
    port = place.servers.ports["submission"]
    settings = place.write("curl.config", "\nnext\n".join([f"""url = "smtp://localhost:{port}"
ssl-reqd
cacert = "{place.ca}"
user = "{place.sender}:{place.servers.password}"
mail-from = "{place.sender}"
mail-rcpt = "{place.receiver}"
upload-file = "{mail}"
silent
show-error
"""] * len(envelopes)))
    begin()
    place.run("curl", "-K", settings)
    return len(envelopes)


def send_swaks(place, envelopes, mail, begin):
    begin()
    mails = min(len(envelopes), SWAKS_MAILS_MAX)
    for _ in range(mails):
        place.run("swaks", "--server", "localhost", "--port", place.servers.ports["submission"],
                  "-tls", "--tls-ca-path", place.ca, "--auth", "PLAIN", "--auth-user", place.sender,
                  "--auth-password", place.servers.password, "--from", place.sender, "--to", place.receiver,
                  "--data", f"@{mail}", "--silent", "3")
    return mails


# --- fetching: each is given how many mails there are -----------------------------------------------------------------


def fetch_ours(protocol, moves):
    def fetch(place, mails, begin):
        with place.ours() as process:
            begin()
            process.configure(place.into(protocol))
            for _ in range(mails):
                arrived = process.wait_for("mail_arrived", seconds=PATIENCE_SECONDS)
                if moves:
                    process.settle("in", arrived["receipt"])
            deadline = time.monotonic() + PATIENCE_SECONDS
            while moves and place.servers.count("b") > 0 and time.monotonic() < deadline:
                if protocol == "pop3s":
                    process.look_now("in")  # without it the next login, which removes, is a minute away
                process.read(0.005)

    return fetch


def fetch_mpop(moves):
    def fetch(place, _mails, begin):
        target = maildir(place.folder / "mpop")
        settings = place.write("mpoprc", f"""account default
host localhost
port {place.servers.ports['pop3s']}
tls on
tls_starttls off
tls_trust_file {place.ca}
auth user
user {place.receiver}
password {place.servers.password}
delivery maildir {target}
uidls_file {place.folder / 'uidls'}
keep {'off' if moves else 'on'}
""")
        (place.folder / "uidls").unlink(missing_ok=True)
        begin()
        place.run("mpop", "-q", "-C", settings)

    return fetch


def fetch_mbsync(place, _mails, begin):
    target = maildir(place.folder / "mbsync")
    settings = place.write("mbsyncrc", f"""IMAPStore far
Host localhost
Port {place.servers.ports['imaps']}
SSLType IMAPS
SystemCertificates no
CertificateFile {place.ca}
User {place.receiver}
Pass {place.servers.password}

MaildirStore near
Inbox {target}

Channel all
Far :far:
Near :near:
Sync PullNew
SyncState *
""")
    begin()
    place.run("mbsync", "-q", "-c", settings, "all")


def maildir(path):
    shutil.rmtree(path, ignore_errors=True)
    for part in ("cur", "new", "tmp"):
        (path / part).mkdir(parents=True)
    return path


SENDERS = {"ours": send_ours, "msmtp": send_msmtp, "swaks": send_swaks, "curl": send_curl}
FETCHERS = {"ours by IMAP": fetch_ours("imaps", False), "ours by POP3": fetch_ours("pop3s", False),
            "mpop": fetch_mpop(False), "mbsync": fetch_mbsync}
MOVERS = {"ours by IMAP": fetch_ours("imaps", True), "ours by POP3": fetch_ours("pop3s", True),
          "mpop": fetch_mpop(True)}


# --- measuring --------------------------------------------------------------------------------------------------------


def there(ways):
    return {name: way for name, way in ways.items() if name.startswith("ours") or shutil.which(name)}


def timed(work):
    """Seconds from `begin` until `work` returned, and what it gave."""
    begun = []
    given = work(lambda: begun.append(time.monotonic()))
    return time.monotonic() - begun[0], given


def measure_sending(place, envelopes, mail, rounds):
    """Seconds a mail of each program's rounds; the mailbox holds our mails afterwards."""
    times = {name: [] for name in there(SENDERS)}
    for turn in range(rounds + 1):  # the first, which warms up, is not counted
        for name in reversed(times):  # ours last: its mails stay for those that fetch
            place.empty()
            seconds, sent = timed(lambda begin, name=name: SENDERS[name](place, envelopes, mail, begin))
            place.servers.wait_for_mails("b", sent, seconds=PATIENCE_SECONDS)
            if turn > 0:
                times[name].append(seconds / sent)
    return times


def measure_fetching(place, mails, ways, rounds, is_filled_anew):
    times = {name: [] for name in there(ways)}
    place.fill(mails)
    for turn in range(rounds + 1):
        for name, series in times.items():
            if is_filled_anew:
                place.fill(mails)
            seconds, _ = timed(lambda begin, name=name: ways[name](place, len(mails), begin))
            if turn > 0:
                series.append(seconds / len(mails))
    return times


def print_ratio(title, size_kilobytes, times):
    """Seconds a mail as megabytes a second; a ratio above 1 is ours being faster."""
    medians = {name: statistics.median(series) for name, series in times.items()}
    rivals = {name: seconds for name, seconds in medians.items() if not name.startswith("ours")}
    missing = "" if rivals else "; no rival is installed"
    ours = min(seconds for name, seconds in medians.items() if name.startswith("ours"))
    ratio = min(rivals.values()) / ours if rivals else float("nan")
    listed = ", ".join(f"{name} {1 / medians[name]:.1f}" for name in sorted(medians, key=medians.get))
    met = "met" if ratio >= 1 else "not met"
    print(f"{title} {size_kilobytes / 1000 / ours:.1f} MB/s (mails a second: {listed}{missing}) "
          f"{ratio:.2f} x of the best rival goal >= 1 {met}", flush=True)


def measure_size(place, count, kilobytes, rounds):
    envelopes = [stamped_envelope(STAMP_KEY, kilobytes * 1000) for _ in range(count)]
    place.empty()
    send_ours(place, envelopes[:1], None, lambda: None)
    mail = place.folder / "mail"
    mail.write_bytes(place.servers.wait_for_mails("b", 1)[0].content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    label = f"{count} mails of {kilobytes} KB"
    print_ratio(f"mail_send, {label}:", kilobytes, measure_sending(place, envelopes, mail, rounds))
    mails = [each.content for each in place.servers.mails("b")]
    for title, ways, is_filled_anew in (("fetched", FETCHERS, False), ("moved", MOVERS, True)):
        times = measure_fetching(place, mails, ways, rounds, is_filled_anew)
        print_ratio(f"mail_{title}, {label}:", kilobytes, times)


def measure_memory(place):
    """Mails one after another, each sent when the one before is, and settled as it arrives."""
    peaks = {}
    for megabytes in MEMORY_MEGABYTES:
        place.empty()
        envelope = stamped_envelope(STAMP_KEY, megabytes * 1_000_000)
        with place.ours() as process:
            process.configure(place.out())
            for _ in range(MEMORY_MAILS):
                process.submit("out", [place.receiver], envelope)
                process.wait_for("delivered", accepted=True, seconds=PATIENCE_SECONDS)
            peaks["send", megabytes] = process.peak_memory_kib() / 1024
        place.servers.wait_for_mails("b", MEMORY_MAILS, seconds=PATIENCE_SECONDS)
        for protocol in ("imaps", "pop3s"):
            mails = [each.content for each in place.servers.mails("b")]
            with place.ours() as process:
                process.configure(place.into(protocol))
                for _ in range(MEMORY_MAILS):
                    process.settle("in", process.wait_for("mail_arrived", seconds=PATIENCE_SECONDS)["receipt"])
                peaks[protocol, megabytes] = process.peak_memory_kib() / 1024
            place.fill(mails)
    small, large = MEMORY_MEGABYTES
    for way in ("send", "imaps", "pop3s"):
        growth = (peaks[way, large] - peaks[way, small]) / (large - small)
        met = "met" if growth < 0.1 else "not met"
        print(f"mail_memory_{way} {peaks[way, small]:.0f} MiB with mails of {small} MB, {peaks[way, large]:.0f} MiB "
              f"with {large} MB, {growth:.1f} MiB for each more goal the same {met}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="mail_throughput.py", description=__doc__.splitlines()[0])
    parser.add_argument("mails", nargs="*", default=["200x100", "10x10000"], metavar="COUNTxKILOBYTES")
    parser.add_argument("--mta", choices=MTAS, default="exim")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    missing = sorted({*SENDERS, *FETCHERS} - {*there(SENDERS), *there(FETCHERS)})
    print(f"{arguments.mta} and Dovecot, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the beginning, "
          f"median of {arguments.rounds} rounds", flush=True)
    if missing:
        print(f"not installed: {', '.join(missing)}", flush=True)
    tempfile.tempdir = "/dev/shm"  # of the servers too
    with tempfile.TemporaryDirectory() as folder, MailServers(arguments.mta, size_max=60 << 20) as servers:
        place = Place(servers, pathlib.Path(folder))
        for each in arguments.mails:
            count, kilobytes = map(int, each.split("x"))
            measure_size(place, count, kilobytes, arguments.rounds)
        measure_memory(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
