"""What real servers do, each case with Exim and with Postfix: the things that the product's transports lean on."""
import imaplib
import os
import pathlib
import poplib
import re
import shutil
import smtplib
import ssl
import subprocess
import sys
import tempfile
import time

import mail_clients
from mail_clients import imap, pop3, refused, smtp, text
from mail_servers import MailServers, started_at

START_SECONDS_MAX = 3
MAILSTACK = pathlib.Path(__file__).resolve().parent / "mailstack"
OPTIONS = {}


def run(case, mta):
    with MailServers(mta, **OPTIONS.get(case, {})) as servers:
        case(servers)


def with_options(**options):
    def remember(case):
        OPTIONS[case] = options
        return case

    return remember


def slowness():
    """How many programs want a processor, for each that there is: what is said about time is said about a machine that
    has nothing else to do."""
    return max(1.0, os.getloadavg()[0] / os.cpu_count())


def headers(content):
    return content.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("latin-1")


def a_mail_is_sent_and_read_by_imap(servers):
    with smtp(servers) as client:
        client.sendmail("a@test.invalid", ["b@test.invalid", "c@test.invalid"], text("first", ".a line with a dot"))
    found = servers.wait_for_mails("b")
    assert found[0].flags == "" and b"\n.a line with a dot" in found[0].content
    servers.wait_for_mails("c")
    with imap(servers) as client:
        _, answer = client.uid("FETCH", "1:*", "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        assert b"Subject: first" in answer[0][1], answer
        client.uid("STORE", "1", "+FLAGS", "(\\Seen)")
        client.create("postrider.done")
        assert client.uid("MOVE", "1", "postrider.done")[0] == "OK"
    assert servers.count("b") == 0
    moved = servers.wait_for_mails("b", mailbox="postrider.done")
    assert moved[0].flags == "S", moved


def a_mail_from_outside_is_read_by_pop3(servers):
    servers.deliver("b", text("foreign", sender="stranger@elsewhere.invalid"))
    servers.wait_for_mails("b")
    with pop3(servers) as client:
        assert client.stat()[0] == 1
        number, uid = client.uidl()[1][0].split()
        assert b"Subject: foreign" in client.retr(int(number))[1], uid
        client.dele(1)
        assert client.quit().startswith(b"+OK")
    assert servers.count("b") == 0


def nothing_is_sent_without_tls_nor_read_without_password(servers):
    with smtplib.SMTP("localhost", servers.ports["submission"], timeout=30) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        refusal = refused(smtplib.SMTPRecipientsRefused,
                          lambda: client.sendmail("a@test.invalid", ["x@y.invalid"], b""))
        assert 500 <= refusal.recipients["x@y.invalid"][0] < 600
    refused(imaplib.IMAP4.error, imap(servers, password="wrong").__enter__)
    refused(poplib.error_proto, pop3(servers, password="wrong").__enter__)
    refused(smtplib.SMTPAuthenticationError, smtp(servers, password="wrong").__enter__)


def unknown_recipients_are_refused_or_come_back(servers):
    with smtp(servers) as client:
        refusals = client.sendmail("a@test.invalid", ["b@test.invalid", "nobody@test.invalid"], text("one of two"))
        assert refusals["nobody@test.invalid"][0] == 550 and b"5.1.1" in refusals["nobody@test.invalid"][1], refusals
        client.sendmail("a@test.invalid", ["nobody@far.invalid"], text("to nobody"))
    servers.wait_for_mails("b")
    bounce = servers.wait_for_mails("a")[0].content
    assert "multipart/report" in headers(bounce) and b"nobody@far.invalid" in bounce
    with smtp(servers) as client:
        try:
            client.sendmail("a@test.invalid", ["nobody@nowhere.invalid"], text("to nowhere"))
        except smtplib.SMTPRecipientsRefused:
            return
    servers.wait_for_mails("a", 2)


@with_options(quota={"b": "20K"})
def a_full_mailbox_bounces(servers):
    with smtp(servers) as client:
        client.sendmail("a@test.invalid", ["b@test.invalid"], text("much", "x" * 70 * 400))
    bounce = servers.wait_for_mails("a")[0].content
    assert re.search(rb"quota|full", bounce, re.I), bounce
    assert servers.count("b") == 0
    with imap(servers) as client:
        root = client.getquotaroot("INBOX")[1]
        assert b"STORAGE 0 20" in root[1][0], root


@with_options(size_max=100_000, recipients_max=3)
def limits_are_told_and_held(servers):
    with smtp(servers) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "100000"
        assert client.docmd("MAIL FROM:<a@test.invalid> SIZE=100001")[0] == 552
        client.rset()
        large = text("large", ("y" * 70 + "\r\n") * 2000)
        refusal = refused(smtplib.SMTPResponseException,
                          lambda: client.sendmail("a@test.invalid", ["b@test.invalid"], large))
        assert refusal.smtp_code == 552, refusal
        client.rset()
        client.mail("a@test.invalid")
        codes = [client.rcpt(f"{user}@test.invalid")[0] for user in "abcd"]
        assert codes == [250, 250, 250, 452], codes
        client.rset()


def idle_tells_of_new_mail(servers):
    with imap(servers) as client:
        client.send(b"i1 IDLE\r\n")
        assert client.readline().startswith(b"+")
        servers.deliver("b", text("while idle"))
        line = client.readline()
        while b"EXISTS" not in line:
            line = client.readline()
        assert line == b"* 1 EXISTS\r\n"
        client.send(b"DONE\r\n")
        while not line.startswith(b"i1 OK"):
            line = client.readline()


def starts_in_time_and_goes_on_where_it_was(servers):
    servers.deliver("a", text("kept"))
    servers.wait_for_mails("a")
    servers.stop("dovecot")
    servers.deliver("a", text("queued"))
    servers.stop()
    ports = dict(servers.ports)
    began = time.monotonic()
    servers.start()
    took = time.monotonic() - began
    assert took < START_SECONDS_MAX * slowness(), f"{took:.1f} s"
    assert servers.ports == ports
    deadline = time.monotonic() + mail_clients.SECONDS
    while not any("Subject: queued" in headers(mail.content) for mail in servers.mails("a")):
        assert time.monotonic() < deadline, servers.log()
        time.sleep(0.05)
    assert "Subject: kept" in headers(servers.mails("a")[0].content)


def a_bad_certificate_is_shown(mta="exim"):
    for kind in ("wrong_host", "expired", "stranger"):
        with MailServers(mta, certificate=kind) as servers:
            for client in (smtp, imap, pop3):
                refused(ssl.SSLCertVerificationError, lambda client=client: client(servers).__enter__())


def starts_and_stops_a_folder():
    """By the program: its servers outlive it, and are ended by their pids."""
    with tempfile.TemporaryDirectory(prefix="postrider-mail-") as folder:
        command = [sys.executable, MAILSTACK]
        printed = subprocess.check_output([*command, "start", folder, "--mta", "postfix", "--users", "x,y"], text=True)
        facts = dict(line.split("=", 1) for line in printed.splitlines())
        try:
            with smtplib.SMTP("localhost", int(facts["submission_port"]), timeout=mail_clients.SECONDS) as client:
                client.starttls(context=ssl.create_default_context(cafile=facts["ca"]))
                client.login("x@test.invalid", "secret")
                client.sendmail("x@test.invalid", ["y@test.invalid"], text("by the program"))
            pids = [int(pid) for pid in re.findall(r"\[(\d+),", (pathlib.Path(folder) / "state.json").read_text())]
            assert len(pids) == 2 and all(started_at(pid) for pid in pids)
        finally:
            subprocess.run([*command, "stop", folder], check=True)
        assert not any(started_at(pid) for pid in pids)
        again = subprocess.run([*command, "stop", folder], check=False, capture_output=True, text=True)
        assert again.returncode == 1 and "nothing was started" in again.stderr, again


def says_what_is_missing():
    command = [sys.executable, MAILSTACK, "start", "/nowhere"]
    told = subprocess.run(command, check=False, capture_output=True, text=True, env={"PATH": "/nowhere"})
    assert told.returncode == 1 and "missing: " in told.stderr and "openssl" in told.stderr, told
    # Nobody may be kept out of the checkout.
    with tempfile.TemporaryDirectory(prefix="postrider-mail-") as folder:
        os.chmod(folder, 0o755)
        for module in MAILSTACK.parent.glob("*.py"):
            shutil.copy(module, folder)
        command[1] = shutil.copy(MAILSTACK, folder)
        nobody = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command], check=False,
                                capture_output=True, text=True)
    assert nobody.returncode == 1 and "root" in nobody.stderr, nobody


CASES = (a_mail_is_sent_and_read_by_imap, a_mail_from_outside_is_read_by_pop3,
         nothing_is_sent_without_tls_nor_read_without_password, unknown_recipients_are_refused_or_come_back,
         a_full_mailbox_bounces, limits_are_told_and_held, idle_tells_of_new_mail,
         starts_in_time_and_goes_on_where_it_was)
PROGRAM_CASES = (a_bad_certificate_is_shown, starts_and_stops_a_folder, says_what_is_missing)
