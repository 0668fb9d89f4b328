"""The fault server on a bad day: each kind of fault once, as a client of Python's own sees it."""
import imaplib
import poplib
import re
import smtplib
import socket
import ssl
import tempfile
import time

from fault_client import FaultServer
from mail_clients import SECONDS, imap, pop3, refused, smtp, text

SHORT_SECONDS = 0.3


def lines_from(server, port, *commands, seconds=SECONDS, limit=1 << 16):
    """What a port says to commands in the clear until it closes, falls silent, or has said enough."""
    said = b""
    with socket.create_connection(("localhost", server.ports[port]), seconds) as connection:
        connection.sendall("".join(command + "\r\n" for command in commands).encode())
        try:
            while len(said) < limit and (data := connection.recv(65536)):
                said += data
        except socket.timeout:
            pass
    return said


def send(server, recipients=("b@test.invalid",), subject="x", client=None):
    if client is None:
        with smtp(server) as client:
            return client.sendmail("a@test.invalid", recipients, text(subject))
    return client.sendmail("a@test.invalid", recipients, text(subject))


def greetings_go_wrong(server):
    server.say("fault", "*", "connect", "silent", "times=1")
    assert lines_from(server, "smtp", seconds=SHORT_SECONDS) == b""
    server.say("fault", "imap", "connect", "raw=* BYE overloaded\\r\\n", "times=1")
    assert lines_from(server, "imap", "a logout").startswith(b"* BYE overloaded\r\n")
    server.say("fault", "smtp", "connect", "reply=421 4.3.2 closing", "times=1")
    refused(smtplib.SMTPConnectError, smtp(server).__enter__)
    server.say("fault", "pop3", "connect", "nonsense=200", "times=1")
    assert len(lines_from(server, "pop3", "QUIT")) >= 200
    server.say("fault", "smtp", "tls", "close", "times=1")
    refused((ssl.SSLError, ConnectionError), lambda: smtplib.SMTP_SSL("localhost", server.ports["smtps"]))
    send(server)


def codes_are_given_at_chosen_places(server):
    server.say("fault", "smtp", "rcpt", "to=c@*", "reply=450 4.2.1 later")
    server.say("fault", "smtp", "rcpt", "to=d@*", "reply=550 5.2.2 full\\nreally")
    refusals = send(server, [f"{user}@test.invalid" for user in "bcd"])
    assert refusals == {"c@test.invalid": (450, b"4.2.1 later"), "d@test.invalid": (550, b"5.2.2 full\nreally")}
    server.say("clear")
    for stage, code in (("mail", 451), ("data", 554), ("body", 452), ("body", 552), ("auth", 535)):
        rule = server.say("fault", "smtp", stage, f"reply={code} 5.3.4 so it is").decode()
        problem = refused(smtplib.SMTPException, lambda: send(server))
        assert problem.smtp_code == code, problem
        assert int(server.say("used", rule)) > 0
        server.say("clear", rule)
    server.say("fault", "imap", "select", "reply=NO [OVERQUOTA] full")
    with imap(server, box=None) as client:
        assert client.select("INBOX") == ("NO", [b"[OVERQUOTA] full"])


def a_mail_is_accepted_and_the_answer_lost(server):
    for accept, count in ((["accept"], 1), ([], 1)):
        server.say("fault", "smtp", "body", "close", *accept, "times=1")
        refused(smtplib.SMTPServerDisconnected, lambda: send(server))
        assert len(server.ask("mails", "b")) == count
    assert [submission["accepted"] for submission in server.ask("submissions")] == [True, False]


def starttls_is_missing_or_tampered_with(server):
    server.say("set", "smtp.without", "STARTTLS")
    refused(smtplib.SMTPNotSupportedError, smtp(server).__enter__)
    server.say("set", "smtp.without")
    server.say("fault", "smtp", "starttls", "inject=250-AUTH PLAIN\\r\\n250 SIZE 1\\r\\n", "times=1")
    said = lines_from(server, "smtp", "EHLO x", "STARTTLS", seconds=SHORT_SECONDS)
    assert said.endswith(b"220 2.0.0 go ahead\r\n250-AUTH PLAIN\r\n250 SIZE 1\r\n"), said
    said = lines_from(server, "pop3", "STLS", seconds=SHORT_SECONDS)
    assert said == b"+OK ready\r\n+OK begin\r\n", said
    server.say("fault", "pop3", "starttls", "inject=+OK no more\\r\\n", "times=1")
    said = lines_from(server, "pop3", "STLS", seconds=SHORT_SECONDS)
    assert said == b"+OK ready\r\n+OK begin\r\n+OK no more\r\n", said
    server.say("fault", "pop3", "tls", "silent", "times=1")
    refused((TimeoutError, ssl.SSLError), lambda: poplib.POP3("localhost", server.ports["pop3"], SHORT_SECONDS).stls())
    server.say("fault", "imap", "starttls", "reply=NO out of certificates", "times=1")
    refused(imaplib.IMAP4.error, imap(server).__enter__)


def certificates_are_bad(server):
    for kind in ("wrong_host", "expired", "stranger"):
        server.say("set", "certificate", kind)
        for client in (smtp, imap, pop3):
            refused(ssl.SSLCertVerificationError, client(server).__enter__)
    server.say("set", "imap.certificate", "right")
    with imap(server):
        refused(ssl.SSLCertVerificationError, smtp(server).__enter__)


def answers_come_late_slowly_or_never(server):
    server.say("set", "auth_delay", SHORT_SECONDS)
    began = time.monotonic()
    refused(smtplib.SMTPAuthenticationError, smtp(server, password="no").__enter__)
    assert time.monotonic() - began >= SHORT_SECONDS
    with smtp(server) as client:
        server.say("fault", "smtp", "noop", f"delay={SHORT_SECONDS}", "times=1")
        began = time.monotonic()
        assert client.noop()[0] == 250 and time.monotonic() - began >= SHORT_SECONDS
        server.say("fault", "smtp", "noop", "slow=50", "times=1")
        began = time.monotonic()
        assert client.noop()[0] == 250 and time.monotonic() - began >= 0.2
        server.say("fault", "smtp", "noop", "silent")
        client.sock.settimeout(SHORT_SECONDS)
        refused((smtplib.SMTPServerDisconnected, TimeoutError), client.noop)


def an_answer_has_too_much_of_everything(server):
    server.say("fault", "smtp", "ehlo", "endless", "times=1")
    said = lines_from(server, "smtp", "EHLO x", limit=3 << 20)
    assert len(said) >= 3 << 20 and said.count(b"\n") == 1, "more than the greeting has an end"
    server.say("fault", "imap", "capability", "junk=3000000", "times=1")
    said = lines_from(server, "imap", "a1 CAPABILITY", "a2 LOGOUT", limit=1 << 30)
    assert len(said) > 3000000 and said.endswith(b"a2 OK done\r\n")


def literals_are_cut_and_too_short(server):
    server.say("deliver", "b", content=text("long", "q" * 5000))
    server.say("fault", "imap", "uid fetch", "truncate=1000", "times=1")
    with imap(server) as client:
        refused((imaplib.IMAP4.abort, OSError), lambda: client.uid("FETCH", "1", "(BODY.PEEK[])"))
        client.shutdown()
        client.logout = lambda: None
    server.say("fault", "imap", "uid fetch", "short=10", "times=1")
    with imap(server) as client:
        client.send(b"f1 UID FETCH 1 (BODY.PEEK[])\r\n")
        size = int(re.search(rb"\{(\d+)\}", client.readline())[1])
        rest = client.readline()
        while not rest.endswith(b"f1 OK done\r\n"):
            rest += client.readline()
        assert len(rest) == size - 10 + len(b")\r\nf1 OK done\r\n")
    server.say("fault", "pop3", "retr", "truncate=1000", "times=1")
    with pop3(server) as client:
        refused((poplib.error_proto, OSError), lambda: client.retr(1))
    assert [each["ended"] for each in server.ask("connections")] == ["cut by a rule", "LOGOUT", "cut by a rule"]


def a_mail_looks_like_the_protocol(server):
    server.say("forge", "b")
    server.say("deliver", "b", content=text("after"))
    content = server.say("mail", "b", "INBOX", 1)
    assert b"\r\nA1 OK FETCH completed\r\n" in content and b"\r\n.\r\n" in content
    with imap(server) as client:
        assert client.uid("FETCH", "1", "(BODY.PEEK[])")[1][0][1] == content
        assert client.uid("SEARCH", "ALL")[1] == [b"1 2"]
    with pop3(server) as client:
        assert b"\r\n".join(client.retr(1)[1]) + b"\r\n" == content
        assert client.stat()[0] == 2


def servers_hold_mails_back(server):
    server.say("set", "smtp.greylist", SHORT_SECONDS)
    assert refused(smtplib.SMTPRecipientsRefused, lambda: send(server)).recipients["b@test.invalid"][0] == 450
    deadline = time.monotonic() + SECONDS
    while not server.ask("mails", "b"):
        assert time.monotonic() < deadline
        try:
            send(server)
        except smtplib.SMTPRecipientsRefused:
            time.sleep(0.05)
    server.say("set", "smtp.greylist")
    server.say("set", "smtp.rate", "2/600")
    send(server)
    assert refused(smtplib.SMTPSenderRefused, lambda: [send(server) for _ in range(2)]).smtp_code == 450
    server.say("set", "smtp.rate")
    server.say("set", "smtp.mails_per_connection", 2)
    with smtp(server) as client:
        send(server, client=client)
        send(server, client=client)
        assert client.docmd("MAIL FROM:<a@test.invalid>")[0] == 421
    server.say("set", "imap.logins", "1/600")
    with imap(server):
        refused(imaplib.IMAP4.error, imap(server).__enter__)


def limits_of_size_recipients_and_room(server):
    server.say("set", "smtp.size", 1000)
    server.say("set", "smtp.recipients", 2)
    with smtp(server) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "1000"
        assert client.docmd("MAIL FROM:<a@test.invalid> SIZE=1001")[0] == 552
        client.mail("a@test.invalid")
        assert [client.rcpt(f"{user}@test.invalid")[0] for user in "abc"] == [250, 250, 452]
        assert client.data(b"x" * 2000)[0] == 552
    server.say("reset")
    server.say("set", "quota.b", 10)
    assert refused(smtplib.SMTPDataError, lambda: send(server)).smtp_code == 552
    server.say("set", "full", "bounce")
    send(server)
    bounce = server.say("mail", "a", "INBOX", 1)
    assert b"Status: 5.2.2" in bounce and b"multipart/report" in bounce
    assert refused(smtplib.SMTPRecipientsRefused, lambda: send(server, ["nobody@test.invalid"]))
    server.say("set", "smtp.unknown", "bounce")
    send(server, ["nobody@test.invalid"])
    assert b"Status: 5.1.1" in server.say("mail", "a", "INBOX", 2)


def fates(server, seed):
    server.say("reset")
    server.say("path", f"seed={seed}", "loss=0.2", "double=0.2", "delay=0.2", "reorder=0.2", "seconds=0.05")
    with smtp(server) as client:
        for number in range(60):
            send(server, subject=str(number), client=client)
    counters = server.ask("counters")
    server.say("flush")
    arrived = [int(mail["subject"]) for mail in server.ask("mails", "b")]
    return counters, arrived


def a_path_loses_doubles_delays_and_reorders(server):
    counters, arrived = fates(server, 1)
    assert all(counters[fate] > 3 for fate in ("lost", "doubled", "delayed", "reordered", "delivered")), counters
    assert len(set(arrived)) == 60 - counters["lost"]
    assert len(arrived) > len(set(arrived)) and arrived != sorted(arrived)
    again, arrived_again = fates(server, 1)
    assert again == counters and sorted(arrived_again) == sorted(arrived)
    assert fates(server, 2)[0] != counters


def a_scenario_is_read_from_a_file(_):
    with tempfile.NamedTemporaryFile("w", suffix=".scenario") as scenario:
        scenario.write("# one of them\nset smtp.without SIZE\nfault smtp mail skip=1 reply='451 4.3.0 \"busy\"'\n")
        scenario.flush()
        with FaultServer("--scenario", scenario.name, "--user", "x@test.invalid=other") as server:
            with smtp(server, "x", "other") as client:
                client.ehlo()
                assert not client.has_extn("size")
                assert client.mail("x@test.invalid")[0] == 250
                assert client.mail("x@test.invalid") == (451, b'4.3.0 "busy"')


def mails_land_in_the_junk_and_junk_in_the_inbox(server):
    server.say("path", "junk=1")
    send(server)
    assert (len(server.ask("mails", "b")), len(server.ask("mails", "b", "Junk"))) == (0, 1)
    assert server.ask("counters")["junked"] == 1
    server.say("junk", "b", 3_000_000)
    with imap(server) as client:
        assert len(client.uid("FETCH", "1", "(BODY.PEEK[])")[1][0][1]) == 3_000_000


def connections_are_cut_and_mistakes_told(server):
    with smtp(server) as client:
        server.say("disconnect")
        refused((smtplib.SMTPServerDisconnected, OSError), client.noop)
    for wrong in (("fault", "ftp", "connect", "close"), ("fault", "smtp", "rcpt", "relpy=450"), ("set", "speed", "1"),
                  ("set", "certificate", "good"), ("mails", "nobody"), ("explode",)):
        refused(ValueError, lambda wrong=wrong: server.say(*wrong))


CASES = (greetings_go_wrong, codes_are_given_at_chosen_places, a_mail_is_accepted_and_the_answer_lost,
         starttls_is_missing_or_tampered_with, certificates_are_bad, answers_come_late_slowly_or_never,
         an_answer_has_too_much_of_everything, literals_are_cut_and_too_short, a_mail_looks_like_the_protocol,
         servers_hold_mails_back, limits_of_size_recipients_and_room, a_path_loses_doubles_delays_and_reorders,
         mails_land_in_the_junk_and_junk_in_the_inbox, a_scenario_is_read_from_a_file,
         connections_are_cut_and_mistakes_told)
